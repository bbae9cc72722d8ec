"""What is different between two recipes, or between the inputs that a run began with and those that are there now."""

from collections.abc import Iterable
from typing import Any

import yaml

from algok.pipelines.plan import Plan
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.recipe import Recipe

ORDER = "order of steps"
_SHOWN = 8
_WIDTH = 200
_MISSING = object()


def recipe_differences(first: Recipe, second: Recipe) -> dict[str, tuple[Any, Any]]:
    """Key → (value in the first, value in the second), defaults included; None for what one of them does not have.

    Recipes that decide differently differ here: a step that one lacks stands under `steps.NAME` as a whole, and steps in
    another order under ORDER.
    """
    old, new = (yaml.safe_load(recipe.to_yaml()) for recipe in (first, second))
    changes = dict(_compare(old, new, ""))
    orders = [[step.key for step in recipe.steps] for recipe in (first, second)]
    common = [[name for name in order if name in orders[0] and name in orders[1]] for order in orders]
    if common[0] != common[1]:
        changes[ORDER] = (common[0], common[1])
    return changes


def _compare(old: Any, new: Any, path: str) -> Iterable[tuple[str, tuple[Any, Any]]]:
    """Mappings key by key and lists place by place, down to what is in one only or has two values."""
    if isinstance(old, list) and isinstance(new, list) and any(isinstance(item, dict) for item in (*old, *new)):
        old, new = dict(enumerate(old)), dict(enumerate(new))
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new or old is _MISSING or new is _MISSING:
            yield path, (None if old is _MISSING else old, None if new is _MISSING else new)
        return
    for key in dict.fromkeys([*old, *new]):
        yield from _compare(old.get(key, _MISSING), new.get(key, _MISSING), f"{path}.{key}" if path else str(key))


def described(changes: dict[str, tuple[Any, Any]]) -> list[str]:
    """A line per difference; long values are cut."""
    return [f"{key}: {_shown(before)} → {_shown(after)}" for key, (before, after) in changes.items()]


def _shown(value: Any) -> str:
    text = "(none)" if value is None else str(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def input_differences(begun: Plan, now: Plan) -> list[str]:
    """A line per input file that was added, removed or rewritten since a run began."""
    old, new = _files(begun), _files(now)
    lines = [f"added: {name}" for name in new if name not in old]
    lines += [f"removed: {name}" for name in old if name not in new]
    for name in (name for name in old if name in new):
        before, after = old[name], new[name]
        if before.size != after.size:
            lines.append(f"rewritten: {name} ({before.size:,} bytes, now {after.size:,})")
        elif before.fingerprint != after.fingerprint:
            lines.append(f"touched: {name} (the same size, another time or tag)")
        elif before.url != after.url:
            lines.append(f"moved: {name} (now {after.url})")
    lines += [f"another run: {run.run}" for run in now.earlier if run not in begun.earlier]
    return lines or ["the same files, but cut into other shards"]


def _files(plan: Plan) -> dict[str, InputFile]:
    files = {file.name: file for shard in plan.shards for file in shard.files}
    return files | {f"OCR results {shard.ocr.name}": shard.ocr for shard in plan.shards if shard.ocr}


def indented(lines: list[str]) -> str:
    """Lines for the middle of an error message: the first few, and how many more there are."""
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(f"  {line}" for line in [*lines[:_SHOWN], *more])
