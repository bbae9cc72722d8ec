"""Random mixes over random corpora: each adds up, or is refused with a reason."""

import tempfile
from pathlib import Path

import pytest
from corpora import documents, run_mix, write_corpus
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.errors import InputError, RecipeError
from algok.mixing.account import MixDirectory, verify_mix
from algok.pipelines.storage import Store

REASONS = ("these cannot be met together", "there is no document to take", "no document has this label")


def optional(**keys):
    """A dictionary with any of these keys."""
    return st.fixed_dictionaries({}, optional=keys)


def stage(number: int, earlier: list[str]):
    named = {"name": st.just(f"s{number}"), "tokens": st.sampled_from([1, 50, 500, 3000, 20_000])}
    priors = ["uniform", {"temperature": 2}, {"unimax": 2}, {"natural": 0.3, "uniform": 0.7, "over": "source"}]
    keys = {
        "prior": st.sampled_from(priors),
        "shares": st.sampled_from([{"source=law": ">= 0.2"}, {"source=law": 0.1}, {"source=law|web": "<= 0.5"}]),
        "select": st.fixed_dictionaries({"signal": st.just("quality.level"), "top": st.sampled_from([0.1, 0.5, 1])}),
        "order": st.fixed_dictionaries({"signal": st.just("quality.level"), "strength": st.floats(0, 1)}),
        "curve": st.just({"bins": "level", "throwaway": 0.2}),
        "weights": st.just({"level=02": 3}),
    }
    if earlier:
        replay = {"of": st.sampled_from(earlier), "share": st.sampled_from([0.05, 0.5])}
        keys["replay"] = st.fixed_dictionaries({**replay, "which": st.sampled_from(["seen", "unseen", "any"])})
        keys["ramp"] = st.just("linear")
    return st.fixed_dictionaries(named, optional=keys)


@st.composite
def mixes(draw):
    stages = []
    for number in range(draw(st.integers(1, 3))):
        stages.append(draw(stage(number, [one["name"] for one in stages])))
    epochs = {"default": draw(st.sampled_from([1, 2.5, 30])), "source=law": draw(st.sampled_from([1, 5]))}
    bins = {"level": {"signal": "quality.level", "quantiles": 3, "within": draw(st.sampled_from([[], "source"]))}}
    seed, shards = draw(st.integers(0, 9)), draw(st.sampled_from([1, 4]))
    return {"stages": stages, "max_epochs": epochs, "bins": bins, "seed": seed, "shards": shards}


@st.composite
def corpora(draw):
    rows = documents(draw(st.sampled_from([3, 20, 90])))
    for row in rows:
        kind = draw(st.integers(0, 9))
        changes = {0: {"text": ""}, 1: {"quality.level": None}, 2: {"source": None}, 3: {"text": row["text"] * 30}}
        row.update(changes.get(kind, {}))
    return rows, draw(st.integers(1, 5))


@settings(max_examples=25)
@given(mixes(), corpora())
def test_a_mix_adds_up_or_is_refused_with_a_reason(mix, corpus):
    rows, files = corpus
    with tempfile.TemporaryDirectory() as folder:
        place = write_corpus(Path(folder) / "corpus", rows, files)
        output = Path(folder) / "mix"
        try:
            run_mix({"web": place}, output, write=["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"], **mix)
        except RecipeError as error:
            assert any(reason in str(error) for reason in REASONS)
            return
        assert verify_mix(MixDirectory(str(output))) == []


def test_a_mix_lies_on_any_storage(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(80))
    run_mix({"web": corpus}, "memory://mixes/one", write=["parquet", "megatron", "mds"])
    assert verify_mix(MixDirectory("memory://mixes/one")) == []
    run_mix({"web": corpus}, tmp_path / "mix", write=["parquet", "megatron", "mds"])
    here, there = Store(str(tmp_path / "mix")), Store("memory://mixes/one")
    files = [file["path"] for file in MixDirectory("memory://mixes/one").manifest["files"]]
    assert files and all(here.read_bytes(name) == there.read_bytes(name) for name in files)


def test_an_empty_corpus_is_refused(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(1))
    for path in corpus.glob("*.parquet"):
        path.unlink()
    with pytest.raises(InputError, match="names no file"):
        run_mix({"web": corpus}, tmp_path / "mix")
