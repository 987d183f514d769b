"""``serialscan case``."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from serialscan.cli.completion import files
from serialscan.cli.group import Group
from serialscan.cli.options import person_options, verbose_option
from serialscan.cli.progress import counted
from serialscan.cli.signer import passphrase_option
from serialscan.cli.text import say
from serialscan.errors import ExitCode, InputError, SettingsError, VerifyError
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.case.check import Tools, Verdict
    from serialscan.case.checkpoint import Checkpoint
    from serialscan.case.decisions import Standing

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False, readable=False)
_READ = click.Path(path_type=Path, readable=False)
"""A file that is opened later, which tells what is wrong with it by the exit code for that."""


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  serialscan case seal seizure-17.case --by "A. Doe"
  serialscan case verify seizure-17.case --head seizure-17.head
  serialscan case log seizure-17.case
""",
)
def case() -> None:
    """Keep, verify and hand over a case: one file with photos' records, decisions and custody."""


def _case_argument(command: _Command) -> _Command:
    return click.argument("path", metavar="CASE", type=_READ)(command)


@case.command(
    epilog="""\b
Examples:
  serialscan case verify seizure-17.case
  serialscan case verify seizure-17.case --inputs --head seizure-17.head --key 5f2c…
  serialscan case verify seizure-17.case --json > verdict.json

\b
Exit codes: 0 it is as it was written; 8 it is not, or photos are changed, missing or new; 4 it is no case,
or of another version; 7 the head or a key cannot be read.
"""
)
@_case_argument
@click.option("--inputs", is_flag=True, help="Also read the photos again: unchanged, changed, missing, new.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where relative paths of photos begin, if the photos were moved.",
)
@click.option(
    "--head", type=_READ, metavar="FILE", help="A head that was kept outside of the case: proves its end."
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="FINGERPRINT|FILE.pub",
    shell_complete=files,
    help="A key that must have signed; can be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one object of JSON.")
@verbose_option
def verify(
    path: Path, inputs: bool, base: Path | None, head: Path | None, keys: tuple[str, ...], as_json: bool,
    verbose: int,
) -> int:  # fmt: skip
    """Tell whether a case is as it was written.

    Every changed bit of an entry, a record, a picture, the list of inputs or a decision is found. That the
    end was not cut off, and that not all of it was written anew, is shown only by a head or a key that does
    not come from the case. CASE is only read.
    """
    from serialscan.case.check import Trust, check_case, fingerprint_of, lines_of
    from serialscan.case.heads import Heads, state_folder
    from serialscan.case.keys import read_public_key
    from serialscan.case.store import NotACaseError

    named = [read_public_key(Path(text)) for text in keys if fingerprint_of(text) is None]
    fingerprints = [fingerprint_of(text) for text in keys]
    trust = Trust(
        head=read_head(head) if head is not None else None,
        fingerprints=(*filter(None, fingerprints), *(key.fingerprint for key in named)),
        keys=tuple(named),
        remembered=Heads(state_folder()).last,
    )
    try:
        with counted("verify") as progress:
            verdict = check_case(path, trust, _tools(progress), inputs=inputs, base=base)
    except NotACaseError as error:
        raise InputError(str(error)) from error
    if as_json:
        click.echo(json.dumps(verdict.as_dict(), indent=1))
    else:
        for line in lines_of(verdict):
            click.echo(line)
    return ExitCode.OK if verdict.ok else ExitCode.VERIFY_FAILED


def _person_options(command: _Command) -> _Command:
    """Add ``--by``, ``--role`` and ``--badge``."""
    by = click.option("--by", required=True, metavar="NAME", help="Who does this; stands in the entry.")
    return by(person_options(command))


_item_option = click.option(
    "--item", metavar="ITEM", help="The item that this is about: its name, or the end of it."
)


@case.command(
    epilog="""\b
Example:
  serialscan case note seizure-17.case --by "A. Doe" --item AK-1 "bolt missing when it arrived"
"""
)
@_case_argument
@click.argument("text")
@_item_option
@_person_options
@verbose_option
def note(
    path: Path, text: str, item: str | None, by: str, role: str | None, badge: str | None, verbose: int
) -> None:
    """Add a note. Nothing that stands in a case is edited: what was wrong is corrected by another note."""
    from serialscan.case.custody import person

    if not text.strip():
        raise click.UsageError("The note is empty.")
    _add(path, "note", {"person": person(by, role, badge), "item": item, "text": text})


