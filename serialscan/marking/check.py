"""Check digits: numbers that tell themselves whether they were read right."""

from __future__ import annotations

# 49 CFR 565.15(c), tables III to V; also China's, GB 16735. Letters I, O and Q do not occur.
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)) | {
    digit: digit for digit in "0123456789"
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_DIGITS = "0123456789X"
_VIN_PLACE = 8


def vin_agrees(value: str) -> bool | None:
    """Whether a vehicle identification number's check digit agrees with its other characters.

    Args:
        value: 17 capitals and digits.

    Returns:
        None if there is no check digit: another length, a letter that does not occur, or a letter other
        than X in its place, as makers write it who use none. Some of those write a digit there all the same.
    """
    if len(value) != len(_VIN_WEIGHTS) or not set(value) <= set(_VIN_VALUES):
        return None
    if value[_VIN_PLACE] not in _VIN_DIGITS:
        return None
    total = sum(int(_VIN_VALUES[c]) * weight for c, weight in zip(value, _VIN_WEIGHTS, strict=True))
    return value[_VIN_PLACE] == _VIN_DIGITS[total % len(_VIN_DIGITS)]
