"""A reader that finds nothing, and as a program serialscan with it: quick, for tests that kill it.

    python blind.py scan photos --case a.case

With ``BLIND_IN_PROCESS`` in the environment no worker process is started.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any


class Blind:
    """Takes the place of ``serialscan.reading.Reader``, without weights."""

    models = ()

    def __init__(self, settings: Any = None, threads: int = 0) -> None:
        pass

    def read(self, rgb: Any, page: int = 1, first_line: int = 1, first_code: int = 1) -> Any:
        from serialscan.reading.reader import Reading
        from serialscan.record import Quality

        time.sleep(float(os.environ.get("BLIND_SECONDS", "0")))
        quality = Quality(glyph_height_px=None, sharpness=0.5, clipped=0.0)
        return Reading(lines=(), codes=(), quality=quality)

    def least_accepted(self, max_error: float) -> float:
        return 1.0


if __name__ in ("__main__", "__mp_main__"):  # the latter in worker processes
    import serialscan.reading

    serialscan.reading.Reader = Blind  # type: ignore[misc, assignment]

if __name__ == "__main__":
    from serialscan.batch.inprocess import InProcess
    from serialscan.cli import main

    if "BLIND_IN_PROCESS" in os.environ:
        # In the package the command hides the module of the same name.
        vars(sys.modules["serialscan.cli.scan"])["local_processes"] = lambda job, batch: InProcess(job)
    sys.exit(main(sys.argv[1:]))
