"""algok train: folders that open, the same digest for the same input, and errors that say what to do."""

import importlib.util
import json
import re

import pytest
from commands import algok
from conftest import prose, write_jsonl

from algok.classifiers.store import open_model
from algok.classifiers.training.lmplz import find_lmplz

JUNK = (
    "메뉴 홈 로그인 회원가입 장바구니",
    "무료 쿠폰 최저가 할인 당일배송",
    "ㅋㅋㅋ ㅎㅎㅎ ㅠㅠ",
    "error 404 not found",
)


def rows(count: int = 40) -> list[dict]:
    made = []
    for i in range(count):
        good = i % 2 == 0
        labels = {"keep": int(good), "quality": 3 if good else 0, "toxicity": 0 if good else 3}
        labels |= {"style": "article" if good else "ad", "domain": "history" if good else "commerce_general"}
        text = prose(i)[: 200 + i] if good else "\n".join([f"{JUNK[(i + k) % 4]} {i * k}" for k in range(6)])
        made.append({"text": text, "host": f"h{i // 5}", "license": "CC0" if i < 30 else "MIT", "labels": labels})
    return made


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    return write_jsonl(tmp_path_factory.mktemp("train") / "labels.jsonl", rows())


@pytest.mark.parametrize("kind", ["quality", "toxicity", "domain", "style"])
def test_the_same_input_gives_the_same_digest_and_a_model_that_tells_them_apart(labels, tmp_path, kind):
    pytest.importorskip("sklearn", reason="needs the extra train")
    first = json.loads(algok("train", kind, labels, "-o", tmp_path / "a", "--folds", "2", "--json"))
    again = json.loads(algok("train", kind, labels, "-o", tmp_path / "b", "--folds", "0", "--json"))
    assert first["digest"] == again["digest"] == open_model(str(tmp_path / "a"), kind).manifest.digest
    data = {(line["name"], line["license"]): line["documents"] for line in first["data"]}
    assert data == {("labels.jsonl", "CC0"): 30, ("labels.jsonl", "MIT"): 10}
    measured = first["metrics"]["cross-validation over groups"]
    assert measured["folds"] == 2 and measured["groups"] == 8 and measured["documents"] == 40
    figure = {"quality": "keep AUC", "domain": "accuracy", "style": "accuracy"}.get(kind)
    assert (measured[figure] if figure else measured["any"]["AUC"]) > 0.9


@pytest.mark.parametrize("kind", ["quality", "toxicity", "domain", "style"])
def test_fasttext_behind_the_same_command_gives_a_model_that_the_step_takes(labels, tmp_path, kind):
    pytest.importorskip("sklearn", reason="needs the extra train")
    pytest.importorskip("fasttext", reason="needs the extra fasttext")
    options = ["--backend", "fasttext", "--json"]
    first = json.loads(algok("train", kind, labels, "-o", tmp_path / "a", "--folds", "2", *options))
    again = json.loads(algok("train", kind, labels, "-o", tmp_path / "b", "--folds", "0", *options))
    assert first["digest"] == again["digest"] and first["parameters"]["library"] == "fasttext"
    measured = first["metrics"]["cross-validation over groups"]
    figure = {"quality": "keep AUC", "domain": "accuracy", "style": "accuracy"}.get(kind)
    assert (measured[figure] if figure else measured["any"]["AUC"]) > 0.9
    shown = json.loads(algok("evaluate", labels, "--model", f"{kind}={tmp_path / 'a'}", "--json"))
    assert shown["models"][f"{kind}.model"]["digest"] == first["digest"]
    assert shown[kind].get("auc", shown[kind].get("accuracy", shown[kind].get("auc_mean"))) > 0.9
    assert "whole" in algok("models", "verify", tmp_path / "a")


def test_a_word_that_fasttext_would_take_for_a_label_is_none(tmp_path):
    fasttext = pytest.importorskip("fasttext", reason="needs the extra fasttext")
    texts = [row | {"text": f"__label__9 {row['text']} __label__keep"} for row in rows()]
    path = write_jsonl(tmp_path / "labels.jsonl", texts)
    algok("train", "style", path, "-o", tmp_path / "m", "--folds", "0", "--backend", "fasttext")
    assert sorted(fasttext.load_model(str(tmp_path / "m/model.bin")).labels) == ["__label__0", "__label__1"]


def test_the_report_says_how_to_use_the_model(labels, tmp_path):
    shown = algok("train", "style", labels, "-o", tmp_path / "m", "--folds", "0", "--name", "mine", "--version", "4")
    assert "mine@4" in shown and f"style: {{model: {tmp_path / 'm'}}}" in shown and "CC0" in shown
    assert open_model(str(tmp_path / "m"), "style").label == "mine@4"


def test_licences_given_go_before_those_of_the_rows(labels, tmp_path):
    other = write_jsonl(tmp_path / "other.jsonl.gz", rows(10))
    options = ["--folds", "0", "--json", "--license", "CC BY 4.0", "--license", "own work"]
    data = json.loads(algok("train", "style", labels, other, "-o", tmp_path / "m", *options))["data"]
    assert [(line["name"], line["license"]) for line in data] == [
        ("labels.jsonl", "CC BY 4.0"),
        ("other.jsonl.gz", "own work"),
    ]
    three = [*options, "--license", "x"]
    assert "3 licences for 2 files" in algok("train", "style", labels, other, "-o", tmp_path / "n", *three, code=3)


