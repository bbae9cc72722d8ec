"""Bytes of a page to Unicode, built for Korean: UTF-8, CP949, Johab, ISO-2022-KR and UTF-16, and whatever is declared.

Evidence is asked in the order byte order mark, HTTP header, XML or meta declaration, and then the bytes themselves. A
declaration may lie, so none is believed against the bytes:

* Bytes that are valid UTF-8 with multi-byte sequences are UTF-8, whatever is declared. (A page declared Korean with
  only a handful of such sequences is compared with CP949 first: a few syllables can be valid UTF-8 by accident.)
* Otherwise every Korean encoding is scored by how Korean its text would be. A reading that scores as running Korean
  wins over any declaration; if none does, the first declaration that the bytes agree with holds.

The score of a reading counts, per character that is not ASCII, +1 for one of the 256 most frequent Hangul syllables,
-0.3 for any other syllable or ideograph and -0.5 for an undecodable byte. Per letter, 99 % of Korean pages reach
+0.66 in their own encoding, and 99 % stay below -0.23 in a wrong one (`bench/extract.py score` prints both).
"""

import codecs
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

from algok.kernels.charset import FREQUENT, INVALID, NEUTRAL, RARE, count_double_byte, count_utf8

Evidence = Literal["bom", "http", "meta", "xml", "detected", "default"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded page. `encoding` is the name of a Python codec, `source` the evidence that decided, `replaced` the
    number of characters lost to U+FFFD (those that the page already held are not counted)."""

    text: str
    encoding: str
    source: Evidence
    replaced: int


# The 256 most frequent syllables of 13 corpora weighted alike (news, law, petitions, reviews, comments, literature,
# scripture, documentation, dialogue); they cover 82.6 % (fairy tales) to 92.6 % (law) of the syllables of each.
FREQUENT_SYLLABLES = (
    "가각간감강같개거건것게겠결경계고공과관교구국권그근금급기까께나난날남내너네년노느는능니님다단달당대더던데도동되된두드든들등디"
    "따때또라람랑래러런레려력령로록루르른를름리마만많말매메며면명모목못무문물미민및바반받발방배버번법변별보복본부분불비사산살상새"
    "생서선설성세소속수스습시식신실심아안않알았애야약양어업없었에여역연열였영예오올와외요용우운울워원월위유으은을음의이인일임입있자"
    "작잘장재저적전점정제조종좋주준중지직진질집차참책처청체최추출치코크키타태택터통트파판편평포표프피필하학한할함합항해했행현형호화확"
    "환회후희히"
)

SCORED_CHARACTERS = 65_536  # scoring stops after so many characters that are not ASCII
PRESCAN_BYTES = 16_384  # where a declaration is looked for; HTML asks for 1,024, real pages put scripts first
FEW_SEQUENCES = 64  # more valid UTF-8 sequences than this cannot be CP949 by chance
RARE_COST = 0.3
ERROR_COST = 0.5
KOREAN_SCORE = 0.25  # least mean score of running Korean, midway between right and wrong readings
REMOTE_SCORE = 0.0  # mean score below which a reading is surely not Korean
CERTAIN_SCORE = 0.6  # mean score that no wrong reading comes near: the other encodings need not be tried

_KOREAN_LABELS = {
    "cp949": "cp949", "ms949": "cp949", "x-windows-949": "cp949", "windows-949": "cp949", "uhc": "cp949",
    "euckr": "cp949", "ks_c_5601": "cp949", "x-euc-kr": "cp949", "ksc5601-1987": "cp949", "5601": "cp949",
    "johab": "johab", "x-johab": "johab", "ms1361": "johab", "cp1361": "johab", "ksc5601-1992": "johab",
    "iso-2022-kr": "iso2022_kr", "csiso2022kr": "iso2022_kr",
}  # fmt: skip
# The superset that the web means by a label, as in the WHATWG Encoding Standard.
_WEB_SUPERSET = {
    "euc_kr": "cp949", "gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "big5": "big5hkscs",
    "iso8859-11": "cp874", "iso8859-9": "cp1254", "iso8859-1": "cp1252", "ascii": "cp1252",
    "utf-16": "utf-16-le",
}  # fmt: skip

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_MULTIBYTE_FOREIGN = frozenset({"gb18030", "cp932", "big5hkscs", "euc_jp", "iso2022_jp"})

_XML_DECLARATION = re.compile(
    rb"\s*<\?xml\s[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([^\"'>]{1,40})[\"']", re.IGNORECASE
)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^>]*)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([^\s\"'/>;,]{1,40})", re.IGNORECASE)


def codec_of(label: str) -> str | None:
    """The Python codec that web pages mean by a charset label (Korean aliases included), or None if unknown.

    Only codecs on a fixed list are ever given: a label is hostile input and Python has codecs that are no charset.
    """
    label = label.strip(" \t\r\n\f\"';").lower()
    if not label or len(label) > 40 or not label.isascii():
        return None
    if label in _KOREAN_LABELS:
        return _KOREAN_LABELS[label]
    mapped = map_encoding_to_html5(label, fallback_utf8=False)
    if mapped is None:
        return None
    try:
        name = codecs.lookup(mapped).name
    except LookupError:
        return None
    return _WEB_SUPERSET.get(name, name)


def declared_charset(body: bytes) -> tuple[str, Evidence] | None:
    """The codec that an XML declaration or the first usable <meta> names, with its source, or None.

    As in HTML, comments are skipped, and UTF-16 declared in bytes that read as ASCII means UTF-8.
    """
    head = body[:PRESCAN_BYTES]
    if b"\0" in head[:64]:
        head = head.replace(b"\0", b"")  # a declaration inside UTF-16
    match = _XML_DECLARATION.match(head.removeprefix(codecs.BOM_UTF8))
    if match and (codec := codec_of(match[1].decode("latin-1"))):
        return _readable_as_ascii(codec), "xml"
    for tag in _META.finditer(_COMMENT.sub(b"", head)):
        if (match := _META_CHARSET.search(tag[1])) and (codec := codec_of(match[1].decode("latin-1"))):
            return _readable_as_ascii(codec), "meta"
    return None


def _readable_as_ascii(codec: str) -> str:
    return "utf-8" if codec.startswith("utf-16") else codec


def decode(body: bytes, http_charset: str | None = None) -> Decoded:
    """Decode a page; never fails. Linear in the length of `body`; bytes that fit no character become U+FFFD."""
    declarations: list[tuple[str, Evidence]] = []
    if bom := next((pair for pair in _BOMS if body.startswith(pair[0])), None):
        body = body[len(bom[0]) :]
        declarations.append((bom[1], "bom"))
    if http_charset and (codec := codec_of(http_charset)):
        declarations.append((codec, "http"))
    if found := declared_charset(body):
        declarations.append(found)

    if body.isascii():
        codec, source = _choose_seven_bit(body, declarations)
    else:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            codec, source = _choose(body, declarations)
        else:
            if not _accidental_utf8(body, text, declarations):
                return Decoded(text, "utf-8", _source_of("utf-8", declarations), 0)
            codec, source = "cp949", _source_of("cp949", declarations)
    text = body.decode(codec, "replace")
    # Encoded U+FFFD were lost before the page was written; only UTF-8 pages hold any in practice.
    lost_before = body.count(b"\xef\xbf\xbd") if codec == "utf-8" else 0
    return Decoded(text, codec, source, max(0, text.count("\ufffd") - lost_before))


def legacy_korean(body: bytes, cp949: bool = True) -> bool:
    """Whether `decode` might read bytes that are not sound UTF-8 as CP949 (asked for where `cp949` says so) or Johab and find
    Korean; says yes where it is unsure.

    >>> legacy_korean("봄이 왔다".encode("cp949")), legacy_korean("Fédération".encode("cp1252"))
    (True, False)
    """
    codecs_asked = ("cp949", "johab") if cp949 else ("johab",)
    return any(_double_byte(codec, _view(body)).remote for codec in codecs_asked)


def _source_of(codec: str, declarations: list[tuple[str, Evidence]]) -> Evidence:
    for declared, source in declarations:
        if declared == codec:
            return source
    return "detected"


def _choose_seven_bit(body: bytes, declarations: list[tuple[str, Evidence]]) -> tuple[str, Evidence]:
    """The encoding of a body without a byte above 0x7F: ISO-2022, UTF-16 or ASCII (then what is declared, or UTF-8)."""
    if b"\0" in body and (found := _utf16(body, _view(body))):
        return found.codec, _source_of(found.codec, declarations)
    for escape, codec in ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp")):
        if escape in body:
            return codec, _source_of(codec, declarations)
    ascii_based = [pair for pair in declarations if not pair[0].startswith(("utf-16", "iso2022"))]
    return ascii_based[0] if ascii_based else ("utf-8", "default")


def _accidental_utf8(body: bytes, text: str, declarations: list[tuple[str, Evidence]]) -> bool:
    """Whether valid UTF-8 is CP949 all the same: declared so, with few sequences, and Korean only that way."""
    if not declarations or declarations[0][0] != "cp949":
        return False
    if len(body) - len(text) > 2 * FEW_SEQUENCES:  # a sequence has one to three bytes more than its character
        return False
    data = _view(body)
    cp949 = _double_byte("cp949", data)
    return cp949.korean and cp949.score > _utf8(data).score


def _choose(body: bytes, declarations: list[tuple[str, Evidence]]) -> tuple[str, Evidence]:
    """The encoding of a body that is not valid UTF-8."""
    data = _view(body)
    cp949 = _double_byte("cp949", data)
    if cp949.frequent >= 64 and cp949.score >= CERTAIN_SCORE * cp949.letters:
        return "cp949", _source_of("cp949", declarations)
    utf8 = _utf8(data)
    readings = [utf8, cp949, _double_byte("johab", data)]
    if utf16 := _utf16(body, data):
        readings.append(utf16)
    best = max(readings, key=lambda reading: reading.score)
    foreign = declarations[0][0] if declarations and declarations[0][0] in _MULTIBYTE_FOREIGN else None
    # A few characters of Chinese or Japanese can look Korean; declared and well-formed, they need more to be overruled.
    if best.korean and (foreign is None or best.frequent >= 8 or not _strict(body, foreign)):
        return best.codec, _source_of(best.codec, declarations)
    if utf16 and utf16.errors == 0:
        return utf16.codec, _source_of(utf16.codec, declarations)
    if utf8.characters >= 4 * utf8.errors and (utf8.characters > 2 or ("utf-8" in dict(declarations))):
        return "utf-8", _source_of("utf-8", declarations)
    for codec, source in declarations:
        if _strict(body, codec):
            return codec, source
    plausible = [pair for pair in declarations if pair[0] != "utf-8" and not pair[0].startswith("utf-16")]
    if plausible:
        return plausible[0]
    guess = detect_encoding(body, max_len=1 << 16)
    codec = codec_of(guess) if guess else None
    if codec in _MULTIBYTE_FOREIGN:
        return codec, "detected"
    # Latin text read as CP949 breaks at nearly every letter; a few rare syllables do not.
    if cp949.errors == 0 and cp949.rare + cp949.frequent >= 2:
        return "cp949", "default"
    if codec and codec != "utf-8" and not codec.startswith("utf-16"):
        return codec, "detected"
    return "cp1252", "default"


def _strict(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Reading:
    """How one encoding reads the scored part of a body; ASCII is not counted."""

    codec: str
    frequent: int  # frequent Hangul syllables
    rare: int  # other syllables and ideographs
    neutral: int  # everything else: symbols, punctuation, jamo, letters of other scripts
    errors: int

    @property
    def characters(self) -> int:
        return self.frequent + self.rare + self.neutral

    @property
    def letters(self) -> int:
        return self.frequent + self.rare + self.errors

    @property
    def score(self) -> float:
        return self.frequent - RARE_COST * self.rare - ERROR_COST * self.errors

    @property
    def korean(self) -> bool:
        return self.frequent >= 2 and self.score >= KOREAN_SCORE * self.letters

    @property
    def remote(self) -> bool:
        """Whether it is not out of the question that the text is Korean: few characters without an error say little."""
        unsure = self.errors == 0 and self.frequent > 0 and self.letters <= FEW_SEQUENCES
        return unsure or (self.frequent >= 2 and self.score >= REMOTE_SCORE * self.letters)


def _view(body: bytes) -> np.ndarray:
    return np.frombuffer(body, np.uint8)


def _reading(codec: str, counts: np.ndarray) -> _Reading:
    return _Reading(codec, int(counts[FREQUENT]), int(counts[RARE]), int(counts[NEUTRAL]), int(counts[INVALID]))


def _utf8(data: np.ndarray) -> _Reading:
    return _reading("utf-8", count_utf8(data, _unicode_classes(), SCORED_CHARACTERS))


def _double_byte(codec: str, data: np.ndarray) -> _Reading:
    return _reading(codec, count_double_byte(data, _double_byte_classes(codec), SCORED_CHARACTERS))


def _utf16(body: bytes, data: np.ndarray) -> _Reading | None:
    """The better UTF-16 reading without a byte order mark, if the bytes look like one.

    Markup, spaces and digits leave a zero in every second byte; running Hangul has its high byte in AC..D7.
    """
    if b"\0" not in body:
        return None
    sample = data[: 2 * SCORED_CHARACTERS]
    pairs = sample[: len(sample) // 2 * 2].reshape(-1, 2)
    if len(pairs) == 0:
        return None
    high = (pairs == 0) | ((pairs >= 0xAC) & (pairs <= 0xD7))
    even, odd = high.mean(axis=0)
    zeros = (pairs == 0).any(axis=1).mean()
    if zeros < 0.05 or max(even, odd) < 0.7 or min(even, odd) > 0.3:
        return None
    codec, column = ("utf-16-be", 0) if even > odd else ("utf-16-le", 1)
    units = pairs[:, column].astype(np.uint16) << 8 | pairs[:, 1 - column]
    counts = np.bincount(_unicode_classes()[units[units >= 0x80]], minlength=4)
    return _reading(codec, counts)


@cache
def _unicode_classes() -> np.ndarray:
    """uint8[65536]: the class of every code point of the basic plane."""
    classes = np.full(0x10000, NEUTRAL, np.uint8)
    for first, last in ((0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF)):
        classes[first : last + 1] = RARE
    for first, last in ((0x80, 0x9F), (0xD800, 0xF8FF), (0xFFFD, 0xFFFF)):
        classes[first : last + 1] = INVALID
    classes[[ord(syllable) for syllable in FREQUENT_SYLLABLES]] = FREQUENT
    return classes


@cache
def _double_byte_classes(codec: str) -> np.ndarray:
    """uint8[65536]: the class of the character that a lead byte << 8 | trail byte stands for, INVALID if none."""
    classes = np.zeros(0x10000, np.uint8)
    unicode_classes = _unicode_classes()
    for lead in range(0x81, 0xFF):
        for trail in range(0x31, 0xFF):
            text = bytes((lead, trail)).decode(codec, "ignore")
            if len(text) == 1 and text >= "\x80":
                classes[lead << 8 | trail] = unicode_classes[ord(text)]
    return classes
