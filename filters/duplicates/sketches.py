"""The sketch of a shard, and the signatures that tasks compare.

A sketch has two tables. `documents`, a row per document: `id`, `exact` (hash of the text, whitespace folded and ASCII
lower-cased; zeros when blank), `letters` (letters and digits), `signature` (as `stored` says), `first` (row of the shard's
first copy of the text, its own where it is that). `keys`, 12 bytes for every band of the text, for every band of a core of its
own, and for the exact text of every first copy: `key` in ascending order, `row`. 672 bytes per document with the default 14
bands of 8 rows, 840 where it has a core of its own.

Of a value the lower 16 bits are kept: they agree by chance once in 65,536 times, which no threshold notices.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from algok.filters.duplicates.tables import binary, to_numpy
from algok.kernels import minhash
from algok.kernels.duplicates import NO_KEY, assign_leaders, band_keys

VALUE = np.dtype("<u2")  # what is kept of a MinHash value
SCALE = 2048  # a size is kept as its binary logarithm times this: to 0.04 %
# Of two documents of SHINGLES shingles or more the larger may have more that the smaller lacks: they are similar too where SHARE
# of the smaller one's shingles are the larger one's. FLOOR times the threshold must agree all the same, so that the larger is
# at most 1.4 times as large at the threshold 0.75 (docs/deduplication.md, "Cores", says what other values find).
SHINGLES, SHARE, FLOOR = 500, 0.9, 0.8


def stored_values(width: int) -> int:
    """How many values are kept of a document whose signature has `width`."""
    return 2 * width + 2


def stored(sketches: minhash.Sketches) -> np.ndarray:
    """What is kept of sketches (VALUE, n × `stored_values`): the values of text and core, and the sizes of both."""
    sizes = np.rint(np.log2(sketches.sizes.astype(np.float64) + 1) * SCALE)
    return np.concatenate(
        [sketches.signatures.astype(VALUE), sketches.cores.astype(VALUE), sizes.astype(VALUE)], axis=1
    )


def needs(threshold: float, width: int) -> np.ndarray:
    """How many of `width` values must agree (int64), by the difference of two sizes as they are stored.

    Where a share c of the smaller set is in one that is r times as large, their Jaccard similarity is c / (1 + r - c). No share
    counts that two equally large sets have below the threshold.
    """
    share = max(SHARE, 2 * threshold / (1 + threshold))
    ratio = 2 ** (np.arange(SCALE) / SCALE)
    similarity = np.minimum(threshold, np.maximum(share / (1 + ratio - share), FLOOR * threshold))
    return np.maximum(1, np.ceil(similarity * width - 1e-9)).astype(np.int64)


def sketch_tables(ids: np.ndarray, sketches: minhash.Sketches, bands: int) -> dict[str, pa.Table]:
    """The sketch of one shard from its ids (uint8, n × 16) and sketches."""
    first = first_copies(np.zeros(len(ids), np.int64), sketches.exact)
    compared = np.flatnonzero(first == np.arange(len(ids)))
    keys = band_keys(sketches.signatures[compared], sketches.cores[compared], sketches.exact[compared], bands)
    keys, per_document = keys.reshape(-1), keys.shape[1]
    order = np.argsort(keys, kind="stable")
    order = order[: np.searchsorted(keys[order], NO_KEY)]
    documents = pa.table({
        "id": binary(ids),
        "exact": binary(sketches.exact),
        "letters": sketches.letters,
        "signature": binary(stored(sketches)),
        "first": first.astype(np.uint32),
    })  # fmt: skip
    return {
        "documents": documents,
        "keys": pa.table({"key": keys[order], "row": compared[order // per_document].astype(np.uint32)}),
    }


def first_copies(groups: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """For each place the first place in the same group with the same exact hash (int64); its own for a blank text."""
    order = np.lexsort((exact[:, 0], exact[:, 1], groups))
    fresh = np.ones(len(order), bool)
    fresh[1:] = (groups[order[1:]] != groups[order[:-1]]) | (exact[order[1:]] != exact[order[:-1]]).any(axis=1)
    fresh |= ~exact[order].any(axis=1)
    first = np.empty(len(order), np.int64)
    first[order] = order[fresh][np.cumsum(fresh) - 1]  # lexsort is stable: a run's first is its lowest place
    return first


class Signatures:
    """Signatures of several tables, taken a few at a time by their place in all of them."""

    def __init__(self, tables: Sequence[pa.Table], width: int):
        self._parts = [to_numpy(table["signature"]).view(VALUE) for table in tables]
        self._starts = np.cumsum([0, *(len(part) for part in self._parts)])
        self._width = width

    def take(self, places: np.ndarray) -> np.ndarray:
        """As `stored`; zeros where a place is negative."""
        taken = np.zeros((len(places), stored_values(self._width)), VALUE)
        source = np.searchsorted(self._starts, places, "right") - 1
        for number in np.unique(source[places >= 0]):
            here = np.flatnonzero((source == number) & (places >= 0))
            taken[here] = self._parts[number][places[here] - self._starts[number]]
        return taken


class Leaders:
    """Assigns documents, given group by group and in order, to the most similar of their group's leaders.

    A document that is similar to none becomes a leader itself. Of more than `most` leaders the first half and the latest
    are compared with. The open group's leaders are kept between calls, so that a group may span many. Groups are numbers
    above 0. `threshold` is the least share of `width` signature values that agree, of the texts or of their cores.
    """

    def __init__(self, most: int, width: int, threshold: float):
        self._needs = needs(threshold, width)
        self._least = int(np.log2(SHINGLES + 1) * SCALE)
        self._width = width
        self._signatures = np.empty((most, stored_values(width)), VALUE)
        self._documents = np.empty(most, np.uint64)
        self._state = np.zeros(2, np.uint64)  # the open group, and how many leaders it has had

    def assign(
        self, groups: np.ndarray, documents: np.ndarray, signatures: np.ndarray, forced: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Each document's leader (itself, when alone or leading) and the estimated Jaccard similarity to it (float32).

        `forced` documents are never assigned to another document.
        """
        forced = np.zeros(len(groups), bool) if forced is None else forced
        leader, equal = documents.copy(), np.full(len(groups), self._width, np.int64)
        assign_leaders(
            groups, documents, signatures, forced, self._needs, self._least,
            self._signatures, self._documents, self._state, leader, equal,
        )  # fmt: skip
        return leader, (equal / self._width).astype(np.float32)