@case.command(
    epilog="""\b
Example:
  serialscan case transfer seizure-17.case --by "A. Doe" --from "A. Doe" --to "B. Roe, laboratory" \\
      --place "Main station" --purpose examination --seal-number 004711 --condition "seal whole"
"""
)
@_case_argument
@click.option("--from", "giver", required=True, metavar="NAME", help="Who hands over.")
@click.option("--to", "taker", required=True, metavar="NAME", help="Who takes over.")
@click.option("--at", metavar="TIME", help="When, as 2026-11-30T14:05+01:00; now without it.")
@click.option("--place", required=True, help="Where.")
@click.option("--purpose", required=True, help="What for.")
@click.option("--seal-number", metavar="NUMBER", help="Number of the seal on the bag or box.")
@click.option("--condition", help="In which state it was handed over.")
@_item_option
@_person_options
@verbose_option
def transfer(
    path: Path, giver: str, taker: str, at: str | None, place: str, purpose: str, seal_number: str | None,
    condition: str | None, item: str | None, by: str, role: str | None, badge: str | None, verbose: int,
) -> None:  # fmt: skip
    """Add that the exhibits, or one item, changed hands."""
    from datetime import UTC, datetime

    from serialscan.case.custody import checked_time, person

    fields = {
        "person": person(by, role, badge), "item": item, "from": giver, "to": taker,
        "at": checked_time(at, datetime.now(UTC)), "place": place, "purpose": purpose,
        "seal_number": seal_number, "condition": condition,
    }  # fmt: skip
    _add(path, "transfer", fields)


@case.command(
    "set",
    epilog="""\b
Examples:
  serialscan case set seizure-17.case --by "A. Doe" agency_case_number=17/2026 authority="warrant 5-12"
  serialscan case set seizure-17.case --by "A. Doe" clock_check="camera 4 min ahead of radio time"
  serialscan case set seizure-17.case --by "A. Doe" --item AK-1 exhibit_number=E-17 \\
      mark_place.serial="receiver, left" number_altered=no

\b
Of a case: agency_case_number, exhibit_number, authority, photographer, source_medium, clock_check.
Of an item: exhibit_number, number_altered (no, removed, altered, restored, unknown), mark_place.KIND.
""",
)
@_case_argument
@click.argument("facts", nargs=-1, required=True, metavar="NAME=VALUE...")
@_item_option
@_person_options
@verbose_option
def set_(
    path: Path, facts: tuple[str, ...], item: str | None, by: str, role: str | None, badge: str | None,
    verbose: int,
) -> None:  # fmt: skip
    """Add facts of the case or of an item. What was said before stays in the log."""
    from serialscan.case.custody import checked_facts, person

    said = checked_facts(facts, item)
    _add(path, "set", {"person": person(by, role, badge), "item": item, "facts": said})


@case.command(
    epilog="""\b
Examples:
  serialscan case log seizure-17.case
  serialscan case log seizure-17.case --json | jq 'select(.kind == "transfer")'
"""
)
@_case_argument
@click.option("--json", "as_json", is_flag=True, help="One object of JSON an entry.")
@verbose_option
def log(path: Path, as_json: bool, verbose: int) -> None:
    """Print what happened to a case, as on a chain-of-custody form: when, what, and by whom.

    Records of photos are left out; the end of each run counts them.
    """
    from serialscan.case.custody import person_of, what_happened
    from serialscan.case.entry import KINDS
    from serialscan.case.read import open_case

    with open_case(path) as reader:
        for place, entry in reader.entries(KINDS - {"record"}):
            if as_json:
                said = {
                    "case_id": entry.case_id, "sequence": entry.sequence, "time": entry.time,
                    "kind": entry.kind, "fields": entry.fields,
                }  # fmt: skip
                click.echo(json.dumps(said, ensure_ascii=False))
                continue
            if entry.kind == "created":
                click.echo(f"Case {entry.case_id}" + ("" if place.branch == 0 else ", taken over"))
            by = person_of(entry)
            line = f"{entry.sequence:>6}  {entry.time[:19]}Z  {what_happened(entry)}"
            click.echo(printable(line + (f"  -- {by}" if by else "")))


