"""Tables of tasks: the slowest, the workers with their memory, and failed attempts with their reasons."""

from algok.dashboard.markup import Markup
from algok.dashboard.parts import Cell, Page, megabytes, number, part, plain, prose, table
from algok.dashboard.tasks import TaskFigures


def tasks(found: TaskFigures, page: Page) -> list[Markup]:
    """The parts of a section; failed attempts come first, and only where there are any."""
    return [*_failures(found, page), _slowest(found, page), _workers(found, page)]


def _failures(found: TaskFigures, page: Page) -> list[Markup]:
    if not found.all_failures:
        return []
    rows = [
        [
            plain(item.failed.task),
            Cell(page.t(f"task.{item.state}")),
            number(item.failed.attempts),
            plain(item.failed.worker),
            plain(item.failed.at),
            prose(item.failed.reason),
        ]
        for item in found.failures
    ]
    columns = ["task", "state", "failed_attempts", "worker", "last_at", "reason"]
    return [part(page, page.t("failures"), table(page, columns, rows, of=found.all_failures))]


def _slowest(found: TaskFigures, page: Page) -> Markup:
    rows = [
        [
            plain(task.task),
            plain(" → ".join(task.steps)),
            number(task.seconds, 2),
            megabytes(task.peak_bytes) if task.peak_bytes else number(None),
            number(task.failed),
            plain(task.worker or ""),
        ]
        for task in found.slowest
    ]
    columns = ["task", "step", "seconds", "peak_mb", "failed_attempts", "worker"]
    return part(page, page.t("slowest"), table(page, columns, rows))


def _workers(found: TaskFigures, page: Page) -> Markup:
    rows = [
        [plain(worker.name), number(worker.tasks), number(worker.seconds, 2), megabytes(worker.peak_bytes)]
        for worker in found.workers
    ]
    return part(
        page,
        page.t("workers"),
        table(page, ["worker", "tasks_done", "seconds", "peak_mb"], rows, of=found.all_workers),
    )
