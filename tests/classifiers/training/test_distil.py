"""Distilling: what the student is taught, which texts it learns from, and how close it comes."""

import json

import numpy as np
import pyarrow as pa
import pytest
from commands import algok
from conftest import prose, write_jsonl
from foreign_models import MENU, examples, train_fasttext

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.quality import open_quality
from algok.classifiers.training.data import DataSets
from algok.classifiers.training.distil import open_teacher, sample, teach
from algok.classifiers.training.quality import train_quality
from algok.errors import InputError

pytest.importorskip("sklearn", reason="needs the extra train")
KEEP = {"hq": "keep", "cc": "drop", "en": "drop"}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    pytest.importorskip("fasttext", reason="needs the extra fasttext")
    return str(train_fasttext(tmp_path_factory.mktemp("teacher") / "hq.bin", examples()))


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    rows = [{"text": prose(i)[:300], "url": f"https://h{i % 7}.example.com/{i}", "license": "CC0"} for i in range(60)]
    rows += [{"text": "\n".join(MENU) + f" {i}", "url": f"https://m{i % 7}.example.com/{i}"} for i in range(60)]
    return write_jsonl(tmp_path_factory.mktemp("texts") / "texts.jsonl", [*rows, rows[0], {"text": " "}])


def test_the_student_says_what_the_teacher_says(teacher, texts, tmp_path):
    labels = [part for pair in KEEP.items() for part in ("--label", "=".join(pair))]
    found = json.loads(algok("distil", "quality", teacher, texts, "-o", tmp_path / "m", *labels, "--json"))
    loss = found["metrics"]["cross-validation over groups"]
    assert loss["groups"] == 14 and loss["documents"] == 120 and "level" not in loss
    assert loss["keep"]["same answer at 0.5"] > 0.95 and loss["keep"]["mean absolute error"] < 0.1
    assert found["metrics"]["taught by"]["library"] == "fasttext" and len(found["metrics"]["taught by"]["digest"]) == 64
    assert {line["license"]: line["documents"] for line in found["data"]} == {"CC0": 60, "not stated": 60}
    assert found["speed"]["student"] > 0 and found["speed"]["teacher"] > 0
    given = pa.array([prose(100), "\n".join(MENU)], pa.large_string())
    said = open_quality(teacher, KEEP).probabilities(given)[0]
    assert open_quality(str(tmp_path / "m")).probabilities(given)[0] == pytest.approx(said, abs=0.15)


def test_the_same_texts_give_the_same_student(teacher, texts, tmp_path):
    digests = set()
    for name in "ab":
        found = algok("distil", "style", teacher, texts, "-o", tmp_path / name, "--folds", "2", "--json")
        digests.add(json.loads(found)["digest"])
    assert len(digests) == 1
    loss = json.loads(found)["metrics"]["cross-validation over groups"]
    assert loss["same label"] > 0.95 and 0 <= loss["KL divergence"] < 0.2
    shown = algok("distil", "style", teacher, texts, "-o", tmp_path / "c")
    assert (
        "same label" in shown
        and "speed on one core: teacher" in shown
        and f"style: {{model: {tmp_path / 'c'}}}" in shown
    )


def test_domains_are_codes_of_the_taxonomy(teacher, texts, tmp_path):
    message = algok("distil", "domain", teacher, texts, "-o", tmp_path / "m", code=8)
    assert "no answer of this step" in message and "history" in message
    labels = ["--label", "hq=history", "--label", "cc=commerce_general", "--label", "en=economy_business"]
    found = json.loads(algok("distil", "domain", teacher, texts, "-o", tmp_path / "m", *labels, "--json"))
    assert found["parameters"]["labels"] == ["commerce_general", "economy_business", "history"]
    assert found["metrics"]["cross-validation over groups"]["same label"] > 0.95


