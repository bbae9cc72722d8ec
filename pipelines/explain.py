"""What every step says of one document: signals against bounds, edits as a diff, the verdict."""

import difflib
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from algok.filters.personal.coarse import redact, redact_url
from algok.filters.personal.masking import mask_label, mask_text
from algok.pipelines.apply import compute, with_signals
from algok.pipelines.decide import Verdict, bound_of, decide
from algok.pipelines.plan import read_plan
from algok.pipelines.recipe import Recipe, StepConfig
from algok.pipelines.storage import Store
from algok.step import CorpusStep


@dataclass
class SignalLine:
    """A signal's value beside its bound; `broken` when it lies outside."""

    signal: str
    value: Any
    bound: str
    broken: bool


@dataclass
class StepExplanation:
    step: str
    signals: list[SignalLine] = field(default_factory=list)
    diff: list[str] = field(default_factory=list)
    note: str = ""


@dataclass
class Explanation:
    """`verdict` is "kept", or the first broken bound in words."""

    id: str
    source: str | None
    verdict: str
    steps: list[StepExplanation]

    def as_dict(self) -> dict:
        return asdict(self)

    def __str__(self) -> str:
        """As a notebook shows it: a line per signal with its value and bound (✗ broken, ✓ kept), edits, the verdict."""
        lines = []
        for step in self.steps:
            lines.append(f"{step.step}  {step.note}".rstrip())
            for line in step.signals:
                value = f"{line.value:.4g}" if isinstance(line.value, float) else str(line.value)
                mark = "✗" if line.broken else ("✓" if line.bound else " ")
                lines.append(f"  {mark} {line.signal:<28} {value:>14}  {line.bound}".rstrip())
            lines += [f"    {line}" for line in step.diff]
        return "\n".join([*lines, "", self.verdict])


def explain_document(batch: pa.RecordBatch, recipe: Recipe) -> Explanation:
    """Runs a recipe's steps over one document (a batch of one row). Steps that need the whole corpus say so."""
    steps, verdict = [], "kept"
    source = batch.column("source")[0].as_py()
    for config in recipe.steps:
        step = config.build()
        if isinstance(step, CorpusStep):
            steps.append(StepExplanation(config.name, note="compares with a whole corpus; see the document in a run"))
            continue
        before = batch.column("text")[0].as_py()
        edited = compute(step, batch)
        lines = _signal_lines(config, {name: column[0].as_py() for name, column in edited.signals.items()}, source)
        steps.append(StepExplanation(config.name, lines, _diff(before, edited.text[0].as_py())))
        decisions = decide(config, edited.signals, batch.column("source"))
        if verdict == "kept" and not decisions.keep[0]:
            verdict = f"dropped: {Verdict(*(column[0].as_py() for column in decisions.verdicts()))}"
        batch = with_signals(batch, config.name, step, edited)
    return Explanation(batch.column("id")[0].as_py(), _shown(source), verdict, steps)


def explain_from_run(store: Store, key: str) -> list[Explanation]:
    """The stored account of the document with this id or URL (several where a URL came more than once, or where two
    dropped ones look alike because personal data in them is masked)."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds  # loads pandas, which explaining a text needs not

    run = read_plan(store)
    wanted = (pc.field("id") == key) | pc.field("url").isin([key, redact_url(key)])
    found = []
    for folder in ("kept", "dropped"):
        if not store.names(folder):
            continue
        dataset = ds.dataset([store.path(name) for name in store.names(folder)], format="parquet", filesystem=store.fs)
        columns = [name for name in dataset.schema.names if name != "text"]
        rows = dataset.to_table(columns=columns, filter=wanted)
        found += [_from_row(row, run.recipe) for row in rows.to_pylist()]
    return found


def _from_row(row: dict[str, Any], recipe: Recipe) -> Explanation:
    dropped_by = row.get("verdict.step")
    steps = []
    for config in recipe.steps:
        values = {key.partition(".")[2]: value for key, value in row.items() if key.startswith(f"{config.name}.")}
        steps.append(StepExplanation(config.name, _signal_lines(config, values, row["source"])))
        if config.name == dropped_by:
            break
    verdict = "kept"
    if dropped_by:
        verdict = f"dropped: {Verdict(*(row[f'verdict.{name}'] for name in Verdict._fields))}"
    return Explanation(row["id"], _shown(row["source"]), verdict, steps)


def _shown(source: str | None) -> str | None:
    """A document's source as one may print it; bounds are chosen by the source as it is."""
    return source and mask_label(source)


def _signal_lines(config: StepConfig, values: dict[str, Any], source: str | None) -> list[SignalLine]:
    lines = []
    for name, value in values.items():
        if isinstance(value, list):  # spans
            value = ", ".join(f"{span['kind']} {span['start']}–{span['end']}" for span in value)
        bound = bound_of(config, name, source)
        shown = str(bound) if bound.limits() else ""
        lines.append(SignalLine(name, value, shown, bound.broken_by(value) is not None))
    return lines


def _diff(before: str, after: str) -> list[str]:
    """Changed lines only, masked."""
    if before == after:
        return []
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    return [redact(mask_text(line)) for line in lines if not line.startswith(("---", "+++", "@@"))]
