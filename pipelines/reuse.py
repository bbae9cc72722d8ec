"""Which phases of an earlier run come out the same in a new one, so that it can take them over (`algok run --reuse`).

Both must read the same inputs in the same way with the same versions of everything. Then the first phases are the same up to the
first step that differs in options, bounds, version or model. A phase is one pass over the data: there is no cut within it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import algok
from algok.errors import InputError
from algok.pipelines.corpus import corpus_folder
from algok.pipelines.differences import ORDER, described, indented, input_differences, recipe_differences
from algok.pipelines.done import done_name, done_tasks
from algok.pipelines.executors import Executor
from algok.pipelines.phase import spill_name
from algok.pipelines.plan import REUSED, Phase, Plan, StepConfig, Task, changed_files, read_description, read_plan
from algok.pipelines.storage import Store
from algok.pipelines.take_over import Reused
from algok.pipelines.tasks import Progress, run_tasks, worker_root
from algok.pipelines.versions import library_versions, python_version, step_versions
from algok.pipelines.worker import RunTask

# Keys of a recipe that change nothing of what a phase writes.
_IDLE = {"name", "description", "labels", "format", "error_budget", "keep"}
_UNUSED = "run without --reuse"


def find_reusable(url: str, plan: Plan) -> tuple[Reused, str]:
    """What a new run can take over from the run in a directory, and why it is not more ("" where it is everything).

    Raises InputError where there is no such run, or nothing of it comes out the same.
    """
    store = open_run(url)
    earlier = read_plan(store)
    if changed := changed_files(store):
        raise InputError(f"{url}: {' and '.join(changed)} changed since that run began, so nobody knows what it did")
    versions = read_description(store)
    _check_inputs(url, earlier, plan)
    _check_versions(url, versions)
    same, why = _same_phases(earlier, plan, versions["steps"])
    resolving = next((phase.index + 1 for phase in plan.phases if phase.sketches), same)
    if "sketches" in plan.recipe.keep and resolving < same:
        same, why = resolving, "a run that keeps sketches resolves all its corpus steps itself"
    phases = next((count for count in range(same, 0, -1) if _has(store, earlier, count - 1)), 0)
    if phases < same:
        why = (
            f"what phase {phases + 1} left for the next is not there any more: a finished run keeps it only with "
            "'--keep phases', an unfinished one has that of its last phase"
        )
    if not phases:
        raise InputError(f"{url}: nothing can be taken over from this run, since {why}; {_UNUSED}")
    return Reused(worker_root(store), earlier.digest, phases), why


def take_over(store: Store, plan: Plan, reused: Reused, executor: Executor, progress: Progress) -> None:
    """Brings what a run takes over and does not have yet. Raises TaskError, among others where a file of the earlier run is not
    the one that its done record names."""
    tasks = _missing(store, plan, reused.phases)
    sizes = [plan.shard_bytes[task.shard] for task in tasks]
    run_tasks(store, RunTask(worker_root(store)), tasks, "take over", executor, progress, sizes)


def _missing(store: Store, plan: Plan, phases: int) -> list[Task]:
    """A task for each shard that lacks a done record of these phases. It has the id of the shard's last one, whose record is
    taken away, so that all of a shard are written anew."""
    done, of_shard = set(done_tasks(store)), dict[int, list[Task]]()
    for phase in plan.phases[:phases]:
        for task in plan.phase_tasks(phase):
            of_shard.setdefault(task.shard, []).append(task)
    last = [tasks[-1] for tasks in of_shard.values() if any(task.id not in done for task in tasks)]
    for task in last:
        store.remove(done_name(task.id))
    return [replace(task, round=REUSED) for task in last]


def open_run(url: str) -> Store:
    """The directory of a run, finished or not. Raises InputError where there is none."""
    store = Store(url)
    store.check_reachable()
    if not store.exists("run.json"):
        raise InputError(f"{url}: no run directory (it has no run.json)")
    return store


def _check_inputs(url: str, earlier: Plan, plan: Plan) -> None:
    """Raises InputError unless both plans read the same bytes in the same way and write them alike."""
    changes = recipe_differences(earlier.recipe, plan.recipe)
    head = {key: change for key, change in changes.items() if _top(key) not in {*_IDLE, "steps", "profiles", ORDER}}
    if head:
        raise InputError(
            f"{url}: that run's recipe reads or writes otherwise (what it has → what is asked for), so nothing can be taken "
            f"over:\n{indented(described(head))}\n{_UNUSED}"
        )
    if earlier.inputs_digest != plan.inputs_digest:
        raise InputError(
            f"{url}: its inputs are not those of today, so nothing can be taken over:\n"
            f"{indented(input_differences(earlier, plan))}\n{_UNUSED}"
        )
    masks = [any(config.cls.masks_personal_data for config in side.recipe.steps) for side in (earlier, plan)]
    if masks[0] != masks[1]:
        raise InputError(
            f"{url}: only one of the two recipes masks personal data, and a recipe that does masks it in what every phase "
            f"drops, so nothing can be taken over; {_UNUSED}"
        )


def _top(key: str) -> str:
    return key if key == ORDER else key.partition(".")[0]


def _check_versions(url: str, recorded: dict[str, Any]) -> None:
    """Raises InputError unless the run was made by the same versions as are here: others may give other bytes."""
    then = {"algok": recorded["algok"], "python": recorded.get("python"), **recorded.get("libraries", {})}
    now = {"algok": algok.__version__, "python": python_version(), **library_versions()}
    other = [
        f"{name}: {then.get(name)} → {now.get(name)}" for name in {**then, **now} if then.get(name) != now.get(name)
    ]
    other = [line for line in other if not line.startswith("ray:")]  # only an executor
    if other:
        raise InputError(
            f"{url}: made by other versions (its own → those here), which may give other results:\n{indented(other)}\n"
            f"use those versions, or {_UNUSED}"
        )


def _same_phases(earlier: Plan, plan: Plan, versions: dict[str, dict]) -> tuple[int, str]:
    """How many phases from the first on come out the same, and why the one behind them does not."""
    ours = step_versions(plan)
    for phase in plan.phases:
        if phase.index >= len(earlier.phases):
            return phase.index, f"phase {phase.index + 1} ({phase.title}) is not in that run"
        theirs = earlier.phases[phase.index]
        if _work(earlier, theirs, versions) != _work(plan, phase, ours):
            return (
                phase.index,
                f"phase {phase.index + 1} ({phase.title}) is not the same: {_difference(earlier, plan, phase)}",
            )
    return len(plan.phases), ""


def _work(plan: Plan, phase: Phase, versions: dict[str, dict]) -> dict[str, Any]:
    """Everything that decides what a phase writes, inputs and head of the recipe aside. Bounds of the step that it sketches
    for are of the next phase."""

    def of(config: StepConfig, bounds: bool) -> list:
        models = {key: model for key, model in plan.models.items() if key.startswith(f"{config.name}.")}
        data = config.model_dump(mode="json", exclude=set() if bounds else {"bounds", "by_source"})
        return [data, versions[config.name], models]

    return {
        "acts": phase.acts is not None,
        "steps": [of(config, True) for config in phase.all_steps],
        "sketches": of(phase.sketches, False) if phase.sketches else None,
        "last": phase.index == len(plan.phases) - 1,
    }


def _difference(earlier: Plan, plan: Plan, phase: Phase) -> str:
    """What is different in a phase, in one line."""
    theirs = earlier.phases[phase.index]
    configs = [*phase.all_steps, *theirs.all_steps, *filter(None, (phase.sketches, theirs.sketches))]
    names = {name for config in configs for name in (config.key, config.name)}
    changes = recipe_differences(earlier.recipe, plan.recipe)
    told = described({key: change for key, change in changes.items() if key == ORDER or names & set(_names(key))})
    if told:
        return "; ".join(told[:3]) + ("; …" if len(told) > 3 else "")
    if phase.index + 1 in (len(plan.phases), len(earlier.phases)) and len(plan.phases) != len(earlier.phases):
        return "only in one of the runs it is the last one"
    return "a step has another version or model"


def _names(key: str) -> Iterator[str]:
    """What may be the step in a key such as `steps.a:B.option` or `profiles.source.step.signal`."""
    parts = key.split(".")
    for start in range(1, min(3, len(parts))):
        for stop in range(start + 1, len(parts) + 1):
            yield ".".join(parts[start:stop])


def _has(store: Store, plan: Plan, index: int) -> bool:
    """Whether a run has done its phases up to one, and what this one left for the next is there."""
    phase = plan.phases[index]
    wanted = {task.id for earlier in plan.phases[: index + 1] for task in plan.phase_tasks(earlier)}
    if not wanted <= set(done_tasks(store)):
        return False
    if index == len(plan.phases) - 1:
        return True
    spills = {
        spill_name(plan, phase, task.shard)
        for task in plan.phase_tasks(phase)
        if not (phase.sketches and plan.is_reference(task.shard))
    }
    there = spills <= set(store.names(f"work/p{index}"))
    return there and (phase.sketches is None or bool(store.listed(corpus_folder(phase))))
