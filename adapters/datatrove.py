"""datatrove: our steps as a block of its pipelines, and its readers as inputs of our recipes. Needs `algok[datatrove]`.

```python
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from algok.adapters.datatrove import AlgokFilter

LocalPipelineExecutor(
    [
        JsonlReader("crawl/"),
        AlgokFilter("web", ["steps.dedup=null", "steps.lines=null"], exclusion_writer=JsonlWriter("dropped/")),
        JsonlWriter("kept/"),
    ],
    tasks=8,
).run()
```
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from datatrove.data import Document as DatatroveDocument
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.readers.base import BaseDiskReader
from datatrove.pipeline.writers.disk_base import DiskWriter

from algok.errors import RecipeError
from algok.pipelines.documents import MAX_BATCH_ROWS, document_id
from algok.pipelines.in_memory import apply_recipe, documents_table
from algok.pipelines.phase import mask_rejected, without_contacts
from algok.pipelines.plan import check_models
from algok.pipelines.readers.collector import Chunk, Collector, Document, Guard, Raw, RecordError, watched
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe import Recipe, load_recipe
from algok.step import CorpusStep

_DOCUMENT = ("id", "text", "url", "source", "date", "provenance", "meta", "file", "offset")


class AlgokFilter(BaseFilter):
    """A recipe's steps over documents in batches, as one datatrove filter.

    `recipe` and `settings` are as for `algok.load_recipe`; `steps` names the ones to run here (default: all), so that a
    pipeline may have a block for each. A document's `metadata` gives url, source and date and gets every signal as
    `step.signal`. Kept documents have their edited text. A dropped one goes to the exclusion writer with the signals
    computed until then, `verdict`, and the broken bound as `filter_reason`; personal data in it is masked as in a run's
    dropped/ folder. `source` is the source of all documents, instead of their metadata's.

    Raises RecipeError for a wrong recipe and for steps that must see the whole corpus, since a datatrove block sees a
    part; ModelError for a missing model. Both before any document is read.
    """

    name = "🌾 algok"

    def __init__(
        self,
        recipe: str | Recipe = "web",
        settings: Iterable[str] = (),
        steps: Iterable[str] | None = None,
        source: str | None = None,
        exclusion_writer: DiskWriter | None = None,
        batch_size: int = MAX_BATCH_ROWS,
    ):
        super().__init__(exclusion_writer, batch_size)  # pyright: ignore[reportArgumentType]  # None is its default
        whole = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, list(settings))
        self.recipe, self.source = _chosen(whole, steps), source
        self.masks = any(config.cls.masks_personal_data for config in whole.steps)
        check_models(self.recipe)

    def filter(self, doc: DatatroveDocument) -> bool | tuple[bool, str]:
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[DatatroveDocument]) -> list[bool | tuple[bool, str]]:
        """Edits the documents in place and says of each whether it is kept, or by which bound it is dropped."""
        applied = apply_recipe(self.recipe, self._documents(batch))
        for rows, rejected in applied.dropped:
            self._write_back(batch, rows, mask_rejected(rejected, self.masks))
        for rows, left in applied.left:
            self._write_back(batch, rows, without_contacts(left) if self.masks else left)
        results: list[bool | tuple[bool, str]] = []
        for document, verdict in zip(batch, applied.verdicts, strict=True):
            if verdict is None:
                results.append(True)
                continue
            document.metadata["verdict"] = str(verdict)
            results.append((False, verdict.rule))
        return results

    def _documents(self, batch: list[DatatroveDocument]) -> pa.Table:
        columns = {"text": pa.array([document.text for document in batch], pa.large_string())}
        for name in ("url", "source", "date"):
            values = [_text(document.metadata.get(name)) for document in batch]
            columns[name] = pa.array(values, pa.string())
        if self.source is not None:
            columns["source"] = pa.array([self.source] * len(batch), pa.string())
        return documents_table(columns)

    @staticmethod
    def _write_back(batch: list[DatatroveDocument], rows: np.ndarray, result: pa.RecordBatch) -> None:
        """Texts, URLs and signals of a result into the documents that its rows are of."""
        signals = [name for name in result.schema.names if name not in _DOCUMENT]
        columns = {name: result.column(name).to_pylist() for name in ("text", "url", *signals)}
        for place, row in enumerate(rows):
            document = batch[row]
            document.text = columns["text"][place]
            if isinstance(document.metadata.get("url"), str):
                document.metadata["url"] = columns["url"][place]
            document.metadata.update({name: columns[name][place] for name in signals})


class DatatroveReader(Reader):
    """A datatrove reader of files as a format of ours. Subclass it, and name it as `format: package.module:Class`:

    ```python
    class Posts(DatatroveReader):
        name, extensions = "posts", (".jsonl",)

        def block(self, folder):
            return JsonlReader(folder, text_key="body")
    ```

    A document's metadata gives url, date and source under these names, or those of the recipe's `columns`; the rest goes
    to meta. What the reader finds without a text, and would skip with a warning, is quarantined as `no_text`.
    """

    @abstractmethod
    def block(self, folder: str) -> BaseDiskReader:
        """The datatrove reader over a folder; its `read_file` is called with the names of files in it."""

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        collector, fields = Collector(), Fields.of(spec)
        for file in shard.files:
            for place, found in enumerate(self._records(file, guard)):
                collector.take(Raw(file.name, place, len(found.payload), found.payload), partial(found.make, fields))
                yield from collector.drain()
        yield from collector.finish()

    def _records(self, file: InputFile, guard: Guard) -> Iterator["_Record"]:
        """Everything that the reader finds in a file, with or without text, and the error that ended it if one did."""
        folder, _, name = file.url.rpartition("/")
        skipped: list[Any] = []
        block = self.block(folder or ".")
        block.get_document_from_dict = _noting(block.get_document_from_dict, skipped)
        documents, place = iter(block.read_file(name)), 0
        while True:
            try:
                with watched(guard, place):
                    document = next(documents, None)
            except Exception as error:
                skipped.append(f"the datatrove reader ended with {type(error).__name__}; what follows was not read")
                document = None
            for message in skipped:
                yield _Record(file, place, None, message)
                place += 1
            skipped.clear()
            if document is None:
                return
            yield _Record(file, place, document, "")
            place += 1


class _Record:
    """What a datatrove reader found at a place: a document, or why there is none."""

    def __init__(self, file: InputFile, place: int, document: DatatroveDocument | None, message: str):
        self.file, self.place, self.document, self.message = file, place, document, message
        self.payload = document.text.encode("utf-8", "replace") if document else b""

    def make(self, fields: Fields) -> tuple[Document, int]:
        if self.document is None:
            raise RecordError("no_text", self.message)
        record = {**self.document.metadata, "id": self.document.id}
        described = fields.describe(record)
        identity = document_id(self.file.name.encode(), self.place, self.payload)
        return Document(identity, self.document.text, *described, self.file.name, self.place), len(self.payload)


def _noting(make: Callable, skipped: list[str]) -> Callable:
    """datatrove's maker of documents, which also notes what it makes none of."""

    def noted(data: dict, *place: Any) -> DatatroveDocument | None:
        document = make(data, *place)
        if document is None:
            skipped.append("datatrove found no text here; is its text_key the right one?")
        return document

    return noted


def _chosen(recipe: Recipe, names: Iterable[str] | None) -> Recipe:
    """The recipe with the named steps only. Raises RecipeError for unknown ones and for those that need a corpus."""
    known = [config.name for config in recipe.steps]
    wanted = known if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise RecipeError(f"steps: the recipe has no step '{name}', only {', '.join(known)}")
    chosen = [config for config in recipe.steps if config.name in wanted]
    corpus = [config.name for config in chosen if issubclass(config.cls, CorpusStep)]
    if corpus:
        remedy = ", ".join(f'"steps.{name}=null"' for name in corpus)
        raise RecipeError(
            f"{', '.join(corpus)}: must see the whole corpus, and a datatrove block sees a part of it; switch it off with "
            f"settings=[{remedy}], or run the recipe with 'algok run'"
        )
    left = {f"{config.name}.{signal.name}" for config in chosen for signal in config.cls.signals} | set(_DOCUMENT)
    for config in chosen:
        missing = sorted(config.cls.requires - left)
        if missing:
            raise RecipeError(
                f"{config.name}: requires '{missing[0]}'; let the step that gives it run in the same block"
            )
    return recipe.model_copy(update={"steps": chosen, "mode": "filter"})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
