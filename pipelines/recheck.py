"""Which tasks of a begun run must be done again, since a file that the rest builds on is missing, cut or changed.

Outputs must be whole in any case. Intermediate files must be whole only where a task that is still to do reads them: those
of a finished phase are gone. So the search goes from the last phase to the first, and a task that lost its output pulls in
those that make its input, down to the inputs of the run.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice

from algok.errors import InputError
from algok.pipelines.corpus import corpus_folder
from algok.pipelines.done import done_kinds, done_name, done_tasks, forget, scan_records
from algok.pipelines.phase import spill_name
from algok.pipelines.plan import Phase, Plan
from algok.pipelines.readers.inputs import Shard, plan_shards, results_file
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.spread import piece_name
from algok.pipelines.storage import PRIVATE, Store

_UNSPLIT = 1 << 60  # bytes: no file is cut
_AT_ONCE = 4096  # files that are checked together
_THREADS = 8  # digests leave the interpreter, and a remote file is waited for
Damage = dict[str, str]  # task id -> what is wrong with its record or one of its files


def find_damage(store: Store, plan: Plan, digests: bool) -> Damage:
    """The tasks with a done record that must be done again. Without `digests`, existence and size decide."""
    return _Search(store, plan, digests).run()


def undo(store: Store, damage: Damage) -> None:
    """Takes the done records of damaged tasks away, so that the tasks are done again."""
    forget(store, damage)


class _Search:
    def __init__(self, store: Store, plan: Plan, digests: bool):
        self._store, self._plan, self._digests = store, plan, digests
        self._damage: Damage = {}
        self._sound: set[str] = set()  # tasks with a sound record
        self._sizes = cache(store.sizes)

    def run(self) -> Damage:
        self._check((task, file) for task, files in self._read_records() for file in files if _is_output(file))
        for phase in reversed(self._plan.phases[:-1]):
            self._check(self._needed(phase))
        self._check(self._needed_pieces())
        return self._damage

    def _read_records(self) -> Iterator[tuple[str, list[dict]]]:
        """The files of all tasks with a sound record. Nobody keeps them: of very many tasks they take much memory."""
        for task, record in scan_records(self._store):
            if record is None:
                self._damage[task] = f"{done_name(task)}: damaged"
            elif (record["task"]["id"], record["task"]["plan"]) != (task, self._plan.digest):
                self._damage[task] = f"{done_name(task)}: of another task or run"
            else:
                self._sound.add(task)
                yield task, record["files"]

    def _sound_files(self, phase: Phase) -> Iterator[tuple[str, dict]]:
        """The files of sound tasks of a phase and of the rounds that follow it, read again."""
        for kind in done_kinds(self._store):
            if kind == f"p{phase.index}" or kind.startswith((f"c{phase.index}-", f"s{phase.index}")):
                for task, record in scan_records(self._store, [kind], self._sound.__contains__):
                    yield from ((task, file) for file in (record or {"files": []})["files"])

    def _needed(self, phase: Phase) -> Iterable[tuple[str, dict]]:
        """The intermediate files of a phase that tasks of the next one still read."""
        following = self._plan.phases[phase.index + 1]
        waiting = [task for task in self._plan.phase_tasks(following) if task.id not in self._sound]
        if not waiting:
            return []
        spills = {spill_name(self._plan, phase, task.shard) for task in waiting}
        sketches = f"{corpus_folder(phase)}/" if following.acts else None
        return (
            (task, file)
            for task, file in self._sound_files(phase)
            if file["path"] in spills or (sketches and file["path"].startswith(sketches))
        )

    def _needed_pieces(self) -> Iterable[tuple[str, dict]]:
        """The pieces of large files that tasks of the first phase still read."""
        first = self._plan.phase_tasks(self._plan.phases[0])
        waiting = [task.shard for task in first if self._plan.shards[task.shard].spread and task.id not in self._sound]
        pieces = {piece_name(self._plan, shard) for shard in waiting}
        if not pieces:
            return []
        return ((task, file) for task, file in self._sound_files(self._plan.phases[0]) if file["path"] in pieces)

    def _check(self, files: Iterable[tuple[str, dict]]) -> None:
        """Moves tasks that lost a file from the sound to the damaged ones."""
        files = iter(files)
        with ThreadPoolExecutor(_THREADS) as pool:
            while some := list(islice(files, _AT_ONCE)):
                for (task, _), problem in zip(some, pool.map(self._problem, [file for _, file in some]), strict=True):
                    if problem:
                        self._damage.setdefault(task, problem)
                        self._sound.discard(task)

    def _problem(self, file: dict) -> str | None:
        path = file["path"]
        size = self._sizes(path.rpartition("/")[0]).get(path)
        if size is None:
            return f"{path}: missing"
        if size != file["bytes"]:
            return f"{path}: {size:,} bytes instead of {file['bytes']:,}"
        kind = "sha256" if "sha256" in file else "xxh3"
        if self._digests and self._store.digest(path, kind) != file[kind]:
            return f"{path}: changed or damaged"
        return None


def shards_to_read(store: Store, plan: Plan, damage: Damage) -> list[Shard]:
    """The shards whose input must be read again."""
    sound = set(done_tasks(store)) - set(damage)
    return [plan.shards[task.shard] for task in plan.phase_tasks(plan.phases[0]) if task.id not in sound]


def check_inputs(shards: list[Shard]) -> None:
    """Raises InputError where a file of these shards has gone or changed since the plan was made."""
    for format in dict.fromkeys(shard.format for shard in shards):
        planned = {file.url: file for shard in shards if shard.format == format for file in shard.files}
        spec = InputSpec(path=list(planned), format=format)
        for file in (file for shard in plan_shards([spec], _UNSPLIT) for file in shard.files):
            if file.fingerprint != planned[file.url].fingerprint:
                raise InputError(f"{file.url}: has changed since the run read it, so nothing can be made from it again")
    for results in {shard.ocr for shard in shards if shard.ocr}:
        if results_file(results.url).fingerprint != results.fingerprint:
            raise InputError(f"{results.url}: has changed since the run read it, so nothing can be made from it again")


def _is_output(file: dict) -> bool:
    return not file["path"].startswith(f"{PRIVATE}/")
