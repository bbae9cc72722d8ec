"""Word spaces lost or doubled: eojeol that swallowed a whole sentence, and lines with a space after every syllable.

Kiwi (morphological analyser, about 0.15 MB/s) places the spaces; it sees only the damaged places and is loaded once per
process, when the first of them turns up.
"""

import re

from algok.kernels.damage import LONG_RUN, SINGLE_RUN
from algok.korean.kiwi import kiwi

# A document whose damaged places are longer than this together (UTF-8 bytes) is left as it is: half a second of Kiwi.
MAX_BYTES = 65_536

# An eojeol that is a whole sentence: names of laws and organisations are long too, but do not end like one.
_LONG = re.compile(rf"\S{{{LONG_RUN},}}")
_HANGUL_RUN = re.compile(f"[가-힣]{{{LONG_RUN},}}")
_SENTENCE = re.compile("(?:다|요|까|죠|음|함|임|네|오|라|자)[.!?…~ㅋㅎㅠㅜ\"'”’)]*$")

# Single syllables, each followed by blanks; wider blanks between them are word boundaries where they occur.
# Only plain white space is looked for at the ends, as the detector does: no other is left when this repair runs.
_SINGLES = re.compile(rf"(?<![^\t\n ])[가-힣](?:[ ]+[가-힣](?![^\x00-\x20])){{{SINGLE_RUN - 1},}}")
_WIDE = re.compile(" {2,}")
_EOJEOL = re.compile("[가-힣]+")
# Share of a line's Hangul runs that are single syllables, from which on the whole line is taken to be spaced out; text as it is
# written has a sixth (wikinews, book reviews), a spaced-out line all of them.
_THROUGHOUT = 0.9
_BLANK = re.compile("(?<![!-~]) +| +(?![!-~])")  # not one between two words of ASCII
# Lists whose members are single syllables.
_LISTS = ("가나다라", "갑을병정", "도레미파", "월화수목", "자축인묘", "일이삼사", "하나둘")


# Spaces that Kiwi puts after a number and leaves out at marks: `42 억`, `됐다.그는`, `결정은‘문학’의`.
_COUNTED = re.compile("(?<=[0-9]) (?=[가-힣%℃])")
_MARKED = re.compile(
    "(?<=[가-힣0-9][.?!])(?=[가-힣A-Z“‘(])|(?<=[가-힣],)(?=[가-힣“‘])|(?<=[가-힣.,?!0-9)])(?=[‘“「『《〈])"
)


def _space(text: str) -> str:
    """The text with Kiwi's word spaces; the text itself if Kiwi changed anything but spaces."""
    spaced = str(kiwi().space(text))  # of one text, one string
    spaced = _MARKED.sub(" ", _COUNTED.sub("", spaced))
    return spaced if spaced.replace(" ", "") == text.replace(" ", "") else text


def restore_spaces(text: str) -> tuple[str, int]:
    """The text with spaces put into eojeol that are whole sentences, and how many eojeol changed."""
    places = [m for m in _LONG.finditer(text) if _HANGUL_RUN.search(m[0]) and _SENTENCE.search(m[0])]
    if not places or sum(len(m[0].encode()) for m in places) > MAX_BYTES:
        return text, 0
    return _replace(text, places, _restore)


def _restore(token: str) -> str:
    spaced = _space(token)
    return token if _HANGUL_RUN.search(spaced) else spaced


def join_syllables(text: str) -> tuple[str, int]:
    """The text with single syllables in a row joined to words, and how many rows changed; a row is a line if that is
    spaced out throughout, marks and numbers between the syllables or not."""
    places = list(_SINGLES.finditer(text))
    if not places or sum(len(m[0].encode()) for m in places) > MAX_BYTES:
        return text, 0
    if "\n" in text:
        lines = text.split("\n")
        done = [join_syllables(line) if line else (line, 0) for line in lines]
        return "\n".join(line for line, _ in done), sum(count for _, count in done)
    runs = _EOJEOL.findall(text)
    if sum(len(run) == 1 for run in runs) >= _THROUGHOUT * len(runs):
        joined = _join(text.strip(" "))
        return text.replace(text.strip(" "), joined), int(joined != text.strip(" "))
    return _replace(text, places, _join)


def _join(row: str) -> str:
    if _WIDE.search(row):
        return " ".join(_BLANK.sub("", word) for word in _WIDE.split(row))
    joined = _BLANK.sub("", row)
    if any(name in joined for name in _LISTS):
        return row
    spaced = _space(joined)
    # Text that really has short words comes back about as it was: not damaged.
    return row if spaced.count(" ") * 2 > row.count(" ") else spaced


def _replace(text: str, places: list[re.Match], repair) -> tuple[str, int]:
    out = []
    at = count = 0
    for match in places:
        new = repair(match[0])
        if new == match[0]:
            continue
        out += [text[at : match.start()], new]
        at = match.end()
        count += 1
    return ("".join(out) + text[at:] if count else text), count
