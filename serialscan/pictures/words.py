"""What pictures and pages say of a serial and of a sign, in the same words."""

from __future__ import annotations

from serialscan.record import SerialReading, Sign

_WITHOUT = {
    "not_found": "no serial found",
    "conflict": "serials in conflict",
    "partial": "serial in part only",
}


def serial_text(serial: SerialReading) -> str:
    """The serial, or why there is none."""
    return serial.value or _WITHOUT.get(serial.status, "no serial")


def sign_text(sign: Sign) -> str:
    """What a sign is, and the number in it."""
    name = sign.name.replace("_", " ")
    return f"{name}  {sign.text}" if sign.text else name


def heading(serial: SerialReading) -> str:
    """Serial, confidence and decision in one row."""
    if serial.value is None:
        return f"{serial_text(serial)}   decision: {serial.decision}"
    return f"serial {serial.value}   confidence {serial.confidence:.2f}   decision: {serial.decision}"
