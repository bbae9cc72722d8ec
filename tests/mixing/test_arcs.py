"""Sums by place and the documents at the ends of arcs give what passes over all documents give."""

import numpy as np
import pyarrow as pa
import pytest
from corpora import documents, mix_of, write_corpus
from hypothesis import given
from hypothesis import strategies as st
from populations import Row, population, rows

from algok.kernels.exposure import rows_by_code
from algok.mixing.arcs import Arcs
from algok.mixing.circle import Keyed, cut
from algok.mixing.known import Known
from algok.mixing.mix import Driver
from algok.mixing.population import Documents, Population, Selection, classes
from algok.mixing.recipe import Select
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.storage import Store

starts_of = st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6)


def circles(rows: list[Row], starts: list[int]) -> tuple[Population, list[Selection], np.ndarray, np.ndarray]:
    """A population whose better half is a class of its own, the start of every class, and the cell of each."""
    made = population(rows)
    selections = [made.select(Select(signal="quality.level", top=0.5), None)]
    cells = np.arange(len(made.cells) * 2, dtype=np.int32) >> 1
    return made, selections, np.array(starts[: len(cells)], np.uint64), cells


def keyed(made: Population, selections, starts, cells):
    for part in made.passes():
        of_class = classes(part, selections)
        yield Keyed(cells[of_class], part.places - starts[of_class], part.tokens)


@given(rows, starts_of, st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(-1, 5))
def test_a_cut_is_that_of_all_documents(rows, starts, parts, without):
    made, selections, first, cells = circles(rows, starts)
    if 0 <= without < len(cells):
        cells[without] = -1
    arcs = Arcs(made, selections)
    have = np.zeros(len(made.cells), np.int64)
    np.add.at(have, cells[cells >= 0], arcs.class_tokens[cells >= 0])
    targets = (have * np.array(parts[: len(have)])).astype(np.int64)
    rounding = np.full(len(have), 0.3)
    found = arcs.cut(cells, first, targets, rounding)
    expected = cut(lambda: keyed(made, selections, first, cells), targets, made.documents, rounding)
    assert all((getattr(found, name) == getattr(expected, name)).all() for name in ("limits", "any", "tokens"))


@given(rows, starts_of, st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=3))
def test_tokens_on_an_arc_are_those_of_its_documents(rows, starts, ways):
    made, selections, first, cells = circles(rows, starts)
    wanted = np.array(ways[: len(made.cells)], np.uint64)
    expected = np.zeros(len(wanted), np.int64)
    for part in keyed(made, selections, first, cells):
        np.add.at(expected, part.groups, np.where(part.keys < wanted[part.groups], part.tokens, 0))
    assert (Arcs(made, selections).tokens(cells, first, wanted) == expected).all()


@given(st.lists(st.integers(0, 5)))
def test_rows_by_code_are_a_stable_sort(codes):
    rows, ends = rows_by_code(np.array(codes, np.int64), 6)
    assert rows.tolist() == np.argsort(np.array(codes, np.int64), kind="stable").tolist()
    assert np.diff(ends).tolist() == np.bincount(np.array(codes, np.int64), minlength=6).tolist()


STAGES = [
    {"name": "a", "tokens": 5000, "select": {"signal": "quality.level", "top": 0.7}},
    {"name": "b", "tokens": 900, "replay": {"of": "a", "share": 0.2}},
]


def measured(folder, **keys) -> tuple[Driver, Population]:
    mix, source = mix_of({"web": folder / "corpus"}, **keys)
    driver = Driver(mix, source, Store(str(folder / "mix")), make_executor("local", 0), SilentProgress())
    driver.begin()
    driver.measure()
    return driver, driver._bench().measured()


@pytest.mark.parametrize("bins", [1, 4, 256])
def test_documents_near_some_places_are_all_that_stand_there(tmp_path, bins):
    write_corpus(tmp_path / "corpus", documents(400))
    _, made = measured(tmp_path, stages=STAGES, cells=["source"], split_bytes=1 << 14)
    wanted = np.random.default_rng(bins).random((len(made.cells), bins)) < 0.3
    own = [chosen(part, wanted) for part in made.near(wanted)]
    assert sorted(map(tuple, np.concatenate(own))) == sorted(
        map(tuple, np.concatenate([chosen(part, wanted) for part in made.passes()]))
    )


def chosen(part: Documents, wanted: np.ndarray) -> np.ndarray:
    """Cell, place, tokens and quality of the documents that stand where they are wanted."""
    bins = [int(place) * wanted.shape[1] >> 64 for place in part.places]
    table = np.array([part.cells, part.places, part.tokens, part.signals["quality.level"]], np.uint64).T
    return table[wanted[part.cells, bins]].reshape(-1, 4)


def test_another_budget_is_planned_from_what_is_known_as_if_it_were_not(tmp_path, monkeypatch):
    """The second plan passes over no documents: it has neither replay nor another selection."""
    rows = [{**row, "dedup.cluster": f"c{number // 3}"} for number, row in enumerate(documents(400))]
    write_corpus(tmp_path / "corpus", rows)
    keys = {
        "cells": ["source"],
        "bins": {"level": {"signal": "quality.level", "quantiles": 3}},
        "max_per_cluster": 2,
    }
    measured(tmp_path, stages=STAGES, **keys)[0].plan()
    other = [{**STAGES[0], "tokens": 3000, "shares": {"source=law": ">= 0.2"}}, {"name": "c", "tokens": 500}]
    driver, _ = measured(tmp_path, stages=other, **keys)
    with monkeypatch.context() as patched:
        patched.setattr("algok.mixing.population.documents", lambda *_: pytest.fail("a pass over all documents"))
        driver.plan()
    again = (tmp_path / "mix" / "plan.json").read_bytes()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "corpus").symlink_to(tmp_path / "corpus")
    measured(tmp_path / "other", stages=other, **keys)[0].plan()
    assert again == (tmp_path / "other" / "mix" / "plan.json").read_bytes()


def test_a_damaged_result_is_made_again(tmp_path):
    known = Known(Store(str(tmp_path))).within("these documents")
    table = pa.table({"sum": [1, 2]})
    assert known.table(lambda: table, "sums").equals(table)
    (file,) = (tmp_path / "work" / "known").iterdir()
    file.write_bytes(file.read_bytes()[:40])
    assert known.table(lambda: table, "sums").equals(table)
    assert known.table(lambda: pytest.fail("it is known"), "sums").equals(table)