@case.command(
    "list",
    epilog="""\b
Examples:
  serialscan case list seizure-17.case
  serialscan case list seizure-17.case --json | jq -r 'select(.decision == "review") | .paths[0]'
""",
)
@_case_argument
@click.option("--json", "as_json", is_flag=True, help="One object of JSON a photo.")
@verbose_option
def list_(path: Path, as_json: bool, verbose: int) -> None:
    """List the photos of a case: each content once, with all its names, its last reading and its review."""
    from dataclasses import asdict

    from serialscan.case.decisions import decision_now, decisions
    from serialscan.case.read import open_case

    with open_case(path) as reader:
        standings = decision_now(decisions(reader))
        for photo in reader.photos():
            standing = standings.get((photo.sha256 or f"path {photo.paths[-1]}", "serial"))
            if as_json:
                reviewed = None
                if standing is not None:
                    stands = standing.decided
                    reviewed = {
                        "state": standing.state,
                        "answer": stands.decision.answer if stands is not None else None,
                        "value": stands.decision.value if stands is not None else None,
                    }
                click.echo(json.dumps({**asdict(photo), "reviewed": reviewed}, ensure_ascii=False))
                continue
            serial = photo.serial or ("not found" if photo.status == "ok" else "-")
            decision = photo.decision if photo.status == "ok" else "error"
            names = ", ".join(reversed(photo.paths))  # that of the last reading first
            items = f"  [{', '.join(photo.items)}]" if photo.items else ""
            sure = f"{photo.confidence:4.0%}" if photo.serial else "    "
            line = f"{serial:<20} {sure} {decision:<7} {names}{items}"
            if standing is not None:
                line += f"  reviewed: {_reviewed(standing)}"
            click.echo(printable(line))


@case.command(
    epilog="""\b
Examples:
  serialscan case show seizure-17.case                    what it holds, and the facts set
  serialscan case show seizure-17.case AK-1               the records of an item and of its photos
  serialscan case show seizure-17.case IMG_0012.jpg --pictures pictures
  serialscan case show seizure-17.case IMG_0012.jpg | jq .serial
"""
)
@_case_argument
@click.argument("what", required=False, metavar="[ITEM|PATH|SHA256]", shell_complete=files)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the small pictures of these photos into FOLDER.",
)
@verbose_option
def show(path: Path, what: str | None, pictures: Path | None, verbose: int) -> None:
    """Show a case, or the records of an item or a photo as they were written, one a line."""
    from serialscan.case.custody import facts_now
    from serialscan.case.decisions import decision_now, decisions
    from serialscan.case.read import open_case
    from serialscan.cli.ledger import demand_outside_photos
    from serialscan.files.whole import make_folder, write_new

    with open_case(path) as reader:
        if what is None:
            photos = reader.photos()
            click.echo(f"{'part of case' if reader.is_extract else 'case'} {reader.case_id}")
            click.echo(f"{reader.count()} entries, {len(photos)} photos")
            for case_id in list(reader.branches.values())[1:]:
                click.echo(f"took over case {case_id}")
            standings = decision_now(decisions(reader))
            if standings:
                states = Counter(one.state for one in standings.values())
                click.echo(f"{len(standings)} marks reviewed: {_counted(states)}")
            head = reader.last_head()
            if head is not None:
                click.echo(head_line(head))
            for item, facts in facts_now(entry for _, entry in reader.entries({"set"})).items():
                for name, value in facts.items():
                    click.echo(printable(f"{item + ': ' if item else ''}{name} = {value}"))
            return
        places = reader.records_of(reader.item_named(what))
        if not places:
            raise InputError(f"{path} holds no item and no photo {what}: see serialscan case list.")
        for place in list(places):
            places += [one for one in reader.photos_of_item(place) if one not in places]
        if pictures is not None:
            demand_outside_photos(path, pictures)
            make_folder(pictures)
        for place in places:
            entry = reader.entry(place)
            click.echo(entry.payload.decode("utf-8", "replace"))
            for number, data in enumerate(reader.pictures(place) if pictures is not None else ()):
                role = entry.fields["pictures"][number]["role"]
                name = f"{place.branch}-{place.sequence}-{number}-{role}.jpg"
                write_new((pictures or Path()) / name, data)