def test_the_dev_part_leaves_the_held_out_groups_alone(labels, tmp_path):
    sizes = {}
    for part in ("all", "dev", "held-out"):
        options = ["--folds", "0", "--json", "--part", part]
        data = json.loads(algok("train", "style", labels, "-o", tmp_path / part, *options))["data"]
        sizes[part] = sum(line["documents"] for line in data)
        assert all(line["name"].endswith("part)") == (part != "all") for line in data)
    assert sizes["dev"] + sizes["held-out"] == sizes["all"] == 40 and min(sizes.values()) > 0


def test_rows_without_a_group_are_said_to_be_without(tmp_path):
    bare = [{"text": row["text"], "labels": row["labels"]} for row in rows()]
    path = write_jsonl(tmp_path / "bare.jsonl", bare)
    manifest = json.loads(algok("train", "style", path, "-o", tmp_path / "m", "--folds", "2", "--json"))
    assert "no group" in manifest["metrics"]["note"]
    assert manifest["metrics"]["cross-validation over groups"]["groups"] == 40


@pytest.mark.parametrize(
    ("kind", "change", "options", "message"),
    [
        ("quality", {}, ["--label", "labels.good"], "no row of .* has a label at 'labels.good'"),
        ("quality", {"keep": 1}, [], "at least two different labels"),
        ("quality", {"keep": 7}, [], "labelled row 1: keep must be 0 or 1"),
        ("quality", {"quality": 9}, [], "quality must be a number from 0 to 5"),
        ("style", {"style": "ad"}, [], "at least two different labels"),
        ("style", {"style": 4}, [], "expected a name"),
        ("domain", {"domain": "soup"}, [], "'soup' is not one of language_literature"),
        ("toxicity", {"toxicity": "rude"}, [], "'rude' is not one of any, hate"),
        ("toxicity", {"toxicity": 0}, [], "at least two different labels"),
        ("toxicity", {"toxicity": {"hate": 2}}, [], "a class must be 0 or 1"),
    ],
)
def test_labels_that_cannot_be_learned_from(tmp_path, kind, change, options, message):
    pytest.importorskip("sklearn", reason="needs the extra train")
    changed = [row | {"labels": row["labels"] | change} for row in rows()]
    path = write_jsonl(tmp_path / "a.jsonl", changed)
    assert re.search(message, algok("train", kind, path, "-o", tmp_path / "m", *options, code=3))
    assert not (tmp_path / "m").exists()


def test_folders_and_names_are_checked_before_any_training(labels, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    assert "not an empty folder" in algok("train", "style", labels, "-o", tmp_path / "full", code=8)
    assert "not an empty folder" in algok("train", "style", labels, "-o", labels, code=8)
    assert "--name" in algok("train", "style", labels, "-o", tmp_path / "m", "--name", "My Model", code=2)
    assert "no such file" in algok("train", "style", tmp_path / "x.jsonl", "-o", tmp_path / "m", code=3)


def test_without_the_extra_the_command_says_so(labels, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "sklearn" else find(name, *more)
    )
    assert "pip install 'algok[train]'" in algok("train", "quality", labels, "-o", tmp_path / "m", code=8)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    made = [{"text": "\n".join(prose(i) for i in range(k, k + 3)), "license": "CC0"} for k in range(60)]
    return write_jsonl(tmp_path_factory.mktemp("texts") / "prose.jsonl", made)


def test_a_tokenizer(texts, tmp_path):
    options = ["--vocabulary", "410", "--json"]
    first = json.loads(algok("train", "tokenizer", texts, "-o", tmp_path / "a", *options))
    again = json.loads(algok("train", "tokenizer", texts, "-o", tmp_path / "b", *options))
    assert first["digest"] == again["digest"] and first["parameters"]["vocabulary"] == 410
    assert first["data"][0] == first["data"][0] | {"name": "prose.jsonl", "license": "CC0", "documents": 60}
    assert "tokens: {model:" in algok("train", "tokenizer", texts, "-o", tmp_path / "c", "--vocabulary", "410")
    assert "cannot be trained" in algok(
        "train", "tokenizer", texts, "-o", tmp_path / "d", "--vocabulary", "200000", code=8
    )


def test_a_perplexity_model(texts, tmp_path):
    if find_lmplz() is None:
        pytest.skip("needs lmplz; building it takes a minute")
    noisy = write_jsonl(tmp_path / "noisy.jsonl", [{"text": " ".join(JUNK * 30), "license": "MIT"}] * 5)
    algok("train", "tokenizer", texts, "-o", tmp_path / "t", "--vocabulary", "410")
    options = ["--tokenizer", tmp_path / "t", "--noisy", noisy, "--json"]
    first = json.loads(algok("train", "perplexity", texts, "-o", tmp_path / "a", *options))
    again = json.loads(algok("train", "perplexity", texts, "-o", tmp_path / "b", *options))
    assert first["digest"] == again["digest"]
    assert {(line["name"], line["license"], line["use"]) for line in first["data"]} == {
        ("prose.jsonl", "CC0", "clean"),
        ("noisy.jsonl", "MIT", "noisy"),
    }


def test_without_lmplz_and_its_tools_the_command_says_what_is_missing(texts, tmp_path, monkeypatch):
    algok("train", "tokenizer", texts, "-o", tmp_path / "t", "--vocabulary", "410")
    monkeypatch.delenv("ALGOK_LMPLZ", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shown = algok("train", "perplexity", texts, "-o", tmp_path / "m", "--tokenizer", tmp_path / "t", code=8)
    assert "cmake" in shown and "libboost" in shown
