"""``python -m serialscan``."""

from __future__ import annotations

import sys

from serialscan.cli import main

if __name__ == "__main__":
    sys.exit(main())
