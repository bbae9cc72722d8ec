"""ONNX networks with their tokenizers: onnxruntime's own answers, what config.json says of them, and files that are none."""

import json
import shutil
import sys

import numpy as np
import pyarrow as pa
import pytest
from conftest import outputs, prose
from foreign_models import lines, run_of_steps

from algok.classifiers.foreign.classifier import load_classifier
from algok.classifiers.foreign.files import find_file
from algok.classifiers.foreign.onnx_model import OnnxModel
from algok.errors import ModelError
from algok.filters.quality import Quality, QualityOptions
from algok.filters.toxicity import Toxicity, ToxicityOptions
from algok.pipelines.executors import make_executor
from algok.pipelines.plan import Plan, build_phases
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.taxonomy.style import Style, StyleOptions
from algok.testing import apply_step, check_step, documents

onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
pytest.importorskip("onnx", reason="makes the networks")
from networks import write_network, write_tokenizer  # noqa: E402 – needs onnx

LABELS = ["essay", "advertisement", "list"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return write_tokenizer(tmp_path_factory.mktemp("tokenizer") / "tokenizer.json", lines())


@pytest.fixture(scope="module")
def network(tokenizer, tmp_path_factory):
    return write_network(tmp_path_factory.mktemp("network"), tokenizer, LABELS)


@pytest.fixture(scope="module")
def scorer(tokenizer, tmp_path_factory):
    """One number, as an educational scorer gives it."""
    return write_network(tmp_path_factory.mktemp("scorer"), tokenizer, ["LABEL_0"], types=False, seed=2)


def logits(path, text: str, length: int = 64) -> np.ndarray:
    """From the libraries themselves, one text at a time."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path.with_name("tokenizer.json")))
    tokenizer.enable_truncation(length)
    encoded = tokenizer.encode(text)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = {"input_ids": encoded.ids, "attention_mask": encoded.attention_mask, "token_type_ids": encoded.type_ids}
    names = {one.name for one in session.get_inputs()}
    return session.run(["logits"], {name: np.array([given[name]]) for name in names})[0][0]


def test_answers_are_those_of_the_library(network):
    model, texts = load_classifier(find_file(str(network), "style")), lines()
    found = model.outputs(pa.array(texts, pa.large_string()))
    columns, values = model.best(pa.array(texts, pa.large_string()))
    assert model.labels == tuple(LABELS) and model.exclusive
    for row, text in enumerate(texts):
        expected = np.exp(logits(network, text))
        assert found[row] == pytest.approx(expected / expected.sum(), abs=1e-5)
        assert columns[row] == expected.argmax() and values[row] == found[row].max()


def test_a_scorer_gives_its_score_as_the_level(scorer):
    texts = lines()
    (edited,) = apply_step(Quality(QualityOptions(model=str(scorer))), [documents(texts)])
    assert edited.signals["level"].to_pylist() == pytest.approx([logits(scorer, t)[0] for t in texts], abs=1e-5)
    assert edited.signals["keep"].null_count == len(texts)
    level = edited.signals["level"].to_numpy()
    assert edited.signals["grade"].to_pylist() == np.rint(np.clip(level, 0, 5)).astype(int).tolist()


def test_a_batch_of_documents_has_the_answers_of_each(network):
    """As on a graphics card: documents of several lengths, padded; on processor cores they go one by one."""
    texts = pa.array([*lines(), *(prose(number)[: 30 * number] for number in range(40))], pa.large_string())
    model = OnnxModel(find_file(str(network), "style"))
    one_by_one = model.outputs(texts)
    model._batch = 16
    assert model.outputs(texts) == pytest.approx(one_by_one, abs=1e-5)


def test_config_says_whether_labels_exclude_each_other(network, tmp_path):
    shutil.copytree(network.parent, tmp_path / "m")
    config = json.loads((tmp_path / "m/config.json").read_bytes())
    (tmp_path / "m/config.json").write_text(json.dumps(config | {"problem_type": "multi_label_classification"}))
    model = load_classifier(find_file(str(tmp_path / "m/model.onnx"), "toxicity"))
    found = model.outputs(pa.array(["오늘은 책을 읽었다."]))
    expected = 1 / (1 + np.exp(-logits(network, "오늘은 책을 읽었다.")))
    assert not model.exclusive and found[0] == pytest.approx(expected, abs=1e-6)
    (tmp_path / "m/config.json").unlink()
    assert load_classifier(find_file(str(tmp_path / "m/model.onnx"), "style")).labels == ("0", "1", "2")


@pytest.mark.parametrize(
    ("name", "content", "length"),
    [
        ("config.json", {"max_position_embeddings": 64}, 64),
        ("config.json", {"max_position_embeddings": 22, "model_type": "xlm-roberta"}, 20),
        ("tokenizer_config.json", {"model_max_length": 12}, 12),
        ("tokenizer_config.json", {"model_max_length": 1e30}, 64),
    ],
)
def test_documents_are_cut_where_the_model_ends(network, tmp_path, name, content, length):
    shutil.copytree(network.parent, tmp_path / "m")
    path = tmp_path / "m" / name
    said = json.loads(path.read_bytes()) if path.exists() else {}
    path.write_text(json.dumps(said | content))
    model = load_classifier(find_file(str(tmp_path / "m/model.onnx"), "style"))
    expected = np.exp(logits(network, prose(3) * 3, length))
    assert model.outputs(pa.array([prose(3) * 3]))[0] == pytest.approx(expected / expected.sum(), abs=1e-5)


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (Quality, QualityOptions(model="", labels={"essay": "4", "list": "2", "advertisement": "0"})),
        (Style, StyleOptions(model="")),
        (Toxicity, ToxicityOptions(model="", labels={"essay": "clean", "list": "clean", "advertisement": "illegal"})),
    ],
)
def test_a_step_with_such_a_model_keeps_the_contract(cls, options, network):
    check_step(cls, options.model_copy(update={"model": str(network)}), texts=lines())


def test_a_scorer_in_the_quality_step_keeps_the_contract(scorer):
    check_step(Quality, QualityOptions(model=str(scorer)), texts=lines())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "model.onnx").write_bytes(b"nothing"), "model.onnx: cannot be used"),
        (
            lambda folder: (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:9000]),
            "cannot be used",
        ),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "not a Hugging Face tokenizer.json"),
        (lambda folder: (folder / "config.json").write_text("[]"), "config.json: not a JSON object"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json: not JSON"),
        (lambda folder: (folder / "config.json").write_text('{"id2label": {"0": "a"}}'), "must name the 3 numbers"),
    ],
)
def test_what_is_damaged_is_refused_before_any_data_is_read(network, tmp_path, change, message):
    shutil.copytree(network.parent, tmp_path / "m")
    change(tmp_path / "m")
    recipe = recipe_from_text(
        f"inputs: [{{path: {tmp_path}/missing}}]\nsteps: {{style: {{model: {tmp_path}/m/model.onnx}}}}"
    )
    with pytest.raises(ModelError, match=message):
        Plan.make(recipe)


def test_a_scorer_is_no_toxicity_or_style_model(scorer):
    for step in (Toxicity, Style):
        with pytest.raises(ModelError, match="must have labels"):
            step(step.Options(model=str(scorer)))


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_without_the_libraries_the_error_names_the_extra(network, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match=r"pip install 'algok\[onnx\]'"):
        load_classifier(find_file(str(network), "style"))


def test_graphics_cards_are_asked_of_the_cluster_and_must_be_known_to_onnxruntime(network):
    text = f"steps:\n  heuristics: {{}}\n  style: {{model: {network}, gpus: 0.5}}\n  tokens: {{}}\n"
    phases = build_phases(recipe_from_text(text))
    assert [(phase.resources.gpus, [step.name for step in phase.steps]) for phase in phases] == [
        (0, ["heuristics"]), (0.5, ["style"]), (0, ["tokens"]),
    ]  # fmt: skip
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(ModelError, match="onnxruntime-gpu"):
            Style(StyleOptions(model=str(network), gpus=0.5))


def test_only_a_network_runs_on_a_graphics_card():
    with pytest.raises(ModelError, match="only an ONNX model runs on a graphics card"):
        Style(StyleOptions(gpus=1))


@pytest.fixture(scope="module")
def finished(network, scorer, tmp_path_factory):
    steps = f"{{style: {{model: {network}}}, quality: {{model: {scorer}, level: {{min: 0}}}}}}"
    return run_of_steps(tmp_path_factory.mktemp("run"), steps)


def test_worker_processes_give_the_same_bytes(finished, tmp_path):
    execute(finished[0], str(tmp_path / "run"), make_executor("local", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])


def test_ray_gives_the_same_bytes(finished, tmp_path, ray_session):
    execute(finished[0], str(tmp_path / "run"), make_executor("ray", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])
