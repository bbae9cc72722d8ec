"""The runs and mixes as Prometheus text, written when it is asked for."""

import re
from collections.abc import Callable, Iterable

from algok.dashboard.runs import AnyEntry, Entry, MixEntry
from algok.pipelines.executors import Crew

_KEY = re.compile("[a-z][a-z0-9_]*")  # what a damaged run.json calls a label may be anything
_METRICS = {
    "algok_run_documents": ("documents read", "documents"),
    "algok_run_kept_documents": ("documents kept", "kept"),
    "algok_run_kept_tokens": ("tokens kept", "tokens"),
    "algok_run_text_bytes": ("bytes of the texts of documents read", "text_bytes"),
    "algok_run_core_seconds": ("seconds of one core over all tasks", "seconds"),
    "algok_run_tasks": ("tasks over shards", "tasks"),
    "algok_run_tasks_done": ("tasks over shards that are done", "done"),
    "algok_run_tasks_failing": ("tasks with failed attempts that are not done", "failed"),
    "algok_run_retries": ("failed attempts at tasks that are done", "retries"),
    "algok_run_peak_bytes": ("largest resident memory of a worker during a task", "peak_bytes"),
}


_MIX_METRICS = {
    "algok_mix_tokens_asked": ("tokens that the mix asks for, over all stages", "asked"),
    "algok_mix_tokens_written": ("tokens written so far, over all stages", "written"),
    "algok_mix_tasks": ("output shards of the mix", "tasks"),
    "algok_mix_tasks_done": ("output shards that are written", "done"),
}


def prometheus(entries: Iterable[Entry], mixes: Iterable[MixEntry]) -> str:
    """A gauge per figure with the labels run, recipe and state, of mixes with mix, name and state."""
    entries, mixes = list(entries), list(mixes)
    lines = _by_state("algok_runs", "runs by state", ("going", "finished", "damaged"), entries)
    lines += _gauges(_METRICS, entries, lambda run: (("run", run.id), ("recipe", run.recipe), ("state", run.state)))
    lines += _head("algok_run_labels", "labels of the recipe")
    for entry in entries:
        labels = [(f"label_{key}", value) for key, value in entry.labels.items() if _KEY.fullmatch(key)]
        if labels:
            lines.append(f"algok_run_labels{_written([('run', entry.id), *labels])} 1")
    lines += _by_state("algok_mixes", "mixes by state", ("planned", "going", "finished", "damaged"), mixes)
    lines += _gauges(_MIX_METRICS, mixes, lambda mix: (("mix", mix.id), ("name", mix.mix), ("state", mix.state)))
    return "\n".join(lines) + "\n"


def crew_text(crew: Crew) -> str:
    """Who works for the driver that is asked."""
    lines = [*_head("algok_workers", "worker processes of this driver (of a Ray cluster, its CPUs)")]
    lines += [f"algok_workers {crew.workers}", *_head("algok_workers_busy", "of these, those with a task")]
    return "\n".join([*lines, f"algok_workers_busy {crew.busy}"]) + "\n"


def _head(name: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]


def _by_state(name: str, meaning: str, states: Iterable[str], found: list[AnyEntry]) -> list[str]:
    counts = [f'{name}{{state="{state}"}} {sum(entry.state == state for entry in found)}' for state in states]
    return [*_head(name, meaning), *counts]


def _gauges(
    metrics: dict[str, tuple[str, str]], found: list[AnyEntry], labels: Callable[[AnyEntry], Iterable[tuple[str, str]]]
) -> list[str]:
    """What is not known (yet) is left out."""
    lines = []
    for name, (meaning, attribute) in metrics.items():
        lines += _head(name, meaning)
        for entry in found:
            value = getattr(entry, attribute)
            if value is not None:
                lines.append(f"{name}{_written(labels(entry))} {f'{value:g}' if isinstance(value, float) else value}")
    return lines


def _written(labels: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{key}="{_escaped(text)}"' for key, text in labels) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