@case.command(
    epilog="""\b
Examples:
  serialscan case seal seizure-17.case --by "A. Doe"
  serialscan case seal seizure-17.case --by "A. Doe" --sign ~/keys/doe.key -o sealed/seizure-17

\b
Exit codes: 0 sealed; 5 a file is there already, or cannot be written; 7 the key cannot be used; 8 the case
is not as it was written, and was not sealed.
"""
)
@_case_argument
@click.option("--sign", "key_path", type=_FILE, metavar="KEY", help="Sign the head with this key.")
@click.option(
    "-o",
    "--output",
    type=_FILE,
    metavar="NAME",
    help="Write NAME.head, NAME.sha256 and NAME-seal.txt; by default beside the case, named like it.",
)
@passphrase_option
@_person_options
@verbose_option
def seal(
    path: Path, key_path: Path | None, output: Path | None, passphrase_file: Path | None, by: str,
    role: str | None, badge: str | None, verbose: int,
) -> None:  # fmt: skip
    """Seal a case: verify it, then write its head, the SHA-256 of the file, and a sheet to print and sign.

    Keep these where the case is not. Whoever has the head can tell later whether anything was changed, cut
    off or written anew.
    """
    from serialscan.case.custody import person
    from serialscan.case.heads import Heads, state_folder
    from serialscan.case.seal import seal as seal_case
    from serialscan.cli.signer import open_signer

    who = person(by, role, badge)
    verdict = verify_quietly(path)
    if not verdict.ok:
        raise VerifyError(f"{path} is not sealed: {verdict.summary()} Run serialscan case verify.")
    _tell_if_empty(path, verdict.records)
    signer = open_signer(key_path, passphrase_file) if key_path is not None else None
    done = seal_case(path, output or path.with_suffix(""), who, Heads(state_folder()), signer)
    click.echo(head_line(done.head))
    click.echo(f"SHA-256 of the file: {done.sha256}")
    names = ", ".join(printable(str(one)) for one in done.files)
    say(f"Written: {names}. Print the last one and sign it.", err=True)


@case.command(
    epilog="""\b
Example:
  serialscan case verifier -o verify.py
  python3 verify.py seizure-17.case --head seizure-17.head
"""
)
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Write to FILE, which must not be there yet."
)
@verbose_option
def verifier(output: Path | None, verbose: int) -> None:
    """Write a checker that needs nothing but Python.

    Hand it over with the case: nobody has to install serialscan, or to trust it, to verify what it wrote.
    """
    from serialscan.case.verifier import verifier_source
    from serialscan.files.whole import write_new

    if output is None:
        click.echo(verifier_source(), nl=False)
    else:
        write_new(output, verifier_source().encode())


@case.command(epilog="\b\nExample:\n  serialscan case migrate old.case -o new.case")
@_case_argument
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The new file.")
@verbose_option
def migrate(path: Path, output: Path, verbose: int) -> None:
    """Write a case of an older version into a new file; the old one stays as it is."""
    from serialscan.case.migrate import migrate as migrate_case

    migrate_case(path, output)
    names = printable(str(output)), printable(str(path))
    say(f"{names[0]} is written; {names[1]} is as it was. Verify the new one.", err=True)


@case.command(
    epilog="""\b
Examples:
  serialscan case extract seizure-17.case AK-1 -o for-the-lab.case
  serialscan case verify for-the-lab.case --head seizure-17.head

\b
Exit codes: 0 written; 4 the case holds nothing of this name, or entries after its last head; 5 the file is
there already, or cannot be written; 8 the entries are not those of the head.
"""
)
@_case_argument
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The new file.")
@verbose_option
def extract(path: Path, items: tuple[str, ...], output: Path, verbose: int) -> None:
    """Hand over some items: their records, with proofs that these stand in the sealed case.

    ITEM is an item or the end of its name, the path of a photo, or the beginning of its SHA-256. Everything
    else stays secret; of it FILE holds hashes only. Notes, transfers and facts of an item go with it, and the
    runs that read it, with the folders that they were given.
    """
    from serialscan.case.extract import extract as extract_items

    done = extract_items(path, items, output)
    name = printable(str(output))
    say(f"{name}: {done.entries} entries, {done.records} records. {head_line(done.head)}", err=True)


