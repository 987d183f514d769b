"""Makes docs/img/result.jpg: what `serialscan scan --pictures` shows of a sample photo.

python docs/make_picture.py
"""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from make_example import ROOT, scan

PHOTO = "samples/m4-magazine-well.jpg"
TARGET = ROOT / "docs" / "img" / "result.jpg"

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        scan("scan", "--reader", "network", "--pictures", folder, PHOTO)
        (picture,) = Path(folder).glob("*.jpg")
        copyfile(picture, TARGET)
