"""Mixes of documents that are far too long, and of cells that have one document."""

import numpy as np
import pyarrow.parquet as pq
from corpora import documents, run_mix, write_corpus
from populations import Row
from test_planner import mix, plan_of

from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.formats.mds import _array
from algok.mixing.pack import pack
from algok.mixing.recipe import TokenizerOptions
from algok.mixing.tokenizers import of_options

HUGE = 40_000_000
WRITE = ["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"]


def test_a_document_of_forty_million_tokens_is_planned_whole_or_not_at_all():
    rows = [Row(k, "a", 100) for k in range(50)] + [Row(99, "a", HUGE)]
    for tokens in (2000, 30_000_000, HUGE + 2000):
        plan, taken = plan_of(mix({"tokens": tokens}), rows)
        (share,) = plan.shares[0]
        sizes = np.array([row.tokens for row in rows])
        assert share.taken == (taken[0] * sizes).sum() and abs(share.taken - tokens) <= HUGE / 2 + 100


def test_it_fills_sequences_of_its_own_and_its_rest_is_packed():
    lengths = np.array([1000, HUGE, 3000], np.int64)
    found = pack(lengths, 4096, 1 << 24)
    assert found.count == -(-HUGE // 4096) + 1 and found.sizes.sum() == lengths.sum()
    assert found.parts.max() == -(-HUGE // 4096) - 1


def test_an_mds_array_of_forty_million_tokens_has_a_wide_size():
    head = _array(np.zeros(HUGE, "<u2"))[:5]
    assert head[0] == 1 << 2 | 2 and int.from_bytes(head[1:5], "little") == HUGE


def test_a_document_longer_than_everything_else_is_written_in_every_format(tmp_path):
    rows = [*documents(40), {"id": "long", "text": "가나 다라 " * 30_000, "source": "web", "quality.level": 1.0}]
    corpus = write_corpus(tmp_path / "corpus", rows)
    stages = [{"name": "a", "tokens": _tokens(corpus)}]
    for name, packing in (("plain", None), ("packed", {"length": 512})):
        output = tmp_path / name
        run_mix({"web": corpus}, output, write=WRITE, stages=stages, max_epochs={"default": 1}, pack=packing)
        assert verify_mix(MixDirectory(str(output))) == []
        texts = [pq.read_table(path) for path in sorted((output / "parquet").glob("*.parquet"))]
        assert sum(len(table) for table in texts) == 41 and any("long" in t["id"].to_pylist() for t in texts)


def _tokens(corpus) -> int:
    """All tokens of a corpus, ends of text included."""
    counts = of_options(TokenizerOptions()).counts
    return sum(int(counts(pq.read_table(p)["text"].combine_chunks()).sum()) for p in corpus.glob("*.parquet"))


def test_every_cell_has_one_document(tmp_path):
    rows = [row | {"source": f"s{number}"} for number, row in enumerate(documents(40))]
    corpus = write_corpus(tmp_path / "corpus", rows)
    stages = [
        {"name": "a", "tokens": 1500, "prior": {"uniform": 1, "over": "source"}},
        {"name": "b", "tokens": 500, "replay": {"of": "a", "share": 0.3}},
    ]
    run_mix({"web": corpus}, tmp_path / "mix", write=WRITE, stages=stages, pack={"length": 64})
    directory = MixDirectory(str(tmp_path / "mix"))
    assert verify_mix(directory) == [] and len(directory.plan.cells) == 40
    tokens = [stage["tokens"] for stage in directory.manifest["stages"]]
    longest = max(cell.tokens for cell in directory.plan.cells)
    # Whole documents of cells that have one: where each is rounded differs by cell, so sums come near.
    assert abs(tokens[0] - 1500) < 6 * longest and abs(sum(tokens) - 2000) < 6 * longest
