"""The command line: one module per command; errors become messages and exit codes here."""

from __future__ import annotations

import io
import logging
import os
import traceback

import click

from serialscan import __version__
from serialscan.batch.output import ClosedPipeError, guard_streams
from serialscan.cli.group import COMPLETE, Group
from serialscan.cli.text import say
from serialscan.errors import ExitCode, SerialscanError

# In the order of the help. Each is imported when it is asked for: most runs need one.
_COMMANDS = (
    "scan",
    "case",
    "review",
    "report",
    "export",
    "links",
    "register",
    "match",
    "lookup",
    "key",
    "labels",
    "evaluate",
    "calibrate",
    "render",
    "knowledge",
    "schema",
    "doctor",
    "config",
    "completion",
)


@click.group(
    cls=Group,
    below={name: f"serialscan.cli.{name}" for name in _COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  serialscan scan photos/ > records.ndjson
  serialscan scan -r seizures/ --output records.ndjson
  serialscan doctor

\b
Exit codes: 0 all inputs processed; 2 usage; 3 some inputs failed (their records say why);
4 no input could be read; 5 output cannot be written; 6 an engine or a weight is missing or wrong;
7 bad settings; 8 verification failed; 15 internal error; 130 interrupted (what was written is valid);
141 whoever read the output went away before its end, as head does (what was written is valid).
""",
)
@click.version_option(__version__, "-V", "--version", prog_name="serialscan")
def cli() -> None:
    """Read the serials and markings stamped on rifles and optics from evidence photographs, offline."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the command line without the program's name; by default that of the process.

    Returns:
        The exit code.
    """
    guard_streams()
    if COMPLETE in os.environ:  # a shell asks, and PowerShell is known to that command alone
        import serialscan.cli.completion  # noqa: F401
    try:
        code = cli.main(arguments, prog_name="serialscan", standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.OK
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        say(told.getvalue().removesuffix("\n"), err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except SerialscanError as error:
        say(f"serialscan: {error}", err=True)
        return error.exit_code
    except ClosedPipeError:
        return ExitCode.NOBODY_READS
    except Exception as error:
        if logging.getLogger("serialscan").isEnabledFor(logging.DEBUG):
            say(traceback.format_exc(), err=True)
        else:
            what = f"{type(error).__name__}: {error}"
            say(f"serialscan: internal error {what}, run again with -vv for the traceback", err=True)
        return ExitCode.INTERNAL
