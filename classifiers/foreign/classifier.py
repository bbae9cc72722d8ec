"""What a classifier of another library is to a step: names of its labels, and numbers for texts."""

from typing import Protocol

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.store import Model, open_reference
from algok.errors import ModelError

# A model that fails on these fails before any data is read.
_PROBE = ["오늘은 도서관에서 빌린 책을 다 읽었다.\n내일은 다른 책을 고를 생각이다.", "", "ㅋㅋㅋ 123 abc"]


class Classifier(Protocol):
    """`labels` are the columns of `outputs`; none: a single column, a score on the model's own scale. `exclusive`: a text has
    one of the labels, so that probabilities sum to about one; else each label is a question of its own."""

    labels: tuple[str, ...]
    exclusive: bool

    def outputs(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × labels: probabilities from 0 to 1, or documents × 1: scores."""
        ...

    def best(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """The column of the likeliest label (int64) and its probability (float32) of every text."""
        ...


def open_foreign(reference: str, kind: str, gpus: float = 0) -> tuple[Classifier, dict[str, str]] | None:
    """The classifier of a reference that is another library's, and the answers that its folder gives to labels (none for a
    bare file); None for a reference to a model of ours. `gpus`: graphics cards of the task. Raises ModelError."""
    opened = open_reference(reference, kind)
    file = opened if isinstance(opened, ModelFile) else foreign_in(opened)
    if gpus and (file is None or file.format != "onnx"):
        raise ModelError(f"model '{reference}': only an ONNX model runs on a graphics card; leave 'gpus' out")
    if file is None:
        return None
    return load_classifier(file, gpus), {} if isinstance(opened, ModelFile) else _answers(opened)


def foreign_in(model: Model) -> ModelFile | None:
    """The file of another library in a model folder; None where the model is ours. Raises ModelError."""
    if "library" not in model.parameters:
        return None
    if model.parameter("library") != "fasttext":
        raise ModelError(f"{model.folder}/model.json: the parameter 'library' must be fasttext")
    return ModelFile(model.path("model.bin"), "fasttext")


def load_classifier(file: ModelFile, gpus: float = 0) -> Classifier:
    """Loads the file and tries it on a few texts. Raises ModelError."""
    try:
        loaded = _load(file, gpus)
        _try(loaded, file)
    except ModelError:
        raise
    except Exception as error:  # whatever a library raises for a file that it cannot take
        first = (str(error).splitlines() or [""])[0][:200]
        raise ModelError(f"{file.path}: cannot be used: {type(error).__name__}: {first}") from None
    return loaded


def _load(file: ModelFile, gpus: float) -> Classifier:
    """Each format has a module of its own, which imports its library."""
    if file.format == "fasttext":
        from algok.classifiers.foreign.fasttext_model import FastTextModel

        return FastTextModel(file)
    if file.format == "onnx":
        from algok.classifiers.foreign.onnx_model import OnnxModel

        return OnnxModel(file, gpus)
    if file.format == "skops":
        from algok.classifiers.foreign.skops_model import SkopsModel

        return SkopsModel(file)
    raise ModelError(f"{file.path}: a file of {file.format} is no classifier")


def _try(classifier: Classifier, file: ModelFile) -> None:
    found = classifier.outputs(pa.array(_PROBE, pa.large_string()))
    expected = len(_PROBE), max(1, len(classifier.labels))
    if found.shape != expected:
        raise ModelError(
            f"{file.path}: gives numbers of shape {found.shape} for {len(_PROBE)} texts, expected {expected}"
        )
    if not np.isfinite(found).all():
        raise ModelError(f"{file.path}: gives numbers that are not finite (NaN or infinity)")


def _answers(model: Model) -> dict[str, str]:
    answers = model.parameters.get("answers", {})
    if not isinstance(answers, dict) or not all(isinstance(answer, str) for answer in answers.values()):
        raise ModelError(f"{model.folder}/model.json: the parameter 'answers' must give a word for a label")
    return answers
