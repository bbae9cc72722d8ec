"""Scores of the step pii against labelled spans."""

import orjson
import pytest

from algok.errors import InputError
from algok.evaluation.personal import evaluate_pii


def write(path, *rows: dict):
    path.write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    return path


def test_counts_by_kind(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        {"text": "연락처 010-0423-8891", "spans": [{"type": "PHONE", "start": 4, "end": 17}]},
        {"text": "담당 02-042-8891", "spans": [{"type": "phone", "start": 3, "end": 14}]},  # a telephone all the same
        {"text": "배도현이라는 사람", "spans": [{"label": "NAME", "start": 0, "end": 3}]},  # in running text: stays
        {"text": "문의 010-0423-8891", "spans": []},
        {"text": "labels elsewhere"},
    )
    report = evaluate_pii([path], "spans")
    assert report["documents"] == 4
    mobile = report["kinds"]["mobile"]
    assert (mobile["labelled"], mobile["found"], mobile["exact"], mobile["wrong"]) == (2, 2, 2, 1)
    assert report["kinds"]["person"]["recall"] == 0


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([{"type": "COLOUR", "start": 0, "end": 1}], "COLOUR"),
        ([{"type": "NAME", "start": "0"}], "start"),
        (["x"], "start"),
    ],
)
def test_wrong_spans_are_refused_with_their_row(tmp_path, spans, message):
    path = write(tmp_path / "a.jsonl", {"text": "글", "spans": []}, {"text": "글", "spans": spans})
    with pytest.raises(InputError, match=rf"row 2.*{message}"):
        evaluate_pii([path], "spans")


def test_a_file_without_spans_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"meta\.spans"):
        evaluate_pii([write(tmp_path / "a.jsonl", {"text": "글"})], "meta.spans")
