"""Exit codes and the exceptions that carry them.

The exit codes are part of the stable user interface. Every message says what to do next.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serialscan.record.codes import ErrorCode
    from serialscan.record.types import Source


class ExitCode(IntEnum):
    """Exit codes of every serialscan command."""

    OK = 0
    USAGE = 2
    SOME_FAILED = 3
    NO_INPUT = 4
    OUTPUT = 5
    ENGINE = 6
    SETTINGS = 7
    VERIFY_FAILED = 8
    INTERNAL = 15
    INTERRUPTED = 130
    NOBODY_READS = 141  # as shells say of a program that SIGPIPE ended


class SerialscanError(Exception):
    """Base of all errors that end a command; the message is shown as it stands."""

    exit_code = ExitCode.INTERNAL


class InputError(SerialscanError):
    """No input could be read."""

    exit_code = ExitCode.NO_INPUT


class OutputError(SerialscanError):
    """Output cannot be written."""

    exit_code = ExitCode.OUTPUT


class EngineError(SerialscanError):
    """An engine or a weight is missing, or its checksum is wrong."""

    exit_code = ExitCode.ENGINE


class SettingsError(SerialscanError):
    """A setting is bad, or a file that a person wrote: settings, knowledge, labels, a table of items."""

    exit_code = ExitCode.SETTINGS


class VerifyError(SerialscanError):
    """A case is not as it was left: something was changed, or is lost."""

    exit_code = ExitCode.VERIFY_FAILED


class PhotoError(Exception):
    """One photo cannot be read: becomes an error record, never ends a batch.

    Attributes:
        code: for programs, stable; docs/record.md explains each.
        message: one sentence for people that says what to do.
        source: what is known of the file all the same (hash, size), if anything.
    """

    def __init__(self, code: ErrorCode, message: str, source: Source | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.source = source
