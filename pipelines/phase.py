"""One task of a phase: a shard's documents through the phase's steps, in one pass, committed at the end.

read or spill ─► act of the corpus step before ─► steps ─► sketch of the corpus step after ─► spill or kept
                      └── dropped documents ──┴──► dropped/        what could not be read ─► quarantine/
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import pyarrow as pa

from algok.filters.personal.coarse import excerpt, redact, redact_column, redact_json, redact_url
from algok.filters.personal.masking import mask_column, mask_json_column, mask_label_column, mask_text
from algok.pipelines.apply import compute, halved, spread, united, with_signals
from algok.pipelines.corpus import open_corpus, write_sketch
from algok.pipelines.decide import VERDICT_SCHEMA, decide
from algok.pipelines.documents import OCR_SCHEMA, QUARANTINE_SCHEMA
from algok.pipelines.done import read_done
from algok.pipelines.executors import Report
from algok.pipelines.guard import open_guard
from algok.pipelines.plan import Phase, Plan, StepConfig, Task, phase_task_id
from algok.pipelines.readers.collector import EXCERPT_BYTES, Chunk, cause, quarantine_row
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.streams import bytes_read
from algok.pipelines.schema import dropped_schema, kept_schema, spill_schema
from algok.pipelines.sinks import ParquetSink, SpillSink
from algok.pipelines.spread import open_frames
from algok.pipelines.stats import Stats, tally
from algok.pipelines.storage import Committed, Store
from algok.step import CorpusStep, Edited, Sketcher, Step


def spill_name(plan: Plan, phase: Phase, shard: int) -> str:
    return f"work/p{phase.index}/{plan.shard_name(shard)}.arrow"


class PhaseTask:
    """State of one phase over one shard while it runs."""

    def __init__(self, store: Store, plan: Plan, task: Task, stack: ExitStack, report: Report):
        self.store, self.plan, self.task, self.stack, self.report = store, plan, task, stack, report
        self.phase = plan.phases[task.phase]
        self.final = self.phase.index == len(plan.phases) - 1
        self.reference = plan.is_reference(task.shard)
        self.stats = Stats()
        self.seconds: dict[str, float] = defaultdict(float)
        self.share = 0.0  # of the task that is done
        self.first_row = 0  # of the batch, in the sketched shard
        self.rows = 0  # sketched for the next phase, or kept
        self.annotates = plan.recipe.mode == "annotate" and not self.reference
        self.remaining = np.empty(0, bool)  # of the batch: what a run with the recipe's bounds would still have
        masking = (config.name for config in plan.recipe.steps if config.cls.masks_personal_data)
        self.masking = next(masking, None)  # the step that masks personal data, to which the time for it is booked
        self.tokens = plan.recipe.tokens_column
        name = plan.shard_name(task.shard)
        suffix = f"p{task.phase}.parquet"
        options = plan.recipe.parquet
        self.dropped = ParquetSink(stack, store, f"dropped/{name}.{suffix}", dropped_schema(plan), options)
        self.quarantine = ParquetSink(stack, store, f"quarantine/{name}.{suffix}", QUARANTINE_SCHEMA, options)
        self.ocr = ParquetSink(stack, store, f"ocr/{name}.parquet", OCR_SCHEMA, options)
        self.sink = self._open_sink(name)
        self.sketcher = self._sketcher()
        self.resolved = self._load_resolved()

    def execute(self) -> list[Committed]:
        """Runs every batch through and closes the files; returns them for the done record (filled at commit)."""
        for batch in self._source():
            self._process(batch)
        with self._timed("write"):
            for sink in (self.sink, self.dropped, self.quarantine, self.ocr):
                if sink is not None:
                    sink.close()
        files = [*(self.sink.files if self.sink else []), *self.dropped.files, *self.quarantine.files, *self.ocr.files]
        if self.sketcher is not None and self.phase.sketches is not None:
            with self._timed(self.phase.sketches.name):
                files += write_sketch(self.store, self.plan, self.phase, self.task.shard, self.sketcher.finish())
        if not self.reference:
            files.append(self.store.write_bytes(f"stats/{self.task.id}.json", self.stats.to_json()))
        return files

    def _process(self, batch: pa.RecordBatch) -> None:
        size = _text_bytes(batch)
        if first := next(iter(self.phase.all_steps), None):
            self.stats.step(first.name).text_bytes += size
        if self.annotates:
            self.remaining = self._remaining(batch)
        if self.phase.acts:
            rows = self._compared(batch)
            batch = self._apply(self.phase.acts, batch)
            self.first_row += rows
        for config in self.phase.steps:
            batch = self._apply(config, batch)
        if self.phase.sketches is not None:
            batch = self._sketch(self.phase.sketches, batch)
        self.rows += self._compared(batch)
        if self.final and batch.num_rows:  # a batch that was dropped as a whole lacks the signals of later steps
            self.stats.read.kept_text_bytes += _text_bytes(batch)
            self.stats.count_kept(batch.column("source"), batch.column(self.tokens) if self.tokens else None)
        if self.sink is not None:
            with self._timed("write"):
                self.sink.append(without_contacts(batch) if self.final and self.masking else batch)
        if self.phase.index > 0:
            self.report(batch.num_rows, size, self.share)

    def _apply(self, config: StepConfig, batch: pa.RecordBatch) -> pa.RecordBatch:
        """One step over one batch: compute, decide, set the dropped aside."""
        if batch.num_rows == 0:
            return batch
        with self._timed(config.name):
            batch, edited = self._computed(config, batch)
            before, batch = batch, with_signals(batch, config.name, self._step(config), edited)
        if self.reference:
            return batch
        if config.cls.edits_text:
            self.stats.step(config.name).added_text_bytes += _text_bytes(batch) - _text_bytes(before)
        self._observe(config, edited.signals, batch.column("source"))
        self.stats.sample(config.name, [(kind, excerpt(self._masked(text))) for kind, text in edited.samples])
        decisions = decide(config, edited.signals, batch.column("source"))
        for (signal, side), beyond in decisions.outside.items():
            own = config.sources_with_own(signal)
            self.stats.count_outside(config.name, signal, side, own, beyond, batch.column("source"))
        if self.annotates:
            self.remaining &= decisions.keep
            decisions.broken[:] = -1
        self.stats.count_decided(config.name, decisions.rules, decisions.broken, batch.column("source"))
        keep = decisions.keep
        if keep.all():
            return batch
        mask = pa.array(keep)
        rejected = batch.filter(pa.array(~keep))
        self.stats.step(config.name).dropped_text_bytes += _text_bytes(rejected)
        with self._timed(self.masking or "write"):
            rejected = mask_rejected(rejected, thoroughly=self.masking is not None)
        with self._timed("write"):
            self.dropped.append(_with_verdicts(rejected, decisions.verdicts()))
        return batch.filter(mask)

    def _observe(self, config: StepConfig, signals: dict[str, pa.Array], sources: pa.Array) -> None:
        """Counts the step's values, by source where the bound on them is not the same for all."""
        known = self._step(config).signals
        self.stats.observe(config.name, known, signals)
        for signal in known:
            if own := config.sources_with_own(signal.name):
                self.stats.observe_by_source(config.name, signal, own, signals[signal.name], sources)

    def _computed(self, config: StepConfig, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Edited]:
        """A step over a batch, and the documents that it could be computed for; the others are in quarantine."""
        remaining = self.remaining if self.annotates else np.ones(batch.num_rows, bool)
        rows_before = np.concatenate([[0], np.cumsum(remaining)])  # in the sketched shard, since the batch began

        def part(start: int, end: int) -> Edited:
            rows = batch.slice(start, end - start)
            return self._compute(config, rows, self.first_row + int(rows_before[start]), remaining[start:end])

        parts, failed = halved(batch.num_rows, part)
        if not failed:
            return batch, parts[0]
        return self._set_aside(config.name, batch, failed), united(parts, self._step(config))

    def _compute(self, config: StepConfig, batch: pa.RecordBatch, first_row: int, remaining: np.ndarray) -> Edited:
        """A step over a batch. Where nothing is dropped, a corpus step acts only on what a run would still have: it was
        sketched from these documents, and copies that a run drops must not make a template of their lines."""
        step = self._step(config)
        if not self.annotates or not isinstance(step, CorpusStep) or remaining.all():
            return compute(step, batch, first_row, self.resolved)
        edited = step.act(batch.filter(pa.array(remaining)), first_row, self.resolved)
        return spread(edited, batch.column("text"), remaining, step)

    def _sketch(self, config: StepConfig, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Sketches what a run would still have of a batch. Gives the batch without the documents that cannot be sketched."""
        places = np.flatnonzero(self.remaining) if self.annotates else np.arange(batch.num_rows)
        compared = batch.filter(pa.array(self.remaining)) if self.annotates else batch
        sketcher = self.sketcher
        assert sketcher is not None
        with self._timed(config.name):
            _, failed = halved(len(places), lambda start, end: sketcher.add(compared.slice(start, end - start)))
        if not failed:
            return batch
        return self._set_aside(config.name, batch, {int(places[row]): error for row, error in failed.items()})

    def _set_aside(self, name: str, batch: pa.RecordBatch, failed: dict[int, Exception]) -> pa.RecordBatch:
        """The batch without the documents on which a step failed; these are in quarantine with the cause."""
        if not self.reference:
            rows = [
                quarantine_row(
                    batch.column("file")[row].as_py(),
                    batch.column("offset")[row].as_py(),
                    "error",
                    f"step {name}: {cause(error)}",
                    payload=batch.column("text")[row].as_py()[:EXCERPT_BYTES].encode(),
                )
                for row, error in sorted(failed.items())
            ]
            self.quarantine.append(pa.RecordBatch.from_pylist(rows, QUARANTINE_SCHEMA))
            self.stats.count_failed(name, len(rows))
        sound = np.ones(batch.num_rows, bool)
        sound[list(failed)] = False
        if self.annotates:
            self.remaining = self.remaining[sound]
        return batch.filter(pa.array(sound))

    def _compared(self, batch: pa.RecordBatch) -> int:
        """How many documents of a batch corpus steps compare: those that a run would still have."""
        return int(self.remaining.sum()) if self.annotates else batch.num_rows

    def _remaining(self, batch: pa.RecordBatch) -> np.ndarray:
        """Which rows the steps of the earlier phases left, by their stored signals (bool per row)."""
        remaining = np.ones(batch.num_rows, bool)
        for phase in self.plan.phases[: self.phase.index]:
            for config in phase.all_steps:
                signals = {s.name: batch.column(f"{config.name}.{s.name}") for s in self._step(config).signals}
                remaining &= decide(config, signals, batch.column("source")).keep
        return remaining

    def _masked(self, text: str) -> str:
        return mask_text(text) if self.masking else text

    def _source(self) -> Iterator[pa.RecordBatch]:
        if self.phase.index == 0:
            yield from self._read()
            return
        reader = self._open_spill()
        for index in range(reader.num_record_batches):
            with self._timed("read"):
                batch = reader.get_batch(index)
            self.share = (index + 1) / reader.num_record_batches
            yield batch

    def _open_spill(self) -> pa.ipc.RecordBatchFileReader:
        """The documents of the phase before, if they are still those that its done record names: a changed byte would be
        one in a kept text."""
        before = self.plan.phases[self.phase.index - 1]
        name = spill_name(self.plan, before, self.task.shard)
        files = read_done(self.store, phase_task_id(before.index, self.task.shard))["files"]
        with self._timed("read"):
            return self.store.open_arrow(name, next(file["xxh3"] for file in files if file["path"] == name))

    def _read(self) -> Iterator[pa.RecordBatch]:
        recipe, shard = self.plan.recipe, self.plan.shards[self.task.shard]
        spec = (recipe.against if self.reference else recipe.inputs)[shard.input]
        guard = open_guard(self.store, self.task.id, recipe.limits.seconds)
        read_before = bytes_read()
        frames = open_frames(self.store, self.plan, self.task.shard) if shard.spread else None
        chunks = iter(read_shard(shard, spec, recipe.limits, guard=guard, frames=frames))
        while True:
            with self._timed("read"):
                chunk = next(chunks, None)
            if chunk is None:
                break
            # Readers seek and read ahead, so this is near the share and never a promise.
            self.share = min(1.0, (bytes_read() - read_before) / max(1, self.plan.shard_bytes[self.task.shard]))
            self._count(chunk)
            if chunk.batch is not None:
                yield chunk.batch
        guard.close()

    def _count(self, chunk: Chunk) -> None:
        read = self.stats.read
        read.records += chunk.records
        read.documents += chunk.documents
        read.bytes += chunk.bytes
        tally(read.ignored, chunk.ignored.items())
        tally(read.extracted, chunk.extracted.items())
        tally(read.quarantined, ((record["reason"], record["rows"]) for record in chunk.quarantined))
        tally(read.ocr, [("missing", len(chunk.missing)), *chunk.ocr.items()])
        if chunk.missing and not self.reference:
            self.ocr.append(pa.RecordBatch.from_pylist(chunk.missing, OCR_SCHEMA))
        if chunk.batch is not None:
            read.text_bytes += _text_bytes(chunk.batch)
            self.stats.count_read(chunk.batch.column("source"))
        if chunk.quarantined and not self.reference:
            self.quarantine.append(pa.RecordBatch.from_pylist(chunk.quarantined, QUARANTINE_SCHEMA))
        self.report(chunk.documents, chunk.bytes, self.share)

    def _open_sink(self, name: str) -> ParquetSink | SpillSink | None:
        if self.reference and self.phase.sketches is not None:  # its documents end here
            return None
        if self.final:
            file = f"kept/{name}.parquet"
            return ParquetSink(
                self.stack, self.store, file, kept_schema(self.plan), self.plan.recipe.parquet, always=True
            )
        return SpillSink(
            self.stack,
            self.store,
            spill_name(self.plan, self.phase, self.task.shard),
            spill_schema(self.plan, self.phase),
        )

    def _sketcher(self) -> Sketcher | None:
        if self.phase.sketches is None:
            return None
        step = self._step(self.phase.sketches)
        assert isinstance(step, CorpusStep)
        return step.sketcher()

    def _load_resolved(self) -> object:
        if self.phase.acts is None:
            return None
        with self._timed(self.phase.acts.name):
            corpus = open_corpus(self.store.url, self.plan, self.phase.index - 1)
            step = self._step(self.phase.acts)
            assert isinstance(step, CorpusStep)
            return step.load(corpus, self.task.shard)

    def _step(self, config: StepConfig) -> Step:
        return self.plan.step(config)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


def _with(batch: pa.RecordBatch, name: str, column: pa.Array) -> pa.RecordBatch:
    return batch.set_column(batch.schema.get_field_index(name), name, column)


def without_contacts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Kept documents whose meta and source hold no finding, and whose URL, date and meta hold no e-mail address and nothing
    shaped like a mobile or resident's number."""
    batch = _with(batch, "source", mask_label_column(batch.column("source")))
    batch = _with(batch, "date", redact_column(batch.column("date"), redact_url))
    batch = _with(batch, "meta", redact_column(mask_json_column(batch.column("meta")), redact_url))
    return _with(batch, "url", redact_column(batch.column("url"), redact_url))


def mask_rejected(batch: pa.RecordBatch, thoroughly: bool) -> pa.RecordBatch:
    """Dropped documents in which what could be personal is masked, since nobody trains on these; `thoroughly` where the
    recipe masks personal data in what it keeps."""
    if thoroughly:
        batch = _with(batch, "text", mask_column(batch.column("text")))
        batch = _with(batch, "meta", mask_json_column(batch.column("meta")))
    for name, mask in (("text", redact), ("url", redact_url), ("date", redact_url), ("meta", redact_json)):
        batch = _with(batch, name, redact_column(batch.column(name), mask))
    return _with(batch, "source", mask_label_column(batch.column("source")))


def _with_verdicts(batch: pa.RecordBatch, verdicts: list[pa.Array]) -> pa.RecordBatch:
    columns = {name: batch.column(name) for name in batch.schema.names}
    return pa.RecordBatch.from_pydict(columns | dict(zip(VERDICT_SCHEMA.names, verdicts, strict=True)))


def _text_bytes(batch: pa.RecordBatch) -> int:
    """UTF-8 bytes of the batch's texts."""
    if batch.num_rows == 0:
        return 0
    text = batch.column("text")
    offsets = memoryview(text.buffers()[1]).cast("q")
    return offsets[text.offset + len(text)] - offsets[text.offset]
