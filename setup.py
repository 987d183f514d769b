"""The version of a build: from git's tags and commits; where they do not tell, from the files themselves."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from setuptools import setup

BASE = "0.1.0"  # the last release where no tag tells it: raise it with each tag
ROOT = Path(__file__).parent
PACKAGE = ROOT / "serialscan"
COMMIT = 11  # characters: the letter g and ten digits
BUILT = PACKAGE / "_version.py"


def files() -> str:
    """First 8 hex digits of the SHA-256 of all files of the package; line ends do not count."""
    whole = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path != BUILT and path.suffix != ".pyc" and not path.name.startswith("."):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            whole.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
            whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()[:8]


def local(version: Any) -> str:
    """What follows the tag: nothing for the tagged commit, else the commit, and the files if they differ."""
    if version.exact and not version.dirty:
        return ""
    commit = f"+{version.node[:COMMIT]}" if version.node else "+none"
    return f"{commit}.files.{files()}" if version.dirty else commit


setup(
    use_scm_version={
        "local_scheme": local,
        "fallback_version": BASE if (ROOT / ".git").exists() else f"{BASE}+files.{files()}",
        "version_file": "serialscan/_version.py",
        "version_file_template": '"""Written by the build."""\n\n__version__ = "{version}"\n',
    }
)
