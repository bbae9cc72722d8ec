"""The runs as Prometheus text, written when it is asked for."""

from collections.abc import Iterable

from algok.dashboard.runs import Entry

_METRICS = {
    "algok_run_documents": ("documents read", "documents"),
    "algok_run_kept_documents": ("documents kept", "kept"),
    "algok_run_kept_tokens": ("tokens kept", "tokens"),
    "algok_run_core_seconds": ("seconds of one core over all tasks", "seconds"),
    "algok_run_tasks": ("tasks over shards", "tasks"),
    "algok_run_tasks_done": ("tasks over shards that are done", "done"),
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
                written = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
                lines.append(
                    f"{name}{{{written}}} {value:g}" if isinstance(value, float) else f"{name}{{{written}}} {value}"
                )
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
