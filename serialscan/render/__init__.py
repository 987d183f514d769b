"""Photographs of marks that never existed, with exact truth: for samples, tests and training.

A mark is a height field (`marks`) on a surface (`surfaces`, `parts`) of an item (`layouts`), lit
(`lights`) and seen by a camera (`camera`). `photo.render_photo` is the whole way; `truth` says what
stands where and how legible it came out.
"""

from serialscan.render.photo import Item, Photo, render_photo
from serialscan.render.samples import render_random, render_samples, write_photos

__all__ = ["Item", "Photo", "render_photo", "render_random", "render_samples", "write_photos"]
