"""Why a document has none, one or several copies in a mix, and where they lie."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow.compute as pc

from algok.classifiers.contamination import ContaminationIndex, open_index
from algok.errors import AlgokError
from algok.mixing.account import MixDirectory
from algok.mixing.circle import TURN, Draw, copies
from algok.mixing.contaminated import Screen
from algok.mixing.corpora import Inputs, Piece, open_inputs, read_piece
from algok.mixing.measure import measure
from algok.mixing.planner import Plan
from algok.mixing.population import Documents, classes
from algok.mixing.tokenizers import of_options
from algok.mixing.work import Bench
from algok.pipelines.recipe_source import RecipeText


@dataclass(frozen=True)
class Reason:
    """What one draw does with the document."""

    stage: str
    draw: str
    copies: int
    why: str


@dataclass(frozen=True)
class Place:
    """A copy: its shard, row, and the tokens of the shard before it."""

    shard: str
    row: int
    start: int
    draw: str
    copy: int


@dataclass(frozen=True)
class MixExplanation:
    """One document in a mix."""

    id: str
    corpus: str
    cell: str
    tokens: int
    max_epochs: float | None
    reasons: list[Reason] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    contaminated: str | None = None  # the item that keeps the document out

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def explain_in_mix(directory: MixDirectory, key: str) -> list[MixExplanation]:
    """The documents with this id, from the corpora; where these are gone, what the ledgers know. Empty for none."""
    places, found = _places(directory, key), _contaminated(directory, key)
    left_out = {explanation.corpus for explanation in found}
    mix = directory.mix
    try:
        inputs = open_inputs(mix, RecipeText({}))
        index = open_index(mix.decontaminate) if mix.decontaminate else None
    except AlgokError:
        return found + [
            MixExplanation(key, corpus, cell, tokens, None, [], own) for (corpus, cell, tokens), own in places.items()
        ]
    for piece in inputs.pieces:
        for row in _rows_with(piece, inputs, key) if piece.corpus not in left_out else ():
            found.append(_explain(directory, inputs, piece, row, key, places, index))
    return found


def _contaminated(directory: MixDirectory, key: str) -> list[MixExplanation]:
    """What is known of documents with this id that were left out."""
    rows = directory.contaminated().filter(pc.field("id") == key).to_pylist()
    return [
        MixExplanation(key, row["corpus"], "", 0, None, contaminated=f"{row['item']}, coverage {row['coverage']:.2f}")
        for row in rows
    ]


def _places(directory: MixDirectory, key: str) -> dict[tuple[str, str, int], list[Place]]:
    """Where copies of the id lie, by corpus, cell and tokens."""
    found: dict[tuple[str, str, int], list[Place]] = {}
    for name, ledger in directory.ledgers():
        for row in np.flatnonzero(pc.equal(ledger["id"], key).to_numpy()):
            entry = {column: ledger[column][int(row)].as_py() for column in ledger.schema.names}
            place = Place(name, int(row), entry["start"], entry["draw"], entry["copy"])
            found.setdefault((entry["corpus"], entry["cell"], entry["tokens"]), []).append(place)
    return found


def _rows_with(piece: Piece, inputs: Inputs, key: str) -> list[int]:
    """The rows of a piece whose id is the key."""
    column = inputs.corpora[piece.corpus].columns["id"]
    rows, first = [], 0
    for batch in read_piece(piece, [column], 65536):
        rows += (
            first + np.flatnonzero(pc.equal(batch[column].cast("string"), key).to_numpy(zero_copy_only=False))
        ).tolist()
        first += batch.num_rows
    return rows


def _explain(
    directory: MixDirectory,
    inputs: Inputs,
    piece: Piece,
    row: int,
    key: str,
    places: dict,
    index: ContaminationIndex | None,
) -> MixExplanation:
    mix, plan = directory.mix, directory.plan
    corpus = inputs.corpora[piece.corpus]
    screen = Screen(index, corpus) if index else None
    clusters = mix.max_per_cluster is not None
    tokenizer = of_options(mix.tokenizer)
    table = measure(piece, corpus, mix.label_columns, mix.signal_columns, mix.seed, tokenizer, screen, clusters)
    if screen:
        row -= int((screen.table()["row"].to_numpy() < row).sum())
    (document,) = Bench(directory.store).planned_cells(table.slice(row, 1))
    cell, tokens = plan.cells[document.cells[0]], int(document.tokens[0])
    own = [place for (of, _, _), found in places.items() if of == piece.corpus for place in found]
    return MixExplanation(
        key, piece.corpus, cell.name, tokens, plan.caps[document.cells[0]], _reasons(plan, document), own
    )


def _reasons(plan: Plan, document: Documents) -> list[Reason]:
    of_class = classes(document, plan.selections)
    reasons = []
    for number, draw in enumerate(plan.draws):
        taken = int(copies(plan.draws, number, document.places, of_class)[0])
        reasons.append(Reason(draw.stage, draw.kind, taken, _why(plan, draw, document, int(of_class[0]))))
    return reasons


def _why(plan: Plan, draw: Draw, document: Documents, of_class: int) -> str:
    cell = int(draw.cells[of_class])
    if cell < 0:
        return "the stage's selection or 'where' leaves it out"
    if not draw.turns[cell] and not draw.partial[cell]:
        return "its cell gives nothing to this draw"
    if draw.of >= 0:
        seen = copies(plan.draws, draw.of, document.places, np.array([of_class]))[0] > 0
        if not seen:
            return f"not seen in stage '{plan.draws[draw.of].stage}'"
    ahead = int(draw.keys(document.places, np.array([of_class]))[0]) / TURN
    way = int(draw.turns[cell]) + (int(draw.limits[cell]) / TURN if draw.partial[cell] else 0)
    return f"it stands {ahead:.6f} of a turn ahead on the circle of its cell, and the draw goes on for {way:.6f} turns"
