"""Documents of word processors, PDF and e-books to their text. The bytes decide what a document is: names and MIME types of
Korean ones are wrong often enough (an HWPX called .hwp, an HWP called .hwpx).

A format is a function in a file of `office/`; each is loaded when a body of its kind is first met.
"""

import re
from typing import Any

from algok.pipelines.extraction.page import Body, ExtractError, Page

_HWP3 = b"HWP Document File V"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF = b"%PDF-"
_PDF_WITHIN = 1024  # bytes, in which the header of a PDF may stand behind rubbish
_ZIP = b"PK\x03\x04"
_RTF = b"{\\rtf"
_EXTENSION = re.compile(r"(\.[a-z]{3,4})(?:\.(?:gz|zst|bz2|xz))?$")
_HWPML = re.compile(
    rb"\s*<\?xml[^>]{0,200}>\s*(?:<!--.{0,400}?-->\s*)?(?:<!DOCTYPE[^>]{0,400}>\s*)?<HWPML[\s>]", re.DOTALL
)

_TYPES = {
    ".pdf": "application/pdf", ".hwp": "application/x-hwp", ".hwpx": "application/hwp+zip", ".hml": "application/x-hwpml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text", ".epub": "application/epub+zip", ".rtf": "application/rtf",
}  # fmt: skip
EXTENSIONS = tuple(_TYPES)
DOCUMENT_TYPES = frozenset(
    {
        *_TYPES.values(), "application/x-pdf", "application/haansofthwp", "application/hwp", "application/vnd.hancom.hwp",
        "application/vnd.hancom.hwpx", "application/haansofthwpx", "application/vnd.hancom.hml", "text/rtf",
    }
)  # fmt: skip


def type_by_name(name: str) -> str:
    """The MIME type that a file's name says, a compression behind it left out; empty where it is no document's.

    >>> type_by_name("보도자료.HWP.gz")
    'application/x-hwp'
    """
    found = _EXTENSION.search(name.lower())
    return _TYPES.get(found[1], "") if found else ""


def is_document(data: bytes) -> bool:
    """Whether a file is a document by its first bytes."""
    if data.startswith((_PDF, _RTF, _HWP3, _OLE, _ZIP)):
        return True
    head = data[:2048].lstrip()
    return head.startswith(b"<?xml") and _HWPML.match(head) is not None


class Documents:
    """PDF, HWP, HWPX, HWPML, DOCX, PPTX, ODT, EPUB and RTF, by their first bytes."""

    types = DOCUMENT_TYPES

    def recognises(self, body: Body) -> bool:
        return body.mime in DOCUMENT_TYPES or is_document(body.data)

    def extract(self, body: Body) -> Page:
        if len(body.data) > body.limits.document:
            message = f"document of {len(body.data):,} bytes, limit {body.limits.document:,}"
            raise ExtractError("too_large", message)
        if _is_pdf(body.data):
            from algok.pipelines.extraction.office.pdf import read_pdf

            return read_pdf(body)
        text, meta = _read(body)
        return Page(text, meta.pop("title", ""), meta=meta)


def _is_pdf(data: bytes) -> bool:
    others = (_OLE, _ZIP, _HWP3, _RTF)
    return _PDF in data[:_PDF_WITHIN] and not data.startswith(others) and not _HWPML.match(data[:2048])


def _read(body: Body) -> tuple[str, dict[str, Any]]:
    data, limits = body.data, body.limits
    if data.startswith(_OLE):
        return _from_ole(data, limits.unpacked)
    if data.startswith(_ZIP):
        return _from_zip(body)
    if data.startswith(_HWP3):
        raise ExtractError("hwp3", "HWP 3 and older are not read; save it as HWP 5 or HWPX in Hangul")
    if data.startswith(_RTF):
        from algok.pipelines.extraction.office.rtf import read_rtf

        return read_rtf(data, limits.unpacked)
    if _HWPML.match(data[:2048]):
        from algok.pipelines.extraction.office.hwpx import read_hwpml

        return read_hwpml(data, limits.unpacked)
    empty = not data.strip(b"\0 \r\n\t")
    raise ExtractError("truncated" if empty else "corrupt", "no document of a known format by its first bytes")


def _from_ole(data: bytes, unpacked: int) -> tuple[str, dict[str, Any]]:
    from algok.pipelines.extraction.office.hwp import read_hwp
    from algok.pipelines.extraction.office.ole import OleFile

    ole = OleFile(data, unpacked)
    if "FileHeader" in ole:
        return read_hwp(ole, unpacked)
    if "EncryptedPackage" in ole:
        raise ExtractError("encrypted", "needs a password")
    raise ExtractError("not_text", "an OLE file that is no HWP document")


def _from_zip(body: Body) -> tuple[str, dict[str, Any]]:
    from algok.pipelines.extraction.office import epub, hwpx, odt, ooxml
    from algok.pipelines.extraction.office.package import Package

    limit = body.limits.unpacked
    try:
        package = Package(body.data, limit)
    except ExtractError:
        if body.mime in DOCUMENT_TYPES or _names_document(body.data):
            raise
        raise ExtractError("not_text", "an archive that is no document") from None
    if "Contents/content.hpf" in package or package.numbered("Contents/", "section"):
        return hwpx.read_hwpx(package, limit)
    if "META-INF/container.xml" in package:
        return epub.read_epub(package, body.limits)
    if "word/document.xml" in package:
        return ooxml.read_docx(package, limit)
    if "ppt/presentation.xml" in package:
        return ooxml.read_pptx(package, limit)
    if "content.xml" in package and package.read("mimetype").startswith(b"application/vnd.oasis.opendocument.text"):
        return odt.read_odt(package, limit)
    raise ExtractError("not_text", "an archive that is no document of a known kind")


def _names_document(data: bytes) -> bool:
    """Whether a broken archive was a document, by the names of its first members."""
    return any(
        name in data[:4096] for name in (b"application/hwp+zip", b"application/epub+zip", b"[Content_Types].xml")
    )
