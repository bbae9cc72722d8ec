"""Opening a run directory named on the command line."""

from algok.errors import InputError
from algok.pipelines.storage import Store


def open_run(path: str, finished: bool = False) -> Store:
    """The store of a run directory. Raises InputError where there is none, or where it must be finished and is not."""
    store = Store(path)
    if not store.exists("run.json"):
        raise InputError(f"{path}: no run directory (it has no run.json)")
    if finished and not store.exists("manifest.json"):
        raise InputError(f"{path}: this run is not finished; run the same 'algok run' command again to go on")
    return store
