"""What a file is by its first bytes: an image, something that may hold photos, or neither."""

from __future__ import annotations

from enum import StrEnum

from serialscan.photo.sniff import sniff

HEAD_BYTES = 1024
"""Bytes that are looked at; a PDF may begin as late as that (ISO 32000-1, annex H)."""


class Kind(StrEnum):
    """What a file is."""

    IMAGE = "image"
    ARCHIVE = "archive"
    DOCUMENT = "document"
    VIDEO = "video"
    OTHER = "other"


# Each format's own mark at the start of its files. Images that cannot be read are there too: they get a
# record that says so.
_STARTS = {
    Kind.IMAGE: (
        b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51",  # JPEG 2000, its bare codestream
        b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a",  # JPEG XL
        b"II\xbc\x01", b"8BPS", b"gimp xcf", b"qoif",  # JPEG XR, Photoshop, GIMP, QOI
        b"v/1\x01", b"#?RADIANCE", b"SDPX", b"XPDS",  # OpenEXR, Radiance, DPX
        *(b"P%d%c" % (number, space) for number in range(1, 8) for space in b"\n\r\t "),  # Netpbm
    ),
    Kind.ARCHIVE: (
        b"PK\3\4", b"PK\5\6", b"PK\7\x08",  # ZIP, also modern Office files
        b"Rar!\x1a\7", b"7z\xbc\xaf\x27\x1c", b"MSCF", b"xar!",  # RAR, 7-Zip, Windows', macOS'
        b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18",  # gzip to LZ4
        b"EVF\t\r\n\xff\0", b"EVF2\r\n\x81\0", b"AFF10", b"KDM", b"QFI\xfb", b"vhdxfile",  # images of disks
    ),
    Kind.DOCUMENT: (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # older Office files, mails of Outlook
        b"{\\rtf", b"%!PS", b"AT&TFORM", b"!BDN",  # RTF, PostScript, DjVu, mailboxes of Outlook
    ),
    Kind.VIDEO: (
        b"\x1a\x45\xdf\xa3", b"FLV\1", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Matroska, Flash, Windows Media
        b"\0\0\1\xba", b"\0\0\1\xb3", b"OggS",  # MPEG, Ogg
    ),
}  # fmt: skip
_PDF = b"%PDF-"
_TAR, _TAR_AT = b"ustar", 257
# Boxes that a film of QuickTime may begin with; since MP4 it is ``ftyp`` with a brand (ISO/IEC 14496-12).
_FILM_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")
# Brands of still pictures in such a file: HEIF and AVIF (registered at mp4ra.org).
_STILL_BRANDS = frozenset({
    b"avif", b"avis", b"mif1", b"mif2", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx",
    b"jpeg", b"jpgs", b"j2ki", b"j2is", b"avci", b"vvic", b"MiHE", b"MiHB", b"MiPr", b"MiAF",
})  # fmt: skip
_TS_PACKET = 188  # bytes; each begins with 0x47 (ISO/IEC 13818-1)


def kind_of(head: bytes) -> Kind:
    """Tell what a file is.

    Args:
        head: its first ``HEAD_BYTES``, or all of a shorter one.
    """
    if sniff(head) is not None:
        return Kind.IMAGE
    for kind, starts in _STARTS.items():
        if head.startswith(starts):
            return kind
    if head[4:8] == b"ftyp":
        size = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
        return Kind.IMAGE if brands & _STILL_BRANDS else Kind.VIDEO
    if head[4:8] in _FILM_BOXES or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return Kind.VIDEO
    if len(head) > 3 * _TS_PACKET and set(head[: 4 * _TS_PACKET : _TS_PACKET]) == {0x47}:
        return Kind.VIDEO
    if head[_TAR_AT:].startswith(_TAR):
        return Kind.ARCHIVE
    return Kind.DOCUMENT if _PDF in head else Kind.OTHER
