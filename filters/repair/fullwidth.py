"""Full-width ASCII in Korean text to ASCII (ＡＢＣ１２３ → ABC123)."""

import re

_RUN = re.compile("[\uff01-\uff5e]+")
_ALNUM = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_HANGUL = re.compile("[가-힣]")
_OTHER_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_BRACKETS = "（）［］｛｝＜＞"
_TO_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def plain_fullwidth(text: str) -> tuple[str, int]:
    """Runs of full-width ASCII that hold a letter or digit as ASCII, in Korean lines only; and how many runs.

    A line is Korean when it has more Hangul than kana and Han; a line with none of them goes by the whole document.
    Full-width punctuation by itself stays: ～, （株） or ＜ ＞ are typography.
    """
    if not _ALNUM.search(text):
        return text, 0
    document = None
    lines = text.split("\n")
    count = 0
    for i, line in enumerate(lines):
        if not _ALNUM.search(line):
            continue
        korean = _is_korean(line)
        if korean is None:
            document = _is_korean(text) if document is None else document
            korean = document
        if korean:
            lines[i], changed = _RUN.subn(_to_ascii, line)
            count += changed
    return "\n".join(lines), count


def _to_ascii(match: re.Match) -> str:
    run = match[0]
    if not _ALNUM.search(run):
        return run
    # A bracket at the edge of a run has its partner outside; both stay.
    core = run if _balanced(run) else run.strip(_BRACKETS)
    start = run.find(core)
    return run[:start] + core.translate(_TO_ASCII) + run[start + len(core) :]


def _balanced(run: str) -> bool:
    return all(run.count(a) == run.count(b) for a, b in ("（）", "［］", "｛｝", "＜＞"))


def _is_korean(text: str) -> bool | None:
    """Whether Hangul outweighs kana and Han; None if the text has neither."""
    hangul = len(_HANGUL.findall(text))
    other = len(_OTHER_CJK.findall(text))
    return None if hangul == other == 0 else hangul > other
