"""Hostile bytes: whatever is in a file, only a PhotoError comes out."""

from __future__ import annotations

import io

import photo_fixtures as fixtures
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serialscan.errors import PhotoError
from serialscan.photo import open_photo
from serialscan.settings import Settings

pytestmark = pytest.mark.filterwarnings("error")

LIMITS = Settings(max_pixels=1_000_000, max_pages=20, gps=True)
PICTURE = fixtures.text_picture(96, 64, 0.4)
_EXIF = fixtures.exif_with(
    orientation=6, date="2024:01:01 00:00:00", offset="+01:00", make="Acme", model="One",
    gps={1: "N", 2: (1.0, 2.0, 3.0), 3: "E", 4: (4.0, 5.0, 6.0), 5: b"\0", 6: 7.0},
)  # fmt: skip
VALID = {
    "jpeg": fixtures.encode(PICTURE, "JPEG", exif=_EXIF),
    "progressive": fixtures.encode(PICTURE, "JPEG", progressive=True),
    "png": fixtures.encode(PICTURE, "PNG", exif=_EXIF),
    "tiff": fixtures.tiff_of(PICTURE, PICTURE[:40]),
    "lzw": fixtures.tiff_of(PICTURE, PICTURE[:40], compression="tiff_lzw"),
    "webp": fixtures.encode(PICTURE, "WEBP", exif=_EXIF),
    "bmp": fixtures.encode(PICTURE, "BMP"),
    "gif": fixtures.encode(PICTURE, "GIF"),
    "heic": fixtures.encode(PICTURE, "HEIF", exif=_EXIF.tobytes()),
    "raw": fixtures.dng(fixtures.encode(PICTURE, "JPEG")),
}
_STARTS = [data[:n] for data in VALID.values() for n in (4, 12, 30)]


def _read(data: bytes) -> None:
    try:
        with open_photo(data, LIMITS) as photo:
            for page in photo.pages():
                assert page.dtype == "uint8"
                assert page.ndim == 3
                assert page.shape[2] == 3
                assert page.shape[0] * page.shape[1] <= LIMITS.max_pixels
    except PhotoError as error:
        assert error.source is not None
        assert error.source.sha256 is not None
        assert error.code.isidentifier()
        assert error.message.isprintable()


@settings(max_examples=250)
@given(st.sampled_from([b"", *_STARTS]), st.binary(max_size=300))
def test_random_bytes(start, rest):
    _read(start + rest)


@pytest.mark.parametrize("kind", VALID)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files(kind, data):
    valid = VALID[kind]
    file = io.BytesIO(valid)
    # Headers and directories stand at both ends, and that is where damage hurts decoders.
    place = st.one_of(
        st.integers(0, 400), st.integers(0, len(valid)), st.integers(len(valid) - 400, len(valid))
    )
    for at, patch in data.draw(st.lists(st.tuples(place, st.binary(min_size=1, max_size=4)), max_size=6)):
        file.seek(max(at, 0))
        file.write(patch)
    damaged = file.getvalue()
    _read(damaged[: data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))])
