"""Text from files, names and settings as it may be shown to people: no control character gets through."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    r"""Escape control characters, marks that turn the direction of writing, and bytes that are no text.

    Args:
        text: any text, also a file name as Python has it, where such bytes are surrogates.
        keep: characters to leave as they are, for example line ends of text of one's own.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # PEP 383: a byte that could not be decoded
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
