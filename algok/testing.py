"""`check_step` and `check_reader`: the conformance tests of steps and readers, for ours and for everybody's.

```python
from algok.testing import check_step
from mypackage.steps import Reading

def test_reading_keeps_the_contract():
    check_step(Reading)
```
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.pipelines.apply import compute
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.memory import MemoryCorpus
from algok.pipelines.readers.collector import NoGuard
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.registry import problems_of
from algok.step import CorpusStep, Edited, SignalStep, Step, StepOptions

# What a web corpus holds beside prose: nothing, blanks, slang, damage, one long word, another language, repeated lines,
# emoji and control characters, words with their Jamo apart.
TEXTS: tuple[str, ...] = (
    "오늘은 도서관에서 빌린 책을 다 읽었다. 밑줄 친 문장을 옮겨 적고 나니 저녁이 되었다.\n내일은 다른 책을 고를 생각이다.",
    "",
    " \n\t ",
    "ㅋㅋㅋ ㅠㅠ 진짜?",
    "안\u200b녕\u200b하세요 &#50504;&#45397; ¾È³çÇÏ¼¼¿ä",
    "a" * 5000,
    "中文文本测试内容",
    "\n".join(["같은 줄이 되풀이됩니다."] * 40),
    "👩‍👩‍👧 \U0001f600 \x00 \ufffd",
    "수목원에서는 봄마다 주민을 위한 강좌를 새로 연다. 올해에는 나무의 이름과 쓰임을 배우고, 작은 화분을 함께 만들었다.",
)


def documents(texts: Sequence[str], first: int = 0) -> pa.RecordBatch:
    """A batch of documents with these texts, as a reader gives it: three hosts, one source, no meta.

    >>> documents(["안녕하세요"]).column("source")[0].as_py()
    'web'
    """
    rows = [
        {
            "id": f"{number:032x}",
            "text": text,
            "url": f"https://h{number % 3}.example.com/{number}",
            "source": "web",
            "provenance": "organic",
            "file": "in.jsonl",
            "offset": number,
        }
        for number, text in enumerate(texts, first)
    ]
    return pa.RecordBatch.from_pylist(rows, DOCUMENT_SCHEMA)


def apply_step(step: Step, batches: Sequence[pa.RecordBatch], shards: int = 1) -> list[Edited]:
    """Runs a step over batches that are a whole corpus; one result per batch. A corpus step sees them as `shards` shards."""
    if not isinstance(step, CorpusStep):
        return [compute(step, batch) for batch in batches]
    parts = [list(batches[shard::shards]) for shard in range(shards)]
    corpus = MemoryCorpus.of(step, parts)
    found: dict[int, Edited] = {}
    for shard, part in enumerate(parts):
        resolved, row = step.load(corpus, shard), 0
        for place, batch in enumerate(part):
            found[shard + place * shards] = step.act(batch, row, resolved)
            row += batch.num_rows
    return [found[place] for place in range(len(batches))]


def check_step(cls: type[Step], options: StepOptions | None = None, texts: Sequence[str] = TEXTS) -> None:
    """Holds a step to the contract of `algok.step`. Raises AssertionError with a sentence that says what is broken.

    Checked: declarations; columns, types and lengths as declared; ratios within 0 and 1, no NaN; the same result again,
    from a new instance, from other cuts into batches, from sliced arrays and at other offsets; empty batches; null URLs,
    sources and dates; the given batch left as it was. `texts` are put before it (the contract: valid UTF-8, never null).
    """
    problems = problems_of(cls)
    assert not problems, f"{cls.__name__}: {'; '.join(problems)}"
    assert all(signal.doc for signal in cls.signals), f"{cls.__name__}: every signal needs its formula in doc"
    step, batch = cls(options), documents(texts)
    before = batch.to_pylist()
    (first,) = apply_step(step, [batch])
    assert batch.to_pylist() == before, f"{cls.name}: it changed the batch that it was given"
    _check_columns(step, batch, first)
    _check_same(cls.name, "a second run of the same instance", [first], apply_step(step, [batch]))
    _check_same(cls.name, "a new instance", [first], apply_step(cls(options), [batch]))
    cuts = [batch.slice(0, 3), batch.slice(3, 0), batch.slice(3)]
    _check_same(cls.name, "other cuts into batches", [first], apply_step(cls(options), cuts))
    _check_same(cls.name, "a batch that is a slice of arrays", [first], apply_step(cls(options), [_sliced(batch)]))
    _check_same(cls.name, "a batch with nulls", *_with_nulls(cls, options, batch))
    (empty,) = apply_step(cls(options), [batch.slice(0, 0)])
    _check_columns(step, batch.slice(0, 0), empty)
    if isinstance(step, CorpusStep):
        one = [documents([text], number) for number, text in enumerate(texts)]
        _check_same(cls.name, "a batch for every document", [first], apply_step(cls(options), one))
        for edited, part in zip(apply_step(step, one, 3), one, strict=True):
            _check_columns(step, part, edited)


def _check_columns(step: Step, batch: pa.RecordBatch, edited: Edited) -> None:
    name, declared = step.name, {signal.name for signal in step.signals}
    assert set(edited.signals) == declared, f"{name}: gives {sorted(edited.signals)}, declares {sorted(declared)}"
    for signal in step.signals:
        column, place = edited.signals[signal.name], f"{name}.{signal.name}"
        assert column.type == signal.type, f"{place}: is {column.type}, declared as {signal.type}"
        assert len(column) == batch.num_rows, f"{place}: {len(column)} values for {batch.num_rows} documents"
        if signal.unit == "ratio" or pa.types.is_floating(signal.type):
            values = column.drop_null().to_numpy(zero_copy_only=False)
            assert not np.isnan(values).any(), (
                f"{place}: NaN, which breaks every bound; give null where nothing is known"
            )
            inside = signal.unit != "ratio" or ((values >= 0) & (values <= 1)).all()
            assert inside, f"{place}: a ratio outside of 0 and 1"
    assert edited.text.type == pa.large_string(), f"{name}: text is {edited.text.type}, it must stay large_string"
    assert len(edited.text) == batch.num_rows and not edited.text.null_count, f"{name}: texts are missing"
    for text in edited.text.to_pylist():
        text.encode("utf-8")
    if isinstance(step, SignalStep):
        assert edited.text.equals(batch.column("text")), f"{name}: a signal step must leave the text alone"


def _check_same(name: str, what: str, expected: Sequence[Edited], found: Sequence[Edited]) -> None:
    assert _rows(expected) == _rows(found), f"{name}: {what} gives another result"


def _rows(parts: Sequence[Edited]) -> list[tuple]:
    """Text and signals of every document, over all parts."""
    rows: list[tuple] = []
    for part in parts:
        columns = [part.text.to_pylist(), *(part.signals[key].to_pylist() for key in sorted(part.signals))]
        rows += zip(*columns, strict=True)
    return rows


def _sliced(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch in arrays that begin before it and end behind it."""
    table = pa.Table.from_batches([documents(["앞에 붙은 문서"], 900), batch, documents(["뒤에 붙은 문서"], 901)])
    return table.combine_chunks().to_batches()[0].slice(1, batch.num_rows)


