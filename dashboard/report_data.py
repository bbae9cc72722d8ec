"""What a report shows, read once from a run directory."""

from dataclasses import dataclass
from functools import cached_property

from algok.dashboard.documents import MAX_DOCUMENTS, Read, read_documents
from algok.dashboard.shards import ShardTable, read_shards
from algok.pipelines.run_directory import Run
from algok.pipelines.summary import RunSummary, SignalSummary, StepSummary


@dataclass(frozen=True)
class ReportData:
    """One run: its summary, its shards, and what its tables say. `name` is what commands call the run directory."""

    run: Run
    name: str
    summary: RunSummary
    shards: ShardTable
    read: Read

    @cached_property
    def signals(self) -> dict[str, tuple[StepSummary, SignalSummary]]:
        """Every signal as `step.signal`, in the recipe's order."""
        steps = self.summary.steps
        return {f"{step.name}.{signal.name}": (step, signal) for step in steps for signal in step.signals}


def read_report(url: str, max_documents: int = MAX_DOCUMENTS) -> ReportData:
    """Reads a run directory, finished or not. Raises InputError as `Run.open` and `Run.summary` do."""
    run = Run.open(url)
    return ReportData(run, str(url), run.summary, read_shards(run), read_documents(run, max_documents))
