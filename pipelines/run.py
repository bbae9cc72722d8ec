"""The driver: phases in order, a barrier between them, and the account at the end. It touches no document itself."""

import hashlib
import logging
import platform
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import orjson
import pyarrow.parquet as pq

import algok
from algok.errors import BudgetError, InputError, OutputError, TaskError
from algok.pipelines.account import finish, is_finished
from algok.pipelines.differences import described, indented, input_differences, recipe_differences
from algok.pipelines.done import done_tasks, kind_of, read_records
from algok.pipelines.executors import Executor, Sized
from algok.pipelines.lock import locked
from algok.pipelines.plan import (
    Phase,
    Plan,
    changed_files,
    check_models,
    phase_task_id,
    read_description,
    read_plan,
)
from algok.pipelines.plugins import origin
from algok.pipelines.readers.registry import reader
from algok.pipelines.recheck import Damage, check_inputs, find_damage, shards_to_read, undo
from algok.pipelines.recipe import Recipe
from algok.pipelines.resolve import resolve
from algok.pipelines.spread import FOLDER
from algok.pipelines.storage import PRIVATE, DamagedFile, Store, clear_uploads
from algok.pipelines.tasks import Progress, run_tasks, worker_root
from algok.pipelines.worker import RunTask

# A budget is a share, and a share of a handful says nothing.
_BUDGET_MINIMUM = 10
# A warning names this many of the files that are left out.
_NAMED_FILES = 5
# The reason that an error names is looked for in this many quarantine files.
_REASON_FILES = 20
# Files left by a run that died before it wrote run.json.
_BEGUN = {"run.lock", "recipe.yaml", "plan.json"}
# How often a run does damaged tasks again before it gives up: who deletes under it, or whose disk fails, must look.
_MENDS = 4


@dataclass(frozen=True)
class Finished:
    """A finished run: where it is, and whether this call did any of it."""

    url: str
    fresh: bool


def execute(recipe: Recipe, output: str, executor: Executor, progress: Progress) -> Finished:
    """Runs a recipe into a run directory, or what is left of it. The same command resumes after any crash.

    Raises ModelError before anything is read or written; InputError, OutputError (a directory of another recipe, other
    inputs or models, or not writable), TaskError, BudgetError.
    """
    store = Store(output)
    _check_apart(store, recipe)
    clear_uploads()
    with locked(store):
        plan = Plan.make(recipe)
        if is_finished(store):
            _check_same(store, plan)
            _restore_plan(store, plan, progress)
            store.remove(PRIVATE)
            return Finished(output, fresh=False)
        _prepare(store, plan, executor, progress)
        if isinstance(executor, Sized):
            executor.expect(sum(plan.shard_bytes))
        _complete(store, plan, executor, progress)
    return Finished(output, fresh=True)


def repair(url: str, executor: Executor, progress: Progress) -> None:
    """Does the tasks of a finished run again that lost a file, from the inputs that its plan names, and writes the summary,
    the card and the manifest anew. A run that died meanwhile is finished by the same call.

    Raises InputError where an input that is needed has gone or changed (nothing is touched then), otherwise as `execute`.
    """
    store = Store(url)
    clear_uploads()
    with locked(store):
        plan = read_plan(store)
        _check_same(store, Plan(plan.recipe, plan.own, plan.references, check_models(plan.recipe)))
        _check_plan_files(store, plan, progress)
        damage = find_damage(store, plan, digests=True)
        check_inputs(shards_to_read(store, plan, damage))
        store.remove("manifest.json")
        store.remove_temporary()
        _redo(store, damage, progress)
        _complete(store, plan, executor, progress)


def _check_plan_files(store: Store, plan: Plan, progress: Progress) -> None:
    """Writes recipe.yaml and plan.json as they were, which is possible where damage left their meaning alone."""
    changed = changed_files(store)
    if not changed:
        return
    recorded = read_description(store)["files"]
    if any(hashlib.sha256(data).hexdigest() != recorded.get(name) for name, data in plan.files().items()):
        raise InputError(
            f"{store.url}: {' and '.join(changed)} changed since the run began; run the same 'algok run' command again, "
            "which writes them anew"
        )
    plan.save(store)
    progress.note(f"{' and '.join(changed)} changed, and is written again as it was")


def _complete(store: Store, plan: Plan, executor: Executor, progress: Progress) -> None:
    """Runs what is left, and again what lost a file meanwhile, until every output is there; then writes the account."""
    for _ in range(_MENDS):
        try:
            for phase in _open_phases(store, plan):
                _run_phase(store, plan, phase, executor, progress)
        except DamagedFile as error:
            damage = find_damage(store, plan, digests=True)
            if not damage:
                raise TaskError(str(error)) from None
        else:
            damage = find_damage(store, plan, digests=False)
        if not damage:
            store.check_own()
            finish(store, plan)
            return
        _redo(store, damage, progress)
    raise OutputError(
        f"{store.url}: files of the run vanish or change while it runs, {_MENDS} times in a row; see what else writes or "
        "deletes there, or whether the disk is failing, then run the same command again"
    )


