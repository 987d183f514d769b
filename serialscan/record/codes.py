"""The codes that this version gives: of errors, of warnings, of what is wrong in a code's message.

Who gives a code gives one of a ``Literal``, which mypy checks. Who reads a record takes any text: a later
version may know more codes. docs/record.md explains each.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NewType, get_args

import msgspec

ErrorCode = Literal[
    "unreadable", "unreadable_folder", "not_a_file", "empty", "truncated", "corrupt", "not_an_image",
    "unsupported", "unsupported_raw", "too_many_bytes", "too_many_pixels", "too_many_pages", "changed",
    "is_output", "output_inside_input", "out_of_memory", "worker_died", "timed_out", "internal_error",
    "no_photo_read", "too_many_photos",
]  # fmt: skip

WarningCode = Literal[
    "glyphs_too_small", "no_text", "cut_off", "serial_at_edge", "may_go_on", "covered", "empty_field",
    "mirrored_text", "stacked_text", "seven_segments", "blurred", "glare", "exif_damaged", "pixels_damaged",
    "pixels_unchecked", "other_pictures", "raw_preview", "null_engine", "not_calibrated", "two_items",
    "copies", "photos_failed",
]  # fmt: skip

MessageFault = Literal[
    "not_a_uii", "unknown_format", "no_qualifier", "part_and_lot", "repeated_field", "uii_mismatch",
    "cage_shape", "duns_shape", "dodaac_shape", "gs1_prefix_shape", "characters", "edge_character",
    "too_long",
]  # fmt: skip


def _schema(known: Any) -> msgspec.Meta:
    """The known codes, and that there may be others."""
    return msgspec.Meta(extra_json_schema={"anyOf": [{"enum": list(get_args(known))}, {"type": "string"}]})


# Types of their own, so that a text cannot become one by mistake: only the constructors of the records' types
# and the decoder make them.
AnyErrorCode = NewType("AnyErrorCode", str)
AnyWarningCode = NewType("AnyWarningCode", str)
AnyMessageFault = NewType("AnyMessageFault", str)

ReadErrorCode = Annotated[AnyErrorCode, _schema(ErrorCode)]
ReadWarningCode = Annotated[AnyWarningCode, _schema(WarningCode)]
ReadMessageFault = Annotated[AnyMessageFault, _schema(MessageFault)]
