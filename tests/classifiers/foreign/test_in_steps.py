"""Models of other libraries in the steps: the contract, what their labels mean, and the same bytes whoever runs them."""

import json

import numpy as np
import pyarrow as pa
import pytest
from conftest import outputs, prose, write_jsonl
from foreign_models import ENGLISH, MENU, examples, lines, train_fasttext

from algok.classifiers.toxicity import open_toxicity
from algok.errors import ModelError
from algok.filters.quality import Quality, QualityOptions
from algok.filters.toxicity import Toxicity, ToxicityOptions
from algok.kernels.toxic import CLASSES, PRIOR
from algok.pipelines.executors import make_executor
from algok.pipelines.plan import Plan
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe, recipe_from_text
from algok.pipelines.run import execute
from algok.taxonomy.domain import Domain, DomainOptions
from algok.taxonomy.language import Language, LanguageOptions
from algok.taxonomy.style import Style, StyleOptions
from algok.testing import apply_step, check_step, documents

fasttext = pytest.importorskip("fasttext", reason="needs the extra fasttext")
SPAM = "\n".join(MENU * 3)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Tells hq, cc and en apart."""
    return str(train_fasttext(tmp_path_factory.mktemp("steps") / "model.bin", examples()))


@pytest.fixture(scope="module")
def each(tmp_path_factory):
    """The same with a question of its own for every label."""
    return str(train_fasttext(tmp_path_factory.mktemp("steps") / "each.bin", examples(), loss="ova"))


@pytest.fixture(scope="module")
def languages(tmp_path_factory):
    """Labels as GlotLID writes them."""
    names = {"hq": "kor_Hang", "cc": "kor_Hang", "en": "eng_Latn"}
    rows = [(text, names[label]) for text, label in examples()] + [("中文文本测试内容", "zxx_Hani")] * 30
    return str(train_fasttext(tmp_path_factory.mktemp("lid") / "glot.bin", rows))


def signals(step, *texts: str) -> dict[str, list]:
    (edited,) = apply_step(step, [documents(texts)])
    return {name: column.to_pylist() for name, column in edited.signals.items()}


def said(model: str, text: str) -> dict[str, float]:
    labels, values = fasttext.load_model(model).predict(text.replace("\n", " "), k=-1)
    return {label.removeprefix("__label__"): min(float(value), 1) for label, value in zip(labels, values, strict=True)}


KEEP = {"hq": "keep", "cc": "drop", "en": "drop"}
TOXIC = {"hq": "clean", "cc": "illegal", "en": "hate"}
SUBS = {"hq": "history", "cc": "commerce_general", "__label__en": "economy_business"}


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (Quality, QualityOptions(model="", labels=KEEP)),
        (Quality, QualityOptions(model="", labels={"hq": "4", "cc": "1", "en": "2"})),
        (Toxicity, ToxicityOptions(model="", labels=TOXIC)),
        (Style, StyleOptions(model="")),
        (Language, LanguageOptions(model="", labels={"hq": "ko", "cc": "ko"})),
    ],
)
def test_a_step_with_such_a_model_keeps_the_contract(cls, options, model, each):
    for path in (model, each):
        check_step(cls, options.model_copy(update={"model": path}), texts=lines())


def test_keep_and_drop_are_sums_of_labels(model):
    texts = [prose(1), SPAM, ENGLISH, ""]
    found = signals(Quality(QualityOptions(model=model, labels=KEEP)), *texts)
    assert found["keep"] == pytest.approx([said(model, text)["hq"] for text in texts], abs=1e-6)
    assert found["level"] == found["grade"] == [None] * 4
    both = signals(Quality(QualityOptions(model=model, labels={"hq": "keep", "en": "keep", "cc": "drop"})), *texts)
    expected = [min(1, said(model, text)["hq"] + said(model, text)["en"]) for text in texts]
    assert both["keep"] == pytest.approx(expected, abs=1e-6)


def test_levels_give_their_mean_and_three_is_kept(model):
    texts = [prose(1), SPAM, ENGLISH]
    found = signals(Quality(QualityOptions(model=model, labels={"hq": 5, "cc": 0, "en": 3})), *texts)
    for row, text in enumerate(texts):
        p = said(model, text)
        total = sum(p.values())
        assert found["level"][row] == pytest.approx((5 * p["hq"] + 3 * p["en"]) / total, abs=1e-5)
        assert found["keep"][row] == pytest.approx((p["hq"] + p["en"]) / total, abs=1e-5)
    assert found["grade"] == [5, 0, 3]


def test_toxicity_reads_windows_and_means_them_by_length(model):
    text = f"{prose(1)}\n{SPAM}"
    found = signals(Toxicity(ToxicityOptions(model=model, labels=TOXIC)), text, "", prose(2))
    assert found["windows"][0] > 3 and found["windows"][1] == 0
    assert found["max"][0] > 0.9 > found["mean"][0] > found["mean"][2] and found["max"][1] == found["mean"][1] == 0
    assert (
        found["illegal"][0] > found["hate"][0] and found["threat"] == [None] * 3 and found["lexicon_hits"] == [None] * 3
    )
    assert 0 < found["share"][0] < 1


def test_a_text_of_one_window_has_the_model_s_own_answer(model):
    text = "최저가 할인 구매 문의 환영 무료 쿠폰 지금"
    columns = open_toxicity(model, TOXIC).documents(pa.array([text], pa.large_string()))
    units = len(text.replace(" ", ""))
    p = said(model, text)
    assert columns["windows"] == [1] and columns["max"][0] == pytest.approx(1 - p["hq"], abs=1e-6)
    assert columns["illegal"][0] == pytest.approx(p["cc"] * units / (units + PRIOR), abs=1e-6)
    assert np.isnan(columns["sexual"]).all() and set(CLASSES) < set(columns)


def test_domains_are_codes_of_the_taxonomy_and_styles_any_name(model):
    found = signals(Domain(DomainOptions(model=model, labels=SUBS)), prose(1), SPAM, ENGLISH)
    assert found["sub"] == ["history", "commerce_general", "economy_business"]
    assert found["confidence"] == pytest.approx(
        [max(said(model, t).values()) for t in (prose(1), SPAM, ENGLISH)], abs=1e-6
    )
    found = signals(Style(StyleOptions(model=model, labels={"hq": "essay"})), prose(1), SPAM, ENGLISH)
    assert found["label"] == ["essay", "cc", "en"]


def test_languages_are_codes_of_two_letters(languages):
    found = signals(Language(LanguageOptions(model=languages)), prose(1), ENGLISH, "中文文本测试内容", "")
    assert found["label"][:3] == ["ko", "en", "und"] and found["second"] == [None] * 4
    assert found["confidence"][0] == pytest.approx(said(languages, prose(1))["kor_Hang"], abs=1e-6)
    ratios = signals(Language(), prose(1), ENGLISH, "中文文本测试内容", "")["korean_ratio"]
    assert found["korean_ratio"] == ratios and ratios[3] is None


@pytest.mark.parametrize(
    ("step", "labels", "message"),
    [
        ("quality", {}, "label '__label__.*no answer of this step.*keep or drop"),
        ("quality", {"hq": "keep", "cc": 0, "en": "drop"}, "not both"),
        ("quality", {"hq": "good", "cc": "drop", "en": "drop"}, r"given as 'good'"),
        ("quality", {"hq": "drop", "cc": "drop", "en": "drop"}, "no label of the quality model means keep"),
        ("quality", {"hq": None, "cc": None, "en": None}, "no label of the model means anything"),
        ("toxicity", {"hq": "clean", "cc": "clean", "en": None}, "anything toxic"),
        ("domain", {"hq": "history", "cc": "history", "en": None}, "all labels of the domain model mean 'history'"),
        ("domain", {"hq": "histori"}, "a code of the taxonomy"),
        ("language", {"hq": "Korean"}, "a code such as ko"),
    ],
)
def test_labels_are_checked_before_any_data_is_read(model, tmp_path, step, labels, message):
    given = json.dumps({"model": model, "labels": labels})
    recipe = recipe_from_text(f"inputs: [{{path: {tmp_path}/missing}}]\nsteps: {{{step}: {given}}}")
    with pytest.raises(ModelError, match=message):
        Plan.make(recipe)


def test_labels_that_are_words_of_yaml_are_taken_as_words(model):
    text = f"steps:\n  quality: {{model: {model}, labels: {{hq: 5, cc: 0, en: null}}}}"
    recipe = recipe_from_text(text)
    assert recipe.steps[0].options["labels"] == {"hq": "5", "cc": "0", "en": None}
    assert recipe_from_text(recipe.to_yaml()).digest == recipe.digest


def test_a_recipe_that_says_nothing_of_labels_has_the_digest_that_it_had():
    recipe = load_recipe("web")
    assert all("labels" in step.options for step in recipe.steps if step.name in ("quality", "style", "domain"))
    assert recipe.digest != load_recipe("web", ["steps.quality.labels={hq: keep}"]).digest


def recipe_of(model: str, languages: str, folder) -> str:
    return (
        f"inputs: [{{path: {folder}, format: jsonl}}]\nsplit_bytes: 20000\nsteps:\n"
        f"  language: {{model: {languages}}}\n  quality: {{model: {model}, labels: {json.dumps(KEEP)}}}\n"
        f"  toxicity: {{model: {model}, labels: {json.dumps(TOXIC)}, illegal: null, mean: null}}\n"
        f"  domain: {{model: {model}, labels: {json.dumps(SUBS)}}}\n  style: {{model: {model}}}\n"
    )


@pytest.fixture(scope="module")
def finished(model, languages, tmp_path_factory):
    """A recipe with such models in five steps, and its run in this process."""
    root = tmp_path_factory.mktemp("run")
    for part in range(2):
        rows = [{"text": (prose(row), SPAM, ENGLISH)[row % 3] + f" {part}"} for row in range(60)]
        write_jsonl(root / "in" / f"{part}.jsonl", rows)
    recipe = recipe_from_text(recipe_of(model, languages, root / "in"))
    execute(recipe, str(root / "run"), make_executor("local", 0), SilentProgress())
    return recipe, root / "run"


def test_a_run_records_the_digest_of_each_model(finished, model):
    described = json.loads((finished[1] / "run.json").read_bytes())["models"]
    assert set(described) == {f"{step}.model" for step in ("language", "quality", "toxicity", "domain", "style")}
    assert described["quality.model"]["model"] == "model.bin" and len(described["quality.model"]["digest"]) == 64
    assert len(list((finished[1] / "dropped").iterdir())) == len(list((finished[1] / "kept").iterdir())) > 2


def test_worker_processes_give_the_same_bytes(finished, tmp_path):
    execute(finished[0], str(tmp_path / "run"), make_executor("local", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])


def test_ray_gives_the_same_bytes(finished, tmp_path, ray_session):
    execute(finished[0], str(tmp_path / "run"), make_executor("ray", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])


def test_a_run_does_not_go_on_with_another_model(finished, model, tmp_path):
    import shutil

    from algok.errors import OutputError

    copy, run = tmp_path / "model.bin", tmp_path / "run"
    shutil.copy(model, copy)
    recipe = recipe_from_text(
        f"inputs: [{{path: {finished[1].parent}/in, format: jsonl}}]\nsteps: {{style: {{model: {copy}}}}}"
    )
    execute(recipe, str(run), make_executor("local", 0), SilentProgress())
    train_fasttext(copy, examples()[:90])
    (run / "manifest.json").unlink()
    with pytest.raises(OutputError, match="other models"):
        execute(recipe, str(run), make_executor("local", 0), SilentProgress())
