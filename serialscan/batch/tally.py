"""The counts of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from serialscan.batch.found import Found
from serialscan.batch.inputs import Inputs, Skipped
from serialscan.batch.task import Outcome
from serialscan.errors import ExitCode


@dataclass(slots=True)
class Tally:
    """The counts of a run.

    Attributes:
        inputs: what is read.
        ok: photos read.
        failed: inputs with an error record.
        seconds: how long the run took.
        interrupted: a person stopped the run.
        last_error: message of the last error record.
        items: item records written.
        earlier: photos whose records an earlier run made.
        twins: photos with the content of another one, whose record they have.
        found: what the records tell.
    """

    inputs: Inputs
    ok: int = 0
    failed: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    last_error: str | None = None
    items: int = 0
    earlier: int = 0
    twins: int = 0
    found: Found = field(default_factory=Found)

    @property
    def done(self) -> int:
        """Records of photos written."""
        return self.ok + self.failed

    @property
    def total(self) -> int | None:
        """Inputs there are, or None while they are being counted or if they cannot be."""
        return self.inputs.total

    @property
    def counting(self) -> bool:
        """Whether the inputs are still being counted."""
        return self.inputs.counting

    @property
    def skipped(self) -> Skipped:
        """What the walk left out."""
        return self.inputs.skipped

    @property
    def without_item(self) -> int:
        """Photos that belong to no item, when photos are put together."""
        return self.inputs.without_item

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells its caller."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.ok == 0:
            return ExitCode.NO_INPUT
        return ExitCode.SOME_FAILED if self.failed else ExitCode.OK

    def count(self, outcome: Outcome) -> None:
        """Count a record that is written."""
        if outcome.input is None:
            self.items += 1
            return
        if outcome.error is None:
            self.ok += 1
        else:
            self.failed += 1
            self.last_error = outcome.error
        self.earlier += outcome.input.line is not None and not outcome.input.twin
        self.twins += outcome.input.twin