def _with_nulls(cls: type[Step], options: StepOptions | None, batch: pa.RecordBatch) -> tuple[list, list]:
    """What two instances give where URL, source, date and meta are null."""
    for name in ("url", "source", "date", "meta"):
        at = batch.schema.get_field_index(name)
        batch = batch.set_column(at, batch.schema.field(at), pa.nulls(batch.num_rows, batch.schema.field(at).type))
    return apply_step(cls(options), [batch]), apply_step(cls(options), [batch])


def check_reader(cls: type[Reader], path: str | Path, spec: InputSpec | None = None) -> None:
    """Holds a reader to the contract of `algok.pipelines.readers.reader` with a sound file of its format, which must give
    documents. Raises AssertionError with a sentence that says what is broken.

    Checked: every record accounted for; columns as declared, ids unique, offsets in order; the same again, and from other
    cuts of the file; and that no cut-off or damaged copy of the file raises anything.
    """
    name, whole, place = cls.name, Path(path), f"{cls.__module__}:{cls.__qualname__}"
    assert cls.extensions and all(e.startswith(".") and e == e.lower() for e in cls.extensions), (
        f"{name}: extensions are lower case and begin with a dot"
    )
    spec = (spec or InputSpec(path=str(path))).model_copy(update={"path": str(path), "format": place})
    first = _read(cls, spec)
    assert first, f"{name}: gives no document of {whole.name}"
    ids = [row["id"] for row in first]
    assert len(set(ids)) == len(ids), f"{name}: two documents have the same id"
    offsets = [row["offset"] for row in first]
    assert offsets == sorted(offsets), f"{name}: documents come in another order than in the file"
    assert _read(cls, spec) == first, f"{name}: reading again gives another result"
    for pieces in (2, 7):
        again = _read(cls, spec, max(1, whole.stat().st_size // pieces))
        assert again == first, f"{name}: {pieces} pieces of the file give other documents than the whole"
    data = whole.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        for number, damaged in enumerate(_damaged(data)):
            copy = Path(folder) / f"{number}{''.join(whole.suffixes)}"
            copy.write_bytes(damaged)
            _read(cls, spec.model_copy(update={"path": str(copy)}))


def _read(cls: type[Reader], spec: InputSpec, split_bytes: int = 1 << 40) -> list[dict]:
    """The documents of an input; its chunks are checked on the way."""
    rows: list[dict] = []
    records = others = 0
    for shard in plan_shards([spec], split_bytes):
        for chunk in cls().read(shard, spec, ReadLimits(), NoGuard()):
            records += chunk.records
            others += chunk.quarantined_records + chunk.ignored.total()
            if chunk.batch is not None:
                assert chunk.batch.schema == DOCUMENT_SCHEMA, f"{cls.name}: columns are not those of a document"
                chunk.batch.validate(full=True)
                rows += chunk.batch.to_pylist()
    found = f"{len(rows)} documents and {others} quarantined or ignored ones"
    assert records == len(rows) + others, f"{cls.name}: {records} records, but {found}"
    return rows


def _damaged(data: bytes) -> list[bytes]:
    """Copies of a file that end early, begin late, or hold other bytes in places."""
    size = len(data)
    cuts = [data[: size * part // 11] for part in range(11)] + [data[size * part // 5 :] for part in range(1, 5)]
    generator = np.random.default_rng(1)
    for _ in range(12):
        broken = np.frombuffer(data, np.uint8).copy()
        places = generator.integers(0, size, 1 + size // 400)
        broken[places] = generator.integers(0, 256, len(places))
        cuts.append(broken.tobytes())
    return cuts
