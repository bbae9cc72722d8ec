"""Files of benchmarks in the forms of their distributions: whose they are, and which fields are what."""

import csv
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from algok.classifiers.training.benchmarks import Item, known_benchmarks, read_items, texts_of
from algok.errors import InputError

KNOWN = known_benchmarks()

# A row as each benchmark has it (the words are ours), the path of its file, and what is read of it.
FORMS = [
    (
        "KMMLU/Law-test.csv",
        {"question": "물음", "A": "하나", "B": "둘", "C": "셋", "D": "넷", "answer": 2, "Category": "Law"},
        Item("kmmlu", "Law-test#1", "물음", ("하나", "둘", "셋", "넷")),
    ),
    (
        "KMMLU-Redux/test.parquet",
        {"question": "물음", "options": ["하나", "둘"], "solution": "1"},
        Item("kmmlu_redux", "test#1", "물음", ("하나", "둘")),
    ),
    (
        "KMMLU-Pro/test.parquet",
        {"question": "물음", "options": ["하나", "둘"], "solution": "1", "subject": "법"},
        Item("kmmlu_pro", "test#1", "물음", ("하나", "둘")),
    ),
    (
        "HAE_RAE_BENCH_1.1/history.csv",
        {"query": "물음", "options": "['하나', '둘']", "answer": "(A)"},
        Item("haerae", "history#1", "물음", ("하나", "둘")),
    ),
    (
        "CLIcK/Economy.json",
        {"id": "E_1", "paragraph": "글", "question": "물음", "choices": ["하나", "둘"], "answer": "둘"},
        Item("click", "E_1", "물음", ("하나", "둘"), "", "글"),
    ),
    (
        "kobest_v1/boolq.jsonl",
        {"paragraph": "글", "question": "물음", "label": 1},
        Item("kobest", "boolq#1", "물음", (), "", "글"),
    ),
    (
        "kobest_v1/copa.jsonl",
        {"premise": "앞", "question": "결과", "alternative_1": "하나", "alternative_2": "둘", "label": 0},
        Item("kobest", "copa#1", "앞", ("하나", "둘")),
    ),
    (
        "kobest_v1/hellaswag.jsonl",
        {"context": "앞", "ending_1": "하나", "ending_2": "둘", "ending_3": "셋", "ending_4": "넷", "label": 0},
        Item("kobest", "hellaswag#1", "앞", ("하나", "둘", "셋", "넷")),
    ),
    (
        "kobest_v1/wic.jsonl",
        {"word": "배", "context_1": "앞", "context_2": "뒤", "label": 0},
        Item("kobest", "wic#1", "앞\n뒤"),
    ),
    ("kobest_v1/sentineg.jsonl", {"sentence": "글", "label": 0}, Item("kobest", "sentineg#1", "글")),
    (
        "klue/ynat.parquet",
        {"guid": "y0", "title": "제목", "label": 3, "url": "u", "date": "d"},
        Item("klue", "y0", "제목"),
    ),
    (
        "klue/sts.json",
        {"guid": "s0", "sentence1": "앞", "sentence2": "뒤", "labels": {"label": 2.1}},
        Item("klue", "s0", "앞\n뒤"),
    ),
    (
        "klue/nli.json",
        {"guid": "n0", "premise": "앞", "hypothesis": "뒤", "label": 0, "source": "wiki"},
        Item("klue", "n0", "뒤", (), "", "앞"),
    ),
    (
        "klue/re.json",
        {"guid": "r0", "sentence": "글", "subject_entity": {"word": "a"}, "object_entity": {"word": "b"}, "label": 1},
        Item("klue", "r0", "글"),
    ),
    (
        "klue/wos.json",
        {
            "guid": "w0",
            "domains": ["식당"],
            "dialogue": [{"role": "user", "text": "앞"}, {"role": "sys", "text": "뒤"}],
        },
        Item("klue", "w0", "앞\n뒤"),
    ),
    (
        "klue/mrc.json",
        {
            "data": [
                {
                    "title": "t",
                    "news_category": None,
                    "paragraphs": [
                        {
                            "context": "글",
                            "qas": [
                                {"question": "물음", "guid": "m0", "question_type": 1, "answers": [{"text": "답"}]}
                            ],
                        }
                    ],
                }
            ]
        },
        Item("klue", "m0", "물음", (), "", "글"),
    ),
    (
        "KorQuAD_v1.0_dev.json",
        {
            "data": [
                {
                    "title": "t",
                    "paragraphs": [
                        {
                            "context": "글",
                            "qas": [{"question": "물음", "id": "k0", "answers": [{"text": "답", "answer_start": 0}]}],
                        }
                    ],
                }
            ]
        },
        Item("korquad", "k0", "물음", (), "답", "글"),
    ),
    (
        "squad_kor_v1/validation.parquet",
        {
            "id": "k1",
            "title": "t",
            "context": "글",
            "question": "물음",
            "answers": {"text": ["답"], "answer_start": [0]},
        },
        Item("korquad", "k1", "물음", (), "답", "글"),
    ),
    ("HRM8K/KSM.jsonl", {"question": "물음", "answer": 3.0, "original": "question"}, Item("hrm8k", "KSM#1", "물음")),
    (
        "KoBALT-700/raw.parquet",
        {"ID": "b0", "Class": "구문", "Level": 2, "Question": "물음", "Answer": "A"},
        Item("kobalt", "b0", "물음"),
    ),
    (
        "KorMedMCQA/doctor.csv",
        {
            "subject": "d",
            "year": 2022,
            "q_number": 1,
            "question": "물음",
            "A": "하나",
            "B": "둘",
            "C": "셋",
            "D": "넷",
            "E": "다섯",
            "answer": 1,
        },
        Item("kormedmcqa", "doctor#1", "물음", ("하나", "둘", "셋", "넷", "다섯")),
    ),
    ("mine.jsonl", {"question": "물음", "answer": "답"}, Item("mine", "mine#1", "물음", (), "답")),
    (
        "exam.jsonl.gz",
        {"id": "t0", "text": "글\n어느 것인가?\n하나\n둘"},
        Item("exam", "t0", "어느 것인가?", ("하나", "둘"), "", "글"),
    ),
    ("click_part.jsonl", {"id": "t1", "text": "묻지 않는 글"}, Item("click", "t1", "묻지 않는 글")),
]


