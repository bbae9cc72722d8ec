"""Labelled rows become documents of the engine, with their labels beside them."""

import hashlib

import pytest
from conftest import prose, write_jsonl

from algok.errors import InputError
from algok.evaluation.labelled_documents import read_labelled_documents
from algok.pipelines.documents import DOCUMENT_SCHEMA


@pytest.fixture
def labelled(tmp_path):
    rows = [{"text": prose(i), "host": f"h{i % 9}.example.com", "labels": {"keep": i % 2}} for i in range(1500)]
    return write_jsonl(tmp_path / "labels.jsonl", rows)


def test_documents_come_in_batches_of_the_engine(labelled):
    documents = read_labelled_documents([labelled])
    assert [batch.num_rows for batch in documents.batches] == [1024, 476]
    assert all(batch.schema == DOCUMENT_SCHEMA for batch in documents.batches)
    texts = [text for batch in documents.batches for text in batch.column("text").to_pylist()]
    assert texts == [prose(i) for i in range(1500)] and documents.labels["keep"].tolist() == [0.0, 1.0] * 750


def test_parts_are_split_by_group_and_by_the_documented_rule(labelled):
    parts = {part: read_labelled_documents([labelled], part=part) for part in ("all", "dev", "held-out")}
    assert len(parts["dev"]) + len(parts["held-out"]) == len(parts["all"])
    assert not set(parts["dev"].groups) & set(parts["held-out"].groups)
    for part, first in (("dev", 0), ("held-out", 154)):
        assert parts[part].groups, "the sample must have both"
        for group in parts[part].groups:
            byte = hashlib.sha256(group.encode()).digest()[0]
            assert (byte >= 154) == (first == 154)


def test_fields_can_be_named_and_have_their_defaults(tmp_path):
    lines = [
        {"text": "가", "meta": {"domain": "history"}, "source": "repo"},
        {"text": "나", "topic": "history", "labels": {"toxicity": 3}, "group": "g", "source": "repo"},
        {"text": "다", "labels": {"toxicity": ["hate"], "keep": True}},
        {"text": "라", "labels": {"toxicity": []}, "host": "h"},
        {"text": "아무 표시도 없다"},
    ]
    path = write_jsonl(tmp_path / "a.jsonl.gz", lines)
    documents = read_labelled_documents([path])
    assert documents.labels["domain"].tolist() == ["history", None, None, None] and len(documents) == 4
    assert documents.labels["toxicity"][1:].tolist() == [3, 2, 0] and documents.labels["keep"][2] == 1
    assert documents.groups == ["repo", "g", "", "h"]
    named = read_labelled_documents([path], fields={"domain": "topic"}, group="topic", source="news", by=["host"])
    assert named.labels["domain"].tolist() == ["history", None, None] and named.groups == ["history", "", ""]
    assert named.batches[0].column("source").to_pylist() == ["news"] * 3
    assert named.slices == {"host": ["(none)", "(none)", "h"]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"labels": {"keep": 1}}, "has no string 'text'"),
        ({"text": 3, "labels": {"keep": 1}}, "has no string 'text'"),
        ({"text": "가", "labels": {"keep": 2}}, "keep label must be a number from 0 to 1"),
        ({"text": "가", "labels": {"keep": 0.5}}, "keep label must be 0 or 1"),
        ({"text": "가", "labels": {"keep": "yes"}}, "keep label must be a number"),
        ({"text": "가", "labels": {"quality": 6}}, "from 0 to 5"),
        ({"text": "가", "labels": {"toxicity": -1}}, "from 0 to 3"),
        ({"text": "가", "labels": {"domain": 4}}, "must be a name"),
        ({"text": "가"}, "no row has a label at any of labels.keep, meta.keep"),
    ],
)
def test_bad_labels_are_named(tmp_path, row, message):
    path = write_jsonl(tmp_path / "bad.jsonl", [row])
    with pytest.raises(InputError, match=message):
        read_labelled_documents([path])