def _redo(store: Store, damage: Damage, progress: Progress) -> None:
    """Takes the records of damaged tasks away, and says so."""
    if not damage:
        return
    shown = [f"  {task}: {reason}" for task, reason in sorted(damage.items())[:10]]
    more = [f"  … and {len(damage) - 10} more"] if len(damage) > 10 else []
    progress.note("\n".join([f"{len(damage)} task(s) are done again, since they lost what they wrote:", *shown, *more]))
    undo(store, damage)


def _check_apart(store: Store, recipe: Recipe) -> None:
    """Outputs inside an input folder would be read as inputs when the run resumes."""
    if not store.local:
        return
    target = Path(store.root).resolve()
    for path in (path for spec in (*recipe.inputs, *recipe.against) for path in spec.paths):
        folder = Path(path).resolve()
        if folder.is_dir() and target.is_relative_to(folder):
            raise OutputError(f"{store.url}: lies inside the input '{path}'; choose an output directory outside of it")


def _prepare(store: Store, plan: Plan, executor: Executor, progress: Progress) -> None:
    """Records the plan of a new run, or checks that the directory holds this very run and what of it still stands."""
    _say_left_out(plan)
    if store.exists("run.json"):
        _check_same(store, plan)
        _restore_plan(store, plan, progress)
        store.remove_temporary()
        store.make_private()
        # Remote storage keeps its own checksums, and reading all outputs back over the network would take long.
        _redo(store, find_damage(store, plan, digests=store.local), progress)
        return
    if {name.rpartition("/")[2] for name in store.names("")} - _BEGUN:
        raise OutputError(f"{store.url}: not empty and not a run directory; choose another output directory")
    description = {**_describe(plan, executor), "files": plan.save(store)}
    store.write_bytes("run.json", orjson.dumps(description, option=orjson.OPT_INDENT_2))


def _restore_plan(store: Store, plan: Plan, progress: Progress) -> None:
    """Writes recipe.yaml and plan.json again where they are damaged; that this is the same run was compared before."""
    description = read_description(store)
    if "files" in description and not changed_files(store):
        return
    # The recipe may be called and described anew, so the digests may be others. Runs of earlier versions have none.
    description = {**description, "files": plan.save(store)}
    store.write_bytes("run.json", orjson.dumps(description, option=orjson.OPT_INDENT_2))
    progress.note("recipe.yaml and plan.json were missing or damaged, and are written again")


def _say_left_out(plan: Plan) -> None:
    """Warns of files in input folders that are not read: nothing vanishes without a word."""
    for reason, names in plan.left_out.items():
        shown = ", ".join(names[:_NAMED_FILES]) + (", …" if len(names) > _NAMED_FILES else "")
        logging.getLogger("algok").warning("%d file(s) of the inputs left out (%s): %s", len(names), reason, shown)


def _check_same(store: Store, plan: Plan) -> None:
    recorded = read_description(store)
    if recorded["recipe_digest"] != plan.recipe.digest:
        raise OutputError(
            f"{store.url}: holds a run of another recipe (what it has → what was asked for):\n"
            f"{indented(described(_decisive(recipe_differences(read_plan(store).recipe, plan.recipe))))}\n"
            "choose another output directory, or remove this one to start over"
        )
    if recorded["inputs_digest"] != plan.inputs_digest:
        raise OutputError(
            f"{store.url}: its inputs have changed since it began:\n"
            f"{indented(input_differences(read_plan(store), plan))}\n"
            "choose another output directory, or remove this one to start over"
        )
    if recorded["models"] != plan.models:
        raise OutputError(
            f"{store.url}: begun with other models (run.json has their digests); "
            "give it those models, or choose another output directory"
        )
    if (recorded["algok"], recorded["steps"]) != (algok.__version__, _step_versions(plan)):
        raise OutputError(
            f"{store.url}: begun by algok {recorded['algok']}, this is {algok.__version__} or has other steps; "
            "finish it with the version that began it, or choose another output directory"
        )


def _decisive(changes: dict) -> dict:
    """Differences that make another result; a recipe may be called and described anew."""
    return {key: change for key, change in changes.items() if key not in ("name", "description", "labels")}


