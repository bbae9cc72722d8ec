"""Training of the tokenizer, small."""

import random
from pathlib import Path

import pyarrow as pa
import pytest
import sentencepiece

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import Tokenizer, load_tokenizer
from algok.classifiers.training.tokenizer import train_tokenizer
from algok.errors import ModelError

STEMS = [
    "나무",
    "바다",
    "하늘",
    "사람",
    "학교",
    "도서관",
    "시장",
    "강물",
    "마을",
    "정부",
    "예산",
    "설정",
    "서버",
    "파일",
    "버스",
]
ENDINGS = ["는", "가", "를", "에서", "으로", "의", "와", "까지", "부터", "도"]
VERBS = ["자란다.", "흐른다.", "보았다.", "만들었다.", "열린다.", "좋아한다.", "움직였다.", "2024년에 시작했다."]


def texts(number: int = 400, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [
        "\n".join(
            " ".join([*(chance.choice(STEMS) + chance.choice(ENDINGS) for _ in range(4)), chance.choice(VERBS)])
            for _ in range(3)
        )
        for _ in range(number)
    ]


def test_a_trained_tokenizer_is_a_model_and_repeats(tmp_path: Path) -> None:
    one = train_tokenizer(texts(), tmp_path / "one", vocabulary=330)
    two = train_tokenizer(texts(), tmp_path / "two", vocabulary=330)
    assert one.digest == two.digest
    model = open_model(str(tmp_path / "one"), "tokenizer")
    tokenizer = load_tokenizer(model)
    library = sentencepiece.SentencePieceProcessor(model_file=str(model.path("tokenizer.model")))
    assert library.vocab_size() == 330
    # White space never lies inside a piece, digits stand alone, and any character can be written.
    assert all("▁" not in piece[1:] for piece in tokenizer.texts)
    assert not any(
        any(c.isdigit() for c in piece) and len(piece.lstrip("▁")) > 1 for piece in tokenizer.texts if "<" not in piece
    )
    assert library.decode(library.encode("나무는 똠방각하 🙂")) == "나무는 똠방각하 🙂"


def test_too_little_text(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be trained"):
        train_tokenizer(["한 줄."], tmp_path / "model", vocabulary=5000)


def test_a_tokenizer_without_bytes_is_refused(tmp_path: Path) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts()), model_prefix=str(tmp_path / "plain"), vocab_size=70, minloglevel=2
    )
    with pytest.raises(ModelError, match="byte fallback"):
        Tokenizer((tmp_path / "plain.model").read_bytes(), "plain")
    with pytest.raises(ModelError, match="not a SentencePiece model"):
        Tokenizer(b"nothing", "nothing")


def test_empty_batch() -> None:
    tokenizer = load_tokenizer(open_model("tokenizer", "tokenizer"))
    ids, offsets = tokenizer.ids(pa.array([], pa.large_string()))
    assert (len(ids), offsets.tolist()) == (0, [0])
