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
from algok.errors import BudgetError, OutputError, TaskError
from algok.pipelines.account import finish
from algok.pipelines.corpus import open_corpus, save_corpus
from algok.pipelines.differences import described, indented, input_differences, recipe_differences
from algok.pipelines.executors import Executor, Outcome, Sized
from algok.pipelines.plan import Phase, Plan, Task, read_plan
from algok.pipelines.plugins import origin
from algok.pipelines.readers.registry import reader
from algok.pipelines.recipe import Recipe
from algok.pipelines.storage import Store
from algok.pipelines.worker import RunTask, done_name
from algok.step import CorpusStep

# A budget is a share, and a share of a handful says nothing.
_BUDGET_MINIMUM = 10
# Files left by a run that died before it wrote run.json.
_BEGUN = {"run.lock", "recipe.yaml", "plan.json"}


class Progress(Protocol):
    """What a driver tells whoever watches."""

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        """A stage begins: the tasks still to do with their relative sizes, and how many were done before."""
        ...

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None:
        """A task did so many more documents and bytes, and is done to this share."""
        ...

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
    with _locked(store):
        if store.exists("manifest.json"):
            _check_same(store, Plan.make(recipe))
            store.remove("work")
            return Finished(output, fresh=False)
        plan = _prepare(store, recipe, executor)
        if isinstance(executor, Sized):
            executor.expect(sum(plan.shard_bytes))
        for phase in _open_phases(store, plan):
            _run_phase(store, plan, phase, executor, progress)
        finish(store, plan)
    return Finished(output, fresh=True)


def _check_apart(store: Store, recipe: Recipe) -> None:
    """Outputs inside an input folder would be read as inputs when the run resumes."""
    if not store.local:
        return
    target = Path(store.root).resolve()
    for path in (path for spec in (*recipe.inputs, *recipe.against) for path in spec.paths):
        folder = Path(path).resolve()
        if folder.is_dir() and target.is_relative_to(folder):
            raise OutputError(f"{store.url}: lies inside the input '{path}'; choose an output directory outside of it")


def _prepare(store: Store, recipe: Recipe, executor: Executor) -> Plan:
    """Plans the run and records it, or checks that the directory holds this very run."""
    plan = Plan.make(recipe)
    if store.exists("run.json"):
        _check_same(store, plan)
        store.remove_temporary()
        return plan
    if {name.rpartition("/")[2] for name in store.names("")} - _BEGUN:
        raise OutputError(f"{store.url}: not empty and not a run directory; choose another output directory")
    plan.save(store)
    store.write_bytes("run.json", orjson.dumps(_describe(plan, executor), option=orjson.OPT_INDENT_2))
    return plan


def _check_same(store: Store, plan: Plan) -> None:
    recorded = orjson.loads(store.read_bytes("run.json"))
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
    return {key: change for key, change in changes.items() if key not in ("name", "description")}


def _describe(plan: Plan, executor: Executor) -> dict:
    libraries = ("pyarrow", "numpy", "numba", "fastwarc", "resiliparse", "kiwipiepy", "py3langid", "ray")
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
    done = set(store.names("done"))
    complete = [all(done_name(task.id) in done for task in plan.phase_tasks(phase)) for phase in plan.phases]
    first_open = complete.index(False) if False in complete else len(complete)
    return plan.phases[max(0, first_open - 1) :]


def _run_phase(store: Store, plan: Plan, phase: Phase, executor: Executor, progress: Progress) -> None:
    """A phase's tasks, then the rounds of the corpus step that closes it."""
    tasks = plan.phase_tasks(phase)
    sizes = [plan.shard_bytes[task.shard] for task in tasks]
    _run_tasks(store, tasks, _stage(phase), executor, progress, sizes)
    if phase.index == 0:
        _check_budget(store, plan, tasks)
    else:
        store.remove(f"work/p{phase.index - 1}")
        store.remove(f"work/c{phase.index - 1}")
    if phase.sketches is not None:
        _resolve(store, plan, phase, tasks, executor, progress)


def _resolve(store: Store, plan: Plan, phase: Phase, tasks: list[Task], executor: Executor, progress: Progress) -> None:
    if not store.exists(f"work/c{phase.index}/corpus.json"):
        save_corpus(store, phase, [_record(store, task.id)["rows"] for task in tasks])
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
    """Runs what has no done record yet. Raises TaskError after everything else has ended, at once if nothing can."""
    done = set(store.names("done"))
    waiting = [task for task in tasks if done_name(task.id) not in done]
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
        raise TaskError(_failure_message(failures, store))


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
    done = [_record(store, task.id) for task in tasks]
    records, quarantined = (sum(record[key] for record in done) for key in ("records", "quarantined"))
    if quarantined > max(_BUDGET_MINIMUM, plan.recipe.error_budget * records):
        raise BudgetError(
            f"{quarantined} of {records} records are in quarantine, more than the recipe's error_budget of "
            f"{plan.recipe.error_budget:.0%} and more than the {_BUDGET_MINIMUM} that are always let through; "
            f"see the reasons in {store.url}/quarantine/, mend them or raise error_budget"
        )


def _record(store: Store, task_id: str) -> dict:
    return orjson.loads(store.read_bytes(done_name(task_id)))


def _stage(phase: Phase) -> str:
    names = [*([phase.acts.name] if phase.acts else ["read"]), *(step.name for step in phase.steps)]
    return " → ".join([*names, f"sketch {phase.sketches.name}" if phase.sketches else "write"])


@contextmanager
def _locked(store: Store) -> Iterator[None]:
    """One driver per run directory, where the file system can say so; the lock dies with its process."""
    if not store.local:
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