def _describe(plan: Plan, executor: Executor) -> dict:
    libraries = ("pyarrow", "numpy", "numba", "fastwarc", "resiliparse", "kiwipiepy", "py3langid", "ray")
    return {
        "algok": algok.__version__,
        "recipe": plan.recipe.name,
        "labels": dict(plan.recipe.labels),
        "recipe_digest": plan.recipe.digest,
        "inputs_digest": plan.inputs_digest,
        "plan": plan.digest,
        "shards": len(plan.own),
        "steps": _step_versions(plan),
        "readers": _foreign_readers(plan),
        "models": plan.models,
        "left_out": {reason: len(names) for reason, names in plan.left_out.items()},
        "executor": executor.name,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in libraries if _version(name)},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _step_versions(plan: Plan) -> dict[str, dict]:
    """By step its version, and for one of another package the distribution and its version."""
    versions = {}
    for config in plan.recipe.steps:
        cls = config.cls
        found = origin(cls)
        versions[config.name] = {"version": cls.version, **({"distribution": found} if found else {})}
    return versions


def _foreign_readers(plan: Plan) -> dict[str, str]:
    """By format of an input, where a reader of another package comes from."""
    formats = sorted({shard.format for shard in plan.shards})
    return {key: found for key in formats if (found := origin(type(reader(key))))}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _open_phases(store: Store, plan: Plan) -> list[Phase]:
    """The phases that still have work. A phase whose successor is complete needs none: its files may be gone already."""
    complete = [_is_complete(store, plan, phase) for phase in plan.phases]
    first_open = complete.index(False) if False in complete else len(complete)
    return plan.phases[max(0, first_open - 1) :]


def _is_complete(store: Store, plan: Plan, phase: Phase) -> bool:
    tasks = {task.id for task in plan.phase_tasks(phase)}
    return tasks <= set(done_tasks(store, set(map(kind_of, tasks))))


def _run_phase(store: Store, plan: Plan, phase: Phase, executor: Executor, progress: Progress) -> None:
    """A phase's tasks, then the rounds of the corpus step that closes it."""
    tasks, work = plan.phase_tasks(phase), RunTask(worker_root(store))
    if phase.index == 0:
        _spread(store, plan, executor, progress)
    sizes = [plan.shard_bytes[task.shard] for task in tasks]
    run_tasks(store, work, tasks, _stage(phase), executor, progress, sizes)
    _check_budget(store, plan, phase)
    if phase.index == 0:
        store.remove(FOLDER)
    if phase.index > 0:
        store.remove(f"work/p{phase.index - 1}")
        store.remove(f"work/c{phase.index - 1}")
    if phase.sketches is not None and not _is_complete(store, plan, plan.phases[phase.index + 1]):
        resolve(store, plan, phase, executor, progress)


def _spread(store: Store, plan: Plan, executor: Executor, progress: Progress) -> None:
    """Spreads the large files of which a shard is still to be read."""
    every = plan.spread_tasks()
    done = set(done_tasks(store, {"p0"})) if every else set()
    tasks = [
        task
        for task in every
        if any(phase_task_id(0, task.shard + number) not in done for number in range(plan.spread_shards(task.shard)))
    ]
    sizes = [plan.shards[task.shard].files[0].size for task in tasks]
    run_tasks(store, RunTask(worker_root(store)), tasks, "spread large files", executor, progress, sizes)


def _check_budget(store: Store, plan: Plan, phase: Phase) -> None:
    """Ends a run of which too much is in quarantine by now: unreadable records, and documents on which a step failed."""
    records = quarantined = 0
    for earlier in plan.phases[: phase.index + 1]:
        for record in read_records(store, [task.id for task in plan.phase_tasks(earlier)]):
            records += record["records"]
            quarantined += record["quarantined"]
    if quarantined > max(_BUDGET_MINIMUM, plan.recipe.error_budget * records):
        raise BudgetError(
            f"{quarantined} of {records} records are in quarantine, more than the recipe's error_budget of "
            f"{plan.recipe.error_budget:.0%} and more than the {_BUDGET_MINIMUM} that are always let through"
            f"{_main_reason(store)}; see the reasons in {store.url}/quarantine/, mend them or raise error_budget"
        )


def _main_reason(store: Store) -> str:
    """What most records of the first quarantine files have in common, with the remedy that their messages name."""
    found: Counter[tuple[str, str]] = Counter()
    for name in store.names("quarantine")[:_REASON_FILES]:
        with store.fs.open(store.path(name), "rb") as file:
            # Without threads: those of Arrow may outlive a process that ends with an error, and bring it down.
            table = pq.ParquetFile(file, pre_buffer=False).read(["reason", "message", "rows"], use_threads=False)
            for row in table.to_pylist():
                found[row["reason"], row["message"]] += row["rows"]
    if not found:
        return ""
    ((reason, message), count) = found.most_common(1)[0]
    return f"; {count} of them for this reason: {reason}: {message}"


def _stage(phase: Phase) -> str:
    names = [*([phase.acts.name] if phase.acts else ["read"]), *(step.name for step in phase.steps)]
    return " → ".join([*names, f"sketch {phase.sketches.name}" if phase.sketches else "write"])
