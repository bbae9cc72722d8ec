"""The Python face: what it gives equals what a run gives, in the kind that was given."""

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import prose, write_jsonl

import algok
from algok.errors import InputError, RecipeError

TEXTS = [prose(0), "짧은 글", prose(1) + "\u200b&nbsp;", prose(0), *(prose(i) for i in range(2, 12))]
URLS = [f"https://a.example.com/{i}?mail=kim{i}@example.com" for i in range(len(TEXTS))]


@pytest.fixture(scope="module", params=["filter", "annotate"])
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The same documents through runs of the web recipe, filtered and annotated."""
    folder = tmp_path_factory.mktemp("api")
    write_jsonl(folder / "in.jsonl", [{"text": t, "url": u} for t, u in zip(TEXTS, URLS, strict=True)])
    return {
        mode: algok.run("web", folder / mode, inputs=folder / "in.jsonl", source="web", mode=mode, workers=0)
        for mode in ("filter", "annotate")
    }


def test_clean_keeps_what_a_run_keeps(ran):
    kept = ran["filter"].kept().to_table(columns=["text", "url"])
    assert algok.clean(TEXTS, source="web") == kept["text"].to_pylist()
    given = pa.table({"text": TEXTS, "url": URLS, "n": range(len(TEXTS))})
    cleaned = algok.clean(given, source="web")
    assert cleaned.select(["text", "url"]).to_pylist() == kept.to_pylist()
    assert cleaned["n"].to_pylist() == [0, 2, *range(4, len(TEXTS))]
    assert "kim0@" not in cleaned["url"][0].as_py()


def test_annotate_gives_the_signals_of_an_annotated_run(ran):
    stored = ran["annotate"].kept().to_table()
    given = pa.table({"text": TEXTS, "url": URLS})
    table = algok.annotate(given, source="web")
    ids = {"dedup.cluster", "dedup.duplicate_of"}  # these hold ids, which a file gives and memory does not
    signals = [name for name in stored.column_names if "." in name and name not in ids]
    assert signals and table.select(signals).to_pylist() == stored.select(signals).to_pylist()
    assert table["text"].to_pylist() == stored["text"].to_pylist()
    assert table["kept"].to_pylist() == [
        (text in (TEXTS[0], *TEXTS[4:]) and i != 3) or i == 2 for i, text in enumerate(TEXTS)
    ]
    assert table["verdict"][1].as_py().startswith("heuristics.") and table["verdict"][0].as_py() is None


def test_a_data_frame_comes_back_as_one_with_its_index_and_other_columns():
    frame = pd.DataFrame(
        {"본문": TEXTS, "tags": [[i, "x"] for i in range(len(TEXTS))]}, index=[f"r{i}" for i in range(len(TEXTS))]
    )
    before = frame.copy(deep=True)
    cleaned = algok.clean(frame, text="본문", source="web")
    assert cleaned.index.tolist()[:3] == ["r0", "r2", "r4"] and cleaned["tags"].iloc[1] == [2, "x"]
    assert cleaned["본문"].tolist() == algok.clean(TEXTS, source="web")
    annotated = algok.annotate(frame, text="본문", source="web")
    assert annotated.index.equals(frame.index) and annotated["kept"].sum() == len(cleaned)
    again = algok.annotate(annotated, text="본문", source="web")
    assert list(again.columns) == list(annotated.columns)
    pd.testing.assert_frame_equal(frame, before)


def test_columns_beside_the_text_may_hold_nulls():
    columns = {name: [None, "가", None] for name in ("id", "url", "source", "date", "meta")}
    table = algok.annotate(pa.table({"text": TEXTS[4:7], **columns}))
    assert table["id"].to_pylist() == [None, "가", None] and table["kept"].to_pylist() == [True] * 3


def test_a_duplicated_index_is_no_trouble():
    frame = pd.DataFrame({"text": TEXTS}, index=[0] * len(TEXTS))
    assert algok.clean(frame, source="web")["text"].tolist() == algok.clean(TEXTS, source="web")


def test_polars_comes_back_as_polars():
    frame = pl.DataFrame({"text": TEXTS, "n": range(len(TEXTS))})
    cleaned = algok.clean(frame, source="web")
    assert isinstance(cleaned, pl.DataFrame) and cleaned["text"].to_list() == algok.clean(TEXTS, source="web")
    assert cleaned["n"].to_list()[:2] == [0, 2]
    assert algok.annotate(frame.lazy(), source="web")["kept"].sum() == len(cleaned)


@pytest.mark.parametrize(
    "make",
    [tuple, pd.Series, pl.Series, pa.array, lambda texts: pa.chunked_array([texts[:5], texts[5:]]), iter],
    ids=["tuple", "pandas", "polars", "array", "chunked", "iterator"],
)
def test_series_and_arrays_are_lists_of_texts(make):
    assert algok.clean(make(TEXTS[:4]), source="web") == algok.clean(TEXTS[:4], source="web")


@pytest.mark.parametrize(
    "type_", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_arrow_strings_of_every_kind_are_read(type_):
    table = pa.table({"text": pa.array(TEXTS[:4]).cast(type_)})
    assert algok.clean(table)["text"].to_pylist() == algok.clean(TEXTS[:4])


def test_dictionaries_come_back_as_dictionaries():
    rows = [{"body": text, "n": place} for place, text in enumerate(TEXTS[:4])]
    assert algok.clean(rows, text="body", source="web") == [
        {"body": text, "n": n} for text, n in zip(algok.clean(TEXTS[:4], source="web"), (0, 2), strict=True)
    ]
    annotated = algok.annotate(rows, text="body", source="web")
    assert [row["kept"] for row in annotated] == [True, False, True, False]
    assert algok.clean(pd.DataFrame({0: TEXTS[:2]}), text=0, source="web")[0].tolist() == [TEXTS[0]]


def test_an_explanation_reads_like_the_command(capsys):
    print(algok.explain(TEXTS[1]))
    shown = capsys.readouterr().out
    assert "✗ sentences" in shown and shown.rstrip().endswith("heuristics.sentences is 0, the bound is min 3")


def test_nothing_gives_nothing():
    assert algok.clean([]) == [] and algok.annotate([]).num_rows == 0
    assert algok.annotate(pa.table({"text": pa.array([], pa.string())}))["kept"].to_pylist() == []
    assert algok.clean(pd.DataFrame({"text": pd.Series([], dtype=str)})).empty


def test_many_documents_go_through_in_batches():
    texts = [prose(i) for i in range(1500)]
    table = algok.annotate(texts, settings=["steps.pii=null"], source="web")
    assert table.num_rows == 1500 and table["text"].to_pylist()[-1] == prose(1499)
    assert table["dedup.cluster_size"].null_count == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("한 글", r"\[text\]"),
        (["글", None], "text 1: is NoneType"),
        (["글", "\ud800"], "text 1: holds a lone surrogate"),
        (pa.table({"text": ["글", None]}), "row 1: its text is null"),
        (pa.table({"content": ["글"]}), "no column 'text'.*content"),
        (pd.DataFrame({"text": [1, 2]}), "holds int64, expected strings"),
        (5, "int: holds no texts"),
    ],
    ids=["one", "none", "surrogate", "null", "column", "numbers", "int"],
)
def test_what_holds_no_texts_is_refused_with_the_remedy(data, message):
    with pytest.raises(InputError, match=message):
        algok.clean(data)


def test_a_wrong_setting_is_refused_before_any_text_is_seen():
    with pytest.raises(RecipeError, match="heuristics"):
        algok.clean(["글"], settings=["steps.heuristic.chars.min=3"])
    with pytest.raises(RecipeError, match="no inputs"):
        algok.run("web", "nowhere")


def test_a_loaded_recipe_is_taken_as_it_is():
    recipe = algok.load_recipe("web", ["steps.pii=null"])
    assert algok.clean(TEXTS[:2], recipe) == algok.clean(TEXTS[:2], settings=["steps.pii=null"])
    assert algok.explain(TEXTS[1], recipe).verdict.startswith("dropped: heuristics.")


@pytest.mark.parametrize(
    "name",
    ["algok.api", "algok.step", "algok.testing", "algok.pipelines.summary", "algok.pipelines.stats"],
)
def test_examples_in_docstrings_hold(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0 and (result.attempted or name.endswith("stats"))


def test_importing_algok_loads_nothing():
    code = "import sys, algok; print(sorted(m for m in sys.modules if m.startswith(('algok.', 'numpy', 'pyarrow', 'numba'))))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
    assert {"clean", "Run"} <= set(dir(algok))
    with pytest.raises(AttributeError, match="nothing"):
        _ = algok.nothing


def test_rows_of_the_result_follow_the_given_ones():
    rng = np.random.default_rng(1)
    order = rng.permutation(len(TEXTS))
    table = algok.annotate(pa.table({"text": [TEXTS[i] for i in order], "n": order}), source="web")
    assert table["n"].to_pylist() == order.tolist()
