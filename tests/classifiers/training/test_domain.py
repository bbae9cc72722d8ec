"""Domain and style models trained from labelled examples."""

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("sklearn", reason="training needs the extra train")

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.labeller import TextLabeller, as_often_right
from algok.classifiers.store import open_model
from algok.classifiers.topic_words import TopicWords
from algok.classifiers.training.domain import train_domain
from algok.classifiers.training.softmax import fit_softmax
from algok.classifiers.training.style import train_style
from algok.errors import ModelError
from algok.taxonomy.domain import Domain, DomainOptions

WORDS = {
    "food_cooking": ["된장", "육수", "냄비", "반찬", "김치", "두부", "국물", "양념", "볶음", "고추장"],
    "sports_leisure_travel": ["축구", "야구", "결승골", "선수", "감독", "우승", "시즌", "경기장", "홈런", "타자"],
    "medicine_health": ["환자", "병원", "혈압", "수술", "처방", "증상", "백신", "통증", "진료", "감염"],
}


def examples(number: int = 40) -> Examples:
    draw, made = np.random.default_rng(0), Examples()
    for code, words in WORDS.items():
        for k in range(number):
            made.add(" ".join(f"{word}을 보았다" for word in draw.choice(words, 12)), code, f"{code}-{k % 6}")
    return made


def predicted(folder, texts: list[str]) -> list[str]:
    model = TextLabeller(open_model(str(folder), "domain"))
    return [model.labels[k] for k in model.probabilities(pa.array(texts, pa.large_string())).argmax(axis=1)]


def test_learns_and_writes_a_model_that_the_step_takes(tmp_path):
    manifest = train_domain(examples(), tmp_path / "own")
    assert manifest.parameters["labels"] == sorted(WORDS)
    assert manifest.metrics["unseen groups"]["accuracy"] > 0.9
    texts = ["환자가 병원에서 수술을 받았다", "축구 감독과 선수가 우승을 노린다", "김치와 두부를 볶음 냄비에"]
    assert predicted(tmp_path / "own", texts) == ["medicine_health", "sports_leisure_travel", "food_cooking"]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    assert len(Domain(DomainOptions(model=str(tmp_path / "own"))).compute(batch)["sub"]) == 3


def test_same_seed_same_files(tmp_path):
    first, second = (train_domain(examples(), tmp_path / name, seed=5) for name in "ab")
    assert first.digest == second.digest
    assert train_domain(examples(), tmp_path / "c", seed=6).digest != first.digest


def test_uncertain_labels_count_as_their_shares(tmp_path):
    made = examples()
    for k in range(100):
        made.add("고양이가 잠을 잔다 " * 3, {"food_cooking": 0.75, "medicine_health": 0.25}, f"cat-{k}")
    train_domain(made, tmp_path / "own")
    model = TextLabeller(open_model(str(tmp_path / "own"), "domain"))
    [p] = model.probabilities(pa.array(["고양이가 잠을 잔다"], pa.large_string()))
    shares = dict(zip(model.labels, p, strict=True))
    assert shares["food_cooking"] > shares["medicine_health"] > shares["sports_leisure_travel"]


def test_weightless_rows_teach_nothing(tmp_path):
    wrong = examples()
    for text in wrong.texts[:40]:
        wrong.add(text, "medicine_health", "wrong", 0.0)
    train_domain(wrong, tmp_path / "own")
    assert predicted(tmp_path / "own", wrong.texts[:40]) == ["food_cooking"] * 40


def test_one_label_is_an_error(tmp_path):
    made = Examples()
    made.add("글", "food_cooking", "a")
    with pytest.raises(ModelError, match="at least two labels"):
        train_domain(made, tmp_path / "own")


def test_strange_label_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="food_cooking"):
        train_style(examples(), tmp_path / "own", labels=("article", "list"))


def test_codes_that_the_taxonomy_lacks_are_an_error(tmp_path):
    made = examples()
    made.labels = ["gardening" if label == "food_cooking" else label for label in made.labels]
    train_domain(made, tmp_path / "own")
    with pytest.raises(ModelError, match="gardening"):
        Domain(DomainOptions(model=str(tmp_path / "own")))


def test_softmax_finds_the_shares_of_a_single_feature():
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(np.ones((400, 1), np.float32))
    targets = np.tile(np.array([[0.7, 0.2, 0.1]], np.float32), (400, 1))
    weights, bias = fit_softmax(matrix, targets, np.ones(400, np.float32), epochs=10)
    p = np.exp(weights[0] + bias)
    assert p / p.sum() == pytest.approx([0.7, 0.2, 0.1], abs=0.02)


def test_a_lexicon_is_a_part_of_the_model(tmp_path):
    labels = sorted(WORDS)
    shares = {
        word: np.array([0.9 if code == label else 0.05 for label in labels])
        for code, own in WORDS.items()
        for word in own
    }
    shares |= {"해열제": np.array([0.05 if label != "medicine_health" else 0.9 for label in labels])}  # in no example
    words = TopicWords.of(shares, pa.array(examples().texts, pa.large_string()))
    manifest = train_domain(examples(), tmp_path / "own", labels=labels, words=words)
    assert "mixture" in manifest.parameters
    assert predicted(tmp_path / "own", ["해열제를 샀다", "축구 감독과 선수"]) == [
        "medicine_health",
        "sports_leisure_travel",
    ]
    assert train_domain(examples(), tmp_path / "again", labels=labels, words=words).digest == manifest.digest


def test_a_confidence_is_how_often_such_answers_are_right():
    draw = np.random.default_rng(1)
    p = draw.dirichlet(np.full(5, 0.3), 500)
    found = as_often_right(p, 0.3, -0.4, -0.2)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == p.argmax(axis=1)).all()
    best = found.max(axis=1)
    said = np.sort(p, axis=1)
    open_cases = said[:, -1] > 0.7  # where the second cannot limit it
    order = np.argsort(p.max(axis=1)[open_cases])
    assert (np.diff(best[open_cases][order]) >= -1e-12).all()
    assert best.max() < 0.95  # a sure one becomes as sure as labels can be
    assert np.isfinite(as_often_right(np.array([[1.0, 0.0], [0.5, 0.5]]), 1e9, -1e9, 1e9)).all()
