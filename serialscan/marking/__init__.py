"""From readings to marks: what each line means, and which number is the serial."""

from __future__ import annotations

from serialscan.marking.beside import parted_from_signs
from serialscan.marking.choose import decide
from serialscan.marking.knowledge import Knowledge
from serialscan.marking.load import load_knowledge
from serialscan.marking.maker import MakerCandidate, assess_maker
from serialscan.marking.marks import read_marks
from serialscan.marking.signs import with_signs
from serialscan.marking.warn import serial_warnings

__all__ = [
    "Knowledge", "MakerCandidate", "assess_maker", "decide", "load_knowledge",
    "parted_from_signs", "read_marks", "serial_warnings", "with_signs",
]  # fmt: skip
