"""Scores against the kenlm module on the same ARPA file, and a slow reference for the sums."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.classifiers.training.ngram_lm import pack, read_arpa
from algok.kernels.ngram_lm import SUMS, WINDOW, Tables, extend, keys_of, log_probs, sum_up

V = 12


def write_arpa(path: Path, order: int, seed: int) -> Path:
    """A random model that holds with every n-gram its beginnings and ends, as KenLM asks; few different values."""
    chance = random.Random(seed)
    texts = [
        ["<s>", *(str(min(chance.randrange(V), chance.randrange(V))) for _ in range(15)), "</s>"] for _ in range(6)
    ]
    grams: list[set[tuple[str, ...]]] = [{(str(k),) for k in range(V - 1)} | {("<s>",), ("</s>",), ("<unk>",)}]
    for n in range(2, order + 1):
        grams.append({tuple(text[k : k + n]) for text in texts for k in range(len(text) - n + 1)})
    for n in range(order - 1, 0, -1):  # some of the longest are left out
        grams[n] = {
            gram
            for gram in sorted(grams[n])
            if chance.random() < 0.8 and gram[1:] in grams[n - 1] and gram[:-1] in grams[n - 1]
        }
    for n in range(1, order):
        grams[n] = {gram for gram in grams[n] if gram[1:] in grams[n - 1] and gram[:-1] in grams[n - 1]}
    lines = ["\\data\\", *(f"ngram {n + 1}={len(part)}" for n, part in enumerate(grams)), ""]
    for n, part in enumerate(grams):
        lines.append(f"\\{n + 1}-grams:")
        for gram in sorted(part):
            line = f"{-99 if gram == ('<s>',) else -chance.randrange(1, 200) / 50}\t{' '.join(gram)}"
            extends = n + 1 < order and any(longer[:-1] == gram for longer in grams[n + 1])
            lines.append(line + (f"\t{-chance.randrange(0, 60) / 40}" if extends else "\t0" if n + 1 < order else ""))
        lines.append("")
    path.write_text("\n".join([*lines, "\\end\\", ""]))
    return path


@pytest.mark.parametrize("order", [2, 3, 4])
def test_scores_are_those_of_kenlm(tmp_path: Path, order: int) -> None:
    kenlm = pytest.importorskip("kenlm")
    paths = [write_arpa(tmp_path / f"{seed}.arpa", order, seed) for seed in (1, 2)]
    tables = pack(*(read_arpa(path, V) for path in paths))
    chance = random.Random(3)
    texts = [[chance.randrange(V) for _ in range(length)] for length in (0, 1, 2, 3, 200, 1, 50)]
    ids = np.array([number for text in texts for number in text], np.int32)
    offsets = np.cumsum([0, *map(len, texts)])
    for path, scores in zip(paths, log_probs(ids, offsets, tables), strict=True):
        model = kenlm.Model(str(path))
        expected = [
            score
            for text in texts
            for score, _, _ in model.full_scores(" ".join(map(str, text)), bos=True, eos=False)
            if text
        ]
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)


def test_keys_are_of_pieces_in_order() -> None:
    pairs = np.array([(a, b) for a in range(300) for b in range(300)], np.int32)
    keys = keys_of(pairs)
    assert len(np.unique(keys)) == len(pairs)
    # Of 90,000 keys one chance clash in the 32 bits that a slot keeps is expected; slots differ besides.
    assert len(np.unique(keys & np.uint64(0xFFFFFFFF))) > len(pairs) - 10
    longer = keys_of(np.column_stack([np.full(len(pairs), 3, np.int32), pairs]))
    assert [extend(np.uint64(keys[k]), 3) for k in (0, 7, 4321)] == [int(longer[k]) for k in (0, 7, 4321)]


def tables_without_ngrams() -> Tables:
    unigrams = np.zeros((V + 1, 4), np.float32)
    unigrams[:, 0], unigrams[:, 2] = -np.arange(V + 1) / 4, -np.arange(V + 1)[::-1] / 8
    return Tables(3, unigrams, np.zeros(1, np.uint64), np.zeros((2, 2, 2, 256), np.float32))


def test_unigrams_alone() -> None:
    ids = np.array([3, 0, 11], np.int32)
    first, second = log_probs(ids, np.array([0, 2, 3]), tables_without_ngrams())
    assert first.tolist() == [-0.75, 0, -2.75]
    assert second.tolist() == [-1.125, -1.5, -0.125]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3 * WINDOW), max_size=4), st.integers(0, 1000))
def test_sums(lengths: list[int], seed: int) -> None:
    chance = np.random.default_rng(seed)
    offsets = np.cumsum([0, *lengths])
    ids = chance.integers(0, V, offsets[-1]).astype(np.int32)
    first, second = (chance.normal(-2, 1, (2, len(ids)))).astype(np.float32)
    alone, characters = np.linspace(-3, -1, V, dtype=np.float32), np.arange(V, dtype=np.uint8)
    starts = np.arange(V) % 3 == 0
    got = sum_up(ids, offsets, first, second, alone, characters, starts)
    for row, begin, end in zip(got, offsets, offsets[1:], strict=False):
        part, noise = ids[begin:end], (second - first)[begin:end].astype(float)
        begins = [*range(0, max(end - begin - WINDOW, 0), WINDOW), max(end - begin - WINDOW, 0)] if end > begin else []
        windows = [noise[k : k + WINDOW].mean() for k in begins]
        begun = np.flatnonzero(starts[part] & (np.arange(len(part)) > 0))
        expected = {
            "characters": characters[part].sum(),
            "first": first[begin:end].sum(),
            "second": second[begin:end].sum(),
            "worst": max(windows, default=-np.inf),
            "noisy": sum(window > 0 for window in windows),
            "windows": len(windows),
            "begun": len(begun),
            "gain": (first[begin:end] - alone[part])[begun].sum(),
        }
        for name, value in zip(SUMS, row, strict=True):
            if name != "worst" or windows:
                assert value == pytest.approx(float(expected[name]), rel=1e-4, abs=1e-4), name
