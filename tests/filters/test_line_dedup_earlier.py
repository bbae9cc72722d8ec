"""Lines of an earlier run count as those of one run over both."""

import random

import pyarrow as pa
import pytest

from algok.filters import earlier as sketched
from algok.filters import line_dedup
from algok.filters.line_dedup import LineDedup, LineDedupOptions
from algok.pipelines.memory import MemoryCorpus

MENUS = ("홈", "로그인", "회원가입", "공지사항", "이용약관", "개인정보처리방침")


def page(rng: random.Random) -> dict:
    host = rng.randrange(4)
    body = [f"{rng.randrange(10**6)}째 이야기로 이 줄은 한 번만 나온다." for _ in range(rng.randrange(1, 6))]
    common = [f"함께 나오는 문장 {rng.randrange(12)}번이 여기에 한 번 더 적혀 있다." for _ in range(rng.randrange(3))]
    lines = [MENUS[host], *body, *common, *rng.sample(MENUS, rng.randrange(4)), f"사이트 {host}의 주소"]
    return {"text": "\n".join(lines), "url": f"https://h{host}.kr/{rng.randrange(10**6)}"}


def batch(pages: list[dict]) -> pa.RecordBatch:
    schema = pa.schema([("text", pa.large_string()), ("url", pa.string())])
    return pa.RecordBatch.from_pylist(pages, schema)


def acted(step: LineDedup, corpus: MemoryCorpus, shards: list[list[pa.RecordBatch]], first: int) -> list[tuple]:
    found = []
    for shard in range(first, len(shards)):
        edited = step.act(shards[shard][0], 0, step.load(corpus, shard))
        found += list(zip(edited.text.to_pylist(), pa.table(edited.signals).to_pylist(), strict=True))
    return found


@pytest.mark.parametrize("rule", ["context", "published"])
@pytest.mark.parametrize("size", [1 << 22, 7])
def test_texts_and_signals_are_those_of_one_run(monkeypatch, rule, size):
    """With tasks and pieces of any size, and the earlier documents in one run or in two."""
    rng, step = random.Random(5), LineDedup(LineDedupOptions(rule=rule))
    shards = [[batch([page(rng) for _ in range(40)])] for _ in range(5)]
    expected = acted(step, MemoryCorpus.of(step, shards), shards, 3)
    monkeypatch.setattr(line_dedup, "_PARTITION_ROWS", size)
    monkeypatch.setattr(sketched, "ROWS", size)
    for runs in ([shards[:3]], [shards[:1], shards[1:3]]):
        earlier = [MemoryCorpus.of(step, run, remembered=True) for run in runs]
        new = MemoryCorpus.of(step, shards[3:], earlier=earlier)
        assert acted(step, new, shards[3:], 0) == expected
    assert acted(step, MemoryCorpus.of(step, shards[3:]), shards[3:], 0) != expected
