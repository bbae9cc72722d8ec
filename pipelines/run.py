"""The driver: phases in order, a barrier between them, and the account at the end. It touches no document itself."""

import fcntl
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

import orjson

import algok
from algok.errors import BudgetError, InputError, OutputError, TaskError
from algok.pipelines.account import finish, is_finished
from algok.pipelines.corpus import open_corpus, save_corpus
from algok.pipelines.done import done_tasks, read_done
from algok.pipelines.executors import Executor, Outcome
from algok.pipelines.plan import Phase, Plan, Task, check_models, read_description, read_plan
from algok.pipelines.plugins import origin
from algok.pipelines.readers.registry import reader
from algok.pipelines.recheck import Damage, check_inputs, find_damage, shards_to_read, undo
from algok.pipelines.recipe import Recipe
from algok.pipelines.storage import PRIVATE, DamagedFile, Store, clear_uploads
from algok.pipelines.worker import RunTask
from algok.step import CorpusStep

# A budget is a share, and a share of a handful says nothing.
_BUDGET_MINIMUM = 10
# Files left by a run that died before it wrote run.json.
_BEGUN = {"run.lock", "recipe.yaml", "plan.json"}
# How often a run does damaged tasks again before it gives up: who deletes under it, or whose disk fails, must look.
_MENDS = 4


class Progress(Protocol):
    """What a driver tells whoever watches."""

    def note(self, text: str) -> None:
        """Something that one should know even where no progress is shown."""
        ...

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        """A stage begins: the tasks still to do with their relative sizes, and how many were done before."""
        ...

    def advance(self, task_id: str, documents: int, size: int) -> None: ...

    def task_done(self, task_id: str) -> None: ...

    def end(self) -> None: ...


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
    with _locked(store):
        plan = Plan.make(recipe)
        if is_finished(store):
            _check_same(store, plan)
            _restore_plan(store, plan, progress)
            store.remove(PRIVATE)
            return Finished(output, fresh=False)
        _prepare(store, plan, executor, progress)
        _complete(store, plan, executor, progress)
    return Finished(output, fresh=True)


def repair(url: str, executor: Executor, progress: Progress) -> None:
    """Does the tasks of a finished run again that lost a file, from the inputs that its plan names, and writes the summary,
    the card and the manifest anew. A run that died meanwhile is finished by the same call.

    Raises InputError where an input that is needed has gone or changed (nothing is touched then), otherwise as `execute`.
    """
    store = Store(url)
    clear_uploads()
    with _locked(store):
        plan = read_plan(store)
        _check_same(store, Plan(plan.recipe, plan.own, plan.references, check_models(plan.recipe)))
        damage = find_damage(store, plan, digests=True)
        check_inputs(shards_to_read(store, plan, damage))
        store.remove("manifest.json")
        store.remove_temporary()
        _redo(store, damage, progress)
        _complete(store, plan, executor, progress)


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
    plan.save(store)
    store.write_bytes("run.json", orjson.dumps(_describe(plan, executor), option=orjson.OPT_INDENT_2))


def _restore_plan(store: Store, plan: Plan, progress: Progress) -> None:
    """Writes recipe.yaml and plan.json again where they are damaged: run.json has their digests, and they were compared."""
    try:
        if read_plan(store).digest == plan.digest:
            return
    except InputError:
        pass
    plan.save(store)
    progress.note("recipe.yaml and plan.json were missing or damaged, and are written again")


