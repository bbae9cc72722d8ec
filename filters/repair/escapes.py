"""Characters written as ASCII escapes: HTML entities, \\uXXXX, percent-encoding, UTF-7 and ISO-2022-KR.

Escapes inside code, and where the text talks about them, are not damage and stay.
"""

import base64
import binascii
import html
import re
from html.entities import name2codepoint
from urllib.parse import unquote_to_bytes

from algok.filters.repair.mojibake import hangul
from algok.korean.syllables import COMMON_SYLLABLES

_COMMON = frozenset(COMMON_SYLLABLES)
_HANGUL = re.compile("[가-힣]")

# --- where code is

_FENCE = re.compile(r"[ \t>]*(?:```|~~~)")
_INDENT = re.compile(r"(?:    |\t)")
_CODE_TAG = re.compile(r"</?(?:code|pre|samp|kbd|xmp|script|style)\b", re.IGNORECASE)
_DISCUSSED = re.compile(
    r"엔티티|엔터티|이스케이프|특수 ?문자|문자 참조|퍼센트 인코딩|유니코드|entit(?:y|ies)\b|escap(?:e|ing)\b",
    re.IGNORECASE,
)


def _outside_code(text: str, repair) -> tuple[str, int]:
    """Applies `repair(line) -> (line, count)` to lines of prose, between the backticks of a line.

    Code is a fenced block, an indented line with little Hangul, a line with a code tag, and a line that names escapes.
    """
    lines = text.split("\n")
    fenced = False
    count = 0
    for i, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced or not _ESCAPE_START.search(line) or _CODE_TAG.search(line) or _DISCUSSED.search(line):
            continue
        if _INDENT.match(line) and len(_HANGUL.findall(line)) * 4 < len(line.strip()):
            continue
        if "`" not in line:
            lines[i], changed = repair(line)
        else:
            lines[i], changed = _between_backticks(line, repair)
        count += changed
    return ("\n".join(lines) if count else text), count


def _between_backticks(line: str, repair) -> tuple[str, int]:
    parts = line.split("`")
    count = 0
    # Odd parts are code if their backtick is closed; double backticks leave empty parts between and come out right.
    for k, part in enumerate(parts):
        if k % 2 == 0 or k == len(parts) - 1:
            parts[k], changed = repair(part)
            count += changed
    return "`".join(parts), count


_ESCAPE_START = re.compile(r"[&\\%+]")

# --- HTML entities

_ENTITY = re.compile(r"&(?:amp;)*(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# A character beyond the basic plane as two numeric entities, one per surrogate.
_SURROGATES = re.compile(
    "&#(?:(5[56][0-9]{3})|[xX]([dD][89abAB][0-9a-fA-F]{2}));&#(?:(5[67][0-9]{3})|[xX]([dD][c-fC-F][0-9a-fA-F]{2}));"
)
_BASIC = frozenset(("amp", "lt", "gt", "quot", "apos", "nbsp"))
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,15}[ />]")
_QUOTES = "'\"‘’“”"


def decode_entities(text: str) -> tuple[str, int]:
    """HTML entities outside code as their characters, doubly escaped ones included, and how many.

    Numeric ones and &amp; &lt; &gt; &quot; &apos; &nbsp; everywhere in prose, the other names of HTML 4 only in a line
    with Hangul (`&sum;` may be C). One in quotes (‘&lt;’) is being shown and stays, and so do < and > between tags.
    """
    return _outside_code(text, _decode_line)


def _decode_line(line: str) -> tuple[str, int]:
    korean = markup = None
    count = 0

    def decode(match: re.Match) -> str:
        nonlocal korean, markup, count
        name = match[1]
        if name[0] != "#" and name not in _BASIC:
            if korean is None:
                korean = bool(_HANGUL.search(line)) or "&#" in line
            if not korean or name not in name2codepoint:
                return match[0]
        before = line[match.start() - 1 : match.start()]
        if before and before in _QUOTES and line[match.end() : match.end() + 1] in _QUOTES and match.end() < len(line):
            return match[0]
        character = html.unescape(f"&{name};")
        if character == "\ufffd" or (character < " " and character not in "\t\n"):
            return match[0]
        if character in "<>":
            if markup is None:
                markup = bool(_MARKUP.search(line))
            if markup:
                return match[0]
        count += 1
        return character

    line, pairs = _count_changes(_SURROGATES, _join_surrogates, line)
    line = _ENTITY.sub(decode, line)
    return line, count + pairs


def _join_surrogates(match: re.Match) -> str:
    high, low = (int(match[k]) if match[k] else int(match[k + 1], 16) for k in (1, 3))
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return match[0]
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


# --- \uXXXX

_HANGUL_ESCAPE = r"\\{1,2}u(?:[aA][c-fC-F]|[bcBC][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}"
_ESCAPE_RUN = re.compile(rf"{_HANGUL_ESCAPE}(?:[ .,!?0-9]{{0,4}}\\{{1,2}}u[0-9a-fA-F]{{4}})+")
_ESCAPE = re.compile(r"\\{1,2}u([0-9a-fA-F]{4})")
_ESCAPES = re.compile(r"(?:\\{1,2}u[0-9a-fA-F]{4})+")
_ESCAPED_RANGE = re.compile(r"\\u[0-9a-fA-F]{4}-")


def decode_unicode_escapes(text: str) -> tuple[str, int]:
    r"""Runs of two or more \uXXXX that begin with a syllable, outside code, as characters; and how many runs.

    In a line with such a run the others are escapes of the same hand and are decoded too: single syllables, quotation
    marks, emoji. A range as regular expressions have it keeps them.
    """
    return _outside_code(text, _decode_escapes_of_line)


