"""Time stamps of heads by RFC 3161, carried by hand: a request out, an answer in. Nothing opens a socket."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from serialscan.case.checkpoint import Checkpoint, parse_checkpoint
from serialscan.case.heads import Heads
from serialscan.case.read import CaseReader, open_case
from serialscan.case.writer import CaseWriter
from serialscan.errors import EngineError, InputError, SettingsError, VerifyError
from serialscan.files.whole import write_new


@dataclass(frozen=True)
class Stamp:
    """What is known of a time stamp.

    Attributes:
        head: the head that it is of.
        told: what was checked, and what it says.
    """

    head: Checkpoint
    told: str


def write_request(path: Path, output: Path) -> Checkpoint:
    """Write a request for a time stamp of the last head of a case; gives that head.

    Raises:
        InputError: the case has no head.
        EngineError: the library for it is not installed.
        OutputError: the file is there already, or cannot be written.
    """
    library = _library()
    if library is None:
        raise EngineError(
            "A request for a time stamp needs one more library: pip install 'serialscan[timestamp]', or on "
            "another machine where there is none for this one."
        )
    with open_case(path) as reader:
        head = reader.last_head()
    if head is None:
        raise InputError(f"{path} has no head yet: seal it first with serialscan case seal.")
    request = library.TimestampRequestBuilder().data(head.body)
    request = request.hash_algorithm(library.HashAlgorithm.SHA256)
    write_new(output, request.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes())
    return head


def add_answer(
    path: Path, answer: Path, certificates: Sequence[Path], by: Mapping[str, str], heads: Heads
) -> Stamp:
    """Keep the answer of a time stamping authority in a case, byte by byte, and check what can be checked.

    Args:
        path: the case.
        answer: the ``.tsr`` file.
        certificates: PEM files with the authority's root, and what stands between.
        by: who adds it.
        heads: the heads that this machine remembers.

    Raises:
        InputError: the file cannot be read, or is not of a head of this case.
        SettingsError: a certificate cannot be read.
        VerifyError: the answer is not right by these certificates.
    """
    try:
        data = answer.read_bytes()
    except OSError as error:
        raise InputError(f"{answer}: cannot be read ({error.strerror}): check the path.") from error
    roots = _certificates(certificates)
    with open_case(path) as reader:
        head = _head_of(reader, data)
    if head is None:
        raise InputError(f"{answer}: is not of a head of {path}: request one with case timestamp request.")
    told = _checked(answer, data, head, roots)
    fields = {"person": dict(by), "size": head.size, "root": head.root.hex(), "told": told}
    with CaseWriter(path, heads, create=False) as writer:
        writer.append("timestamp", fields, data)
        writer.checkpoint()
    return Stamp(head, told)


def _head_of(reader: CaseReader, data: bytes) -> Checkpoint | None:
    """The head whose hash stands in an answer, whether or not the answer can be parsed."""
    rows = reader.connection.execute("SELECT note FROM checkpoint WHERE branch = 0 ORDER BY size DESC")
    for (note,) in rows:
        head = parse_checkpoint(note)
        if hashlib.sha256(head.body).digest() in data:
            return head
    return None


def _checked(answer: Path, data: bytes, head: Checkpoint, roots: Sequence[x509.Certificate]) -> str:
    digest = hashlib.sha256(head.body).digest()
    library = _library()
    if library is None:
        return (
            "kept, not checked: that needs one more library, pip install 'serialscan[timestamp]'; openssl ts "
            "-verify can"
        )
    try:
        response = library.decode_timestamp_response(data)
        said = response.tst_info
        imprint, time = said.message_imprint.message, said.gen_time
    except ValueError as error:  # for example an unsorted set of certificates, as OpenSSL writes it
        return f"kept, not checked: the library cannot parse it ({error}); openssl ts -verify can"
    if imprint != digest:
        raise VerifyError(f"{answer}: is of something else than the head over {head.size} entries.")
    stated = f"states {time.isoformat()}"
    if not roots:
        return f"{stated}; its signature was not checked, no certificate was given"
    builder = library.VerifierBuilder()
    for one in roots:
        if one.issuer == one.subject:
            builder = builder.add_root_certificate(one)
        else:
            builder = builder.add_intermediate_certificate(one)
    try:
        builder.build().verify(response, digest)
    except (library.errors.VerificationError, ValueError) as error:
        raise VerifyError(
            f"{answer}: is not right by these certificates ({error}); it was not added."
        ) from error
    return f"{stated}; its signature is right by the certificates given"


def _library() -> Any:
    """The library for RFC 3161, or None: not all systems have it ready to install."""
    try:
        import rfc3161_client
        import rfc3161_client.errors
    except ImportError:
        return None
    return rfc3161_client


def _certificates(paths: Sequence[Path]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: cannot be read as PEM certificates ({error}).") from error
    return found
