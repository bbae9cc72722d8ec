"""What stays of the intermediate files of a run: nothing, or what its recipe keeps for later runs.

`keep: [phases]` leaves the documents that travelled from each phase to the next, and what corpus steps sketched of them, so that
`algok run --reuse` can begin behind any phase. `keep: [sketches]` leaves the tables that corpus steps remember, so that a run
can be compared with this one (`algok run --against`).
"""

from dataclasses import replace

from algok.pipelines.corpus import corpus_folder
from algok.pipelines.exchange import Exchange, merged_name
from algok.pipelines.plan import Phase, Plan
from algok.pipelines.storage import PRIVATE, Store
from algok.step import CorpusStep

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
    if not plan.recipe.keep:
        store.remove(corpus)
        return
    for name in store.names(corpus):
        if name.endswith(".json") and not name.endswith(f"/{_CORPUS}"):
            _clear_table(store, plan, phase, name.removesuffix(".json"))


def _clear_table(store: Store, plan: Plan, phase: Phase, table: str) -> None:
    """Removes what is not kept of a table: its files, or the merged ones, or both."""
    assert phase.sketches is not None and issubclass(phase.sketches.cls, CorpusStep)
    exchange = Exchange.from_json(store.read_bytes(f"{table}.json"))
    for_phases = exchange.sketch and "phases" in plan.recipe.keep
    remembered = table.rpartition("/")[2] in phase.sketches.cls.remembers and "sketches" in plan.recipe.keep
    if not (for_phases or remembered):
        store.remove(f"{table}.json")
    elif exchange.groups and not remembered:
        store.write_bytes(f"{table}.json", replace(exchange, groups=0, bounds=()).to_json())
    if not for_phases and (exchange.groups or not remembered):
        store.remove(table)
    if not remembered:
        store.remove(merged_name(table))


def _folders(phase: Phase) -> tuple[str, str]:
    return f"{PRIVATE}/p{phase.index}", corpus_folder(phase)