def test_a_score_teaches_levels_and_softly_what_to_keep():
    teacher = open_teacher("quality", "quality", None)
    teacher._probabilities = lambda texts: (np.full(4, np.nan), np.array([-1.0, 2.4, 3.0, 7.0]))
    targets = teacher.targets(pa.array([""] * 4))
    assert targets == [(0, 0), (pytest.approx(0.4), pytest.approx(2.4)), (1, 3), (1, 5)]


def test_a_probability_counts_as_its_share_of_both_answers(tmp_path):
    """A text that is kept with 0.8 teaches what five copies do, of which four are kept."""
    texts, levels = [prose(number)[:200] for number in range(24)], [0.0, 0.2, 0.8, 1.0]
    soft = Examples(texts, [(levels[i % 4], None) for i in range(24)], [f"g{i % 8}" for i in range(24)], [1.0] * 24)
    copies = Examples()
    for text, (keep, _), group in zip(soft.texts, soft.labels, soft.groups, strict=True):
        for copy in range(5):
            copies.add(text, (int(copy < round(5 * keep)), None), group, 0.2)
    train_quality(soft, tmp_path / "soft")
    train_quality(copies, tmp_path / "copies")
    given = pa.array([prose(number)[:200] for number in range(30)], pa.large_string())
    found = [open_quality(str(tmp_path / name)).probabilities(given)[0] for name in ("soft", "copies")]
    assert found[0] == pytest.approx(found[1], abs=0.02)


def test_a_sample_is_the_same_whatever_the_order_of_the_files(tmp_path):
    rows = [{"text": prose(number), "host": f"h{number % 3}"} for number in range(60)]
    first = write_jsonl(tmp_path / "a.jsonl", rows[:35])
    second = write_jsonl(tmp_path / "b.jsonl", rows[30:])
    found = [sample(paths, 20, DataSets(paths, ())) for paths in ([first, second], [second, first])]
    assert found[0].texts == found[1].texts and len(set(found[0].texts)) == 20
    assert sorted(sample([first, second], 100, DataSets([first, second], ())).texts) == sorted(
        row["text"] for row in rows
    )
    numbers = [row["text"] for row in rows]
    assert max(map(numbers.index, found[0].texts)) > 40 and min(map(numbers.index, found[0].texts)) < 20


def test_groups_are_hosts_or_the_text_itself(tmp_path):
    rows = [
        {"text": "가나다 첫째", "url": "https://a.example.com/1"},
        {"text": "가나다 둘째", "host": "b"},
        {"text": "가나다 셋째", "topic": "c"},
    ]
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    found = sample([path], 10, DataSets([path], ()))
    groups = dict(zip(found.texts, found.groups, strict=True))
    assert (
        groups["가나다 첫째"] == "a.example.com" and groups["가나다 둘째"] == "b" and len(groups["가나다 셋째"]) == 16
    )
    assert "c" in sample([path], 10, DataSets([path], ()), "topic").groups


def test_every_text_is_asked_once_in_order(teacher):
    asked = []

    class Listening:
        def targets(self, texts):
            asked.extend(texts.to_pylist())
            return [(0.5, None)] * len(texts)

    given = Examples([f"글 {number}" for number in range(150)], [None] * 150, [""] * 150, [1.0] * 150)
    lesson = teach(Listening(), given, iter)  # pyright: ignore[reportArgumentType]
    assert asked == given.texts and len(lesson.examples.labels) == 150


def test_nothing_to_learn_from_is_said(teacher, tmp_path):
    with pytest.raises(InputError, match="no text to distil on"):
        path = write_jsonl(tmp_path / "a.jsonl", [{"text": " "}])
        sample([path], 10, DataSets([path], ()))
    path = write_jsonl(tmp_path / "b.jsonl", [{"text": prose(number)} for number in range(30)])
    labels = ["--label", "hq=keep", "--label", "cc=drop", "--label", "en=drop"]
    message = algok("distil", "quality", teacher, path, "-o", tmp_path / "m", *labels, code=3)
    assert "at least two different labels" in message
