"""``serialscan doctor``."""

from __future__ import annotations

import click
import msgspec

from serialscan.batch.inputs import check_current_folder
from serialscan.batch.output import take_stdout
from serialscan.cli.options import verbose_option
from serialscan.errors import ExitCode
from serialscan.printable import printable


@click.command(epilog="\b\nExamples:\n  serialscan doctor\n  serialscan doctor --json > doctor.json")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as one JSON object.")
@verbose_option
def doctor(as_json: bool, verbose: int) -> int:
    """Check weights, readers, image formats, folders and the machine; needs no network.

    Exits 6 if something that is needed is broken.
    """
    from serialscan.doctor import examine

    check_current_folder()
    data = take_stdout()
    checks = examine()
    good = all(check.ok or not check.needed for check in checks)
    if as_json:
        data.write_line(msgspec.json.encode({"ok": good, "checks": checks}))
    else:
        for check in checks:
            mark = "ok" if check.ok else "FAIL" if check.needed else "-"
            data.write_line(printable(f"{mark:4}  {check.name:24}  {check.detail}").encode())
    return ExitCode.OK if good else ExitCode.ENGINE
