"""Korean text that was decoded with the wrong character set, line by line back to what it was.

Three families: UTF-8 bytes read as Latin-1/CP1252 (any number of times), CP949 bytes read as Latin-1/CP1252, and UTF-8
bytes read as CP949, which loses bytes. A line is changed only where the source is no plausible text and the result is
plausible Korean by the frequency of its syllables. What is lost becomes U+FFFD: nothing is guessed.
"""

import re
import unicodedata
from functools import cache

from algok.korean.syllables import COMMON_SYLLABLES, log10_share

_COMMON = frozenset(COMMON_SYLLABLES)

# CP1252 puts 27 printable characters where Latin-1 has C1 controls; both stand for the same byte.
_CP1252 = {ord(bytes([b]).decode("cp1252")): b for b in range(0x80, 0xA0) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_SPECIALS = "".join(map(chr, _CP1252))
_RUN = re.compile(f"[\t -~\x80-\xff{_SPECIALS}]+")
_LATIN = re.compile(f"[\x80-\xff][\x80-\xff{_SPECIALS}]|[{_SPECIALS}][\x80-\xff]")

# UTF-8 sequences in a string of byte values. A continuation byte A0 is a no-break space, often turned into a space.
_UTF8 = re.compile(
    "[\xea-\xed](?: [\x80-\xbf]|[\x80-\xbf] )"
    "|(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
)
_STUMP = re.compile("[\xea-\xed][\x80-\xbf]?(?![\x80-\xbf])")
# 고 without its last byte A0 (a no-break space, stripped as white space), after syllables where the bytes EA B3 go on to 고 in
# 99 % of running text (wikinews, parallel news, web text, comments; each seen 100 times or more).
_GO = re.compile("(?<=[하다라되했않있었려놓갖았됐겪없받])\xea\xb3(?![\x80-\xff])")
_LETTER = re.compile("[\xc0-\xff]")
_HIGH = re.compile("[\x80-\xff]{2,}")
# Punctuation misread alone, without any Hangul near it: ’ “ … as â€™ â€œ â€¦, and · ° « as Â· Â° Â«.
_PUNCTUATION = re.compile("\xe2\x80[\x90-\xbf]|\xc2[\xa0-\xbf]")

MAX_LAYERS = 4  # of reading UTF-8 as Latin-1 again; three have been seen on the web


def hangul(text: str) -> int:
    """Number of precomposed syllables in a text."""
    return sum("가" <= c <= "힣" for c in text)


def repair_line(line: str) -> str:
    """One line with every misread segment decoded correctly; an unchanged line if nothing was misread."""
    if _LATIN.search(line):
        line = _GO.sub("고", _utf8_read_as_latin(line))
        line = _RUN.sub(_cp949_read_as_latin, line)
    return line


def _as_bytes(text: str) -> str:
    """The byte values behind a text read as CP1252/Latin-1, as a string of U+0000..00FF of the same length."""
    return text.translate(_CP1252)


# --- UTF-8 read as Latin-1 or CP1252


def _decode_utf8(sequence: str) -> str | None:
    """What a run of UTF-8 sequences says; None if it is not UTF-8."""
    try:
        text = sequence.replace(" ", "\xa0").encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if " " in sequence and text not in _COMMON else text


def _utf8_read_as_latin(line: str, layers: int = MAX_LAYERS) -> str:
    pieces = []  # (start, end, text, syllables)
    syllables = 0
    attached = 0  # syllables of pieces glued to an ASCII letter, as in Italian "lì…”"
    letters = 0  # upper Latin letters of the line, those in front of a piece, and those in a piece with syllables
    leads = 0
    korean_leads = 0
    for run in _RUN.finditer(line):
        values = _as_bytes(run[0])
        letters += len(_LETTER.findall(values))
        for match in _UTF8.finditer(values):
            text = _decode_utf8(match[0])
            if text is None:
                continue
            found = hangul(text)
            start = match.start()
            glued = start > 0 and values[start - 1].isalpha()
            syllables += found
            attached += found if glued and found < 2 else 0
            inside = len(_LETTER.findall(match[0]))
            leads += inside
            korean_leads += inside if found else 0
            pieces.append((run.start() + start, run.start() + match.end(), text, found))
    if not pieces:
        return line
    # In CP949 bytes every other letter may look like a lead byte, but few of them lead a syllable.
    korean = syllables > attached and (syllables >= 2 or hangul(line) > 0) and korean_leads * 2 >= letters
    if not korean and layers > 1 and leads * 10 >= letters * 9:
        peeled = _join(line, pieces)
        inner = _RUN.sub(_cp949_read_as_latin, _utf8_read_as_latin(peeled, layers - 1))
        if hangul(inner) >= hangul(line) + 2:
            return inner
    if not korean:
        anywhere = hangul(line) > 0
        pieces = [p for p in pieces if _is_punctuation(_as_bytes(line[p[0] : p[1]]), anywhere)]
        return _join(line, pieces)
    return _join(line, pieces, stumps=syllables >= 4)


def _join(line: str, pieces: list[tuple[int, int, str, int]], stumps: bool = False) -> str:
    """The line with its pieces decoded; with `stumps`, first bytes of syllables whose rest was stripped are lost."""
    out = []
    at = 0
    for start, end, text, _ in pieces:
        out += [_mark_stumps(line[at:start], out) if stumps else line[at:start], text]
        at = end
    out.append(_mark_stumps(line[at:], out) if stumps else line[at:])
    return "".join(out)


def _is_punctuation(source: str, anywhere: bool) -> bool:
    """Whether byte values are misread punctuation: â€. anywhere, Â. in a line that holds Hangul."""
    return bool(_PUNCTUATION.match(source)) and (source[0] == "\xe2" or anywhere)


def _mark_stumps(between: str, before: list[str]) -> str:
    """What stands between two pieces, lost syllables as U+FFFD but for 고 after the text of `before`."""
    last = before[-1][-1:] if before else ""
    between = _GO.sub("고", last + between)[len(last) :]
    out = []
    at = 0
    for match in _STUMP.finditer(_as_bytes(between)):
        out += [between[at : match.start()], "\ufffd"]
        at = match.end()
    return "".join(out) + between[at:]


# --- CP949 read as Latin-1 or CP1252


def _cp949_read_as_latin(run: re.Match) -> str:
    text = run[0]
    values = _as_bytes(text)
    highs = _HIGH.findall(values)
    found = _HIGH.search(values)
    if found is None or sum(map(len, highs)) < 4:
        return text
    first = found.start()
    decoded = values[first:].encode("latin-1").decode("cp949", "replace")
    common = sum(c in _COMMON for c in decoded)
    strange = sum(c >= "\u3400" and c not in _COMMON and c != "\ufffd" for c in decoded)
    lost = decoded.count("\ufffd")
    letters = sum(c >= "\xc0" for high in highs for c in high)
    high = sum(map(len, highs))
    if (
        common < 2
        or common < 4 * strange
        or lost * 4 > common + 1
        or letters * 4 < high
        or len(set("".join(highs))) < 3
    ):
        return text
    if max(map(len, highs)) < 4 and common < 4:
        return text
    return text[:first] + decoded


# --- UTF-8 read as CP949
#
# A decoder that met two bytes which are no CP949 character left a question mark for one byte (Java, Python) or for both
# (Windows), so the surviving bytes are parsed as UTF-8 again with gaps, along the cheapest path.

# Share that the likeliest syllable must have among all that the surviving bytes allow; otherwise the syllable is lost.
CERTAIN = 0.95
_TOKEN = re.compile(r"\S+")
MAX_TOKEN = 2_000  # characters; a longer word is no text, and the parse keeps some 400 bytes for each
_UTF8_SHAPE = re.compile(rb"[\xea-\xed?][\x80-\xbf]{2}")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_GAP, _ASCII, _FOREIGN = -1, -2, -3  # items of a token that are no known byte

# Costs in log10 units beside those of the syllables; only their order matters.
_COST_ASCII, _COST_QUESTION, _COST_SYMBOL, _COST_LOST, _COST_GARBAGE = 0.5, 6.0, 4.0, 6.0, 9.0
_COST_LAST_QUESTION = 3.0


def _outside_ksx1001() -> str:
    """The 8,822 syllables that CP949 adds to KS X 1001; hardly any of running text."""
    return "".join(c for c in map(chr, range(0xAC00, 0xD7A4)) if len(c.encode("euc-kr", "ignore")) != 2)


_RARE = re.compile(f"[{_outside_ksx1001()}]")


def _is_cp949(pair: bytes) -> bool:
    try:
        pair.decode("cp949")
    except UnicodeDecodeError:
        return False
    return True


def _survivors(*known: int) -> dict[bytes, tuple[str, float]]:
    """By the bytes that survive of a syllable, at the places `known`: the certain syllable or U+FFFD, and its cost."""
    groups: dict[bytes, dict[str, float]] = {}
    for code in range(0xAC00, 0xD7A4):
        c = chr(code)
        b = c.encode()
        # A lead byte is lost only together with a second byte that makes no pair with it.
        if known and known[0] > 0 and _is_cp949(b[:2]):
            continue
        groups.setdefault(bytes(b[i] for i in known), {})[c] = 10 ** log10_share(c)
    table = {}
    for key, shares in groups.items():
        best = max(shares, key=lambda c: (shares[c], c))
        certain = shares[best] >= CERTAIN * sum(shares.values())
        table[key] = (best, -log10_share(best)) if certain else ("\ufffd", _COST_LOST)
    return table


@cache
def _tables() -> tuple[dict[bytes, tuple[str, float]], ...]:
    return _survivors(1, 2), _survivors(0, 1), _survivors(2)


def _is_utf8_byte(b: int) -> bool:
    """Whether a byte occurs in the UTF-8 of Hangul and its company: a continuation or the lead of three bytes."""
    return 0x80 <= b <= 0xBF or 0xE2 <= b <= 0xED


@cache
def _cp949_bytes(c: str) -> bytes:
    """A character in CP949; of the two places that some Han characters have there, the one that may be UTF-8.

    KS X 1001 holds 268 Han characters again by reading (U+F900..FA0B); NFC on the way makes them one.
    """
    places = [c.encode("cp949")]
    if "\u4e00" <= c <= "\u9fff" and not all(map(_is_utf8_byte, places[0])):
        places += _readings().get(c, [])
    return next((place for place in places if all(map(_is_utf8_byte, place))), places[0])


@cache
def _readings() -> dict[str, list[bytes]]:
    places: dict[str, list[bytes]] = {}
    for c in map(chr, range(0xF900, 0xFA0C)):
        places.setdefault(unicodedata.normalize("NFC", c), []).append(c.encode("cp949"))
    return places


def _items(token: str) -> list[int]:
    """Bytes of a token in CP949, with gaps for question marks and U+FFFD, and marks for ASCII and foreign characters."""
    items = []
    for c in token:
        if c == "?" or c == "\ufffd":
            items.append(_GAP)
        elif c < "\x80":
            items.append(_ASCII)
        elif c == "\x80":
            items.append(0x80)
        else:
            try:
                items.extend(_cp949_bytes(c))
            except UnicodeEncodeError:
                items.append(_FOREIGN)
    return items


def _steps(items: list[int], i: int, following: str):
    """Ways to read on from item `i`: (items used, text, cost, is garbage)."""
    lead, second, third = (*items[i : i + 3], 0, 0)[:3]
    leadless, endless, last = _tables()
    if lead == _ASCII:
        yield 1, following, _COST_ASCII, False
        return
    if lead == _GAP:
        at_end = second in (0, _ASCII)
        yield 1, "?", _COST_LAST_QUESTION if at_end else _COST_QUESTION, False
        if 0x80 <= second <= 0xA0 and 0x80 <= third <= 0xBF:
            found = leadless.get(bytes((second, third)))
            if found:
                yield 3, *found, False
        if 0x80 <= second <= 0xBF:
            found = last.get(bytes((second,)))
            if found:
                yield 2, *found, False
        if second == _GAP and third == _GAP:
            yield 3, "\ufffd", _COST_LOST + 1, False
        return
    if 0xE2 <= lead <= 0xED and 0x80 <= second <= 0xBF:
        if 0x80 <= third <= 0xBF and (lead < 0xED or second < 0xA0):
            c = bytes((lead, second, third)).decode("utf-8")
            if "가" <= c <= "힣":
                yield 3, c, -log10_share(c), False
            else:
                yield 3, c, _COST_SYMBOL, False
        elif third == _GAP and (lead, second) >= (0xEA, 0xB0):
            found = endless.get(bytes((lead, second)))
            if found:
                yield 3, *found, False
    if 0xEA <= lead <= 0xED and second == _GAP:
        yield 2, "\ufffd", _COST_LOST + 1, False
        if third == _GAP:
            yield 3, "\ufffd", _COST_LOST, False
    if (lead == 0xC2 or lead == 0xC3) and 0x80 <= second <= 0xBF:
        yield 2, bytes((lead, second)).decode("utf-8"), _COST_SYMBOL, False
    yield 1, "\ufffd", _COST_GARBAGE, True


def _parse(token: str) -> tuple[str, int]:
    """The cheapest reading of a token as UTF-8 with gaps, and the number of its bytes that fit nowhere."""
    items = _items(token)
    ascii_text = iter([c for c in token if c < "\x80" and c != "?"])
    n = len(items)
    best = [float("inf")] * (n + 1)
    best[0] = 0.0
    back: list[tuple[int, str, bool]] = [(0, "", False)] * (n + 1)
    for i in range(n):
        following = next(ascii_text) if items[i] == _ASCII else ""
        for used, text, cost, garbage in _steps(items, i, following):
            total = best[i] + cost
            if total < best[i + used]:
                best[i + used] = total
                back[i + used] = (used, text, garbage)
    out = []
    garbage = 0
    i = n
    while i:
        used, text, is_garbage = back[i]
        out.append(text)
        garbage += is_garbage
        i -= used
    return "".join(reversed(out)), garbage


def _may_be_utf8(line: str) -> bool:
    """Whether a third of the bytes above ASCII stand like the bytes of a syllable: a look that costs next to nothing."""
    raw = line.encode("cp949", "replace")
    return sum(map(len, _UTF8_SHAPE.findall(raw))) * 3 >= len(_HIGH_BYTE.findall(raw))


def repair_cp949_line(line: str) -> str:
    """One line with the tokens that were UTF-8 bytes read as CP949 read right; lost syllables become U+FFFD."""
    if len(_RARE.findall(line)) < 2 or not _may_be_utf8(line):
        return line
    changed = {}
    syllables = cjk = strange = 0
    for match in _TOKEN.finditer(line):
        token = match[0]
        if (token.isascii() and "?" not in token) or len(token) > MAX_TOKEN:
            continue
        text, garbage = _parse(token)
        found = hangul(text)
        if garbage * 4 > found or not (found or ("\ufffd" in text and "?" in token)):
            continue
        changed[match.start()] = (match.end(), text)
        syllables += sum(c in _COMMON for c in text)
        cjk += sum(c >= "\u3400" for c in token)
        strange += len(_RARE.findall(token)) + sum("\u3400" <= c <= "\u9fff" for c in token)
    if syllables < 2 or strange * 4 < cjk:
        return line
    out = []
    at = 0
    for start, (end, text) in changed.items():
        out += [line[at:start], text]
        at = end
    return "".join(out) + line[at:]


def _by_line(text: str, repair) -> tuple[str, int]:
    lines = text.split("\n")
    count = 0
    for i, line in enumerate(lines):
        new = repair(line)
        if new != line:
            lines[i] = new
            count += 1
    return ("\n".join(lines) if count else text), count


def repair_latin(text: str) -> tuple[str, int]:
    """The text with lines read as Latin-1/CP1252 read right, and how many lines changed."""
    return _by_line(text, repair_line)


def repair_cp949(text: str) -> tuple[str, int]:
    """The text with UTF-8 lines read as CP949 read right as far as they survive, and how many lines changed."""
    return _by_line(text, repair_cp949_line)
