"""Repeated spans: what is a template of a host, that no division of the corpus changes the result, and whole runs."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import outputs, prose, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from algok.filters import spans
from algok.filters.spans import Spans, SpansOptions
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.executors.ray import RayExecutor
from algok.pipelines.memory import MemoryCorpus
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store

NOTICE = (
    "이 누리집에 실린 글의 저작권은 글쓴이에게 있으며 허락 없이 옮겨 실을 수 없습니다. "
    "잘못된 곳은 아래 주소로 알려 주시기 바랍니다."
)


def batch(texts, hosts=None, source="s"):
    urls = [None if host is None else f"https://{host}/{k}" for k, host in enumerate(hosts or [None] * len(texts))]
    columns = {"text": texts, "url": urls, "source": [source] * len(texts)}
    return pa.record_batch({name: pa.array(values, pa.large_string()) for name, values in columns.items()})


def clean(texts, hosts=None, **options):
    step = Spans(SpansOptions(**options))
    part = batch(texts, hosts)
    edited = step.act(part, 0, step.load(MemoryCorpus.of(step, [[part]]), 0))
    return edited.text.to_pylist(), edited


def lines_of(number):
    """Sentences whose every word is that of one document."""
    words = [[word.replace(".", "") + str(number) for word in line.split()] for line in prose(number).split("\n")]
    return [" ".join(line) + "." for line in words]


def page(number, notice=NOTICE):
    """A page that an extractor gave in one line, with a notice of its site in the middle."""
    lines = lines_of(number)
    return " ".join([*lines[:6], notice, *lines[6:]])


def without(number):
    lines = lines_of(number)
    return " ".join(lines[:6]) + "\n" + " ".join(lines[6:])


def test_a_notice_inside_the_lines_of_a_site_is_cut():
    cleaned, edited = clean([page(k) for k in range(20)], ["a.kr"] * 20)
    assert cleaned == [without(k) for k in range(20)]
    assert edited.samples == [("span", NOTICE)]
    signals = {name: values.to_pylist() for name, values in edited.signals.items()}
    assert signals["spans_removed"] == [1] * 20
    visible = [len("".join(page(k).split())) for k in range(20)]
    gone = len("".join(NOTICE.split()))
    assert signals["chars_left"] == [chars - gone for chars in visible]
    assert signals["removed_ratio"] == pytest.approx([gone / chars for chars in visible])
    assert {name: values.type for name, values in edited.signals.items()} == {s.name: s.type for s in Spans.signals}


def test_a_quotation_of_many_hosts_stays():
    texts = [page(k) for k in range(40)]
    assert clean(texts, [f"h{k % 8}.kr" for k in range(40)])[0] == texts


def test_share_and_number_of_documents():
    texts = [page(k) if k < 12 else page(k, "") for k in range(60)]
    assert clean(texts, ["a.kr"] * 60)[0] == texts  # a fifth of the documents
    assert clean(texts, ["a.kr"] * 60, host_share=0.2)[0][:12] == [without(k) for k in range(12)]
    assert clean(texts, ["a.kr"] * 60, host_share=0.2, host_documents=13)[0] == texts
    assert clean(texts, ["a.kr"] * 12 + ["b.kr"] * 48)[0][:12] == [without(k) for k in range(12)]


def test_without_urls_the_source_is_the_group():
    assert clean([page(k) for k in range(12)])[0] == [without(k) for k in range(12)]


def test_untouched_batches_are_the_same_arrays():
    step = Spans()
    part = batch([page(k) for k in range(5)], ["a.kr"] * 5)
    edited = step.act(part, 0, step.load(MemoryCorpus.of(step, [[part]]), 0))
    assert edited.text.buffers()[2].address == part["text"].buffers()[2].address
    assert edited.signals["chars_left"].null_count == 5


def test_reference_shards_count_but_are_not_told():
    step = Spans()
    shards = [[batch([page(k) for k in range(9)], ["a.kr"] * 9)], [batch([page(9)], ["a.kr"])]]
    corpus = MemoryCorpus.of(step, shards, [True, False])
    assert not step.load(corpus, 0).any()
    assert step.act(shards[1][0], 0, step.load(corpus, 1)).text.to_pylist() == [without(9)]


def test_slices_nulls_and_string_columns():
    step = Spans()
    whole = batch([page(k) for k in range(13)], ["b.kr"] + ["a.kr"] * 12)
    part = whole.slice(1)
    resolved = step.load(MemoryCorpus.of(step, [[part]]), 0)
    assert step.act(part.slice(2), 2, resolved).text.to_pylist() == [without(k) for k in range(3, 13)]
    small = pa.record_batch({"text": pa.array([None, "글"], pa.string())})
    assert step.act(small, 0, resolved).text.to_pylist() == ["", "글"]


def test_empty_shards_and_corpora():
    step = Spans()
    corpus = MemoryCorpus.of(step, [[], [batch([])]])
    assert step.act(batch([]), 0, step.load(corpus, 1)).text.to_pylist() == []
    assert [table.num_rows for table in MemoryCorpus.of(step, []).round("told")] == [0]


PIECES = [
    "머리말 하나를 길게 적어 둡니다.",
    NOTICE,
    "|",
    "① 둘째",
    "본문입니다.",
    "짧은",
    "그리고 이어지는 이야기를 적습니다",
]
DOCUMENTS = st.lists(
    st.tuples(st.lists(st.sampled_from(PIECES), min_size=4, max_size=16), st.integers(0, 1), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.integers(0, 2**32))
def test_shards_batches_partitions_and_order_do_not_matter(documents, seed):
    texts = [("\n" if feeds else " ").join(pieces) for pieces, _, feeds in documents]
    hosts = [f"h{host}.kr" for _, host, _ in documents]
    step = Spans(SpansOptions(host_documents=2))
    expected = clean(texts, hosts, host_documents=2)[0]
    rng = random.Random(seed)
    order = rng.sample(range(len(texts)), len(texts))
    cuts = sorted(rng.choices(range(len(texts) + 1), k=2))
    shards = []
    for start, end in zip([0, *cuts], [*cuts, len(texts)], strict=True):
        rows = order[start:end]
        middle = rng.randint(0, len(rows))
        shards.append(
            [
                (part, batch([texts[k] for k in part], [hosts[k] for k in part]))
                for part in (rows[:middle], rows[middle:])
            ]
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "KEYS", rng.choice([3, 50, 1 << 22]))
        corpus = MemoryCorpus.of(step, [[part for _, part in shard] for shard in shards])
    for number, shard in enumerate(shards):
        resolved = step.load(corpus, number)
        for rows, part in shard:
            assert step.act(part, 0, resolved).text.to_pylist() == [expected[row] for row in rows]


def test_sketches_are_the_same_however_often_the_table_grows_and_is_sorted_away(monkeypatch):
    parts = [batch([page(k + 5 * part) for k in range(20)], ["a.kr", "b.kr"] * 10) for part in range(6)]
    sketches = []
    for slots, flush in ((1 << 18, 1 << 21), (256, 10), (256, 300)):
        monkeypatch.setattr(spans, "SLOTS", slots)
        monkeypatch.setattr(spans, "FLUSH", flush)
        sketcher = Spans().sketcher()
        for part in parts:
            sketcher.add(part)
        sketches.append(sketcher.finish())
    assert sketches[0] == sketches[1] == sketches[2]
    assert sorted(sketches[0]["spans"]["documents"].to_pylist())[-2:] == [60, 60]


def test_options_are_checked():
    for wrong in ({"host_share": 0}, {"host_share": 1.1}, {"host_documents": 1}, {"other": 1}):
        with pytest.raises(ValidationError):
            SpansOptions(**wrong)


RECIPE = "steps:\n  spans: {}\n"


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> tuple[Path, dict[str, bytes]]:
    """A site of 96 pages in eight files, its recipe, and the bytes of a run of it."""
    folder = tmp_path_factory.mktemp("spans")
    for part in range(8):
        rows = [{"text": page(part * 12 + k), "url": f"https://a.kr/{part}/{k}"} for k in range(12)]
        write_jsonl(folder / "in" / f"{part}.jsonl", rows)
    (folder / "recipe.yaml").write_text(RECIPE)
    run(folder, folder / "run", make_executor("local", 0))
    return folder, outputs(folder / "run")


def run(folder: Path, output: Path, executor) -> None:
    recipe = load_recipe(str(folder / "recipe.yaml"), inputs=[{"path": str(folder / "in")}])
    try:
        execute(recipe, str(output), executor, SilentProgress())
    finally:
        executor.close()
    assert verify(Store(str(output))) == []


def test_a_run_cuts_counts_and_shows_what_it_cut(ran):
    folder, _ = ran
    rows = [row for path in sorted((folder / "run" / "kept").glob("*")) for row in pq.read_table(path).to_pylist()]
    assert [row["text"] for row in rows] == [without(k) for k in range(96)]
    assert {row["spans.spans_removed"] for row in rows} == {1}
    assert any(NOTICE[:20].encode() in path.read_bytes() for path in (folder / "run" / "stats").iterdir())


def test_workers_and_ray_give_the_same_bytes(ran, tmp_path, ray_session):
    folder, expected = ran
    run(folder, tmp_path / "two", make_executor("local", 2))
    run(folder, tmp_path / "ray", RayExecutor())
    assert outputs(tmp_path / "two") == outputs(tmp_path / "ray") == expected


def test_a_run_that_is_killed_goes_on_with_the_same_bytes(ran, tmp_path):
    folder, expected = ran
    command = [sys.executable, "-m", "algok", "run", str(folder / "recipe.yaml"), "--input", str(folder / "in")]
    command += ["-o", str(tmp_path / "run"), "--quiet", "--workers", "2"]
    for death in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=2 + 1.5 * death)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(command, check=True, capture_output=True)
    assert outputs(tmp_path / "run") == expected
