"""Cases made of real records, without reading a photo. Run as a program it writes into one until killed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serialscan.case import CaseWriter, Checkpoint, Heads, InputFacts, Picture, Run, Signer
from serialscan.case.check import Tools, Trust, Verdict, check_case
from serialscan.case.checkpoint import PublicKey
from serialscan.case.inputs import hash_of
from serialscan.case.keys import verify_signature
from serialscan.case.read import read_record
from serialscan.errors import ExitCode
from serialscan.record import (
    Glyph,
    ItemPhoto,
    ItemRecord,
    Line,
    Model,
    PhotoRecord,
    SerialCandidate,
    SerialReading,
    Source,
    Tool,
    to_json,
)

MODELS = (Model(name="recogniser.onnx", sha256="ab" * 32), Model(name="detector.onnx", sha256="cd" * 32))
TOOL = Tool(name="serialscan", version="0.1.0", settings_digest="0123456789abcdef", models=MODELS)
RUN = Run(
    tool={"name": "serialscan", "version": "0.1.0"},
    settings={"reader": "network", "beams": 50},
    settings_digest=TOOL.settings_digest,
    models=[{"name": model.name, "sha256": model.sha256} for model in MODELS],
    libraries={"numpy": "2.0"},
    processor="a processor",
    folder="",
    selection={"paths": ["photos"], "recursive": False},
)


def content(number: int) -> bytes:
    """What stands for the file of a photo."""
    return f"photo {number}".encode()


def photo_record(number: int, path: str | None = None, sha256: str | None = None) -> bytes:
    """The record of a photo with one line; each number gives another one."""
    chance = random.Random(number)
    text = "".join(chance.choices("ABCDEFGHKLMNPRSTUVWXYZ0123456789", k=7))
    corner = (round(chance.uniform(0, 900), 1), round(chance.uniform(0, 900), 1))
    glyphs = tuple(Glyph(char=char, confidence=round(chance.uniform(0.5, 1), 4)) for char in text)
    line = Line(id="L1", text=text, confidence=0.97, polygon=(corner,) * 4, characters=glyphs)
    candidate = SerialCandidate(value=text, confidence=0.9, evidence=("L1",))
    return to_json(
        PhotoRecord(
            status="ok", tool=TOOL, lines=(line,),
            source=Source(
                path=path or f"photos/IMG_{number:04}.jpg", bytes=len(content(number)), format="JPEG",
                sha256=sha256 or hashlib.sha256(content(number)).hexdigest(),
            ),
            serial=SerialReading(
                value=text, status="readable", decision="review", confidence=round(chance.random(), 4),
                match_key=text, candidates=(candidate,),
            ),
            timing_ms={"total": 12.5},
        )
    )  # fmt: skip


def item_record(name: str, numbers: Sequence[int]) -> bytes:
    """The record of an item with these photos."""
    photos = [read_record(photo_record(number)) for number in numbers]
    listed = tuple(
        ItemPhoto(path=one.source.path, sha256=one.source.sha256, status="ok", serial=one.serial.value)
        for one in photos
    )
    return to_json(ItemRecord(status="ok", item=name, tool=TOOL, photos=listed))


def jpeg(number: int, length: int = 600) -> bytes:
    """Bytes that stand for a small picture."""
    return b"\xff\xd8" + random.Random(number).randbytes(length) + b"\xff\xd9"


def add_photo(writer: CaseWriter, run: int, number: int) -> bytes:
    """Write the record of one photo with its pictures; gives the record."""
    line = photo_record(number)
    crop = Picture(role="crop", data=jpeg(-number - 1, 300), of="L1")
    facts = InputFacts(modified_ns=1_700_000_000_000_000_000 + number, pixel_sha256=f"{number:064x}")
    writer.add_record(run, line, facts, jpeg(number), [crop])
    return line


def make_case(
    path: Path, numbers: Sequence[int] = range(6), heads: Heads | None = None, signer: Signer | None = None,
    items: Sequence[tuple[str, Sequence[int]]] = (),
) -> Checkpoint:  # fmt: skip
    """Write a case with one run over these photos; gives its head."""
    with CaseWriter(path, heads) as writer:
        run = writer.begin_run(RUN)
        for number in numbers:
            add_photo(writer, run, number)
        for name, some in items:
            writer.add_record(run, item_record(name, some))
        return writer.end_run(run, ok=len(numbers), failed=0, signer=signer)


TOOLS = Tools(read_record, verify_signature, hash_of)


def verdict_on(path: Path, trust: Trust | None = None, **options: Any) -> Verdict:
    """What ``case verify`` finds."""
    return check_case(path, trust or Trust(), TOOLS, **options)


def codes(verdict: Verdict) -> set[str]:
    """Kinds of faults found."""
    return {fault.code for fault in verdict.faults}


def signer(name: str) -> Signer:
    secret = Ed25519PrivateKey.generate()
    return Signer(PublicKey(name, secret.public_key().public_bytes_raw()), secret.sign)


OFFICER, STRANGER, WITNESS = signer("officer"), signer("officer"), signer("witness")


def essence(verdict: dict[str, Any]) -> dict[str, Any]:
    """What both checkers must say alike; the words about a record that is none are each one's own."""
    places = [(one["code"], one["case_id"], one["sequence"]) for one in verdict["faults"]]
    return {**verdict, "faults": places}


