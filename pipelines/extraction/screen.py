"""Whether a page can hold Korean text, told from its bytes before anything is decoded or parsed.

Of a whole crawl one page in a hundred is Korean, and parsing takes a hundred times as long as this look. So the rule is:
what is unsure passes, for a passed page only costs parsing. A page is turned away where none of these holds:

* it says that it is Korean: by a Korean charset in the HTTP header, an XML declaration or a <meta>, by `lang=ko` of <html>,
  or by a language that its archive or server names;
* it has MIN_SYLLABLES of Hangul in UTF-8 (composed or decomposed), as character references or as JSON escapes, names of the
  language not counted: a foreign page offers them in its menu;
* it is not sound UTF-8, and its bytes read as CP949 or Johab are remotely Korean by the same measure that decides what a page is
  decoded as (`charset.py`), but with a bound of its own that is far lower;
* it may be UTF-16 or UTF-32 (a byte order mark, or zeros), or switches to ISO-2022-KR;
* it is Korean that was read in a wrong encoding (`ê°€`, `°¡`) often enough that `repair` could mend it;
* its addresses hold so many Korean words that it cannot be foreign. A few prove nothing: every page of a foreign wiki links to
  its Korean sister.

Sound UTF-8 is judged as UTF-8 alone. Chinese, Japanese and Cyrillic bytes hold pairs that look like CP949, but decoding would not
read them so either.
"""

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache

from algok.kernels.screen import Counts, count
from algok.pipelines.extraction.charset import PRESCAN_BYTES, codec_of, legacy_korean

MIN_SYLLABLES = 12  # five short words; every recipe asks for more
MIN_PERCENT = 200  # syllables in addresses
MIN_BROKEN = 12  # traces of Korean that was read in a wrong encoding
_MIN_PAIRS = 4  # pairs of EUC-KR at any parity, below which no CP949 is looked for
_ZERO_SHARE = 0.01  # bytes that are zero, above which a page may be UTF-16

_NAMES = tuple(name.encode() for name in ("한국어", "대한민국", "조선말"))  # what menus of languages say
_KOREAN_CODECS = frozenset({"cp949", "johab", "iso2022_kr"})
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_CHARSET = re.compile(rb"harset\s{0,9}=\s{0,9}[\"']?\s{0,9}([^\s\"'/>;,]{1,40})", re.IGNORECASE)
_ENCODING = re.compile(rb"[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([^\"'>]{1,40})[\"']", re.IGNORECASE)
_ROOT = re.compile(rb"<[hH][tT][mM][lL][\s>]")
_ROOT_BYTES = 2048  # in which <html> begins
_LANGUAGE = re.compile(rb"lang\s{0,9}=\s{0,9}[\"']?\s{0,9}ko(?![a-z])", re.IGNORECASE)
_KOREAN = re.compile(r"(?:^|[\s,;])(?:ko|kor)(?![a-z])", re.IGNORECASE)


def may_be_korean(body: bytes, charset: str | None = None, languages: Iterable[str | None] = ()) -> bool:
    """Whether a page, without its transfer and content encodings, can hold Korean text; never fails.

    `charset` is that of the HTTP header, `languages` are lists of codes as a server or an archive gives them (`ko-KR, en`,
    `kor,eng`). Of pages in UTF-8, 2 to 10 GB/s; a tenth of that for bytes that are no UTF-8 (`bench/screen.py`).

    >>> may_be_korean("<p>물은 높은 곳에서 낮은 곳으로 흐른다</p>".encode()), may_be_korean("<p>水は低きに流れる</p>".encode())
    (True, False)
    """
    counts = count(body)
    return (
        _syllables(body, counts) >= MIN_SYLLABLES
        or max(counts.broken, counts.latin) >= MIN_BROKEN
        or counts.percent >= MIN_PERCENT
        or _wide(body, charset, counts)
        or (counts.escapes > 0 and b"\x1b$)C" in body)
        or _said(body, charset, languages)
        or (counts.errors > 0 and legacy_korean(body, cp949=counts.pairs >= _MIN_PAIRS))
    )


def text_may_be_korean(text: bytes, languages: Iterable[str | None] = ()) -> bool:
    """The same for a text that is UTF-8 and says nothing of itself, as those of WET files are."""
    counts = count(text)
    return (
        _syllables(text, counts) >= MIN_SYLLABLES
        or max(counts.broken, counts.latin) >= MIN_BROKEN
        or any(map(is_korean, languages))
    )


def is_korean(languages: str | None) -> bool:
    """Whether a list of language codes names Korean.

    >>> is_korean("ko-KR, en"), is_korean("eng,kor"), is_korean("kok")
    (True, True, False)
    """
    return bool(languages) and _KOREAN.search(languages) is not None


def _syllables(body: bytes, counts: Counts) -> int:
    """Syllables of Hangul that no decoding is needed for; two or three conjoining jamo are one."""
    found = counts.hangul + counts.jamo // 2 + counts.referenced + counts.escaped
    if MIN_SYLLABLES <= found < 20 * MIN_SYLLABLES:
        found -= sum(body.count(name) * len(name) // 3 for name in _NAMES)
    return found


def _wide(body: bytes, charset: str | None, counts: Counts) -> bool:
    if counts.zeros > _ZERO_SHARE * len(body) or body.startswith(_WIDE_BOMS):
        return True
    return charset is not None and _codec(charset).startswith("utf-16")


def _said(body: bytes, charset: str | None, languages: Iterable[str | None]) -> bool:
    if any(map(is_korean, languages)) or (charset is not None and _codec(charset) in _KOREAN_CODECS):
        return True
    root = _ROOT.search(body, 0, _ROOT_BYTES)
    if root and _LANGUAGE.search(body, root.end(), body.find(b">", root.end() - 1, root.end() + _ROOT_BYTES)):
        return True
    return any(_codec(label) in _KOREAN_CODECS for label in _labels(body))


def _labels(body: bytes) -> Iterable[str]:
    """Charsets that the beginning of a page names, wherever it does: also one in a comment lets a page pass."""
    if (at := body.find(b"<?xml", 0, 64)) >= 0 and (match := _ENCODING.match(body, at)):
        yield match[1].decode("latin-1")
    for needle in (b"harset", b"HARSET"):
        at = body.find(needle, 0, PRESCAN_BYTES)
        while at >= 0:
            if match := _CHARSET.match(body, at):
                yield match[1].decode("latin-1")
            at = body.find(needle, at + 1, PRESCAN_BYTES)


@lru_cache(1024)
def _codec(label: str) -> str:
    return codec_of(label) or ""