def written(path, row: dict):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([row]), path)
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerow(row)
    else:
        text = json.dumps(row if path.suffix != ".json" or "data" in row else [row], ensure_ascii=False).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize(("name", "row", "item"), FORMS, ids=[name for name, _, _ in FORMS])
def test_a_file_is_read_as_it_is_distributed(tmp_path, name, row, item):
    assert read_items(written(tmp_path / name, row), KNOWN) == [item]


def test_every_benchmark_has_a_form_here():
    assert {item.benchmark for _, _, item in FORMS} >= set(KNOWN) - {""}


def test_rows_that_two_benchmarks_have_need_a_name(tmp_path):
    path = written(tmp_path / "test.jsonl", {"question": "물음", "options": ["하나"], "solution": 1})
    with pytest.raises(InputError, match="kmmlu_pro or kmmlu_redux; say which with --benchmark"):
        read_items(path, KNOWN)
    assert read_items(path, KNOWN, "kmmlu_pro")[0].benchmark == "kmmlu_pro"


def test_what_no_layout_fits_is_an_error_with_file_row_and_fields(tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_text('{"question": "물음"}\n{"frage": "x", "antwort": "y"}\n')
    with pytest.raises(InputError, match=r"odd.jsonl: row 2: .*antwort, frage"):
        read_items(path, KNOWN)
    path.write_text('{"question": "물음"}\n{"question"\n')
    with pytest.raises(InputError, match="line 2 is not JSON"):
        read_items(path, KNOWN)
    path.write_text("[]")
    with pytest.raises(InputError, match="has no row"):
        read_items(path, KNOWN)
    with pytest.raises(InputError, match="no such file"):
        read_items(tmp_path / "none.csv", KNOWN)


def test_layouts_of_ones_own_go_first(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("mine: {layouts: [{question: frage, options: antworten.text, id: nr}]}")
    path = written(tmp_path / "a.jsonl", {"nr": 7, "frage": "물음", "antworten": [{"text": "하나"}, {"text": "둘"}]})
    assert read_items(path, known_benchmarks(own)) == [Item("mine", "7", "물음", ("하나", "둘"))]
    own.write_text("mine: {layouts: [{options: antworten}]}")
    with pytest.raises(InputError, match=r"own.yaml: mine.layouts.0: .*question or text"):
        known_benchmarks(own)


def test_an_id_cannot_steer_a_terminal(tmp_path):
    path = written(tmp_path / "a.jsonl", {"id": "x\x1b[31m\u202e" + "9" * 500, "text": "글"})
    (item,) = read_items(path, KNOWN)
    assert item.id.isprintable() and item.id.startswith("x[31m9") and len(item.id) == 200


def test_texts_go_through_lists_and_printed_lists():
    assert texts_of({"a": [{"b": ["x", 1]}, {"b": None}, {}]}, "a.b") == ["x", "1"]
    assert texts_of({"a": "['x', 'y']"}, "a") == ["x", "y"] and texts_of({"a": "[1] x]"}, "a") == ["[1] x]"]
