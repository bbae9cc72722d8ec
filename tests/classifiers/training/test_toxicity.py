"""Training on a few sentences: the model learns them, twice the same bytes, and says what it was given."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.store import open_model
from algok.classifiers.toxicity import HEADS, ToxicityModel
from algok.classifiers.training.toxicity import targets_of, train_toxicity
from algok.errors import ModelError

pytest.importorskip("sklearn")

RUDE = ["저 돌팔이는 정말 {}", "{} 같으니 꺼지렴", "누가 {} 편을 드나", "{} 때문에 못 살겠다"]
MILD = ["오늘은 {} 날씨가 좋다", "강가에서 {} 만났다", "{} 이야기를 들었다", "저녁에 {} 먹었다"]
WORDS = ["가락국수", "나그네", "다람쥐", "라디오", "마당발", "바구니"]


def examples() -> Examples:
    made = Examples()
    for word in WORDS:
        for pattern in RUDE:
            made.add(pattern.format(word), ["insult"], "a")
        for pattern in MILD:
            made.add(pattern.format(word), [], "b")
    made.add("모르는 것은 세지 않는다", {"hate": 0}, "c")
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "toxicity"
    train_toxicity(examples(), path)
    return path


def test_it_learns(folder: Path) -> None:
    model = ToxicityModel(open_model(str(folder), "toxicity"))
    spans, p = model.windows(
        pa.array(["저 돌팔이는 정말 호랑이", "오늘은 호랑이 날씨가 좋다"], pa.large_string()), whole=True
    )
    assert spans[:, 0].tolist() == [0, 1]
    for head in ("any", "insult"):
        assert p[0, HEADS.index(head)] > 0.5 > p[1, HEADS.index(head)]
    assert p[:, HEADS.index("threat")].max() < 0.01  # never seen


def test_documents_agree_with_windows(folder: Path) -> None:
    model = ToxicityModel(open_model(str(folder), "toxicity"))
    texts = pa.array(["저 돌팔이는 정말 나그네. " * 3, "강가에서 만났다"], pa.large_string())
    spans, p = model.windows(texts)
    columns = model.documents(texts)
    for document in range(2):
        assert columns["max"][document] == pytest.approx(p[spans[:, 0] == document, 0].max(), rel=1e-6)
        assert columns["windows"][document] == (spans[:, 0] == document).sum()


def test_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    train_toxicity(examples(), tmp_path / "again")
    for name in ("table.npy", "scale.npy", "bias.npy", "lexicon.tsv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_long_texts_are_cut_into_windows(tmp_path: Path) -> None:
    made = examples()
    made.add("강가에서 나그네를 만나 저녁에 국수를 먹었다. " * 200, [], "b")
    train_toxicity(made, tmp_path / "long")
    assert np.load(tmp_path / "long" / "table.npy").any()


def test_a_label_that_is_no_class(tmp_path: Path) -> None:
    made = examples()
    made.add("무엇", ["rude"], "a")
    with pytest.raises(ModelError, match="rude"):
        train_toxicity(made, tmp_path / "bad")


def test_targets() -> None:
    targets = targets_of([[], ["hate"], {"any": 1, "insult": 1}, {"hate": 0}])
    assert targets[0].tolist() == [0, 0, 0, 0, 0, 0]
    assert targets[1].tolist() == [1, 1, 0, 0, 0, 0]
    assert targets[2].tolist() == [1, -1, 1, -1, -1, -1]
    assert targets[3].tolist() == [-1, 0, -1, -1, -1, -1]
    with pytest.raises(ModelError, match="rude"):
        targets_of([["rude"]])
