"""Characters of word processors that other fonts do not have: mapped to what they show, or dropped."""

import re

# Symbol fonts of Windows put their glyphs at U+F020 and up; these are the bullets and arrows of Wingdings and Symbol that
# Korean documents hold, by what they look like.
_SYMBOLS = {
    0xF021: "✏", 0xF022: "✂", 0xF028: "☎", 0xF02A: "✉", 0xF046: "☞", 0xF045: "☜", 0xF04A: "☺", 0xF06C: "●", 0xF06D: "❍",
    0xF06E: "■", 0xF06F: "□", 0xF070: "□", 0xF071: "❑", 0xF072: "❒", 0xF073: "◆", 0xF074: "◆", 0xF075: "◆", 0xF076: "❖",
    0xF077: "◆", 0xF09E: "·", 0xF09F: "•", 0xF0A1: "○", 0xF0A7: "▪", 0xF0A8: "□", 0xF0AB: "★", 0xF0B7: "•", 0xF0D8: "➢",
    0xF0DC: "➲", 0xF0DF: "←", 0xF0E0: "→", 0xF0E1: "↑", 0xF0E2: "↓", 0xF0E8: "➔", 0xF0E9: "⇧", 0xF0F0: "⇨", 0xF0FB: "✗",
    0xF0FC: "✓", 0xF0FD: "☒", 0xF0FE: "☑",
}  # fmt: skip
_SPACES = dict.fromkeys((160, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201), " ")
_SPACES |= {0x200A: " ", 0x202F: " ", 0x205F: " ", 0x0B: "\n", 0x0C: "\n", 0x2028: "\n", 0x2029: "\n", 0x85: "\n"}
_TABLE = {**_SYMBOLS, **_SPACES}
_MAPPED = re.compile("[" + "".join(map(chr, _TABLE)) + "]")
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff\ud800-\udfff]"
)


_SCRIPT_SPACE = re.compile(r"[`~\s]+")


def equation(script: str) -> str:
    """The script of an equation, its spaces of several widths as one space.

    >>> equation("x``->``-2+`")
    'x -> -2+'
    """
    return _SCRIPT_SPACE.sub(" ", script).strip()


def readable(text: str) -> str:
    """The text with symbols of private use as characters that everybody has, spaces of all widths as spaces, and without
    what has no meaning outside of its font.

    >>> readable("\\uf06c 첫째\\u2007항목\\ue0bc")
    '● 첫째 항목'
    """
    if text.isascii() and text.isprintable():
        return text
    return _DROPPED.sub("", _MAPPED.sub(lambda found: _TABLE[ord(found[0])], text))