def run_plain(checker: Path, path: Path, trust: Trust, folder: Path, *options: str) -> dict[str, Any]:
    """What ``verify.py`` says, in a Python that finds no other package."""
    arguments = [str(path), "--json", *options]
    if trust.head is not None:
        (folder / "given.head").write_bytes(trust.head.note)
        arguments += ["--head", str(folder / "given.head")]
    for number, key in enumerate(trust.keys):
        (folder / f"{number}.pub").write_text(key.text, encoding="utf-8")
        arguments += ["--key", str(folder / f"{number}.pub")]
    named = {key.fingerprint for key in trust.keys}
    for fingerprint in trust.fingerprints:
        arguments += ["--key", fingerprint] if fingerprint not in named else []
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(checker), *arguments], capture_output=True, check=False, timeout=60
    )
    assert done.stderr == b"", done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (ExitCode.OK if verdict["ok"] else ExitCode.VERIFY_FAILED)
    return verdict


def both_on(checker: Path, path: Path, trust: Trust, **options: Any) -> Verdict:
    """The verdict, on which both checkers agree."""
    before = path.read_bytes()
    verdict = verdict_on(path, trust, **options)
    words = ["--inputs"] if options.get("inputs") else []
    words += ["--base", str(options["base"])] if options.get("base") else []
    said = run_plain(checker, path, trust, path.parent, *words)
    assert essence(json.loads(json.dumps(verdict.as_dict()))) == essence(said)
    assert path.read_bytes() == before
    return verdict


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        yield database
        database.commit()


def sql(*statements: str) -> Callable[[Path], None]:
    def tamper(path: Path) -> None:
        with opened(path) as database:
            for statement in statements:
                database.execute(statement)

    return tamper


class Done(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


def logged(command: Command, path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in command("case", "log", path, "--json").out.splitlines()]


BY = ("--by", "A. Doe", "--badge", "1234")
"""Who does it, for the commands that ask."""


def write_until_killed(path: Path, total: int) -> None:
    """Go on with a case up to ``total`` photos, and write each record out once it is in the case."""
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        (done,) = writer._connection.execute("SELECT count(*) FROM record").fetchone()
        for number in range(done, total):
            sys.stdout.buffer.write(add_photo(writer, run, number) + b"\n")
            sys.stdout.buffer.flush()
        writer.end_run(run, ok=total - done, failed=0)


if __name__ == "__main__":
    write_until_killed(Path(sys.argv[1]), int(sys.argv[2]))
