"""The data card of a run: a README that Hugging Face, DuckDB users and colleagues read first."""

from collections import Counter

import orjson

from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.plan import Plan
from algok.pipelines.stats import Stats
from algok.step import Bound

_HEAD = """---
language: [ko]
pretty_name: {quoted_name}
configs:
- config_name: default
  data_files: kept/*.parquet
- config_name: dropped
  data_files: dropped/*.parquet
---

# {name}

{description}

Curated by algok from {shards} input shard(s). Every figure below is a full count, not a sample.

| | |
|---|--:|
| records read | {records:,} |
| documents in them | {documents:,} |
| no documents (counted by kind in stats/) | {ignored:,} |
| quarantined (unreadable; see quarantine/) | {quarantined:,} |
| dropped (see dropped/, with the reason of each) | {dropped:,} |
| **kept** | **{kept:,}** |
| kept text, UTF-8 MB | {megabytes:,.1f} |

## Load

```python
from datasets import load_dataset
kept = load_dataset("path/to/this/folder", split="train", streaming=True)
```

```sql
SELECT source, count(*), sum(strlen(text)) FROM 'kept/*.parquet' GROUP BY source;  -- DuckDB
```

"""


def data_card(plan: Plan, stats: Stats) -> str:
    """Markdown with a Hugging Face header. Deterministic: no dates, no timings, no paths."""
    read = stats.read
    dropped = sum(counter["dropped"] for counter in stats.steps.values())
    ignored = sum(count for key, count in read.items() if key.startswith("ignored:"))
    head = _HEAD.format(
        name=_cell(plan.recipe.name),
        quoted_name=orjson.dumps(plan.recipe.name).decode(),
        description=plan.recipe.description.strip() or "Korean text for language-model training.",
        shards=len(plan.own),
        records=read["records"],
        documents=read["documents"],
        ignored=ignored,
        quarantined=read["quarantined"] + sum(counter["failed"] for counter in stats.steps.values()),
        dropped=dropped,
        kept=read["kept"],
        megabytes=read["kept_text_bytes"] / 1e6,
    )
    return (
        head
        + "\n\n".join(
            [_steps(plan, stats), _sources(stats), *_labels(stats), *_models(plan), _bounds(plan), _columns(plan)]
        )
        + "\n"
    )


def _steps(plan: Plan, stats: Stats) -> str:
    lines = ["## Steps", "", "| step | in | removed | left |", "|---|--:|--:|--:|"]
    for config in plan.recipe.steps:
        counter = stats.steps.get(config.name, Counter())
        lines.append(
            f"| {config.name} | {counter['in']:,} | {counter['dropped']:,} | {counter['in'] - counter['dropped']:,} |"
        )
    return "\n".join(lines)


def _sources(stats: Stats) -> str:
    lines = ["## Sources", "", "| source | read | kept |", "|---|--:|--:|"]
    for source, counter in sorted(stats.sources.items()):
        lines.append(f"| {_cell(source) or '(none)'} | {counter['read']:,} | {counter['kept']:,} |")
    return "\n".join(lines)


def _labels(stats: Stats) -> list[str]:
    """A table per label signal (language, domain …): documents by label when the step ran."""
    tables = []
    for signal, counter in stats.labels.items():
        rows = [
            f"| {_cell(label)} | {count:,} |" for label, count in sorted(counter.items(), key=lambda x: (-x[1], x[0]))
        ]
        tables.append("\n".join([f"## {signal}", "", "| label | documents |", "|---|--:|", *rows]))
    return tables


def _models(plan: Plan) -> list[str]:
    rows = [f"| {key} | {model['model']} | `{model['digest'][:16]}` |" for key, model in plan.models.items()]
    return (
        ["\n".join(["## Models", "", "| step and option | model | digest |", "|---|---|---|", *rows])] if rows else []
    )


def _bounds(plan: Plan) -> str:
    lines = ["## Bounds", "", "| signal | all sources | by source |", "|---|---|---|"]
    for config in plan.recipe.steps:
        special = {signal for bounds in config.by_source.values() for signal in bounds}
        for signal in [*config.bounds, *sorted(special - set(config.bounds))]:
            own = "; ".join(
                f"{_cell(source)}: {bounds[signal]}" for source, bounds in config.by_source.items() if signal in bounds
            )
            lines.append(f"| {config.name}.{signal} | {config.bounds.get(signal, Bound())} | {own} |")
    return "\n".join(lines)


def _columns(plan: Plan) -> str:
    lines = ["## Columns", "", "| column | type | meaning |", "|---|---|---|"]
    lines += [f"| {field.name} | {field.type} | document column |" for field in DOCUMENT_SCHEMA]
    for config in plan.recipe.steps:
        lines += [f"| {config.name}.{s.name} | {s.type} | {_cell(s.doc)} |" for s in config.cls.signals]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text that cannot leave its place in a line of Markdown."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line.replace("|", "\\|").replace("<", "&lt;")
