"""Weak supervision by words: the lexicon of the domains, and texts made to be about a domain.

The lexicon is taxonomy/seeds (by hand) and build/topic_words.tsv (expanded by `expand_seeds.py`). What its
words say of a text tells `algok.classifiers.topic_words`.
"""

import random
import re

import numpy as np

from algok.taxonomy.axes import major_of, seeds

CODES = tuple(major_of())
_RUN = re.compile(r"[가-힣]{2,}|[A-Za-z][A-Za-z+#.]+")
_LONGEST = 7
_SEED_SURENESS = 0.78  # a seed's own domain; the rest is spread evenly


class PutIn:
    """Puts words of a domain into texts for their own."""

    def __init__(self, shares: dict[str, np.ndarray]):
        self._words = {word: row for row, word in enumerate(shares)}
        table, words = np.array(list(shares.values())), list(shares)
        self._bags = {}
        for k, code in enumerate(CODES):
            rows = np.flatnonzero(table[:, k] > 0.4)
            self._bags[code] = [words[row] for row in rows], np.cumsum(table[rows, k]) / table[rows, k].sum()

    def about(self, text: str, code: str, share: float, chance: random.Random) -> str:
        """The text with this share of its topic words replaced by words of a domain, particles kept: its grammar and
        manner say nothing about the domain any more, its words everything."""
        words, cumulative = self._bags[code]

        def replaced(run: re.Match[str]) -> str:
            found = run.group()
            length = self._match(found)
            if length is None or chance.random() > share:
                return found
            return words[int(np.searchsorted(cumulative, chance.random()))] + found[length:]

        return _RUN.sub(replaced, text)

    def _match(self, run: str) -> int | None:
        if run[0] <= "z":
            word = run.lower().rstrip(".")
            return len(word) if word in self._words else None
        return next((n for n in range(min(len(run), _LONGEST), 1, -1) if run[:n] in self._words), None)


def lexicon(words_file) -> dict[str, np.ndarray]:
    shares: dict[str, np.ndarray] = {}
    column, even = {code: k for k, code in enumerate(CODES)}, 1 / len(CODES)
    for line in words_file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            word, code, probability = line.split("\t")
            shares[word] = np.full(len(CODES), (1 - float(probability)) * even)
            shares[word][column[code]] += float(probability)
    by_hand: dict[str, list[str]] = {}
    for code in CODES:
        for word in seeds(code):
            by_hand.setdefault(word if word[0] > "z" else word.lower().rstrip("."), []).append(code)
    for word, codes in by_hand.items():
        share = np.full(len(CODES), (1 - _SEED_SURENESS) * even)
        for code in codes:
            share[column[code]] += _SEED_SURENESS / len(codes)
        shares[word] = share
    return shares
