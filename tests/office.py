"""Small documents of every format, made from paragraphs: what tests of documents read."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

# --- zip -------------------------------------------------------------------------------------------------------------


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip archive, without the time it is made at."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# --- HWPX ------------------------------------------------------------------------------------------------------------

_HWPX = 'xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'
_HPF = (
    '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:metadata><opf:title>봄나물 안내</opf:title>'
    '<opf:meta name="creator" content="text">홍길동</opf:meta>'
    '<opf:meta name="CreatedDate" content="text">2024-05-01T09:30:00Z</opf:meta></opf:metadata></opf:package>'
)


def hwpx_paragraph(inside: str) -> str:
    return f"<hp:p><hp:run>{inside}</hp:run></hp:p>"


def hwpx_text(text: str) -> str:
    return f"<hp:t>{escape(text)}</hp:t>"


def hwpx(body: str | Sequence[str], others: Mapping[str, str | bytes] | None = None) -> bytes:
    """An HWPX file; `body` is the XML of its paragraphs, or their texts."""
    if not isinstance(body, str):
        body = "".join(hwpx_paragraph(hwpx_text(text)) for text in body)
    section = f"<?xml version='1.0' encoding='UTF-8'?><hs:sec {_HWPX}>{body}</hs:sec>"
    return zipped({
        "mimetype": "application/hwp+zip", "Contents/content.hpf": _HPF, "Contents/section0.xml": section, **(others or {}),
    })  # fmt: skip


# --- HWP 5 -----------------------------------------------------------------------------------------------------------

PARAGRAPH, TEXT, CONTROL, LIST, TABLE, EQUATION = 66, 67, 71, 72, 77, 88
_SECTOR = 512


def record(tag: int, level: int, data: bytes = b"") -> bytes:
    """A record of an HWP section."""
    if len(data) >= 0xFFF:
        return struct.pack("<II", tag | level << 10 | 0xFFF << 20, len(data)) + data
    return struct.pack("<I", tag | level << 10 | len(data) << 20) + data


def control_mark(unit: int, kind: str) -> str:
    """The eight units that stand in a text for a control."""
    low, high = struct.unpack("<HH", kind.encode("latin-1")[::-1])
    return chr(unit) + chr(low) + chr(high) + "\0\0\0\0" + chr(unit)


def hwp_paragraph(text: str, level: int = 0, controls: bytes = b"", shape: int = 0) -> bytes:
    header = bytes(8) + struct.pack("<H", shape) + bytes(12)
    return (
        record(PARAGRAPH, level, header)
        + record(TEXT, level + 1, f"{text}\r".encode("utf-16-le", "surrogatepass"))
        + controls
    )


def hwp_control(kind: str, level: int, below: bytes = b"", data: bytes = b"") -> bytes:
    return record(CONTROL, level, kind.encode("latin-1")[::-1] + data) + below


def hwp_list(texts: Iterable[str], level: int, row: int | None = None, column: int = 0) -> bytes:
    """A list of paragraphs: of a cell where a row is given, else of a box or a note."""
    cell = struct.pack("<HHHH", column, row, 1, 1) if row is not None else b""
    return record(LIST, level, bytes(8) + cell) + b"".join(hwp_paragraph(text, level) for text in texts)


def hwp_table(rows: Sequence[Sequence[str]], level: int = 1) -> bytes:
    cells = [
        hwp_list([text], level + 1, number, column)
        for number, row in enumerate(rows)
        for column, text in enumerate(row)
    ]
    return hwp_control("tbl ", level, record(TABLE, level + 1, bytes(8)) + b"".join(cells))


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def hwp_numbering(formats: Sequence[tuple[str, int]]) -> bytes:
    """A numbering of DocInfo: the format and the shape of each level."""
    data = b""
    for text, shape in formats:
        data += struct.pack("<IHHIH", shape << 5, 0, 0, 0, len(text)) + text.encode("utf-16-le")
    return record(23, 0, data + struct.pack("<H", 1) + struct.pack("<I", 1) * len(formats))


def hwp_shape(kind: int, numbering: int, level: int) -> bytes:
    """A shape of paragraphs of DocInfo: kind of the head (1 outline, 2 number, 3 bullet), its numbering or bullet, its level."""
    return record(
        25, 0, struct.pack("<I", kind << 23 | level << 25) + bytes(26) + struct.pack("<H", numbering) + bytes(2)
    )


def hwp(
    body: bytes | Sequence[str], flags: int = 1, view: bytes | None = None, pack: bool = True, info: bytes = b""
) -> bytes:
    """An HWP 5 file; `body` are the records of its section, or the texts of its paragraphs, `info` those of DocInfo."""
    if not isinstance(body, bytes):
        body = b"".join(hwp_paragraph(text) for text in body)
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05010100, flags)
    streams = {"FileHeader": header, "BodyText/Section0": deflated(body) if pack else body}
    if info:
        streams["DocInfo"] = deflated(info) if pack else info
    if view is not None:
        streams["ViewText/Section0"] = view
    return ole(streams)


def distributed(body: bytes, seed: int = 7) -> bytes:
    """A section of a distribution document: a key under random numbers, and what it encrypts."""
    key, key_at = bytes(range(100, 116)), 4 + (seed & 15)
    record_data = bytearray(256)
    record_data[key_at : key_at + 16] = key
    state, place = seed, 0
    while place < 256:
        state, mask = _drawn(state)
        state, run = _drawn(state)
        for _ in range((run & 15) + 1):
            if 4 <= place < 256:
                record_data[place] ^= mask & 0xFF
            place += 1
    record_data[:4] = struct.pack("<I", seed)
    packed = deflated(body)
    packed += bytes(-len(packed) % 16)
    return record(28, 0, bytes(record_data)) + Cipher(AES(key), ECB()).encryptor().update(packed)


def _drawn(state: int) -> tuple[int, int]:
    state = (state * 214013 + 2531011) % (1 << 32)
    return state, (state >> 16) & 0x7FFF


def ole(streams: Mapping[str, bytes]) -> bytes:
    """An OLE file. Streams are filled up to 4096 bytes, so that none lies among the small ones."""
    folders = sorted({name.partition("/")[0] for name in streams if "/" in name})
    entries: list[tuple[str, int, int, int]] = []  # name, type, first sector, size
    content, fat = bytearray(), []
    for name, data in streams.items():
        data = data.ljust(4096, b"\0")
        sectors = -(-len(data) // _SECTOR)
        first = len(fat)
        fat += [*range(first + 1, first + sectors), 0xFFFFFFFE]
        content += data.ljust(sectors * _SECTOR, b"\0")
        entries.append((name, 2, first, len(data)))
    top = [(name, kind, first, size) for name, kind, first, size in entries if "/" not in name]
    order = [("Root Entry", 5, 0xFFFFFFFE, 0), *top, *((folder, 1, 0, 0) for folder in folders)]
    inner = [(name.partition("/")[2], kind, first, size) for name, kind, first, size in entries if "/" in name]
    order += inner
    numbers = {id(entry): number for number, entry in enumerate(order)}
    children: dict[str, list[int]] = {folder: [] for folder in folders}
    for (name, *_), entry in zip([entry for entry in entries if "/" in entry[0]], inner, strict=True):
        children[name.partition("/")[0]].append(numbers[id(entry)])
    roots = list(range(1, 1 + len(top) + len(folders)))
    right = {a: b for chain in (roots, *children.values()) for a, b in pairwise(chain)}
    directory = b""
    for number, (name, kind, first, size) in enumerate(order):
        below = roots[0] if number == 0 and roots else 0xFFFFFFFF
        if kind == 1:
            below = children[name][0]
        label = (name + "\0").encode("utf-16-le")
        directory += label.ljust(64, b"\0") + struct.pack(
            "<HBBIII16sIQQIQ", len(label), kind, 1, 0xFFFFFFFF, right.get(number, 0xFFFFFFFF), below, b"", 0, 0, 0, first, size
        )  # fmt: skip
    directory = directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0")
    at, sectors = len(fat), len(directory) // _SECTOR
    fat += [*range(at + 1, at + sectors), 0xFFFFFFFE]
    fat_sectors = -(-(len(fat) + 8) // 128)
    places = list(range(len(fat), len(fat) + fat_sectors))
    fat += [0xFFFFFFFD] * fat_sectors
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * _SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, fat_sectors, at, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )  # fmt: skip
    header += struct.pack(f"<{len(places)}I", *places)
    return header.ljust(_SECTOR, b"\xff") + bytes(content) + directory + table


# --- PDF -------------------------------------------------------------------------------------------------------------

_FONTS = (
    b"<</Type/Font/Subtype/Type0/BaseFont/HYSMyeongJo-Medium/Encoding/UniKS-UCS2-H/DescendantFonts[<</Type/Font/Subtype"
    b"/CIDFontType0/BaseFont/HYSMyeongJo-Medium/CIDSystemInfo<</Registry(Adobe)/Ordering(Korea1)/Supplement 1>>/DW 1000>>]>>"
)
Placed = tuple[float, float, str]  # x, y, text


def pdf(pages: Sequence[Sequence[str] | Sequence[Placed]], extra: bytes = b"") -> bytes:
    """A PDF; a page is its lines from top to bottom, or texts with their places. `extra` is drawn on every page."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", _FONTS]
    kids = []
    for page in pages:
        placed = [item if isinstance(item, tuple) else (60, 780 - 20 * n, item) for n, item in enumerate(page)]
        drawn = b"".join(
            b"BT /F1 10 Tf 1 0 0 1 %g %g Tm <%b> Tj ET\n" % (x, y, text.encode("utf-16-be").hex().encode())
            for x, y, text in placed
        )
        stream = zlib.compress(drawn + extra)
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream))
        kids.append(len(objects) + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            % len(objects)
        )
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    objects.append(
        b"<</Title<%b>/Author(Hong)/CreationDate(D:20240501093000+09'00')>>"
        % ("\ufeff봄나물".encode("utf-16-be").hex().encode())
    )
    return _pdf_file(objects)


