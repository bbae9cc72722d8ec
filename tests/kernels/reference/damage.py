"""What `algok.kernels.damage` computes, in patterns over a string: slow, and plain enough to be checked by reading."""

import re

from algok.kernels import damage

_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_JAMO = "\u1100-\u11ff\ua960-\ua97f\ud7a4-\ud7ff"
_NO_WIDTH = "\u00ad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"

# A bit is set where its pattern is found somewhere in the text.
_CHARACTERS = {
    # A letter À..ÿ has before it another character of Latin-1, or behind it one that CP1252 or Latin-1 gives for a byte.
    damage.MOJIBAKE: "[\x80-\xff][\xc0-\xff]|[\xc0-\xff][\x80-\u02ff\u2000-\u2fff]",
    damage.JAMO: f"[{_JAMO}]",
    damage.HALFWIDTH_JAMO: "[\uffa1-\uffdc]",
    # Bopomofo before a vowel counts as well: it does not occur, and leaving it out would cost a comparison.
    damage.COMPAT_JAMO: "(?s:[\u3100-\u314e][\u314f-\u3163].*[\u3100-\u314e][\u314f-\u3163])",
    damage.INVISIBLE: f"[{_CONTROLS}{_NO_WIDTH}\U000e0000-\U000e0fff]",
    damage.SPACES: "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]",
    damage.LINE_ENDS: "[\r\x0b\x0c\x85\u2028\u2029]",
    damage.FULLWIDTH: "[０-９Ａ-Ｚａ-ｚ]",
    damage.LOST_SPACES: f"[가-힣]{{{damage.LONG_RUN}}}",
}
# Escapes are looked at as bytes: how many must follow is said in bytes.
_ESCAPES = {
    damage.ENTITIES: rb"&[#A-Za-z][A-Za-z0-9]{0,31};",
    damage.ESCAPES: rb"(?s:\\u[A-Da-d][0-9A-Fa-f]..)",
    damage.PERCENT: rb"(?s:%[89A-Fa-f][0-9A-Fa-f]%..)",
    damage.UTF7: rb"\+[01r-z](?:[0-9A-Za-z+/]{4}|[0-9A-Za-z+/]{1,3}\Z)",
    damage.ISO2022: rb"\$\)C|\x0e",
}
_PATTERNS = {bit: re.compile(pattern) for bit, pattern in (_CHARACTERS | _ESCAPES).items()}


def _rare(text: str) -> int:
    """Syllables outside KS X 1001, which have no code of two bytes in EUC-KR."""
    return sum(len(c.encode("euc-kr")) != 2 for c in re.findall("[가-힣]", text))


def _longest_row_of_singles(text: str) -> int:
    """The most single syllables in a row: white space or nothing before each, and a space, control or nothing behind it.

    A longer run of Hangul ends a row, and so does a plain ASCII character; what else stands between them does not, since
    the repair looks closer anyway.
    """
    longest = row = 0
    for match in re.finditer(r"[가-힣]+|[!-#'-*,->@-\[\]-~]", text):
        single = "가" <= match[0] <= "힣" and len(match[0]) == 1
        before, behind = text[: match.start()][-1:], text[match.end() :][:1]
        row = row + 1 if single and before in ("", " ", "\t", "\n") and behind <= " " else 0
        longest = max(longest, row)
    return longest


def _lost(text: str) -> int:
    """Question marks for lost characters, and stray letters beside U+FFFD."""
    # A mark before a syllable (or another letter of that part of the BMP), where nobody can have asked.
    unasked = rf"(?:(?<![^ \t\n])|(?<=[가-힣])(?<![{damage._QUESTION_ENDINGS}]))\?(?=[\ua000-\ud7ff])"
    count = len(re.findall(unasked, text)) + len(re.findall("(?<=\ufffd)[\u0100-\u07ff]", text))
    # Words of two question marks or more, where two or more such words follow each other. Single marks do not part them.
    row: list[int] = []
    for word in [*re.split("[ \t\n]", text), "."]:
        if re.fullmatch(r"\?*", word):
            row += [len(word)] if len(word) >= 2 else []
        else:
            count += sum(row) if len(row) > 1 else 0
            row = []
    return count


def flags(text: str) -> int:
    """The mask of one document."""
    raw = text.encode()
    bits = sum(
        bit for bit, pattern in _PATTERNS.items() if pattern.search(raw if isinstance(pattern.pattern, bytes) else text)
    )
    bits |= damage.UTF8_AS_CP949 if _rare(text) >= 2 else 0
    return bits | (damage.SPACED_OUT if _longest_row_of_singles(text) >= damage.SINGLE_RUN else 0)


def counts(text: str) -> list[int]:
    """CHARS … RARE of one document."""
    found = [len(text), *(len(re.findall(kind, text)) for kind in ("[가-힣]", "\ufffd"))]
    return [*found, _lost(text), len(re.findall("[\ue000-\uf8ff]", text)), _rare(text)]
