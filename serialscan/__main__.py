"""The program's start: ``serialscan`` and ``python -m serialscan``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; also Ctrl-C while the program is still being loaded ends it quietly."""
    try:
        from serialscan.cli import main as run
    except KeyboardInterrupt:
        return 130  # ExitCode.INTERRUPTED, whose module may not be loaded
    return run()


if __name__ == "__main__":
    sys.exit(main())