@case.command(
    epilog="""\b
Example:
  serialscan case merge laptop-1.case laptop-2.case -o seizure-17.case --by "A. Doe"

\b
Exit codes: 0 written; 5 the file is there already, or cannot be written; 8 one of the cases is not as it was
written, or two hold the same case with different entries.
"""
)
@click.argument("paths", nargs=-1, required=True, metavar="CASE...", type=_READ)
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The new case.")
@_person_options
@verbose_option
def merge(
    paths: tuple[Path, ...], output: Path, by: str, role: str | None, badge: str | None, verbose: int
) -> None:
    """Put cases into a new one. Each stays as it is; its ledger goes on to verify in the new case."""
    from serialscan.case.custody import person
    from serialscan.case.heads import Heads, state_folder
    from serialscan.case.merge import merge as merge_cases

    if len(paths) < 2:
        raise click.UsageError("Name at least two cases to merge.")
    who = person(by, role, badge)
    for path in paths:
        verdict = verify_quietly(path)
        if not verdict.ok:
            raise VerifyError(f"{path} is not merged: {verdict.summary()} Run serialscan case verify.")
    head = merge_cases(paths, output, who)
    with contextlib.suppress(OSError):
        Heads(state_folder()).remember(head)
    say(f"{printable(str(output))} is written. {head_line(head)}", err=True)


@case.command(
    epilog="""\b
Examples:
  serialscan case manifest seizure-17.case -o seizure-17.txt
  hashdeep -r -l -a -k seizure-17.txt photos
"""
)
@_case_argument
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Write to FILE, which must not be there yet."
)
@verbose_option
def manifest(path: Path, output: Path | None, verbose: int) -> None:
    """Write size, SHA-256 and name of every photo in the form of hashdeep."""
    from serialscan.case.manifest import manifest as make_manifest
    from serialscan.case.read import open_case
    from serialscan.files.whole import write_new

    with open_case(path) as reader:
        made = make_manifest(reader)
        _tell_if_empty(path, len(reader.photos()))
    if output is None:
        click.echo(made.data, nl=False)
    else:
        write_new(output, made.data)
    for name in made.outside:
        _tell(f"outside of the list, its name has a line end: {printable(name)}")
    for name in made.unhashed:
        _tell(f"outside of the list, it could not be read: {printable(name)}")


@case.command(
    epilog="""\b
Example:
  serialscan evaluate ours/labels.jsonl --json > evaluation.json
  serialscan case certificate seizure-17.case --evaluation evaluation.json --by "A. Doe" -o certificate.txt
"""
)
@_case_argument
@click.option("--evaluation", type=_FILE, metavar="FILE", help="First keep this evaluation in the case.")
@click.option("--by", metavar="NAME", help="Who adds the evaluation.")
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Write to FILE, which must not be there yet."
)
@verbose_option
def certificate(
    path: Path, evaluation: Path | None, by: str | None, output: Path | None, verbose: int
) -> None:
    """Draft what a qualified person signs about hashes, process and error rates (FRE 902(13), 902(14)).

    Error rates are those of an evaluation that was kept in the case; without one the draft says that they are
    not stated.
    """
    from serialscan.case.certificate import add_evaluation
    from serialscan.case.certificate import certificate as draft
    from serialscan.case.custody import person
    from serialscan.case.heads import Heads, state_folder
    from serialscan.case.read import open_case
    from serialscan.files.whole import write_new

    if evaluation is not None:
        if by is None:
            raise click.UsageError("--evaluation becomes an entry of the case: say who adds it with --by.")
        add_evaluation(path, evaluation, person(by), Heads(state_folder()))
    verdict = verify_quietly(path)
    if not verdict.ok:
        raise VerifyError(
            f"{path}: no certificate is drafted: {verdict.summary()} Run serialscan case verify."
        )
    with open_case(path) as reader:
        text = draft(reader, verdict, path.name)
    _tell_if_empty(path, verdict.records)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_new(output, text.encode())


@case.group(
    cls=Group,
    epilog="""\b
Example:
  serialscan case timestamp request seizure-17.case -o seizure-17.tsq
  serialscan case timestamp add seizure-17.case seizure-17.tsr --by "A. Doe"
""",
)
def timestamp() -> None:
    """Have a time stamping authority (RFC 3161) state when a head was there, by courier."""


@timestamp.command(
    epilog="""\b
Example:
  serialscan case timestamp request seizure-17.case -o seizure-17.tsq
  curl -H 'Content-Type: application/timestamp-query' --data-binary @seizure-17.tsq URL -o seizure-17.tsr

\b
The second line is for a machine with a network, and for the authority of your choice.
"""
)
@_case_argument
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The request (.tsq).")
@verbose_option
def request(path: Path, output: Path, verbose: int) -> None:
    """Write a request for a time stamp of the last head. It holds a hash, and nothing of the case."""
    from serialscan.case.timestamp import write_request

    head = write_request(path, output)
    say(f"{printable(str(output))} asks for a time stamp. {head_line(head)}", err=True)


