"""Heads of a ledger as checkpoints (C2SP tlog-checkpoint, signed-note, tlog-cosignature).

Needs nothing but Python; signatures are made and checked elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace

ORIGIN = "serialscan/case/"
"""The origin of a case's heads is this and the case id."""

ED25519 = 1
"""Signature type of whoever writes the case (C2SP signed-note)."""

COSIGNATURE = 4
"""Signature type of a witness, which holds the time too (C2SP tlog-cosignature)."""

MOST_BYTES = 1 << 16
"""Larger notes are refused; a checkpoint with a hundred signatures is smaller."""

_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})\n")
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class NoteError(ValueError):
    """The text is no checkpoint or no public key; the message says why."""


@dataclass(frozen=True)
class Signature:
    """One signature line: the name of the key, its id, and the bytes after the id."""

    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True)
class Checkpoint:
    """How many entries a ledger has, and the root of their tree."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def body(self) -> bytes:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()

    @property
    def note(self) -> bytes:
        """The whole text: the body, an empty line, and the signatures, if there are any."""
        lines = [
            f"— {one.name} {base64.b64encode(one.key_id + one.data).decode()}\n" for one in self.signatures
        ]
        return self.body + b"\n" + "".join(lines).encode()

    def signed(self, signature: Signature) -> Checkpoint:
        """The same head with one more signature, which takes the place of one by the same key."""
        others = (
            one
            for one in self.signatures
            if (one.name, one.key_id) != (signature.name, signature.key_id)
        )  # fmt: skip
        return replace(self, signatures=(*others, signature))


@dataclass(frozen=True)
class PublicKey:
    """A key that signs heads; ``data`` are its 32 bytes (RFC 8032)."""

    name: str
    data: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, hex: what people compare and ``--key`` asks for."""
        return hashlib.sha256(self.data).hexdigest()

    def key_id(self, kind: int = ED25519) -> bytes:
        """The four bytes that name the key in a signature line of this type."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + self.data).digest()[:4]

    @property
    def text(self) -> str:
        """The line that a ``.pub`` file holds."""
        coded = base64.b64encode(bytes([ED25519]) + self.data).decode()
        return f"{self.name}+{self.key_id().hex()}+{coded}"


def parse_checkpoint(note: bytes) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        NoteError: it is not one.
    """
    if len(note) > MOST_BYTES:
        raise NoteError(f"it has more than {MOST_BYTES} bytes")
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("it is not UTF-8 text") from error
    body = _BODY.match(text)
    if body is None or text[body.end() : body.end() + 1] != "\n":
        raise NoteError("it does not begin with the lines origin, size, root and an empty line")
    signatures, place = [], body.end() + 1
    while place < len(text):
        line = _SIGNATURE.match(text, place)
        if line is None:
            raise NoteError("it holds a line that is no signature")
        data = _decoded(line[2])
        if len(data) <= 4:
            raise NoteError("it holds a signature that is too short")
        signatures.append(Signature(line[1], data[:4], data[4:]))
        place = line.end()
    head = Checkpoint(body[1], int(body[2]), _decoded(body[3]), tuple(signatures))
    if head.note != note:
        raise NoteError("it is not written in the one way that is right")
    return head


def parse_public_key(text: str) -> PublicKey:
    """Read the line of a ``.pub`` file.

    Raises:
        NoteError: it is no such line, or the id is not that of the key.
    """
    line = _KEY.fullmatch(text.strip())
    data = _decoded(line[3]) if line is not None else b""
    if line is None or len(data) != 33 or data[0] != ED25519:
        raise NoteError("it is no public key of the form name+id+key")
    key = PublicKey(line[1], data[1:])
    if key.key_id().hex() != line[2]:
        raise NoteError("the id in it is not that of the key")
    return key


def signed_message(
    checkpoint: Checkpoint, key: PublicKey, signature: Signature
) -> tuple[bytes, bytes] | None:
    """What a signature is over and its 64 bytes; None if it is not by this key."""
    if signature.name != key.name:
        return None
    if signature.key_id == key.key_id(ED25519) and len(signature.data) == 64:
        return checkpoint.body, signature.data
    if signature.key_id == key.key_id(COSIGNATURE) and len(signature.data) == 72:
        seconds = int.from_bytes(signature.data[:8], "big")
        return cosigned_message(checkpoint, seconds), signature.data[8:]
    return None


def cosigned_message(checkpoint: Checkpoint, seconds: int) -> bytes:
    """What a witness signs; ``seconds`` since 1970, UTC."""
    return f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.body


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NoteError("it holds text that is no base64") from error
