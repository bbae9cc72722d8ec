"""A font of boxes for the PDFs that do not bring their Korean, Chinese or Japanese fonts with them.

pdfium asks the machine for such a font. Where it has none, a character drawn alone has no extent, and pdfium leaves it out of the
text; where it has one, places and so the order may differ from machine to machine. So pdfium gets its fonts from here: one
font in which every character is the same box. Fonts of other scripts are those that pdfium carries.
"""

import ctypes
import struct
from functools import cache
from typing import Any

from pypdfium2 import raw

# Windows' numbers of charsets: Japanese, Korean, Johab, simplified and traditional Chinese.
_CJK = (0x80, 0x81, 0x82, 0x86, 0x88)
_UNITS = 1000  # of the em
_BOX = (50, -100, 950, 800)  # left, bottom, right, top
_HANDLE = 1


def use_boxes() -> None:
    """Makes pdfium take its fonts from here, for the whole process and before the first document."""
    _installed()


@cache
def _installed() -> Any:
    """What pdfium calls; it must live as long as the process."""
    font = box_font()

    def map_font(_info: object, _weight: int, _italic: int, charset: int, *_others: object) -> int | None:
        return _HANDLE if charset in _CJK else None

    def font_data(_info: object, _font: object, table: int, buffer: Any, size: int) -> int:
        if table:  # one of a collection, which this is not
            return 0
        if buffer and size >= len(font):
            ctypes.memmove(buffer, font, len(font))
        return len(font)

    calls = {
        "Release": lambda _info: None,
        "EnumFonts": lambda _info, _mapper: None,
        "MapFont": map_font,
        "GetFont": lambda _info, _face: None,
        "GetFontData": font_data,
        "GetFaceName": lambda _info, _font, _buffer, _size: 0,
        "GetFontCharset": lambda _info, _font: _CJK[1],
        "DeleteFont": lambda _info, _font: None,
    }
    info: Any = raw.FPDF_SYSFONTINFO()
    info.version = 2
    types: Any = dict(info._fields_)
    for name, call in calls.items():
        setattr(info, name, types[name](call))
    raw.FPDF_SetSystemFontInfo(info)
    return info


@cache
def box_font() -> bytes:
    """A TrueType font of two glyphs, nothing and a box, which is that of every character of the first plane."""
    left, bottom, right, top = _BOX
    points = struct.pack(">4B", 1, 1, 1, 1) + struct.pack(
        ">8h", left, right - left, 0, left - right, bottom, 0, top - bottom, 0
    )
    box = struct.pack(">5h2H", 1, left, bottom, right, top, 3, 0) + points
    box += bytes(-len(box) % 4)
    tables = {
        b"cmap": struct.pack(">4HL", 0, 1, 3, 10, 12) + struct.pack(">2H6L", 13, 0, 28, 0, 1, 0x21, 0xFFFD, 1),
        b"glyf": box,
        b"head": struct.pack(
            ">4L2H2Q4h2H3h", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _UNITS, 0, 0, left, bottom, right, top, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(">L3hH11hH", 0x10000, top, bottom, 0, _UNITS, *[0] * 11, 2),
        b"hmtx": struct.pack(">HhHh", _UNITS, 0, _UNITS, left),
        b"loca": struct.pack(">3L", 0, 0, len(box)),
        b"maxp": struct.pack(">L14H", 0x10000, 2, 4, 1, *[0] * 11),
    }
    at = 12 + 16 * len(tables)
    directory = struct.pack(">L4H", 0x10000, len(tables), 64, 2, 16 * len(tables) - 64)
    body = b""
    for name, table in tables.items():
        directory += struct.pack(">4s3L", name, 0, at + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return directory + body
