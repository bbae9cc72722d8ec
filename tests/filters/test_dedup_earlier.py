"""Deduplication against an earlier run gives what one run over both gives in which the earlier documents come first."""

import random

import numpy as np
import pyarrow as pa

from algok.filters import earlier as sketched
from algok.filters.dedup import Dedup, DedupOptions
from algok.filters.duplicates import clusters, decisions, earlier, pairs
from algok.pipelines.memory import MemoryCorpus

FIRST = DedupOptions(keep="first")


def prose(seed: int, eojeol: int = 120) -> str:
    """Random syllables in eojeol of two to four: no two seeds resemble each other."""
    rng = random.Random(seed)
    words = ("".join(chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(rng.randint(2, 4))) for _ in range(eojeol))
    return " ".join(words)


def edit(text: str, eojeol: int, seed: int = 0) -> str:
    """The text with some eojeol replaced."""
    rng, parts = random.Random(seed), text.split(" ")
    for i in rng.sample(range(len(parts)), eojeol):
        parts[i] = f"바뀐말{seed}"
    return " ".join(parts)


def batches(shards: list[list[str]], start: int) -> list[list[pa.RecordBatch]]:
    """A batch per shard; ids are numbers from `start` on."""
    result = []
    for texts in shards:
        ids = pa.array([f"{start + i:032x}" for i in range(len(texts))], pa.string())
        result.append([pa.record_batch({"id": ids, "text": pa.array(texts, pa.large_string())})])
        start += len(texts)
    return result


def signals(step: Dedup, corpus: MemoryCorpus, shards: list[list[pa.RecordBatch]], first: int = 0) -> list[dict]:
    rows = []
    for shard in range(first, len(shards)):
        resolved, row = step.load(corpus, shard), 0
        for batch in shards[shard]:
            rows += pa.table(step.act(batch, row, resolved).signals).to_pylist()
            row += batch.num_rows
    return rows


def together(old: list[list[str]], new: list[list[str]], options: DedupOptions = FIRST) -> list[dict]:
    """The signals of the new documents in one run over both."""
    step, shards = Dedup(options), batches([*old, *new], 0)
    return signals(step, MemoryCorpus.of(step, shards), shards, len(old))


def apart(old: list[list[str]], new: list[list[str]], options: DedupOptions = FIRST) -> list[dict]:
    """The same in a run that is compared with an earlier one."""
    step = Dedup(options)
    before = MemoryCorpus.of(step, batches(old, 0), remembered=True)
    shards = batches(new, sum(map(len, old)))
    return signals(step, MemoryCorpus.of(step, shards, earlier=[before]), shards)


