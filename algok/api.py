"""The Python face: `algok.clean`, `annotate`, `explain`, `run` and `load_recipe`, for notebooks and other programs.

Everything here is reached as `algok.<name>`; nothing is imported until it is used.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from algok.errors import InputError, RecipeError
from algok.frames import frame_of
from algok.pipelines.explain import Explanation, explain_document
from algok.pipelines.in_memory import Applied, apply_recipe, documents_table
from algok.pipelines.phase import without_contacts
from algok.pipelines.plan import check_models
from algok.pipelines.recipe import Recipe
from algok.pipelines.recipe import load_recipe as _load_recipe
from algok.pipelines.run_directory import Run


def load_recipe(
    recipe: str | Path | Recipe = "web",
    settings: Iterable[str] = (),
    *,
    inputs: str | Path | Sequence[str | Path] | None = None,
    source: str | None = None,
    mode: Literal["filter", "annotate"] | None = None,
) -> Recipe:
    """A recipe by path or carried name (web, news, law), checked. `settings` are as the command line's `--set`.

    Raises RecipeError that names file, line and key of every problem.

    >>> load_recipe("web", ["steps.pii=null"]).steps[0].name
    'repair'
    """
    if isinstance(recipe, Recipe):
        if settings:
            raise RecipeError("settings go with a recipe's name or path; this one is already checked")
        return recipe.model_copy(update={"mode": mode}) if mode else recipe
    paths = [inputs] if isinstance(inputs, str | Path) else inputs
    specs = [{"path": str(path), **({"source": source} if source else {})} for path in paths] if paths else None
    return _load_recipe(str(recipe), list(settings), inputs=specs, mode=mode)


def clean(
    data: Any,
    recipe: str | Path | Recipe = "web",
    settings: Iterable[str] = (),
    *,
    text: str = "text",
    source: str | None = None,
) -> Any:
    """The documents that a recipe keeps, cleaned, in memory and in the kind that was given.

    `data`: a list (or pandas/polars series) of texts gives a list; an Arrow table, a pandas or polars DataFrame, or anything
    with the Arrow PyCapsule interface gives its kept rows with the column `text` replaced, all others as they were. Columns
    named url, source, date and meta are used as in a run where they hold strings, and contact data in url and meta is
    masked where the recipe masks personal data. `source` is the source of all documents, instead of such a column. Near
    duplicates and repeated lines are those among the given documents.

    Raises InputError for data without texts or with null texts, RecipeError, ModelError.

    >>> text = (
    ...     "수목원에서는 봄마다 주민을 위한 강좌를 새로 연다. 올해에는 나무의 이름과 쓰임을 배우고, 작은&nbsp;화분을 만들었다. "
    ...     "강좌는 모두 여섯 번이다. 마지막 날에는 배운 것을 나누는 자리를 가졌다. 사람들은 내년에도 오고 싶다고 말했다."
    ... )
    >>> kept = clean([text, text, "짧은 글"])
    >>> len(kept), "작은 화분" in kept[0]
    (1, True)
    """
    checked = load_recipe(recipe, settings, mode="filter")
    frame = frame_of(data, text)
    applied = _apply(checked, frame.columns(), source)
    table = applied.table()
    columns = {"text": table["text"].combine_chunks()}
    if any(config.cls.masks_personal_data for config in checked.steps):
        given = frame.columns()
        masked = without_contacts(_one_batch(table))
        columns |= {name: masked.column(name) for name in ("url", "source", "date", "meta") if name in given}
    return frame.chosen(applied.rows, columns)


def annotate(
    data: Any,
    recipe: str | Path | Recipe = "web",
    settings: Iterable[str] = (),
    *,
    text: str = "text",
    source: str | None = None,
) -> Any:
    """Every document with every signal of a recipe as a column `step.signal`, `kept` (bool) and `verdict` (why it is not kept,
    or null); nothing is dropped, and texts are edited as a run would edit them.

    `data` is as for `clean`; a list gives an Arrow table. Raises as `clean` does.

    >>> table = annotate(["안녕하세요"])
    >>> table["kept"].to_pylist(), table["verdict"][0].as_py()
    ([False], 'heuristics.sentences is 1, the bound is min 3')
    """
    checked = load_recipe(recipe, settings, mode="annotate")
    frame = frame_of(data, text)
    applied = _apply(checked, frame.columns(), source)
    signals = [f"{config.name}.{signal.name}" for config in checked.steps for signal in config.cls.signals]
    table = applied.table()
    columns = {name: table[name].combine_chunks() for name in ("text", *signals)}
    reasons = [verdict and str(verdict) for verdict in applied.verdicts]
    columns |= {"kept": pa.array(applied.kept), "verdict": pa.array(reasons, pa.string())}
    return frame.chosen(np.arange(len(applied.kept)), columns)


def explain(
    document: str, recipe: str | Path | Recipe = "web", settings: Iterable[str] = (), *, source: str | None = None
) -> Explanation:
    """Why a recipe keeps or drops one text: every signal beside its bound, every edit as a masked diff, the verdict.

    Raises InputError for what is no string, RecipeError, ModelError.

    >>> explain("안녕하세요").verdict
    'dropped: heuristics.sentences is 1, the bound is min 3'
    """
    checked = load_recipe(recipe, settings)
    columns = frame_of([document], "text").columns()
    check_models(checked)
    (batch,) = documents_table(_with_source(columns, source)).to_batches()
    return explain_document(batch, checked)


def run(
    recipe: str | Path | Recipe,
    output: str | Path,
    settings: Iterable[str] = (),
    *,
    inputs: str | Path | Sequence[str | Path] | None = None,
    source: str | None = None,
    mode: Literal["filter", "annotate"] | None = None,
    executor: Literal["local", "ray"] = "local",
    workers: int | None = None,
    address: str | None = None,
    progress: bool = False,
    reuse: str | Path | None = None,
) -> Run:
    """Runs a recipe into the run directory `output`, or what is left of it after a crash, and opens it.

    `workers`: parallel tasks (default: all cores; 0: inside this process, as a notebook may prefer). `reuse`: an earlier run over
    the same inputs, of which the phases before the first changed step are taken over. Raises as
    `algok.pipelines.run.execute` does.

    ```python
    run = algok.run("web", "runs/web", inputs="crawl/*.warc.gz", source="web")
    run.kept().to_table(columns=["text"])
    ```
    """
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import make_progress
    from algok.pipelines.run import execute

    checked = load_recipe(recipe, settings, inputs=inputs, source=source, mode=mode)
    if not checked.inputs:
        raise RecipeError("no inputs; give the recipe 'inputs', or this function inputs=…")
    chosen = make_executor(executor, workers, address)
    try:
        again = None if reuse is None else str(reuse)
        finished = execute(checked, str(output), chosen, make_progress(not progress), again)
    finally:
        chosen.close()
    return Run.open(finished.url)


def _apply(recipe: Recipe, columns: dict[str, pa.Array], source: str | None) -> Applied:
    if columns["text"].null_count:
        row = columns["text"].is_null().index(True).as_py()
        raise InputError(f"row {row}: its text is null; leave such rows out, or fill them with ''")
    check_models(recipe)
    return apply_recipe(recipe, documents_table(_with_source(columns, source)))


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=table.schema)


def _with_source(columns: dict[str, pa.Array], source: str | None) -> dict[str, pa.Array]:
    return columns if source is None else {**columns, "source": pa.array([source] * len(columns["text"]), pa.string())}
