"""What stays of the intermediate files of a run: nothing, or what its recipe keeps for later runs.

`keep: [phases]` leaves the documents that travelled from each phase to the next, and what corpus steps sketched of them, so that
`algok run --reuse` can begin behind any phase.
"""

from algok.pipelines.corpus import corpus_folder
from algok.pipelines.exchange import Exchange, merged_name
from algok.pipelines.plan import Phase, Plan
from algok.pipelines.storage import PRIVATE, Store

_CORPUS = "corpus.json"


def clear_work(store: Store, plan: Plan) -> None:
    """Removes the intermediate files of a finished run that its recipe does not keep."""
    if not plan.recipe.keep:
        store.remove(PRIVATE)
        return
    for phase in plan.phases:
        clear_phase(store, plan, phase)
    of_phases = {folder.rpartition("/")[2] for phase in plan.phases for folder in _folders(phase)}
    for name in set(store.listed(PRIVATE)) - of_phases:
        store.remove(f"{PRIVATE}/{name}")


def clear_phase(store: Store, plan: Plan, phase: Phase) -> None:
    """Removes what a phase left for the next one, which is done, but for what the recipe keeps."""
    documents, corpus = _folders(phase)
    if "phases" not in plan.recipe.keep:
        store.remove(documents)
        store.remove(corpus)
        return
    for name in store.names(corpus):
        if name.endswith(".json") and not name.endswith(f"/{_CORPUS}"):
            _clear_exchange(store, name.removesuffix(".json"))


def _clear_exchange(store: Store, table: str) -> None:
    """Removes a table that a round gave, and the merged files of any: they are made again from the sketches."""
    exchange = Exchange.from_json(store.read_bytes(f"{table}.json"))
    store.remove(merged_name(table))
    if not exchange.sketch:
        store.remove(table)
        store.remove(f"{table}.json")


def _folders(phase: Phase) -> tuple[str, str]:
    return f"{PRIVATE}/p{phase.index}", corpus_folder(phase)
