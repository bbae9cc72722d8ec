"""The corpora of a mix: their Parquet files in pieces, and where each column that the mix needs is found in them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import file_digest as digest_of_file
from typing import Any

import fsspec
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.errors import InputError, RecipeError
from algok.mixing.recipe import CLUSTER, Corpus, Mix, named_columns
from algok.mixing.tokenizers import TrainingTokenizer, file_digest, of_options
from algok.pipelines.plugins import nearest
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

NONE = "none"  # the label of a document that has none
_COUNTS = "tokens.count"


@dataclass(frozen=True)
class Piece:
    """Some row groups of one Parquet file of a corpus; the unit of work."""

    corpus: str
    name: str
    url: str
    start: int | None
    end: int | None
    fingerprint: str
    size: int
    first_copies: bool = False  # rows of another mix: a document once, however often it stands there
    sha256: str = ""  # what the file must have; of the first piece of a local file, so that each is hashed once


@dataclass(frozen=True)
class OpenCorpus:
    """Where a corpus has what. `columns`: name in the mix -> name in the files, of those that are there."""

    name: str
    columns: dict[str, str]
    labels: dict[str, str]
    counted: bool  # the files count the tokens of the training's tokenizer
    ends: int = 1  # tokens of a document that the counts leave out: its end of text


@dataclass(frozen=True)
class Inputs:
    """Everything that a mix reads."""

    corpora: dict[str, OpenCorpus]
    pieces: list[Piece]

    def as_dict(self) -> dict[str, Any]:
        return {
            "corpora": [asdict(corpus) for corpus in self.corpora.values()],
            "pieces": [asdict(p) for p in self.pieces],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Inputs":
        corpora = [OpenCorpus(**corpus) for corpus in data["corpora"]]
        return cls({corpus.name: corpus for corpus in corpora}, [Piece(**piece) for piece in data["pieces"]])


def open_inputs(mix: Mix, source: RecipeText) -> Inputs:
    """Looks at the schemas of all corpora; reads no data. Raises InputError, ModelError, and RecipeError for a column that
    no corpus has."""
    tokenizer = of_options(mix.tokenizer)
    corpora, pieces = {}, []
    for name, corpus in mix.corpora.items():
        opened = _open_run if corpus.run is not None else _open_mix if corpus.mix is not None else _open_path
        spec, columns, counted = opened(name, corpus, tokenizer)
        found = _pieces(name, spec, mix.split_bytes, corpus)
        corpora[name] = _look(name, corpus, columns, counted, found)
        pieces += found
    _check_columns(mix, corpora, source)
    return Inputs(corpora, pieces)


def _open_run(name: str, corpus: Corpus, tokenizer: TrainingTokenizer) -> tuple[InputSpec, dict[str, str], bool]:
    assert corpus.run is not None
    run = Run.open(corpus.run, finished=True)
    if run.recipe.mode == "annotate":
        raise InputError(f"{corpus.run}: an annotated run keeps what its bounds would drop; 'algok redecide' it first")
    _check_listed(run.store, "kept")
    return (
        InputSpec(path=run.store.path("kept") if run.store.local else f"{run.url}/kept"),
        {},
        _same_counts(run, tokenizer),
    )


def _listed(store: Store, folder: str) -> dict[str, dict[str, Any]]:
    """What the manifest of a run or a mix says of the files of a folder, by name below the directory."""
    files = orjson.loads(store.read_bytes("manifest.json"))["files"]
    return {file["path"]: file for file in files if file["path"].startswith(f"{folder}/")}


def _check_listed(store: Store, folder: str) -> None:
    """The files are those of the manifest, by name and size. Their digests are looked at when texts are read."""
    sizes = {name: file["bytes"] for name, file in _listed(store, folder).items()}
    if store.sizes(folder) != sizes:
        raise InputError(f"{store.url}: {folder}/ is not what its manifest says; see 'algok verify {store.url}'")


def _same_counts(run: Run, tokenizer: TrainingTokenizer) -> bool:
    """Whether the run counted with this very tokenizer, and edited no text afterwards."""
    counted = False
    for config in run.recipe.steps:
        if config.name == "tokens":
            counted = _counts_of(config.options) == tokenizer.digest
        elif config.cls.edits_text:
            counted = False
    return counted


def _counts_of(options: dict[str, Any]) -> str | None:
    """The digest of the tokenizer of a step `tokens`, as far as it can be seen from here."""
    from algok.classifiers.store import open_model
    from algok.classifiers.tokenizer import FILE
    from algok.errors import ModelError

    if options["tokenizer"]:
        return None  # the run names a path and no digest: what lies there now may be another
    try:
        return file_digest(open_model(options["model"], "tokenizer").path(FILE))
    except ModelError:
        return None


def _open_mix(name: str, corpus: Corpus, tokenizer: TrainingTokenizer) -> tuple[InputSpec, dict[str, str], bool]:
    """The documents that another mix used: what a replay of an earlier training draws from."""
    assert corpus.mix is not None
    store = Store(corpus.mix)
    if not store.exists("manifest.json") or not store.exists("mix.json"):
        raise InputError(f"{corpus.mix}: no finished mix")
    if not store.names("parquet"):
        raise InputError(f"{corpus.mix}: this mix has no texts; write it with 'parquet' among its formats")
    _check_listed(store, "parquet")
    digest = orjson.loads(store.read_bytes("manifest.json"))["tokenizer"]["digest"]
    path = store.path("parquet") if store.local else f"{store.url}/parquet"
    return InputSpec(path=path, format="parquet"), {}, digest == tokenizer.digest


def _open_path(name: str, corpus: Corpus, tokenizer: TrainingTokenizer) -> tuple[InputSpec, dict[str, str], bool]:
    from pathlib import Path

    assert corpus.path is not None
    counted = False
    if corpus.counted_by is not None:
        if not Path(corpus.counted_by).is_file():
            raise InputError(f"corpora.{name}.counted_by: there is no file '{corpus.counted_by}'")
        counted = file_digest(Path(corpus.counted_by)) == tokenizer.digest
    return InputSpec(path=corpus.path, format="parquet"), corpus.columns, counted


def _pieces(name: str, spec: InputSpec, split_bytes: int, corpus: Corpus) -> list[Piece]:
    shards = plan_shards([spec], split_bytes)
    files = [(shard, file) for shard in shards for file in shard.files]  # small files share a shard
    first_copies, digests = corpus.mix is not None, _digests(corpus)
    return [
        Piece(name, f.name, f.url, s.start, s.end, f.fingerprint, f.size, first_copies, digest)
        for s, f in files
        for digest in ["" if s.start else digests.get(f.url.rpartition("/")[2], "")]
    ]


def _digests(corpus: Corpus) -> dict[str, str]:
    """The SHA-256 of the files of a run or a mix by file name. None of remote ones, whose storage keeps checksums of its own
    and which would be read twice."""
    where, folder = (corpus.run, "kept") if corpus.run is not None else (corpus.mix, "parquet")
    if where is None or not (store := Store(where)).local:
        return {}
    return {path.rpartition("/")[2]: file["sha256"] for path, file in _listed(store, folder).items()}


def check_digest(piece: Piece) -> None:
    """Raises InputError where the file of a piece is another than its run or mix wrote, as far as that is known."""
    if not piece.sha256:
        return
    with fsspec.open(piece.url, "rb") as file:
        found = digest_of_file(file, "sha256").hexdigest()  # type: ignore[arg-type]
    if found != piece.sha256:
        raise InputError(f"{piece.url}: changed or damaged since it was written: its SHA-256 is not the manifest's")


def _look(name: str, corpus: Corpus, renamed: dict[str, str], counted: bool, pieces: list[Piece]) -> OpenCorpus:
    """The columns of a corpus, from the schema of its first file; the others are checked when they are read."""
    with fsspec.open(pieces[0].url, "rb") as file:
        schema = pq.read_schema(file)
    for key, column in renamed.items():
        if column not in schema.names:
            raise InputError(
                f"corpora.{name}.columns.{key}: its files have no column '{column}'{nearest(column, schema.names)}"
            )
    columns = {column: column for column in schema.names if column not in renamed.values()} | renamed
    for key in ("id", "text"):
        if key not in columns:
            raise InputError(f"corpora.{name}: its files have no column '{key}'; name theirs as columns.{key}")
    if counted and corpus.run is not None:
        columns["tokens"] = _COUNTS
    return OpenCorpus(name, columns, dict(corpus.labels), counted, 0 if corpus.mix else 1)


def _check_columns(mix: Mix, corpora: dict[str, OpenCorpus], source: RecipeText) -> None:
    """Every label and signal that the mix names is in some corpus."""
    known = {"corpus", *mix.cell_columns[len(mix.label_columns) :]} | {
        key for corpus in corpora.values() for key in (*corpus.columns, *corpus.labels)
    }
    wanted = list(named_columns(mix))
    for index, stage in enumerate(mix.stages):
        wanted += [(stage.select.signal, ("stages", index, "select", "signal"))] if stage.select else []
        wanted += [(stage.order.signal, ("stages", index, "order", "signal"))] if stage.order else []
    wanted += [(bins.signal, ("bins", name, "signal")) for name, bins in mix.bins.items()]
    wanted += [(CLUSTER, ("max_per_cluster",))] if mix.max_per_cluster else []
    problems = [
        f"{source.place(path)}: {'.'.join(map(str, path))}: no corpus has a column '{column}'{nearest(column, sorted(known))}"
        for column, path in wanted
        if column not in known
    ]
    if problems:
        raise RecipeError("\n".join(problems))


def read_piece(piece: Piece, columns: list[str], rows: int = 4096) -> Iterator[pa.RecordBatch]:
    """The columns (as the file names them) of a piece, batch by batch, row groups one after the other. Raises InputError."""
    try:
        yield from _read(piece, columns, rows)
    except (OSError, pa.ArrowInvalid) as error:
        if getattr(error, "errno", None):
            raise  # the machine's fault and not the file's
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{piece.url}: cannot be read as Parquet: {reason}") from None


def _read(piece: Piece, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    with fsspec.open(piece.url, "rb") as file:
        parquet = pq.ParquetFile(file, pre_buffer=False)
        if not parquet.metadata.num_rows:
            return  # a writer with nothing to write may not know the columns
        missing = [column for column in columns if column not in parquet.schema_arrow.names]
        if missing:
            raise InputError(f"{piece.url}: no column '{missing[0]}', which the first file of the corpus has")
        wanted = [*columns, *(name for name in ("copy", "draw") if piece.first_copies and name not in columns)]
        groups = range(piece.start or 0, parquet.num_row_groups if piece.end is None else piece.end)
        for group in groups:
            for batch in parquet.iter_batches(rows, row_groups=[group], columns=wanted, use_threads=False):
                yield _first_copies(batch).select(columns) if piece.first_copies else batch


def _first_copies(batch: pa.RecordBatch) -> pa.RecordBatch:
    first = pc.equal(batch["copy"], 0)
    return batch.filter(pc.and_(first, pc.is_in(batch["draw"], pa.array(["fresh", "unseen"]))))
