"""Pipelines of scikit-learn saved with skops: the library's own answers, and no code of others."""

import json
import sys
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from conftest import outputs, prose
from foreign_models import examples, lines, run_of_steps

from algok.classifiers.foreign.classifier import load_classifier
from algok.classifiers.foreign.files import find_file
from algok.errors import ModelError
from algok.filters.quality import Quality, QualityOptions
from algok.pipelines.executors import make_executor
from algok.pipelines.plan import Plan
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.taxonomy.style import Style, StyleOptions
from algok.testing import apply_step, check_step, documents

skops = pytest.importorskip("skops.io", reason="needs the extra sklearn")
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402 – comes with skops
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

PIPELINES = {
    "logistic": lambda: make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), LogisticRegression()),
    "hashed": lambda: make_pipeline(HashingVectorizer(n_features=4096), SGDClassifier(loss="log_loss", random_state=1)),
    "calibrated": lambda: make_pipeline(TfidfVectorizer(), CalibratedClassifierCV(LinearSVC(random_state=1), cv=3)),
}


def save(path, pipeline, labels=None):
    texts, own = zip(*examples(), strict=True)
    pipeline.fit(texts, own if labels is None else labels)
    skops.dump(pipeline, str(path))
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("skops")
    return {name: save(folder / f"{name}.skops", make()) for name, make in PIPELINES.items()}


@pytest.mark.parametrize("name", PIPELINES)
def test_answers_are_those_of_the_library(models, name):
    model, pipeline = load_classifier(find_file(str(models[name]), "style")), PIPELINES[name]()
    pipeline.fit(*zip(*examples(), strict=True))
    texts = lines()
    found = model.outputs(pa.array(texts, pa.large_string()))
    assert model.labels == ("cc", "en", "hq") and found == pytest.approx(pipeline.predict_proba(texts), abs=1e-6)
    columns, values = model.best(pa.array(texts, pa.large_string()))
    assert [model.labels[column] for column in columns] == pipeline.predict(texts).tolist()
    assert values.tolist() == found.max(axis=1).tolist()


def test_a_regression_is_a_score(tmp_path):
    score = {"hq": 4.0, "cc": 1.0, "en": 2.0}
    pipeline = make_pipeline(TfidfVectorizer(analyzer="char"), Ridge())
    path = save(tmp_path / "ridge.skops", pipeline, [score[label] for _, label in examples()])
    (edited,) = apply_step(Quality(QualityOptions(model=str(path))), [documents([prose(1), "홈 로그인 회원가입"])])
    expected = pipeline.predict([prose(1), "홈 로그인 회원가입"])
    assert edited.signals["level"].to_pylist() == pytest.approx(expected, abs=1e-6)
    assert edited.signals["keep"].null_count == 2 and edited.signals["grade"].to_pylist()[0] in (3, 4)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_step_with_such_a_model_keeps_the_contract(models, name):
    check_step(Style, StyleOptions(model=str(models[name])), texts=lines())
    labels = {"hq": "keep", "cc": "drop", "en": "drop"}
    check_step(Quality, QualityOptions(model=str(models[name]), labels=labels), texts=lines())


def test_numbers_are_labels_too(tmp_path):
    level = {"hq": 4, "cc": 1, "en": 2}
    path = save(tmp_path / "levels.skops", PIPELINES["logistic"](), [level[label] for _, label in examples()])
    (edited,) = apply_step(Quality(QualityOptions(model=str(path))), [documents([prose(1), prose(2)])])
    assert all(value > 3 for value in edited.signals["level"].to_pylist())


def refused(path, tmp_path) -> str:
    recipe = recipe_from_text(f"inputs: [{{path: {tmp_path}/missing}}]\nsteps: {{style: {{model: {path}}}}}")
    with pytest.raises(ModelError) as caught:
        Plan.make(recipe)
    return str(caught.value)


def test_a_function_of_one_s_own_is_refused(tmp_path):
    path = tmp_path / "own.skops"
    skops.dump(make_pipeline(FunctionTransformer(eval), LogisticRegression()), str(path))
    assert "holds builtins.eval" in refused(path, tmp_path)


def test_a_classifier_without_probabilities_is_refused(tmp_path):
    path = save(tmp_path / "svm.skops", make_pipeline(TfidfVectorizer(), LinearSVC()))
    assert "CalibratedClassifierCV" in refused(path, tmp_path)


def test_another_version_of_scikit_learn_is_refused(models, tmp_path):
    path = tmp_path / "old.skops"
    with zipfile.ZipFile(models["logistic"]) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "schema.json":
                schema = json.loads(data)
                import sklearn

                data = json.dumps(schema).replace(f'\\"{sklearn.__version__}\\"', '\\"1.0.2\\"').encode()
            target.writestr(name, data)
    assert "saved with scikit-learn 1.0.2" in refused(path, tmp_path)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + bytes(100), None])
def test_a_damaged_file_is_refused_before_any_data_is_read(models, tmp_path, content):
    path = tmp_path / "broken.skops"
    path.write_bytes(models["logistic"].read_bytes()[:-300] if content is None else content)
    assert "cannot be used" in refused(path, tmp_path)


def test_without_the_library_the_error_names_the_extra(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ModelError, match=r"pip install 'algok\[sklearn\]'"):
        load_classifier(find_file(str(models["logistic"]), "style"))


@pytest.fixture(scope="module")
def finished(models, tmp_path_factory):
    return run_of_steps(tmp_path_factory.mktemp("run"), f"{{style: {{model: {models['calibrated']}}}}}")


def test_worker_processes_give_the_same_bytes(finished, tmp_path):
    execute(finished[0], str(tmp_path / "run"), make_executor("local", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])


def test_ray_gives_the_same_bytes(finished, tmp_path, ray_session):
    execute(finished[0], str(tmp_path / "run"), make_executor("ray", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])


def test_probabilities_of_many_documents_are_finite(models):
    model = load_classifier(find_file(str(models["hashed"]), "style"))
    found = model.outputs(pa.array([prose(number) for number in range(50)]))
    assert np.isfinite(found).all() and found.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