@timestamp.command(
    epilog="""\b
Example:
  serialscan case timestamp add seizure-17.case seizure-17.tsr --certificate authority.pem --by "A. Doe"

\b
Exit codes: 0 kept; 4 it is not of a head of this case; 7 a certificate cannot be read; 8 it is not right by
the certificates given, and was not kept.
"""
)
@_case_argument
@click.argument("answer", metavar="FILE.tsr", type=_READ)
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="PEM file with the authority's root, and what stands between; can be repeated.",
)
@_person_options
@verbose_option
def add(
    path: Path, answer: Path, certificates: tuple[Path, ...], by: str, role: str | None, badge: str | None,
    verbose: int,
) -> None:  # fmt: skip
    """Keep the answer of the authority in the case, byte by byte, and check what can be checked."""
    from serialscan.case.custody import person
    from serialscan.case.heads import Heads, state_folder
    from serialscan.case.timestamp import add_answer

    stamp = add_answer(path, answer, certificates, person(by, role, badge), Heads(state_folder()))
    click.echo(f"Time stamp of the head over {stamp.head.size} entries: {stamp.told}.", err=True)


def _reviewed(standing: Standing) -> str:
    """What people say of a serial, in some words."""
    if standing.decided is None:
        return "reviewers differ"
    decision = standing.decided.decision
    return str(decision.value or decision.answer).replace("_", " ")


def _counted(states: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def _tell(sentence: str) -> None:
    say(f"serialscan: {sentence}", err=True)


def _tell_if_empty(path: Path, records: int) -> None:
    if not records:
        _tell(f"{path} holds no photo: was it made by the scan that you mean?")


def _add(path: Path, kind: str, fields: dict[str, Any]) -> None:
    """Write one entry, and the new head."""
    from serialscan.case.read import open_case
    from serialscan.cli.ledger import writer_of

    if item := fields.get("item"):
        with open_case(path) as reader:
            fields = {**fields, "item": reader.item_named(item)}
    with writer_of(path) as writer:
        sequence = writer.append(kind, fields)
        head = writer.checkpoint()
    click.echo(f"Entry {sequence} is written. {head_line(head)}", err=True)
    if item := fields.get("item"):
        with open_case(path) as reader:
            if not reader.records_of(item):
                say(
                    f"serialscan: this case has no record of an item {printable(item)}: check its name",
                    err=True,
                )


def head_line(head: Checkpoint) -> str:
    """A head in a line, to be noted down."""
    return f"Head over {head.size} entries: {head.root.hex()}"


def verify_quietly(path: Path, head: Checkpoint | None = None) -> Verdict:
    """What verifying a case finds.

    Raises:
        InputError: it is no case, or of another version.
    """
    from serialscan.case.check import Trust, check_case
    from serialscan.case.store import NotACaseError

    try:
        with counted("verify") as progress:
            return check_case(path, Trust(head), _tools(progress))
    except NotACaseError as error:
        raise InputError(str(error)) from error


def _tools(progress: Callable[[int, int], None]) -> Tools:
    """What verifies; a large case in several processes."""
    from serialscan.batch.resources import cores
    from serialscan.case.check import Tools
    from serialscan.case.keys import verify_signature
    from serialscan.case.processes import MOST_PROCESSES, look_in
    from serialscan.case.read import read_record

    look = look_in(min(cores(), MOST_PROCESSES))
    return Tools(read_record, verify_signature, _hash_original, progress, look)


def read_head(path: Path) -> Checkpoint:
    """A head in a file.

    Raises:
        SettingsError: the file is none.
    """
    from serialscan.case.checkpoint import NoteError, parse_checkpoint

    try:
        return parse_checkpoint(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    except NoteError as error:
        raise SettingsError(f"{path}: is no head of a case: {error}.") from error


def _hash_original(path: Path) -> str:
    from serialscan.errors import PhotoError
    from serialscan.photo.files import sha256_of

    try:
        return sha256_of(path)
    except PhotoError as error:
        if not path.exists():
            raise FileNotFoundError(path) from error
        raise OSError(str(error)) from error
