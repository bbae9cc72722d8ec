"""What a report shows, read once from a run directory."""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from algok.dashboard.documents import MAX_DOCUMENTS, Read, read_documents
from algok.dashboard.shards import ShardTable, shard_table
from algok.dashboard.tasks import TaskFigures, task_figures
from algok.pipelines.run_directory import Run
from algok.pipelines.summary import RunSummary, SignalSummary, StepSummary


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


def read_report(
    url: str, max_documents: int = MAX_DOCUMENTS, counted: tuple[RunSummary, pa.Table] | None = None
) -> ReportData:
    """Reads a run directory, finished or not; `counted` are its summary and table of tasks where somebody has them. Raises
    InputError as `Run.open` and `Run.summary` do."""
    run = Run.open(url)
    summary, table = counted or run.summary_and_tasks()
    figures = task_figures(table, run.outline, run.failures())
    return ReportData(
        run,
        str(url),
        summary,
        shard_table(table, run.outline.shards),
        figures,
        read_documents(run, max_documents, summary.account),
    )
