"""Keys of people: Ed25519, with a passphrase, kept outside of the case."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from serialscan.case.checkpoint import NoteError, PublicKey, parse_public_key
from serialscan.case.sign import Signer
from serialscan.errors import SettingsError
from serialscan.files.whole import write_new

_FORM = "serialscan key 1"
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}
"""Cost of a guess at a passphrase: 128 MiB and about half a second (RFC 7914)."""

_NAME = re.compile(r"[^\s+]{1,100}")


def create_key(path: Path, name: str, passphrase: str) -> PublicKey:
    """Make a key, and beside it a ``.pub`` file with its public half.

    Args:
        path: the new file for the secret half; only its owner may read it.
        name: of the person, without spaces and plus signs, as it will stand beside each signature.
        passphrase: without it the key cannot be used.

    Raises:
        SettingsError: the name or the passphrase cannot be used.
        OutputError: a file is there already, or cannot be written.
    """
    if _NAME.fullmatch(name) is None or not name.isprintable():
        raise SettingsError(f"{name!r} cannot name a key: use no spaces and no +, for example j.doe/1234.")
    if not passphrase:
        raise SettingsError("A key needs a passphrase: give one that is not empty.")
    secret = Ed25519PrivateKey.generate()
    public = PublicKey(name, secret.public_key().public_bytes_raw())
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = AESGCM(_stretched(passphrase, salt, _SCRYPT)).encrypt(
        nonce, secret.private_bytes_raw(), public.text.encode()
    )
    said = {
        "form": _FORM, "public": public.text, "scrypt": _SCRYPT, "salt": salt.hex(), "nonce": nonce.hex(),
        "secret": base64.b64encode(sealed).decode(),
    }  # fmt: skip
    write_new(path, json.dumps(said, indent=1).encode() + b"\n", 0o600)
    write_new(public_path(path), public.text.encode() + b"\n")
    return public


def public_path(path: Path) -> Path:
    """Where the public half of a key is written."""
    return path.with_name(path.name + ".pub")


def open_key(path: Path, ask: Callable[[], str]) -> Signer:
    """Someone who signs with the key in a file.

    Args:
        path: of the secret half.
        ask: gives the passphrase.

    Raises:
        SettingsError: the file is no key, the passphrase is wrong.
    """
    try:
        said = json.loads(path.read_bytes())
        public = parse_public_key(said["public"])
        costs = {name: int(said["scrypt"][name]) for name in _SCRYPT}
        salt, nonce = bytes.fromhex(said["salt"]), bytes.fromhex(said["nonce"])
        sealed = base64.b64decode(said["secret"])
        if said["form"] != _FORM or any(costs[name] > 8 * _SCRYPT[name] for name in costs):
            raise ValueError("another form")
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}): check the path of the key."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path}: is no key of serialscan key create ({error}).") from error
    try:
        key = AESGCM(_stretched(ask(), salt, costs))
        secret = Ed25519PrivateKey.from_private_bytes(key.decrypt(nonce, sealed, public.text.encode()))
    except Exception as error:
        raise SettingsError(f"{path}: the passphrase is wrong, or the file was changed.") from error
    return Signer(public, secret.sign)


def read_public_key(path: Path) -> PublicKey:
    """The public key in a ``.pub`` file.

    Raises:
        SettingsError: the file is none.
    """
    try:
        return parse_public_key(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    except (NoteError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}: use the .pub file of a key.") from error


def verify_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature (64 bytes) of a message is by a public key (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _stretched(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **costs).derive(passphrase.encode())
