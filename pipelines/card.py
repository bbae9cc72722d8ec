"""The data card of a run: a README that Hugging Face, DuckDB users and colleagues read first."""

import re

import orjson

from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.plan import Plan
from algok.pipelines.summary import RunSummary
from algok.step import Bound

# Signs by which Markdown, its tables, formulas and automatic links begin or end. A line inside a word and the point of a
# number are harmless, and labels are full of them.
_LIVE = re.compile(r"[\\`*{}\[\]()<>#!|&~:@$^\"']|(?<![^\W_])_|_(?![^\W_])|(?<=www)\.", re.IGNORECASE)

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


def data_card(plan: Plan, summary: RunSummary) -> str:
    """Markdown with a Hugging Face header. Deterministic: no dates, no timings, no paths."""
    account = summary.account
    head = _HEAD.format(
        name=_line(plan.recipe.name),
        quoted_name=orjson.dumps(plan.recipe.name).decode(),
        description=plan.recipe.description.strip() or "Korean text for language-model training.",
        shards=summary.shards,
        megabytes=account.kept_text_bytes / 1e6,
        **{**account.model_dump(), "quarantined": account.quarantined + account.failed},
    )
    sections = [_steps(summary), _sources(summary), *_labels(summary), *_models(plan), _bounds(plan), _columns(plan)]
    return head + "\n\n".join(sections) + "\n"


def _steps(summary: RunSummary) -> str:
    lines = ["## Steps", "", "| step | in | removed | left |", "|---|--:|--:|--:|"]
    lines += [
        f"| {step.name} | {step.documents:,} | {step.documents - step.left:,} | {step.left:,} |"
        for step in summary.steps
    ]
    return "\n".join(lines)


def _sources(summary: RunSummary) -> str:
    lines = ["## Sources", "", "| source | read | kept |", "|---|--:|--:|"]
    lines += [f"| {_cell(s.name) or '(none)'} | {s.read:,} | {s.kept:,} |" for s in summary.sources]
    return "\n".join(lines)


def _labels(summary: RunSummary) -> list[str]:
    """A table per label signal (language, domain …): documents by label when the step ran."""
    tables = []
    for step in summary.steps:
        for signal in step.signals:
            if signal.labels:
                rows = [f"| {_cell(label)} | {count:,} |" for label, count in signal.labels.items()]
                tables.append(
                    "\n".join([f"## {step.name}.{signal.name}", "", "| label | documents |", "|---|--:|", *rows])
                )
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
        lines += [f"| {config.name}.{s.name} | {s.type} | {_line(s.doc)} |" for s in config.cls.signals]
    return "\n".join(lines)


def _line(text: str) -> str:
    """Text of the recipe or of a step that cannot leave its place in a line of Markdown."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line.replace("|", "\\|").replace("<", "&lt;")


def _cell(text: str) -> str:
    """Text from a record, of which Markdown shows every character and obeys none: links, images, HTML, code, formulas and
    addresses are written as entities, which nothing that reads Markdown takes for structure."""
    line = "".join(char if char.isprintable() else " " for char in text)
    escaped = _LIVE.sub(lambda match: f"&#{ord(match.group())};", line)
    return escaped.replace("&#60;", "&lt;").replace("&#124;", "\\|")
