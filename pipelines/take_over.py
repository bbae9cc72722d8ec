"""A task that takes a shard over from an earlier run, in place of the phases that `pipelines/reuse.py` found to be the same.

It brings the files that these phases wrote, verified by the digests in their done records, and writes the records, that of the
last phase last. All are the bytes that the run would write itself. Where the recipes have other steps behind these phases, the
tables of dropped documents have other columns, and are written again.
"""

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow.parquet as pq

from algok.errors import InputError
from algok.pipelines.done import read_done, write_done
from algok.pipelines.plan import Phase, Plan, Task, load_plan, phase_task_id, read_description
from algok.pipelines.schema import dropped_schema
from algok.pipelines.sinks import ParquetSink
from algok.pipelines.storage import PRIVATE, DamagedFile, Store


@dataclass(frozen=True)
class Reused:
    """What a run takes over: the first `phases` phases of the run in the directory `run`, whose plan has the digest `plan`."""

    run: str
    plan: str
    phases: int

    @classmethod
    def of(cls, store: Store) -> "Reused | None":
        """What the run.json of a run says that it takes over."""
        said = read_description(store).get("reused")
        return cls(**said) if said else None


def take_shard(store: Store, plan: Plan, task: Task) -> None:
    """Takes over the phases of a shard up to the task's. Raises InputError where the earlier run has not what it wrote."""
    reused = Reused.of(store)
    assert reused is not None
    shard = _Shard(store, plan, reused)
    try:
        for phase in plan.phases[: task.phase + 1]:
            shard.take(phase, task)
    except DamagedFile as error:
        raise InputError(
            f"{reused.run}: {error}; nothing is taken over that is not what that run wrote. If it is finished, "
            f"'algok verify {reused.run} --repair' makes its outputs again; otherwise run without --reuse"
        ) from None


class _Shard:
    def __init__(self, store: Store, plan: Plan, reused: Reused):
        self._store, self._plan, self._reused = store, plan, reused
        self._source, self._earlier = Store(reused.run), load_plan(reused.run, reused.plan)
        self._same_columns = dropped_schema(plan).equals(dropped_schema(self._earlier))

    def take(self, phase: Phase, task: Task) -> None:
        """Takes over what one phase wrote of the task's shard."""
        name = phase_task_id(phase.index, task.shard)
        record = read_done(self._source, name)
        if record["task"]["plan"] != self._reused.plan:
            raise DamagedFile(f"the done record {name}: of another run")
        record["files"] = [self._file(phase, file) for file in record["files"]]
        own = Task(name, self._plan.digest, phase.index, shard=task.shard, resources=phase.resources)
        write_done(self._store, name, {**record, "task": asdict(own), "reused": self._reused.plan})

    def _file(self, phase: Phase, file: dict[str, Any]) -> dict[str, Any]:
        """Takes over one file; what its entry in the record is here."""
        path = file["path"]
        private = path.startswith(f"{PRIVATE}/")
        if private and not self._wanted(phase, path):
            return file
        self._check(file)
        if path.startswith("dropped/") and not self._same_columns:
            return self._written_again(path)
        self._store.take(self._source, path)
        return file

    def _wanted(self, phase: Phase, path: str) -> bool:
        """Whether the next phase reads an intermediate file, or the recipe keeps it and it is there."""
        if phase.index == self._reused.phases - 1:
            return True
        return "phases" in self._plan.recipe.keep and self._source.exists(path)

    def _check(self, file: dict[str, Any]) -> None:
        path, kind = file["path"], "sha256" if "sha256" in file else "xxh3"
        try:
            found = self._source.digest(path, kind)
        except FileNotFoundError:
            raise DamagedFile(f"{path}: missing") from None
        if found != file[kind]:
            raise DamagedFile(f"{path}: changed since it was written (its digest is not that of its done record)")

    def _written_again(self, path: str) -> dict[str, Any]:
        """A table of dropped documents with the columns of this run's recipe, row group by row group."""
        with ExitStack() as stack:
            table = pq.ParquetFile(stack.enter_context(self._source.fs.open(self._source.path(path), "rb")))
            sink = ParquetSink(stack, self._store, path, dropped_schema(self._plan), self._plan.recipe.parquet)
            for group in range(table.num_row_groups):
                for batch in table.read_row_group(group, use_threads=False).to_batches():
                    sink.append(batch)
                sink.end_group()
            sink.close()
        (written,) = sink.files
        return written.as_dict()
