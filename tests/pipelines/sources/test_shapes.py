"""Every carried shape on a record of its own: recognised among all others, and read as docs/sources.md says."""

import csv
import io
import json
from typing import Any

import orjson
import pytest
from reading import read, write
from sources_samples import SAMPLES, TABLES, XML

from algok.errors import RecipeError
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.sources.carried import Named, Shapes, all_shapes, carried_shapes
from algok.pipelines.sources.path import EACH, VALUES, Key, alternatives
from algok.pipelines.sources.shape import Block, Shape

MARK = "가나다라"


def put(root: Any, steps: tuple, value: str) -> Any:
    """A value with a text at a path, laid over what is there."""
    if not steps:
        return root if root is not None else value
    step, rest = steps[0], steps[1:]
    if type(step) is Key:
        made = dict(root) if isinstance(root, dict) else {}
        made[str(step)] = put(made.get(step), rest, value)
        return made
    if step == VALUES:
        made = dict(root) if isinstance(root, dict) else {}
        made["k1"] = put(made.get("k1"), tuple(s for s in rest if not str(s).startswith("@")), value)
        return made
    assert step == EACH or step == 0
    return [put(root[0] if isinstance(root, list) else None, rest, value)]


def invented(named: Named) -> Any:
    """The least record that a shape asks for: its keys and its first path of text."""
    shape, root = named.shape, None
    for path in shape.match.keys:
        root = put(root, alternatives(path)[0].steps, MARK)
    records = alternatives(shape.records)[0].steps if shape.records else ()
    if shape.group:
        records = (EACH,) if shape.kind == "json" else ()
    part = shape.text[0]
    if isinstance(part, Block):
        each = alternatives(part.each)[0].steps if part.each else ()
        each = each[1:] if shape.group and each[:1] == (Key("rows"),) else each
        each = tuple(step for step in each if not (shape.group and step == EACH))
        for path, values in part.where.items():
            root = put(root, (*records, *each, *alternatives(path)[0].steps), values[0])
        root = put(root, (*records, *each, *alternatives(part.text[0])[0].steps), MARK)
    else:
        steps = alternatives(part)[0].steps
        steps = steps[2:] if shape.group and steps[:1] == (Key("rows"),) else steps
        root = put(root, (*records, *steps), MARK)
    return root


@pytest.mark.parametrize("name", [name for name, shape in carried_shapes().items() if not shape.match.members])
def test_the_least_record_of_a_shape_is_known_by_its_keys(name):
    named = Named.of(name, carried_shapes()[name])
    found = all_shapes().fitting(named.shape.kind, invented(named))
    assert found is not None and found.name == name


def test_roots_with_the_same_keys_may_have_different_shapes():
    shapes = Shapes([
        Named.of(name, Shape.model_validate({"title": name, "match": {"keys": [f"a.{name}"]}, "text": [f"a.{name}"]}))
        for name in ("b", "c")
    ])  # fmt: skip
    found = [shapes.fitting("json", {"a": {name: "글"}}) for name in ("b", "c", "d", "b")]
    assert [one and one.name for one in found] == ["b", "c", None, "b"]


def test_keys_of_any_length_and_number_are_no_memory():
    shapes = Shapes([Named.of("a", Shape.model_validate({"title": "a", "match": {"keys": ["a"]}, "text": ["a"]}))])
    for number in range(3_000):
        assert shapes.fitting("json", {"a": "글", f"{number}": 0}).name == "a"
        assert shapes.fitting("json", {"a": "글", f"{number}" * 1_000: 0}).name == "a"
    held = shapes._known
    assert len(held) <= 1024 and all(sum(map(len, keys)) <= 1024 for keys in held)


