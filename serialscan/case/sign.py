"""Signatures on heads: of whoever writes the case, and of witnesses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from serialscan.case.checkpoint import COSIGNATURE, Checkpoint, PublicKey, Signature, cosigned_message


@dataclass(frozen=True)
class Signer:
    """Someone who signs; ``sign`` takes a message and gives 64 bytes (Ed25519)."""

    key: PublicKey
    sign: Callable[[bytes], bytes]


def signed(head: Checkpoint, signer: Signer) -> Checkpoint:
    """A head with the signature of whoever wrote the case."""
    return head.signed(Signature(signer.key.name, signer.key.key_id(), signer.sign(head.body)))


def witnessed(head: Checkpoint, signer: Signer, seconds: int | None = None) -> Checkpoint:
    """A head with the signature of a witness, who saw it at that time (C2SP tlog-cosignature)."""
    at = int(time.time()) if seconds is None else seconds
    signature = at.to_bytes(8, "big") + signer.sign(cosigned_message(head, at))
    return head.signed(Signature(signer.key.name, signer.key.key_id(COSIGNATURE), signature))
