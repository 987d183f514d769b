"""What is known, with a user's own rows, once their examples have been tried."""

from __future__ import annotations

import functools
import hashlib

from serialscan.errors import SettingsError
from serialscan.marking.examples import try_examples
from serialscan.marking.knowledge import Knowledge, combine, read_file


@functools.lru_cache(maxsize=8)
def load_knowledge(path: str = "", sha256: str = "") -> Knowledge:
    """The project's rows and those of a user.

    Args:
        path: a TOML file with more rows; a row with the id of another replaces it.
        sha256: of that file in hex, refused if it differs; empty for any.

    Raises:
        SettingsError: the file cannot be read, has changed, or a row is not one.
    """
    if not path:
        return combine("")[0]
    data = read_file(path)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise SettingsError(f"{path}: changed since the settings were read: start again.")
    knowledge, rows = combine(path, data)
    for verdict in try_examples(rows, knowledge):
        if verdict.wrong:
            raise SettingsError(
                f"{path}: {verdict.table} {verdict.row.id} {verdict.wrong[0]}: correct it; "
                "serialscan knowledge test shows all."
            )
    return knowledge
