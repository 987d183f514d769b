"""Pages of HTML from templates: texts are escaped, what drives or turns text is shown, nothing is loaded."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from serialscan.printable import printable

if TYPE_CHECKING:
    import jinja2


@cache
def template(package: str, name: str) -> jinja2.Template:
    """A template among the data of a package.

    What it puts out is escaped, and control characters and marks that turn the direction of writing are
    written as their numbers. A name that is not known is an error.

    Args:
        package: the package with a folder ``templates``.
        name: of the file in it.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package), autoescape=True, undefined=jinja2.StrictUndefined,
        finalize=_shown, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["sure"] = sure
    return environment.get_template(name)


def sure(probability: float, digits: int = 2) -> str:
    """A probability with so many digits; what is not certain never looks certain."""
    least = 10.0**-digits
    if probability >= 1 - least / 2:
        return f"> {1 - least:.{digits}f}"
    if 0 < probability < least / 2:
        return f"< {least:.{digits}f}"
    return f"{probability:.{digits}f}"


def _shown(value: Any) -> Any:
    """What a template puts out; markup and what a macro gives are done already."""
    if value is None or isinstance(value, bool):
        raise TypeError(f"{value} is no text for people")
    return printable(value) if type(value) is str else value


def data_uri(jpeg: bytes) -> str:
    """A picture as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def content_hash(text: str) -> str:
    """Names a script or a style in a Content-Security-Policy (CSP level 2), so that no other one runs."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"
