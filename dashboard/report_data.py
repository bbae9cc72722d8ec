"""What a report shows, read once from a run directory."""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from algok.dashboard.documents import MAX_DOCUMENTS, Read, read_documents
from algok.dashboard.shards import ShardTable, shard_table
from algok.dashboard.tasks import TaskFigures, task_figures
from algok.pipelines.run_directory import Run
from algok.pipelines.summary import RunSummary, SignalSummary, StepSummary
from algok.pipelines.task_table import Rows


@dataclass(frozen=True)
class ReportData:
    """One run: its summary, its shards, and what its tables say. `name` is what commands call the run directory."""

    run: Run
    name: str
    summary: RunSummary
    shards: ShardTable
    tasks: TaskFigures
    read: Read

    @cached_property
    def signals(self) -> dict[str, tuple[StepSummary, SignalSummary]]:
        """Every signal as `step.signal`, in the recipe's order."""
        steps = self.summary.steps
        return {f"{step.name}.{signal.name}": (step, signal) for step in steps for signal in step.signals}


@dataclass(frozen=True)
class Counted:
    """What of a report comes from statistics and records, without looking at documents."""

    summary: RunSummary
    shards: ShardTable
    tasks: TaskFigures


def count(run: Run, known: tuple[RunSummary, Rows] | None = None) -> Counted:
    """Counts a run, finished or not; `known` are its summary and rows of tasks where somebody has them. Raises InputError as
    `Run.summary` does."""
    summary, rows = known or run.summary_and_tasks()
    figures = task_figures(rows, run.outline, run.failures())
    return Counted(summary, shard_table(rows, run.outline.shards), figures)


def give_memory_back() -> None:
    """Lets this process use the system's allocator for Arrow: Arrow's own keeps what it has freed, tens of MB after a very
    large run."""
    pa.set_memory_pool(pa.system_memory_pool())


def read_report(url: str, max_documents: int = MAX_DOCUMENTS, counted: Counted | None = None) -> ReportData:
    """Reads a run directory, finished or not; `counted` is what somebody has counted of it. Raises InputError as `Run.open`
    and `Run.summary` do."""
    run = Run.open(url)
    found = counted or count(run)
    documents = read_documents(run, max_documents, found.summary.account)
    return ReportData(run, str(url), found.summary, found.shards, found.tasks, documents)