def families(seed: int, size: int = 60) -> tuple[list[list[str]], list[list[str]]]:
    """Old and new shards of texts that are near and exact copies of each other, across shards and ages."""
    rng = random.Random(seed)
    texts = []
    for family in range(size // 4):
        texts.append(prose(seed * 1000 + family, 100))
        for copy in range(rng.randrange(6)):
            source = rng.choice(texts[-3:])
            texts.append(edit(source, rng.choice([0, 1, 2, 3, 5]), seed * 100 + copy))
    rng.shuffle(texts)
    cut = rng.randrange(len(texts) // 3, len(texts))
    shards = [[] for _ in range(5)]
    for place, text in enumerate(texts):
        shards[rng.randrange(3) if place < cut else rng.randrange(3, 5)].append(text)
    return shards[:3], shards[3:]


def bridged(old: list[list[str]], new: list[list[str]]) -> bool:
    """Whether new documents join components of earlier ones so that an earlier document would be decided otherwise."""
    step, shards = Dedup(FIRST), batches([*old, *new], 0)
    alone = signals(step, MemoryCorpus.of(step, shards[: len(old)]), shards[: len(old)])
    both = signals(step, MemoryCorpus.of(step, shards), shards)
    return [row["duplicate_of"] for row in alone] != [row["duplicate_of"] for row in both[: len(alone)]]


def test_it_is_what_one_run_gives_over_both():
    """Wherever the new documents leave the decisions on earlier ones as they are, which an earlier run cannot take back."""
    compared = 0
    for old, new in map(families, range(60)):
        if not bridged(old, new):
            assert_same(apart(old, new), together(old, new))
            compared += 1
    assert compared > 45


def assert_same(apart: list[dict], together: list[dict]) -> None:
    """The same documents are kept. A copy of a dropped earlier document may follow a kept one that is nearer than that one's."""
    for found, expected in zip(apart, together, strict=True):
        assert (found["duplicate_rank"] > 0) == (expected["duplicate_rank"] > 0)
        if found["duplicate_of"] != expected["duplicate_of"]:
            assert found["similarity"] > expected["similarity"]


def test_many_tasks_and_pieces_give_the_same(monkeypatch):
    old, new = families(100, 200)
    expected = apart(old, new)
    assert sum(row["duplicate_rank"] > 0 for row in expected) > 10
    for module, names in (
        (pairs, ("KEYS", "DOCUMENTS", "COMPARED")),
        (decisions, ("DOCUMENTS", "DECIDED")),
        (clusters, ("EDGES",)),
        (sketched, ("ROWS",)),
        (earlier, ("DOCUMENTS",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 20)
    assert apart(old, new) == expected


def test_a_copy_of_a_dropped_document_names_the_one_that_was_kept():
    """It shares the dropped one's text, so it follows it to the kept one; a chain's end that resembles no kept one stays."""
    kept = prose(1)
    dropped = edit(kept, 2)
    rows = apart([[kept], [dropped]], [[dropped, prose(7)]])
    assert (rows[0]["duplicate_of"], rows[0]["duplicate_rank"], rows[0]["cluster_size"]) == (f"{0:032x}", 2, 3)
    assert rows[1]["duplicate_rank"] == 0 and rows[1]["cluster"] is None


def test_the_longest_new_document_does_not_win_over_an_earlier_one():
    rows = apart([[prose(1)]], [[prose(1) + " 조금 더 긴 글", prose(2)]], DedupOptions())
    assert rows[0]["duplicate_of"] == f"{0:032x}" and rows[1]["duplicate_rank"] == 0


def test_two_earlier_runs_of_which_one_was_compared_with_the_other():
    """A document of the second that was dropped for one of the first leads to that one, with the first run or without it."""
    step, text = Dedup(FIRST), prose(1)
    near, nearer = edit(text, 2, 1), edit(text, 2, 2)
    first = MemoryCorpus.of(step, batches([[prose(8), text]], 0), remembered=True)
    second = MemoryCorpus.of(step, batches([[near, prose(9)]], 10), earlier=[first], remembered=True)
    shards = batches([[nearer, near, prose(9), prose(8), prose(3)]], 20)
    for runs, ninth in (([first, second], f"{0:032x}"), ([second, first], f"{0:032x}"), ([second], None)):
        rows = signals(step, MemoryCorpus.of(step, shards, earlier=runs), shards)
        assert [row["duplicate_of"] for row in rows] == [f"{1:032x}", f"{1:032x}", f"{11:032x}", ninth, None]


def test_an_earlier_run_without_documents_changes_nothing():
    _, new = families(3)
    assert apart([[], []], new) == apart([], new)
    assert apart(new, [[], []]) == []


def test_leaders_are_what_a_run_kept():
    """One row for each document of a component that is no duplicate; sizes are those of the clusters."""
    step, text = Dedup(FIRST), prose(1)
    corpus = MemoryCorpus.of(step, batches([[text, edit(text, 2), text, prose(2), prose(2)]], 0), remembered=True)
    (table,) = corpus.between("leaders", 0, 1 << 64)
    assert table["document"].to_pylist() == [0, 3] and table["size"].to_pylist() == [3, 2]
    assert np.array_equal(table["key"].to_numpy(), table["document"].to_numpy())
