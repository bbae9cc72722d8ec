"""Two n-gram models: estimated by KenLM's `lmplz` over piece ids, and packed into the table of `algok.kernels.ngram_lm`."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from algok.errors import ModelError
from algok.kernels.ngram_lm import Tables, fill, keys_of

_LOAD = 0.85  # share of the slots that are taken
_CODES = 255  # of a probability or back-off; code 0 has a meaning of its own


class Arpa(NamedTuple):
    """An ARPA file over ids 0 … V - 1, with `<s>` as V; log10. `ngrams[k]`: int32 (rows, k + 2), `values[k]` float32
    (rows, 2) probability and back-off."""

    order: int
    unigrams: np.ndarray  # float32 (V + 1, 2)
    ngrams: list[np.ndarray]
    values: list[np.ndarray]


def estimate(documents: Iterable[np.ndarray], arpa: Path, lmplz: Path, *, order: int, prune: Sequence[int]) -> None:
    """Writes the ARPA file of the documents' ids (modified Kneser–Ney). `prune`: n-grams seen that often or less go.

    Raises ModelError with what lmplz says if it fails.
    """
    text = arpa.with_suffix(".ids")
    with text.open("w") as file:
        for ids in documents:
            file.write(" ".join(map(str, ids.tolist())) + "\n")
    command = [
        str(lmplz),
        "-o",
        str(order),
        "--text",
        str(text),
        "--arpa",
        str(arpa),
        "-S",
        "1G",
        "-T",
        f"{arpa.parent}/",
    ]
    command += ["--discount_fallback", "--prune", *map(str, prune)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    text.unlink()
    if done.returncode:
        raise ModelError("lmplz failed:\n" + "\n".join(done.stderr.strip().splitlines()[-3:]))


def read_arpa(path: Path, vocabulary: int) -> Arpa:
    """Reads an ARPA file whose words are ids. An id that the file lacks has the probability of `<unk>`. Raises ModelError."""
    unigrams = np.full((vocabulary + 1, 2), np.nan, np.float32)
    rows: dict[int, tuple[list[list[int]], list[tuple[float, float]]]] = {}
    n, unknown = 0, -99.0
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("\\"):
                n = int(line[1 : line.index("-")]) if line.rstrip().endswith("-grams:") else 0
                continue
            if n == 0 or line == "\n":
                continue
            cells = line.rstrip("\n").split("\t")
            words, probability = cells[1].split(" "), float(cells[0])
            value = (probability, float(cells[2]) if len(cells) > 2 else 0.0)
            if n == 1:
                if words[0] == "<unk>":
                    unknown = probability
                elif words[0] != "</s>":
                    unigrams[_number(words[0], vocabulary)] = value
            elif words[-1] != "</s>" and words[0] != "<unk>":
                ngrams, values = rows.setdefault(n, ([], []))
                ngrams.append([_number(word, vocabulary) for word in words])
                values.append(value)
    if not rows or sorted(rows) != list(range(2, max(rows) + 1)):
        raise ModelError(f"{path}: not an ARPA file of order 2 or more over ids")
    unseen = np.isnan(unigrams[:, 0])
    unigrams[unseen] = (unknown, 0.0)
    order = max(rows)
    return Arpa(
        order,
        unigrams,
        [np.array(rows[n][0], np.int32) for n in range(2, order + 1)],
        [np.array(rows[n][1], np.float32) for n in range(2, order + 1)],
    )


def _number(word: str, vocabulary: int) -> int:
    return vocabulary if word == "<s>" else int(word)


def pack(first: Arpa, second: Arpa) -> Tables:
    """Both models in one table, their probabilities and back-offs in 255 codes per model and length.

    Where there are no more than 255 different values the codes are exact. Raises ModelError if the orders differ.
    """
    if first.order != second.order or len(first.unigrams) != len(second.unigrams):
        raise ModelError("the two models differ in order or vocabulary")
    order = first.order
    codes = np.zeros((2, order - 1, 2, 256), np.float32)
    keys, values = [], []
    for n in range(2, order + 1):
        parts, packed = [], []
        for m, model in enumerate((first, second)):
            ngrams, logs = model.ngrams[n - 2], model.values[n - 2]
            codes[m, n - 2, 0], probability = _quantise(logs[:, 0])
            extends = np.zeros(len(ngrams), bool)
            if n < order:
                extends = np.isin(keys_of(ngrams), keys_of(np.ascontiguousarray(model.ngrams[n - 1][:, :n])))
            extends |= logs[:, 1] != 0
            backoff = np.zeros(len(ngrams), np.uint32)
            if extends.any():
                codes[m, n - 2, 1], backoff[extends] = _quantise(logs[extends, 1])
            parts.append(keys_of(ngrams))
            packed.append((probability << 8 | backoff) << (16 if m == 0 else 0))
        unique, inverse = np.unique(np.concatenate(parts), return_inverse=True)
        union = np.zeros(len(unique), np.uint32)
        split = len(parts[0])
        union[inverse[:split]] = packed[0]
        union[inverse[split:]] |= packed[1]
        keys.append(unique)
        values.append(union)
    flat = np.concatenate(keys)
    slots = np.zeros(int(len(flat) / _LOAD) + 1, np.uint64)
    fill(slots, flat, np.concatenate(values))
    return Tables(order, np.hstack([first.unigrams, second.unigrams]), slots, codes)


def _quantise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A code book (float32, 256; codes from 1) and the code of every value (uint32): each code the mean of its bin.

    Bins hold equally many values, but none is wider than 1/128 of the range, so that rare extremes keep their size.
    """
    distinct, counts = np.unique(values, return_counts=True)
    book = np.zeros(256, np.float32)
    if len(distinct) <= _CODES:
        book[1 : len(distinct) + 1] = distinct
        return book, np.searchsorted(distinct, values).astype(np.uint32) + 1
    share = (np.cumsum(counts) - counts / 2) / counts.sum()
    spread = (distinct - distinct[0]) / (distinct[-1] - distinct[0])
    # Half of the codes follow the values' frequency, half their range.
    bins = np.minimum(((share + spread) / 2 * _CODES).astype(np.int64), _CODES - 1)
    weight = np.bincount(bins, counts, _CODES)
    mean = np.bincount(bins, counts * distinct, _CODES) / np.maximum(weight, 1)
    book[1:] = mean
    return book, bins[np.searchsorted(distinct, values)].astype(np.uint32) + 1