def member(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def table(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


FILES = (
    [(name, "a.json", member(value), texts) for name, (value, texts) in SAMPLES.items()]
    + [(name, "a.csv", table(rows), texts) for name, (rows, texts) in TABLES.items()]
    + [
        (name, "a.xml", text.encode("utf-16" if "utf-16" in text else "utf-8"), texts)
        for name, (text, texts) in XML.items()
    ]
)


@pytest.mark.parametrize(("name", "file", "data", "texts"), FILES, ids=[file[0] for file in FILES])
def test_a_set_is_read_as_its_shape_says(tmp_path, name, file, data, texts):
    found = read(write(tmp_path / file, data), format="records")
    assert not found.quarantined
    assert found.texts == texts
    assert {meta["shape"] for meta in found.meta} == {name}


def test_there_are_samples_of_enough_sets():
    assert len([name for name in SAMPLES if name.startswith("aihub")]) >= 35
    assert not {*SAMPLES, *TABLES, *XML} - set(carried_shapes())


def test_a_document_knows_its_terms_source_date_and_title(tmp_path):
    value, _ = SAMPLES["nikl-paragraphs"]
    (document,) = read(write(tmp_path / "a.json", member(value)), format="records").documents
    meta = orjson.loads(document["meta"])
    assert (document["source"], document["date"], document["provenance"]) == ("news", "2018-01-01", "organic")
    assert meta["licence"] == "nikl-terms" and meta["title"] == "봄" and meta["category"] == "신문 > 인터넷"


def test_a_side_translated_into_korean_is_a_translation(tmp_path):
    value, _ = SAMPLES["aihub-parallel-codes-json"]
    (document,) = read(write(tmp_path / "a.json", member(value)), format="records").documents
    assert document["provenance"] == "translated"
    other = {**value, "S-Code": "KO", "T-Code": "EN", "원문": "봄이 왔다.", "번역문": "Spring"}
    (document,) = read(write(tmp_path / "a.json", member(other)), format="records").documents
    assert (document["text"], document["provenance"]) == ("봄이 왔다.", "organic")


def test_an_ungrammatical_sentence_is_no_text(tmp_path):
    path = write(tmp_path / "a.csv", table([{"acceptability_label": "0", "sentence": "봄가 왔다."}]))
    assert read(path, format="records").ignored == {"empty_text": 1}


LABEL = {"named_entity": [{"title": [{"sentence": "봄"}], "content": [{"sentence": "봄이 왔다."}]}]}


def test_of_a_set_that_holds_a_text_twice_one_side_is_read(tmp_path):
    write(tmp_path / "a.json", member(SAMPLES["aihub-web-source"][0]))
    write(tmp_path / "b.json", member(LABEL))
    assert read(tmp_path, format="records").ignored == {"label_side": 1}
    assert read(tmp_path, format="records", side="label").texts == ["봄\n봄이 왔다."]
    assert read(tmp_path, format="records", side="label").ignored == {"source_side": 1}
    assert len(read(tmp_path, format="records", side="both").documents) == 2


BY_PATH = {"title": "x", "match": {"keys": ["글"]}, "text": ["글"], "side": "path"}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("01.데이터/1.Training/라벨링데이터/TL1/a.json", 0),
        ("01.데이터/1.Training/원천데이터/TS1/a.json", 1),
        ("VL_02/a.json", 0),
        ("[라벨]교육/a.json", 0),
        ("자료/a.json", 1),
    ],
)
def test_a_side_may_be_told_by_the_path(tmp_path, path, kept):
    (tmp_path / path).parent.mkdir(parents=True)
    write(tmp_path / path, member({"글": "봄이 왔다."}))
    assert len(read(tmp_path, format="records", shape=BY_PATH).documents) == kept


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ("nikl-paragraph", "no shape 'nikl-paragraph'; did you mean 'nikl-"),
        ("{title: x, match: {keys: [a]}, text: [b..c]}", "is no path"),
        ("{title: x, match: {keys: [a]}, text: [a], marks: [noize]}", "no mark 'noize'; did you mean 'noise'"),
        ("{title: x, match: {keys: [a]}, txt: [a]}", "unknown key"),
        ("{title: x, match: {keys: [a]}, text: []}", "at least 1 item"),
    ],
)
def test_a_wrong_shape_is_an_error_of_the_recipe(shape, problem):
    text = f"inputs:\n  - path: x\n    format: records\n    shape: {shape}\nsteps: {{repair: {{}}}}\n"
    with pytest.raises(RecipeError, match=r"recipe\.yaml:4") as error:
        recipe_from_text(text)
    assert problem in str(error.value)


def test_shape_and_columns_do_not_go_together():
    with pytest.raises(RecipeError, match="shape and side are of the format records"):
        recipe_from_text("inputs: [{path: x, format: json, shape: judgements}]\nsteps: {repair: {}}")
    with pytest.raises(RecipeError, match="instead of columns"):
        recipe_from_text("format: records\ninputs: [{path: x, columns: {text: a}}]\nsteps: {repair: {}}")
