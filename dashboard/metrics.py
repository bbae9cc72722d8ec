"""The runs as Prometheus text, written when it is asked for."""

import re
from collections.abc import Iterable

from algok.dashboard.runs import Entry

_KEY = re.compile("[a-z][a-z0-9_]*")  # what a damaged run.json calls a label may be anything
_METRICS = {
    "algok_run_documents": ("documents read", "documents"),
    "algok_run_kept_documents": ("documents kept", "kept"),
    "algok_run_kept_tokens": ("tokens kept", "tokens"),
    "algok_run_core_seconds": ("seconds of one core over all tasks", "seconds"),
    "algok_run_tasks": ("tasks over shards", "tasks"),
    "algok_run_tasks_done": ("tasks over shards that are done", "done"),
    "algok_run_tasks_failing": ("tasks with failed attempts that are not done", "failed"),
    "algok_run_retries": ("failed attempts at tasks that are done", "retries"),
    "algok_run_peak_bytes": ("largest resident memory of a worker during a task", "peak_bytes"),
}


def prometheus(entries: Iterable[Entry]) -> str:
    """A gauge per figure with the labels run, recipe and state."""
    entries = list(entries)
    lines = ["# HELP algok_runs runs by state", "# TYPE algok_runs gauge"]
    for state in ("going", "finished", "damaged"):
        lines.append(f'algok_runs{{state="{state}"}} {sum(entry.state == state for entry in entries)}')
    for name, (meaning, attribute) in _METRICS.items():
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
        for entry in entries:
            value = getattr(entry, attribute)
            if value is not None:
                labels = (("run", entry.id), ("recipe", entry.recipe), ("state", entry.state))
                lines.append(f"{name}{_written(labels)} {f'{value:g}' if isinstance(value, float) else value}")
    lines += ["# HELP algok_run_labels labels of the recipe", "# TYPE algok_run_labels gauge"]
    for entry in entries:
        labels = [(f"label_{key}", value) for key, value in entry.labels.items() if _KEY.fullmatch(key)]
        if labels:
            lines.append(f"algok_run_labels{_written([('run', entry.id), *labels])} 1")
    return "\n".join(lines) + "\n"


def _written(labels: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{key}="{_escaped(text)}"' for key, text in labels) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
