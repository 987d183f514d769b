"""All words of the page, one file a language."""

from __future__ import annotations

import json
from pathlib import Path

from serialscan.errors import SettingsError

FOLDER = Path(__file__).parent


def texts(language: str = "en", folder: Path = FOLDER) -> dict[str, str]:
    """The words of a language; what it lacks is said in English.

    Args:
        language: names the file, ``en`` for ``en.json``.
        folder: of the files.

    Raises:
        SettingsError: there is no such file, or it is none.
    """
    known = sorted(path.stem for path in folder.glob("*.json"))
    if language not in known:
        raise SettingsError(f"The page is not there in {language!r}: known are {', '.join(known)}.")
    try:
        english = json.loads((FOLDER / "en.json").read_text("utf-8"))
        said = json.loads((folder / f"{language}.json").read_text("utf-8"))
    except ValueError as error:
        raise SettingsError(f"{folder / language}.json is no JSON ({error}).") from error
    return {**english, **said}
