"""A reader that finds nothing, slowly if asked for, and serialscan with it: for tests that kill it.

    SERIALSCAN_ENGINE=null python blind.py scan photos --case a.case

``BLIND_SECONDS`` in the environment is how long it looks at each page. With ``BLIND_IN_PROCESS`` no worker
process is started.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from serialscan.reading import Reader, Reading
from serialscan.settings import Settings

NULL = Settings(reader="network", engine="null")
"""Opens photos and finds nothing on them, without weights: quick. Its records say so."""


class Blind(Reader):
    """A reader with the engine ``null``."""

    def __init__(self, settings: Settings = NULL, **options: Any) -> None:
        assert settings.engine == "null"
        super().__init__(settings, **options)

    def read(self, rgb: Any, *numbers: int) -> Reading:
        time.sleep(float(os.environ.get("BLIND_SECONDS", "0")))
        return super().read(rgb, *numbers)


if __name__ in ("__main__", "__mp_main__"):  # the latter in worker processes
    import serialscan.reading

    serialscan.reading.Reader = Blind  # type: ignore[misc]

if __name__ == "__main__":
    from serialscan.batch.inprocess import InProcess
    from serialscan.cli import main

    if "BLIND_IN_PROCESS" in os.environ:
        from serialscan.cli import scan

        scan.local_processes = lambda job, batch: InProcess(job)  # type: ignore[assignment]
    sys.exit(main(sys.argv[1:]))
