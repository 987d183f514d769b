"""The photos of a case as a list of hashes in the form of hashdeep, which other tools read."""

from __future__ import annotations

from dataclasses import dataclass

from serialscan.case.read import CaseReader

_HEAD = b"%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n"


@dataclass(frozen=True)
class Manifest:
    """The list, and the names that cannot stand in it.

    Attributes:
        data: the file.
        outside: names with a line end, which the form cannot hold.
        unhashed: names of photos that could not be read.
    """

    data: bytes
    outside: tuple[str, ...]
    unhashed: tuple[str, ...]


def manifest(reader: CaseReader) -> Manifest:
    """List every photo under each of its names, with the hash of its last reading."""
    lines: dict[bytes, bytes] = {}
    outside: dict[str, None] = {}
    unhashed: dict[str, None] = {}
    rows = reader.connection.execute(
        "SELECT path, path_bytes_hex, bytes, sha256 FROM record WHERE kind = 'photo' AND path != '-'"
        " ORDER BY branch, sequence"
    )
    for path, exact, size, sha256 in rows:
        name = bytes.fromhex(exact) if exact else path.encode()
        if sha256 is None:
            unhashed[path] = None
        elif b"\n" in name or b"\r" in name:
            outside[path] = None
        else:
            lines[name] = b"%d,%s,%s\n" % (size, sha256.encode(), name)
    notes = b"## photos of case %s, by serialscan case manifest\n" % reader.case_id.encode()
    for told, names in (
        (b"outside of this list, its name has a line end", outside),
        (b"not hashed", unhashed),
    ):
        for path in names:
            notes += b"## %s: %s\n" % (told, path.encode("unicode_escape"))
    data = _HEAD + notes + b"## \n" + b"".join(lines.values())
    return Manifest(
        data, tuple(outside), tuple(set(unhashed) - {name.decode("utf-8", "replace") for name in lines})
    )