def _check_same(store: Store, plan: Plan) -> None:
    recorded = read_description(store)
    if recorded["recipe_digest"] != plan.recipe.digest:
        raise OutputError(
            f"{store.url}: holds a run of another recipe (see its recipe.yaml, or 'algok recipe diff'); "
            "choose another output directory, or remove this one to start over"
        )
    if recorded["inputs_digest"] != plan.inputs_digest:
        raise OutputError(
            f"{store.url}: its inputs have changed since it began (files added, removed or rewritten); "
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


def _describe(plan: Plan, executor: Executor) -> dict:
    libraries = ("pyarrow", "numpy", "numba", "fastwarc", "resiliparse", "kiwipiepy", "datasketch", "py3langid", "ray")
    return {
        "algok": algok.__version__,
        "recipe": plan.recipe.name,
        "recipe_digest": plan.recipe.digest,
        "inputs_digest": plan.inputs_digest,
        "plan": plan.digest,
        "shards": len(plan.own),
        "steps": _step_versions(plan),
        "readers": _foreign_readers(plan),
        "models": plan.models,
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
    return {task.id for task in plan.phase_tasks(phase)} <= set(done_tasks(store))


def _run_phase(store: Store, plan: Plan, phase: Phase, executor: Executor, progress: Progress) -> None:
    """A phase's tasks, then the rounds of the corpus step that closes it."""
    tasks = plan.phase_tasks(phase)
    sizes = [sum(file.size for file in plan.shards[task.shard].files) for task in tasks]
    _run_tasks(store, tasks, _stage(phase), executor, progress, sizes)
    if phase.index == 0:
        _check_budget(store, plan, tasks)
    else:
        store.remove(f"work/p{phase.index - 1}")
        store.remove(f"work/c{phase.index - 1}")
    if phase.sketches is not None and not _is_complete(store, plan, plan.phases[phase.index + 1]):
        _resolve(store, plan, phase, tasks, executor, progress)


def _resolve(store: Store, plan: Plan, phase: Phase, tasks: list[Task], executor: Executor, progress: Progress) -> None:
    save_corpus(store, phase, [read_done(store, task.id)["rows"] for task in tasks])
    corpus = open_corpus(store.url, plan, phase.index)
    assert phase.sketches is not None
    step = plan.step(phase.sketches)
    assert isinstance(step, CorpusStep)
    for round_ in step.rounds():
        parts = plan.round_tasks(phase, round_.name, round_.partitions(corpus))
        _run_tasks(store, parts, f"{phase.sketches.name}: {round_.name}", executor, progress)


def _run_tasks(
    store: Store,
    tasks: list[Task],
    stage: str,
    executor: Executor,
    progress: Progress,
    sizes: list[int] | None = None,
) -> None:
    """Runs what has no done record yet. Raises TaskError after everything else has ended, at once if nothing can;
    DamagedFile where a task did not find what an earlier one wrote."""
    done = set(done_tasks(store))
    waiting = [task for task in tasks if task.id not in done]
    if not waiting:
        return
    weights = dict(zip((task.id for task in tasks), sizes or [1] * len(tasks), strict=True))
    progress.start(stage, {task.id: weights[task.id] for task in waiting}, len(tasks) - len(waiting))
    failures: list[Outcome] = []
    root = store.root if store.local else store.url  # absolute: a worker's working directory may be another
    try:
        for outcome in executor.run(RunTask(root), waiting, progress.advance):
            progress.task_done(outcome.task.id)
            if outcome.error:
                failures.append(outcome)
            if outcome.fatal:
                break
    finally:
        progress.end()
    if failures:
        lost = any(outcome.damaged for outcome in failures)
        raise (DamagedFile if lost else TaskError)(_failure_message(failures, store))


def _failure_message(failures: list[Outcome], store: Store) -> str:
    shown = [f"  {outcome.task.id}: {outcome.error}" for outcome in failures[:10]]
    more = [f"  … and {len(failures) - 10} more"] if len(failures) > 10 else []
    return "\n".join(
        [
            f"{len(failures)} task(s) failed; mend the cause and run the same command again to go on in {store.url}",
            *shown,
            *more,
        ]
    )


def _check_budget(store: Store, plan: Plan, tasks: list[Task]) -> None:
    done = [read_done(store, task.id) for task in tasks]
    records, quarantined = (sum(record[key] for record in done) for key in ("records", "quarantined"))
    if quarantined > max(_BUDGET_MINIMUM, plan.recipe.error_budget * records):
        raise BudgetError(
            f"{quarantined} of {records} records are in quarantine, more than the recipe's error_budget of "
            f"{plan.recipe.error_budget:.0%}; see the reasons in {store.url}/quarantine/, mend them or raise error_budget"
        )


def _stage(phase: Phase) -> str:
    names = [*([phase.acts.name] if phase.acts else ["read"]), *(step.name for step in phase.steps)]
    return " → ".join([*names, f"sketch {phase.sketches.name}" if phase.sketches else "write"])


@contextmanager
def _locked(store: Store) -> Iterator[None]:
    """One driver per run directory, where the file system can say so; the lock dies with its process."""
    if not store.local:
        store.check_reachable()
        yield
        return
    try:
        store.fs.makedirs(store.root, exist_ok=True)
        file = open(store.path("run.lock"), "a")
    except OSError as error:
        raise OutputError(f"{store.url}: cannot be written: {error.strerror or error}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{store.url}: another algok run is at work in this directory") from None
        yield