def hanging_pdf(levels: int = 30) -> bytes:
    """A PDF of a page of forms in forms, four in each: at thirty levels pdfium does not end in a lifetime."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", page]
    objects.append(b"<</Length 5>>stream\n/F Do\nendstream")
    for _ in range(levels):
        inner = b"/Resources<</XObject<</F %d 0 R>>>>" % (len(objects) + 2)
        form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%b/Length 24>>stream\n%b\nendstream" % (inner, b"/F Do " * 4)
        objects.append(form)
    objects.append(b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 12>>stream\n0 0 1 1 re f\nendstream")
    return _pdf_file([*objects, b"<<>>"])


def _pdf_file(objects: list[bytes]) -> bytes:
    """A PDF of objects: the catalogue first, what it says of itself last."""
    out, places = bytearray(b"%PDF-1.5\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places)
    out += b"trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        len(objects),
        start,
    )
    return bytes(out)


# --- office files, e-books -------------------------------------------------------------------------------------------

_CORE = (
    '<cp:coreProperties xmlns:cp="x" xmlns:dc="y" xmlns:dcterms="z"><dc:title>봄나물 안내</dc:title>'
    "<dc:creator>홍길동</dc:creator><dcterms:created>2024-05-01T09:30:00Z</dcterms:created></cp:coreProperties>"
)


def docx(body: str | Sequence[str], others: Mapping[str, str | bytes] | None = None) -> bytes:
    """A DOCX file; `body` is the XML of its paragraphs, or their texts."""
    if not isinstance(body, str):
        body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in body)
    content = f'<w:document xmlns:w="w" xmlns:mc="mc" xmlns:v="v"><w:body>{body}</w:body></w:document>'
    parts = {"[Content_Types].xml": "<Types/>", "word/document.xml": content, "docProps/core.xml": _CORE}
    return zipped({**parts, **(others or {})})


def pptx(slides: Sequence[str]) -> bytes:
    """A presentation with a slide of one paragraph for each text; their files are numbered from the last to the first."""
    parts: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "docProps/core.xml": _CORE}
    listed, relations = "", ""
    for number, text in enumerate(slides):
        file = len(slides) - number
        parts[f"ppt/slides/slide{file}.xml"] = (
            f'<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></p:sld>'
        )
        listed += f'<p:sldId id="{256 + number}" r:id="rId{number}"/>'
        relations += f'<Relationship Id="rId{number}" Type="http://x/slide" Target="slides/slide{file}.xml"/>'
    parts["ppt/presentation.xml"] = (
        f'<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>'
    )
    parts["ppt/_rels/presentation.xml.rels"] = f"<Relationships>{relations}</Relationships>"
    return zipped(parts)


def odt(body: str | Sequence[str]) -> bytes:
    if not isinstance(body, str):
        body = "".join(f"<text:p>{escape(text)}</text:p>" for text in body)
    spaces = 'xmlns:office="o" xmlns:text="t" xmlns:table="tb" xmlns:draw="d"'
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document-content {spaces}><office:body>{body}</office:body></office:document-content>",
    })  # fmt: skip


def epub(chapters: Sequence[str], others: Mapping[str, str | bytes] | None = None) -> bytes:
    """An EPUB of chapters, which lie in the archive from the last to the first."""
    pages = {
        f"OEBPS/c{n}.xhtml": f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>x</title></head><body><p>{escape(text)}</p></body></html>"
        for n, text in enumerate(chapters)
    }
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    book = (
        '<package xmlns="p" xmlns:dc="d"><metadata><dc:title>봄나물 책</dc:title><dc:creator>홍길동</dc:creator></metadata>'
        f'<manifest>{items}<item id="toc" href="toc.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>'
        f'<spine><itemref idref="toc"/>{spine}</spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    return zipped({
        "mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/content.opf": book,
        "OEBPS/toc.xhtml": "<html><body><p>차례</p></body></html>", **dict(reversed(pages.items())), **(others or {}),
    })  # fmt: skip


def rtf(texts: Sequence[str]) -> bytes:
    """An RTF file in CP949, with what that has not as \\u."""
    body = ""
    for text in texts:
        for c in text:
            try:
                body += (
                    f"\\{c}" if c in "\\{}" else c if c.isascii() else "".join(f"\\'{b:02x}" for b in c.encode("cp949"))
                )
            except UnicodeEncodeError:
                units = struct.unpack(f"<{len(c.encode('utf-16-le')) // 2}h", c.encode("utf-16-le"))
                body += "".join(f"\\u{unit}?" for unit in units)
        body += "\\par\n"
    return ("{\\rtf1\\ansi\\ansicpg949\\uc1{\\fonttbl{\\f0 Batang;}}{\\info{\\author Hong}}" + body + "}").encode(
        "ascii"
    )
