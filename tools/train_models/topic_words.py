"""Weak supervision by words: what the words of a text say about its domain, and texts made to be about a domain.

The lexicon is taxonomy/seeds (by hand) and build/topic_words.tsv (expanded by `expand_seeds.py`). A run of Hangul counts as
the longest word of the lexicon that it begins with, so particles do not matter.
"""

import random
import re

import numpy as np

from algok.taxonomy.axes import major_of, seeds

CODES = tuple(major_of())
_RUN = re.compile(r"[가-힣]{2,}|[A-Za-z][A-Za-z+#.]+")
_LONGEST = 7
_READ = 8000  # characters of a document that are looked at
_SEED_SURENESS = 0.78  # a seed's own domain; the rest is spread evenly


class TopicWords:
    """The lexicon and the documents' frequencies of its words, which say how telling each is."""

    def __init__(self, words_file, background: list[str]):
        shares = _lexicon(words_file)
        self._words = {word: row for row, word in enumerate(shares)}
        self._shares = np.array(list(shares.values()))
        found = np.zeros(len(shares))
        for text in background:
            found[sorted(self.words(text))] += 1
        self._weight = np.log((len(background) + 1) / (found + 1))
        self._bags = {code: self._bag(k) for k, code in enumerate(CODES)}
        self._prior = np.zeros(len(CODES))
        self._prior = np.mean([self._logits(text) for text in background], axis=0)

    def words(self, text: str) -> set[int]:
        """The rows of the lexicon's words in a text."""
        rows = (self._row(run) for run in _RUN.findall(text[:_READ]))
        return {row for row in rows if row is not None}

    def probabilities(self, text: str) -> np.ndarray:
        """A distribution over CODES; over the background every domain has about the same mean."""
        logits = self._logits(text) - self._prior
        shifted = np.exp(logits - logits.max())
        return shifted / shifted.sum()

    def about(self, text: str, code: str, share: float, chance: random.Random) -> str:
        """The text with this share of its topic words replaced by words of a domain, particles kept: its grammar and
        manner say nothing about the domain any more, its words everything."""
        words, cumulative = self._bags[code]

        def replaced(run: re.Match[str]) -> str:
            found = run.group()
            row_length = self._match(found)
            if row_length is None or chance.random() > share:
                return found
            return words[int(np.searchsorted(cumulative, chance.random()))] + found[row_length[1] :]

        return _RUN.sub(replaced, text)

    def _row(self, run: str) -> int | None:
        found = self._match(run)
        return found[0] if found else None

    def _match(self, run: str) -> tuple[int, int] | None:
        if run[0] <= "z":
            word = run.lower().rstrip(".")
            return (self._words[word], len(word)) if word in self._words else None
        for length in range(min(len(run), _LONGEST), 1, -1):
            if run[:length] in self._words:
                return self._words[run[:length]], length
        return None

    def _logits(self, text: str) -> np.ndarray:
        rows = sorted(self.words(text))
        if not rows:
            return self._prior
        weight, shares = self._weight[rows], self._shares[rows]
        mean = weight @ shares / weight.sum()
        # The mean share is steady in long texts, the mean logarithm in short ones: half of each (scales by trial).
        logs = weight @ np.log((shares + 0.01) / 0.06) / np.sqrt(weight @ weight)
        return 25 * mean + 0.25 * logs

    def _bag(self, domain: int) -> tuple[list[str], np.ndarray]:
        share = self._shares[:, domain]
        rows = np.flatnonzero(share > 0.4)
        words = list(self._words)
        return [words[row] for row in rows], np.cumsum(share[rows]) / share[rows].sum()


def _lexicon(words_file) -> dict[str, np.ndarray]:
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
