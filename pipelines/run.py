"""The driver: phases in order, a barrier between them, and the account at the end. It touches no document itself."""

import hashlib
import logging
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
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
from algok.pipelines.remains import clear_phase, clear_work
from algok.pipelines.resolve import resolve
from algok.pipelines.reuse import find_reusable, take_over
from algok.pipelines.spread import FOLDER
from algok.pipelines.storage import DamagedFile, Store, clear_uploads
from algok.pipelines.take_over import Reused
from algok.pipelines.tasks import Progress, run_tasks, worker_root
from algok.pipelines.versions import library_versions, python_version, step_versions
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


def execute(recipe: Recipe, output: str, executor: Executor, progress: Progress, reuse: str | None = None) -> Finished:
    """Runs a recipe into a run directory, or what is left of it. The same command resumes after any crash.

    `reuse`: the directory of an earlier run over the same inputs, whose phases before the first changed step are taken over.
    Raises ModelError before anything is read or written; InputError (an earlier run that has nothing to take over too),
    OutputError (a directory of another recipe, other inputs or models, or not writable), TaskError, BudgetError.
    """
    store = Store(output)
    _check_apart(store, recipe)
    clear_uploads()
    with locked(store):
        plan = Plan.make(recipe)
        if is_finished(store):
            _check_same(store, plan)
            _restore_plan(store, plan, progress)
            clear_work(store, plan)
            return Finished(output, fresh=False)
        if isinstance(executor, Sized):
            executor.expect(sum(plan.shard_bytes))
        reused = _prepare(store, plan, executor, progress, reuse)
        _complete(store, plan, executor, progress, reused)
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
        _check_same(store, Plan(plan.recipe, plan.own, plan.references, check_models(plan.recipe), plan.earlier))
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


def _complete(store: Store, plan: Plan, executor: Executor, progress: Progress, reused: Reused | None = None) -> None:
    """Runs what is left, and again what lost a file meanwhile, until every output is there; then writes the account."""
    for _ in range(_MENDS):
        try:
            if reused:
                take_over(store, plan, reused, executor, progress)
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


def _prepare(store: Store, plan: Plan, executor: Executor, progress: Progress, reuse: str | None) -> Reused | None:
    """Records the plan of a new run, or checks that the directory holds this very run and what of it still stands. Gives what
    it takes over of an earlier run."""
    _say_left_out(plan)
    if store.exists("run.json"):
        _check_same(store, plan)
        reused = _begun_with(store, reuse) if reuse else None
        _restore_plan(store, plan, progress)
        store.remove_temporary()
        store.make_private()
        if reused:
            take_over(store, plan, reused, executor, progress)
        # Remote storage keeps its own checksums, and reading all outputs back over the network would take long.
        _redo(store, find_damage(store, plan, digests=store.local), progress)
        return reused
    if {name.rpartition("/")[2] for name in store.names("")} - _BEGUN:
        raise OutputError(f"{store.url}: not empty and not a run directory; choose another output directory")
    reused = _find_reusable(reuse, plan, progress) if reuse else None
    description = {
        **_describe(plan, executor),
        **({"reused": asdict(reused)} if reused else {}),
        "files": plan.save(store),
    }
    store.write_bytes("run.json", orjson.dumps(description, option=orjson.OPT_INDENT_2))
    return reused


def _find_reusable(url: str, plan: Plan, progress: Progress) -> Reused:
    """What a new run takes over of an earlier one; says so, and why it is not more."""
    reused, why = find_reusable(url, plan)
    rest = f"; {why}" if why else ""
    progress.note(f"{reused.phases} of {len(plan.phases)} phase(s) are taken over from {url}{rest}")
    return reused


def _begun_with(store: Store, url: str) -> Reused:
    """What a run that goes on takes over of an earlier one. Raises OutputError where it began with another or none."""
    reused = Reused.of(store)
    if reused is None or reused.run != worker_root(Store(url)):
        began = f"--reuse {reused.run}" if reused else "no --reuse"
        raise OutputError(
            f"{store.url}: this run began with {began}; go on with that (or without, which does everything again that is not "
            "there yet), or choose another output directory"
        )
    return reused


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
    if recorded.get("keep", []) != plan.recipe.keep:
        raise OutputError(
            f"{store.url}: begun with keep: {recorded.get('keep', [])}, not {plan.recipe.keep}, and intermediate files that "
            "are gone do not come back; go on as it began, or choose another output directory"
        )
    if recorded["models"] != plan.models:
        raise OutputError(
            f"{store.url}: begun with other models (run.json has their digests); "
            "give it those models, or choose another output directory"
        )
    if (recorded["algok"], recorded["steps"]) != (algok.__version__, step_versions(plan)):
        raise OutputError(
            f"{store.url}: begun by algok {recorded['algok']}, this is {algok.__version__} or has other steps; "
            "finish it with the version that began it, or choose another output directory"
        )


def _decisive(changes: dict) -> dict:
    """Differences that make another result; a recipe may be called and described anew."""
    return {key: change for key, change in changes.items() if key not in ("name", "description", "labels")}


def _describe(plan: Plan, executor: Executor) -> dict:
    return {
        "algok": algok.__version__,
        "recipe": plan.recipe.name,
        "labels": dict(plan.recipe.labels),
        "recipe_digest": plan.recipe.digest,
        "inputs_digest": plan.inputs_digest,
        "plan": plan.digest,
        "shards": len(plan.own),
        "steps": step_versions(plan),
        "readers": _foreign_readers(plan),
        "models": plan.models,
        "keep": plan.recipe.keep,
        "left_out": {reason: len(names) for reason, names in plan.left_out.items()},
        "executor": executor.name,
        "python": python_version(),
        "libraries": library_versions(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _foreign_readers(plan: Plan) -> dict[str, str]:
    """By format of an input, where a reader of another package comes from."""
    formats = sorted({shard.format for shard in plan.shards})
    return {key: found for key in formats if (found := origin(type(reader(key))))}


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
    run_tasks(store, work, tasks, phase.title, executor, progress, sizes)
    _check_budget(store, plan, phase)
    if phase.index == 0:
        store.remove(FOLDER)
    if phase.index > 0:
        clear_phase(store, plan, plan.phases[phase.index - 1])
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
