"""The cap per duplicate cluster, over all stages and replays."""

from collections import Counter

import numpy as np
import pytest
from corpora import bytes_of, documents, run_mix, write_corpus
from hypothesis import given
from hypothesis import strategies as st
from populations import LABELS, Row, all_documents, population
from test_planner import mix

from algok.errors import RecipeError
from algok.mixing import clusters
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.circle import copies
from algok.mixing.clusters import Division, allowances, divided
from algok.mixing.explain import explain_in_mix
from algok.mixing.planner import make_plan
from algok.mixing.population import classes, copies_allowed

rows = st.lists(
    st.builds(
        Row, st.integers(0, 10**6), st.sampled_from(LABELS), st.integers(1, 60), st.just(0.5), st.integers(0, 12)
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row.number,
)


@given(rows, st.integers(1, 6), st.sampled_from([1, 2.5, 4]), st.floats(0.1, 3))
def test_no_cluster_has_more_copies_than_it_may_over_stages_and_replays(rows, most, epochs, part):
    tokens = max(1, int(part * sum(row.tokens for row in rows)))
    stages = [{"tokens": tokens}, {"tokens": max(1, tokens // 4), "replay": {"of": "s0", "share": 0.3}}]
    wanted = mix(*stages, epochs=epochs, max_per_cluster=most)
    whole = population(rows)
    found = allowances(wanted, whole)
    split = divided(wanted, whole, found)
    try:
        plan = make_plan(wanted, split)
    except RecipeError:
        return  # the clusters do not have so many tokens
    document = Division.of_cells(wanted, split.cells, found).divide(all_documents(rows))
    of_class = classes(document, plan.selections)
    taken = sum(copies(plan.draws, k, document.places, of_class) for k in range(len(plan.draws)))
    by_cluster: Counter[int] = Counter()
    for row, count in zip(rows, taken.tolist()):
        by_cluster[row.cluster] += count
    assert max(by_cluster.values()) <= most


@given(rows, st.integers(1, 6), st.sampled_from([1, 2.5, 4]))
def test_a_cluster_may_have_all_its_copies_and_the_first_members_come_first(rows, most, epochs):
    wanted = mix({"tokens": 1}, epochs=epochs, max_per_cluster=most)
    whole = population(rows)
    found = allowances(wanted, whole)
    split = divided(wanted, whole, found)
    document = Division.of_cells(wanted, split.cells, found).divide(all_documents(rows))
    allowed = np.array([copies_allowed(wanted, split.cells[cell]) for cell in document.cells])
    each = min(most, int(np.ceil(epochs)))
    for cluster in {row.cluster for row in rows}:
        own = np.array([row.cluster == cluster for row in rows])
        assert allowed[own].sum() == min(most, own.sum() * each)
        inside = allowed[own][np.argsort(document.places[own])].tolist()
        assert inside == sorted(inside, reverse=True)


@given(rows, st.integers(2, 4))
def test_allowances_do_not_depend_on_files_or_memory(rows, pieces):
    wanted = mix({"tokens": 1}, max_per_cluster=3)
    expected = allowances(wanted, population(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "_AT_ONCE", 5)
        found = allowances(wanted, population(rows, pieces))
    assert found.as_table() == expected.as_table()


def rewritten(count: int) -> tuple[list[dict], list[dict]]:
    """Originals, alone in their clusters; and three rewrites of each, which name it."""
    originals = documents(count)
    rewrites = [
        {"id": f"{row['id']}-{k}", "text": f"{row['text']} {k}", "origin": row["id"]}
        for row in originals
        for k in range(3)
    ]
    return [row | {"dedup.cluster": None} for row in originals], rewrites


def test_rewrites_count_with_their_original_in_a_whole_mix(tmp_path):
    originals, rewrites = rewritten(60)
    for row in originals:
        row["dedup.cluster"] = None
    originals[0]["dedup.cluster"] = originals[0]["id"]
    places = {
        "web": {"path": str(write_corpus(tmp_path / "web", originals))},
        "rewrites": {
            "path": str(write_corpus(tmp_path / "rewrites", rewrites)),
            "columns": {"dedup.cluster": "origin"},
        },
    }
    stages = [{"name": "a", "tokens": 3000}, {"name": "b", "tokens": 1500, "replay": {"of": "a", "share": 0.3}}]
    keys = {"places": places, "stages": stages, "max_per_cluster": 2, "cells": ["corpus"]}
    run_mix({}, tmp_path / "mix", **keys)
    directory = MixDirectory(str(tmp_path / "mix"))
    assert verify_mix(directory) == []
    found: Counter[str] = Counter()
    for _, ledger in directory.ledgers():
        found.update(key.partition("-")[0] for key in ledger["id"].to_pylist())
    assert max(found.values()) == 2
    run_mix({}, tmp_path / "again", **keys, split_bytes=1 << 26)
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "mix")
    shown = [explain_in_mix(directory, key)[0] for key in ("d1", "d1-0", "d1-1", "d1-2")]
    assert sum(len(one.places) for one in shown) == found["d1"] and sum(one.max_epochs for one in shown) == 2


def test_a_mix_without_clusters_is_refused(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(9))
    with pytest.raises(RecipeError, match=r"max_per_cluster: no corpus has a column 'dedup\.cluster'"):
        run_mix({"web": corpus}, tmp_path / "mix", max_per_cluster=2)
