"""Whether a space belongs where a line of Korean ends in the middle of a text.

Korean is broken between eojeols, with no sign, or anywhere, and a document may do both. Three things tell: which syllables words
end and begin with (`breaks.tsv`), whether the two syllables stand together within the document's lines, and what most breaks of
the document are, which is estimated from all of them together.
"""

from functools import cache
from math import exp, log
from pathlib import Path

import numpy as np

Break = tuple[str, str]  # the last syllable of a line, the first of the next one

_TABLE = Path(__file__).with_name("breaks.tsv")
_ROUNDS = 10  # of the estimate, which changes little after five
# The share of breaks with a space that is expected, and how many breaks that expectation counts for.
_USUAL, _TRUST = 0.7, 2.0
_SPACE = 0x20


@cache
def _odds() -> tuple[dict[str, float], dict[str, float]]:
    """Log odds of a space behind a syllable, and before it."""
    behind, before = dict[str, float](), dict[str, float]()
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            syllable, one, other = line.split("\t")
            behind[syllable], before[syllable] = float(one), float(other)
    return behind, before


def spaces(breaks: list[Break], lines: list[str]) -> list[bool]:
    """Whether a space belongs into each break of a document with these lines.

    >>> spaces([("를", "본"), ("습", "니")], ["비를 본 사람이", "왔습니다"])
    [True, False]
    """
    if not breaks:
        return []
    behind, before = _odds()
    apart, together = _counted(breaks, lines)
    odds = [
        behind.get(last, 0.0) + before.get(first, 0.0) + log((apart[last, first] + 1) / (together[last, first] + 1))
        for last, first in breaks
    ]
    share = _USUAL
    for _ in range(_ROUNDS):
        usual = log(share / (1 - share))
        share = (sum(1 / (1 + exp(-(one + usual))) for one in odds) + _TRUST * _USUAL) / (len(odds) + _TRUST)
    usual = log(share / (1 - share))
    return [round(one + usual, 3) > 0 for one in odds]


def _counted(breaks: list[Break], lines: list[str]) -> tuple[dict[Break, int], dict[Break, int]]:
    """How often each pair of syllables stands in the lines with a space between, and without."""
    pairs = sorted(set(breaks))
    wanted = np.array([(ord(last) << 16) + ord(first) for last, first in pairs], np.int64)
    text = np.frombuffer("\n".join(lines).encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
    apart = (text[:-2] << 16) + text[2:]
    counts = [_found(wanted, apart[text[1:-1] == _SPACE]), _found(wanted, (text[:-1] << 16) + text[1:])]
    return dict(zip(pairs, counts[0])), dict(zip(pairs, counts[1]))


def _found(wanted: np.ndarray, keys: np.ndarray) -> list[int]:
    """How often each of the sorted `wanted` is among the keys."""
    places = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    return np.bincount(places[wanted[places] == keys], minlength=len(wanted)).tolist()