def _decode_escapes_of_line(line: str) -> tuple[str, int]:
    line, count = _count_changes(_ESCAPE_RUN, _decode_run, line)
    if not count or _ESCAPED_RANGE.search(line):
        return line, count
    line, others = _count_changes(_ESCAPES, lambda match: _unescaped(match[0]) or match[0], line)
    return line, count + others


def _unescaped(escapes: str) -> str | None:
    """The characters; None where one is a control or half of a pair of surrogates."""
    units = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), escapes)
    try:
        decoded = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return None
    return None if any(c < " " for c in decoded) else decoded


def _decode_run(match: re.Match) -> str:
    decoded = _unescaped(match[0])
    return match[0] if decoded is None or hangul(decoded) < 2 else decoded


# --- percent-encoding

_PERCENT_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_TOKEN = re.compile(r"\S+")
_URL = re.compile(r"www\.|\.html?\b|[/=&#]")
_PUNCTUATION = frozenset("‘’“”…·ㆍ―–—「」『』〈〉《》○△□\n\t")


def decode_percent(text: str) -> tuple[str, int]:
    """Percent-encoded Hangul (UTF-8 or CP949) outside code and URLs, and how many words changed."""
    return _outside_code(text, _decode_percent_line)


def _decode_percent_line(line: str) -> tuple[str, int]:
    """Words of two syllables or more; where there is one, those of one syllable and of punctuation too."""
    line, count = _count_changes(_TOKEN, lambda match: _decode_percent_token(match[0], 2), line)
    if not count:
        return line, 0
    line, others = _count_changes(_TOKEN, lambda match: _decode_percent_token(match[0], 0), line)
    return line, count + others


def _decode_percent_token(token: str, least: int) -> str:
    if "%" not in token or _URL.search(token):
        return token
    decoded = _PERCENT_RUN.sub(_decode_percent_run, token)
    return decoded if hangul(decoded) >= hangul(token) + least else token


def _decode_percent_run(match: re.Match) -> str:
    raw = unquote_to_bytes(match[0])
    for charset in ("utf-8", "cp949"):
        try:
            decoded = raw.decode(charset)
        except UnicodeDecodeError:
            continue
        if all(c in _COMMON or " " <= c <= "~" or c in _PUNCTUATION for c in decoded):
            return decoded
        # Three bytes that are UTF-8 by chance are rare; two that are may be a syllable of CP949.
        if charset == "utf-8" and all(
            (c >= "\u0800" and c.isprintable()) or " " <= c <= "~" or c in "\n\t" for c in decoded
        ):
            return decoded
    return match[0]


# --- UTF-7

_UTF7_RUN = re.compile(r"\+([A-Za-z0-9+/]{5,})-?")


def decode_utf7(text: str) -> tuple[str, int]:
    """UTF-7 runs of Korean (+xUixVQ- = 안녕) outside code, and how many."""
    return _outside_code(text, lambda line: _count_changes(_UTF7_RUN, _decode_utf7_run, line))


def _decode_utf7_run(match: re.Match) -> str:
    digits = match[1]
    try:
        raw = base64.b64decode(digits + "=" * (-len(digits) % 4))
        decoded = raw[: len(raw) // 2 * 2].decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return match[0]
    korean = sum(c in _COMMON for c in decoded)
    if korean < 2 or not all(c in _COMMON or c in " .,!?" for c in decoded) or any(raw[len(raw) // 2 * 2 :]):
        return match[0]
    return decoded


# --- ISO-2022-KR

_DESIGNATION = re.compile(r"(?m)^(\x1b?)\$\)C")
_SHIFTED = re.compile("\x0e([!-~ \t\n]*)(?:\x0f|$)")
_BARE = re.compile("[!-~]{4,}")


def decode_iso2022kr(text: str) -> tuple[str, int]:
    """Text between SO and SI in KS X 1001, and how many stretches; the designation ESC $ ) C goes.

    Where a mailer stripped the controls and left `$)C` at the start of a line, every word that reads as common
    syllables through and through is decoded.
    """
    text, count = _count_changes(_SHIFTED, _decode_shifted, text)
    if _DESIGNATION.search(text):
        stripped = _DESIGNATION.sub("", text)
        decoded, bare = _count_changes(_BARE, _decode_bare, stripped)
        if count or bare or "\x1b$)C" in text:
            return decoded, count + bare + (not count and not bare)
    return text, count


def _shift(text: str) -> str | None:
    raw = bytes(ord(c) | 0x80 if "!" <= c <= "~" else ord(c) for c in text)
    try:
        return raw.decode("euc-kr")
    except UnicodeDecodeError:
        return None


def _decode_shifted(match: re.Match) -> str:
    decoded = _shift(match[1])
    if not decoded or sum(c in _COMMON for c in decoded) * 2 < sum(c > " " for c in decoded):
        return match[0]
    return decoded


def _decode_bare(match: re.Match) -> str:
    decoded = _shift(match[0]) if len(match[0]) % 2 == 0 else None
    return decoded if decoded and all(c in _COMMON for c in decoded) else match[0]


def _count_changes(pattern: re.Pattern, replace, text: str) -> tuple[str, int]:
    """`pattern.sub(replace, text)` with the number of matches that came out different."""
    count = 0

    def counted(match: re.Match) -> str:
        nonlocal count
        new = replace(match)
        count += new != match[0]
        return new

    return pattern.sub(counted, text), count
