"""How many serials need no person where somebody has said what the serials of these photos look like.

A number on a part that says nothing else is a candidate for review, however surely it is read. Whoever
photographs a store of parts knows more than the photo, and can say so in a knowledge file (a ``[[shape]]``
that is ``sure``), which ``serialscan knowledge propose`` may have written. This takes the records of a scan
and for each group of photos a knowledge file, and tells what is accepted then.

    serialscan evaluate LABELS.jsonl --out-records records.ndjson
    python benchmarks/forms.py LABELS.jsonl records.ndjson --propose
    python benchmarks/forms.py LABELS.jsonl records.ndjson --knowledge 'lot12/*' ours.toml [--knowledge ...]

The pattern is matched with the photo's name in LABELS.jsonl. Photos that no file is for are counted, too, by
the knowledge that ships. With ``--propose`` the photos of each folder get what their own records propose.
"""

from __future__ import annotations

import argparse
from fnmatch import fnmatch
from pathlib import Path

from serialscan import __version__
from serialscan.evaluate.labels import read_labels
from serialscan.evaluate.metrics import most_taken, thresholds
from serialscan.evaluate.score import equals
from serialscan.interval import wilson
from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.marking.knowledge import Knowledge, combine
from serialscan.marking.propose import as_toml, propose
from serialscan.reading.calibrate import load_calibration
from serialscan.record import PhotoRecord, photo_records

LEVELS = (0.01, 0.02, 0.05)


def _proposed(photos: list[PhotoRecord]) -> dict[str, Knowledge]:
    """For the photos of each folder the knowledge that their records propose."""
    folders: dict[str, list[PhotoRecord]] = {}
    for photo in photos:
        folders.setdefault(_folder(photo), []).append(photo)
    found = {}
    for folder, own in folders.items():
        text = as_toml(*propose(own), __version__)
        print(f"{folder}\n{text}")
        found[folder] = combine(folder or ".", text.encode())[0]
    return found


def _folder(photo: PhotoRecord) -> str:
    return photo.source.path.replace("\\", "/").rpartition("/")[0]


def main() -> None:
    """Name and decide the serials again, and print what is accepted."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--knowledge", nargs=2, action="append", default=[], metavar=("PHOTOS", "FILE"))
    parser.add_argument("--propose", action="store_true")
    arguments = parser.parse_args()
    photos = [record for _, record in photo_records(arguments.records)]
    forms = [(names, load_knowledge(file)) for names, file in arguments.knowledge]
    proposed = _proposed(photos) if arguments.propose else {}
    calibration, plain = load_calibration(), load_knowledge()
    accepted = {level: [0, 0] for level in LEVELS}
    judged: list[tuple[float, bool]] = []
    carriers = of = 0
    for label in (one.label for one in read_labels(arguments.labels)):
        if label.serial is None and label.partial:
            continue
        record = next(one for one in photos if one.source.path.replace("\\", "/").endswith(label.file))
        otherwise = proposed.get(_folder(record), plain)
        knowledge = next((own for names, own in forms if fnmatch(label.file, names)), otherwise)
        _, serial = read_marks(record.lines, record.codes, knowledge)
        right = label.serial is not None and serial.value is not None and equals(label.serial, serial.value)
        carriers, of = carriers + (label.serial is not None), of + 1
        for level, counts in accepted.items():
            least = calibration.least_accepted(level)
            if decide(serial, least).decision == "accept":
                counts[0], counts[1] = counts[0] + 1, counts[1] + (not right)
        if decide(serial, 0.0).decision == "accept":
            judged.append((serial.confidence, right))
    print(f"{of} photos that can be judged, {carriers} with a serial")
    if not carriers:
        return
    for level, (taken, wrong) in accepted.items():
        low, high = wilson(taken, of) or (0.0, 0.0)
        print(
            f"--max-error {level:g}: {taken} accepted, {taken / of:.1%} ({low:.1%} to {high:.1%}) of the "
            f"photos, {taken / carriers:.1%} of those with a serial; {wrong} wrong"
        )
    best = most_taken(thresholds(*zip(*judged, strict=True)), 0.02) if judged else None
    if best is not None:
        print(f"most at 2 % wrong, told afterwards: {best.taken}, {best.taken / of:.1%}; {best.wrong} wrong")


if __name__ == "__main__":
    main()
