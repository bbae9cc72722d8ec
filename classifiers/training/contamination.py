"""Builds an index of benchmarks: what each item's shingles are worth, what a hit needs, and which items nobody can decide."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from algok.classifiers.contamination import KIND, WEIGHT
from algok.classifiers.store import DataSet, Manifest, write_model
from algok.classifiers.training.benchmarks import Item
from algok.errors import InputError
from algok.kernels.contamination import VERSION, Tables, count_documents, find, shingle_hashes

# docs/decontamination.md says what these were chosen on.
GAP = 64  # units between two shingles of a passage, at most
MOST_ITEMS = 32  # a shingle that more items have tells none of them
MOST_ALIKE = 3  # items with the very same text; more of them (which of these is right?) make it boilerplate
LEAST = 4.5  # shingles' worth of text: below it an entry may be anybody's
BOUNDS = ((5.0, 0.85), (20.0, 0.5), (40.0, 0.4))  # shingles' worth of text -> coverage of a hit, linear between
QUESTION_SHARE = (
    0.25  # of the question, that must be there where the options alone would do: statutes are quoted in options
)
_BATCH = 512


# The texts of the background, from the beginning at every call.
Background = Callable[[], Iterator[str]]


def bound(worth: np.ndarray) -> np.ndarray:
    """The coverage that a hit needs, by what all shingles of an entry are worth (in shingles that it alone has).

    >>> bound(np.array([5.0, 20.0, 30.0, 500.0])).round(2).tolist()
    [0.85, 0.5, 0.45, 0.4]
    """
    return np.interp(worth, [worth for worth, _ in BOUNDS], [coverage for _, coverage in BOUNDS])


@dataclass(frozen=True)
class Texts:
    """The texts of all items with their shingles: `question`, `task` (with the options) and `whole` (with the context)."""

    items: np.ndarray  # int32 by text
    parts: np.ndarray  # int8 by text: 0 question, 1 task, 2 whole, 3 context
    texts: np.ndarray  # int32 by pair: its text
    shingles: np.ndarray  # int64 by pair: the number of its shingle
    in_question: np.ndarray  # bool by pair: the item's question has the shingle
    hashes: np.ndarray  # uint64, rising: all shingles


QUESTION, TASK, WHOLE, CONTEXT = range(4)


def build_index(
    items: list[Item],
    background: Background,
    folder: Path,
    *,
    data: list[DataSet],
    name: str = "benchmarks",
    version: int = 1,
) -> Manifest:
    """Writes the index of items. Shingles that documents of the background have are worth less, and items that the background
    has are not decided. Raises InputError where no item can be decided."""
    texts = _texts(items)
    weights, documents = _weights(texts, len(items), background)
    entries, reasons = _entries(texts, weights, len(items))
    tables = _tables(texts, weights, entries)
    known = _in(background, tables, len(items))
    reasons |= {int(item): "background" for item in np.flatnonzero(known)}
    entries = entries[~known[entries[:, 1]]]
    if not len(entries):
        raise InputError("no item of these files can be decided: all are too short, too common, or in the background")
    return _write(items, _tables(texts, weights, entries), reasons, documents, folder, data, name, version)


def _texts(items: list[Item]) -> Texts:
    texts, of, parts = [], [], []
    for number, item in enumerate(items):
        own = "\n".join([item.question, *item.options, item.answer])
        context = [(CONTEXT, item.context), (WHOLE, f"{item.context}\n{own}")] if item.context else []
        for part, text in ((QUESTION, item.question), (TASK, own), *context):
            texts.append(text)
            of.append(number)
            parts.append(part)
    hashes, ends = shingle_hashes(pa.array(texts, pa.large_string()))
    known, numbers = np.unique(hashes, return_inverse=True)
    pairs = np.unique(np.repeat(np.arange(len(texts)), np.diff(ends)) * len(known) + numbers)
    text, shingle = np.divmod(pairs, max(1, len(known)))
    items_of, part_of = np.array(of, np.int32), np.array(parts, np.int8)
    by_item = items_of[text].astype(np.int64) * len(known) + shingle
    in_question = np.isin(by_item, by_item[part_of[text] == QUESTION])
    return Texts(items_of, part_of, text.astype(np.int32), shingle, in_question, known)


def _weights(texts: Texts, items: int, background: Background) -> tuple[np.ndarray, int]:
    """What every shingle is worth (int64): the logarithm of how rare it is among items and documents of the background, of
    WEIGHT; 0 where too many items have it. And how many documents the background has."""
    pairs = np.unique(texts.items[texts.texts].astype(np.int64) * len(texts.hashes) + texts.shingles)
    has = np.bincount(pairs % max(1, len(texts.hashes)), minlength=len(texts.hashes))
    seen, documents = np.zeros(len(texts.hashes), np.int64), 0
    tables = _only_shingles(texts.hashes)
    for batch in _batches(background):
        documents += len(batch)
        count_documents(batch, tables, seen)
    everything = items + documents + 1
    worth = np.log(everything / (has + seen)) / np.log(everything) * WEIGHT
    return np.where(has <= MOST_ITEMS, np.floor(worth), 0).astype(np.int64), documents


def _only_shingles(hashes: np.ndarray) -> Tables:
    """Tables in which shingles can be looked up and no more."""
    none = np.zeros(0, np.int64)
    firsts, weights = np.zeros(len(hashes) + 1, np.int64), np.ones(len(hashes), np.int32)
    return Tables.of(hashes, weights, firsts, none.astype(np.int32), none.astype(np.int32), none, none, none, GAP)


def _entries(texts: Texts, weights: np.ndarray, items: int) -> tuple[np.ndarray, dict[int, str]]:
    """The texts that can be decided, as rows of text, item, worth, need, and need of the question (int64), and why other items
    cannot be.

    A question and its options are an entry each way. Only where both say too little are they looked for with their context, and
    then half of what is their own must be there besides: the context alone may be an article that everybody has.
    """
    totals = np.bincount(texts.texts, weights[texts.shingles], len(texts.items)).astype(np.int64)
    counts = np.bincount(texts.texts, minlength=len(texts.items))
    needed = np.ceil(totals * bound(totals / WEIGHT)).astype(np.int64)
    asked, own_text = np.zeros(len(texts.items), np.int64), _alike(texts) <= MOST_ALIKE
    number = np.full((items, 4), -1)
    number[texts.items, texts.parts] = np.arange(len(texts.items))
    chosen, reasons = [], {}
    for item, (question, task, whole, context) in enumerate(number.tolist()):
        found = [text for text in (question, task) if own_text[text] and totals[text] >= LEAST * WEIGHT]
        if totals[question] == totals[task]:
            found = found[:1]
        elif totals[question] >= 2 * WEIGHT:
            asked[task] = np.ceil(totals[question] * QUESTION_SHARE)
        own = totals[whole] - totals[context] if whole >= 0 else 0
        if not found and own >= 2 * WEIGHT:
            needed[whole] = max(needed[whole], totals[context] + own // 2)
            found = [whole]
        if not found:
            reasons[item] = "short" if max(counts[question], counts[task]) < LEAST else "common"
        chosen += found
    rows = np.array(chosen, np.int64)
    return np.stack([rows, texts.items[rows], totals[rows], needed[rows], asked[rows]], axis=1), reasons


def _alike(texts: Texts) -> np.ndarray:
    """By text: how many items have the very same shingles in this part (int64)."""
    sums = np.zeros(len(texts.items), np.uint64)
    np.add.at(sums, texts.texts, texts.hashes[texts.shingles])
    sums += texts.parts.astype(np.uint64)  # parts are never alike
    _, place, counts = np.unique(sums, return_inverse=True, return_counts=True)
    return counts[place.reshape(-1)]


def _tables(texts: Texts, weights: np.ndarray, entries: np.ndarray) -> Tables:
    """The arrays of an index with these entries, and with the shingles that any of them has."""
    entry_of = np.full(len(texts.items), -1, np.int64)
    entry_of[entries[:, 0]] = np.arange(len(entries))
    kept = (entry_of[texts.texts] >= 0) & (weights[texts.shingles] > 0)
    shingles, postings = texts.shingles[kept], 2 * entry_of[texts.texts[kept]] + texts.in_question[kept]
    order = np.lexsort([postings, shingles])
    known, firsts = np.unique(shingles[order], return_index=True)
    firsts = np.append(firsts, len(order)).astype(np.int64)
    items, totals, needed, asked = (np.ascontiguousarray(entries[:, column]) for column in (1, 2, 3, 4))
    weight, posting = weights[known].astype(np.int32), postings[order].astype(np.int32)
    return Tables.of(texts.hashes[known], weight, firsts, posting, items.astype(np.int32), totals, needed, asked, GAP)


def _in(background: Background, tables: Tables, items: int) -> np.ndarray:
    """The items (bool) that documents of the background have."""
    known = np.zeros(items, bool)
    for batch in _batches(background):
        documents = find(batch, tables).documents
        known[: len(documents)] |= documents > 0
    return known


def _batches(background: Background) -> Iterator[pa.Array]:
    texts = background()
    while batch := list(islice(texts, _BATCH)):
        yield pa.array(batch, pa.large_string())


def _write(
    items: list[Item],
    tables: Tables,
    reasons: dict[int, str],
    background: int,
    folder: Path,
    data: list[DataSet],
    name: str,
    version: int,
) -> Manifest:
    undecidable = [
        {"benchmark": items[item].benchmark, "item": items[item].id, "reason": reason}
        for item, reason in sorted(reasons.items())
    ]
    files = {
        "shingles.npy": tables.shingles,
        "weights.npy": tables.weights,
        "firsts.npy": tables.firsts,
        "postings.npy": tables.postings,
        "entries.npy": np.stack([tables.items, tables.totals, tables.needed, tables.asked], axis=1).astype(np.int64),
        "items.json": orjson.dumps([[item.benchmark, item.id] for item in items]),
        "undecidable.jsonl": b"".join(orjson.dumps(row) + b"\n" for row in undecidable),
    }
    return write_model(
        folder,
        files,
        kind=KIND,
        name=name,
        version=version,
        description="Hashes of the items of benchmarks, for the step decontaminate and for mixes. It holds no text. "
        "undecidable.jsonl lists the items that it does not look for, and why.",
        parameters={
            "version": VERSION,
            "gap": GAP,
            "least": LEAST,
            "most_alike": MOST_ALIKE,
            "question_share": QUESTION_SHARE,
            "most_items": MOST_ITEMS,
            "bounds": [list(b) for b in BOUNDS],
        },
        data=data,
        metrics=_figures(items, reasons) | {"shingles": len(tables.shingles), "background documents": background},
    )


def _figures(items: list[Item], reasons: dict[int, str]) -> dict[str, dict[str, int]]:
    """By benchmark: its items, and how many are not decided for which reason."""
    counts = Counter(item.benchmark for item in items)
    why = Counter((items[item].benchmark, reason) for item, reason in reasons.items())
    return {
        name: {"items": counts[name]} | {reason: why[name, reason] for reason in ("short", "common", "background")}
        for name in sorted(counts)
    }
