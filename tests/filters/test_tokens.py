"""The column of token counts, with the shipped tokenizer and with one's own."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
import sentencepiece

from algok.classifiers.store import open_model
from algok.errors import ModelError
from algok.filters.tokens import Tokens

SHIPPED = open_model("tokenizer", "tokenizer").path("tokenizer.model")
TEXTS = ["나무가 자란다.", "", "첫째 줄\n둘째  줄", "abc 123"]


def counts(step: Tokens, texts: list[str] = TEXTS) -> list[dict]:
    return pa.table(step.compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))).to_pylist()


def test_counts_of_the_shipped_tokenizer() -> None:
    library = sentencepiece.SentencePieceProcessor(model_file=str(SHIPPED))
    rows = counts(Tokens())
    assert [row["count"] for row in rows] == [len(library.encode(" ".join(text.split()))) for text in TEXTS]
    assert rows[1] == {"count": 0, "chars_per_token": None}
    assert rows[0]["chars_per_token"] == pytest.approx(len(TEXTS[0]) / rows[0]["count"])


def test_a_sentencepiece_model_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.model"
    own.write_bytes(SHIPPED.read_bytes())
    texts = [text for text in TEXTS if "\n" not in text]  # a tokenizer of one's own sees the line break itself
    step = Tokens(Tokens.Options(tokenizer=str(own)))
    assert counts(step, texts) == counts(Tokens(), texts)


def test_a_hugging_face_tokenizer(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "[CLS]": 1, "나무가": 2}, "unk_token": "[UNK]"}
    special = {"id": 1, "content": "[CLS]", "special": True}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    wrapped = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}},
    }
    path = tmp_path / "tokenizer.json"
    path.write_text(
        json.dumps(
            {
                "version": "1.0",
                "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
                "padding": None,
                "added_tokens": [special | flags],
                "normalizer": None,
                "pre_tokenizer": {"type": "WhitespaceSplit"},
                "post_processor": wrapped,
                "decoder": None,
                "model": model,
            }
        )
    )
    step = Tokens(Tokens.Options(tokenizer=str(path)))
    # Words, not the special token before them, and not cut off at two.
    assert [row["count"] for row in counts(step)] == [len(text.split()) for text in TEXTS]


@pytest.mark.parametrize(
    ("name", "says"), [("none.model", "no such file"), ("bad.model", "SentencePiece"), ("bad.json", "Hugging")]
)
def test_bad_tokenizers_are_errors(tmp_path: Path, name: str, says: str) -> None:
    if name.startswith("bad"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=says):
        Tokens(Tokens.Options(tokenizer=str(tmp_path / name)))


def test_another_kind_of_model_is_an_error() -> None:
    with pytest.raises(ModelError):
        Tokens(Tokens.Options(model="perplexity"))
