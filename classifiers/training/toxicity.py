"""Training of toxicity models: a logistic regression per class over windows of comments and documents."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.metrics import auc, binary
from algok.classifiers.store import DataSet, Manifest, Model, write_model
from algok.classifiers.toxicity import HEADS, ToxicityModel, parse_lexicon
from algok.classifiers.training.linear import quantise
from algok.classifiers.training.train import Choices, Trainer, rounded
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import CLASSES, Lexicon, windows

LEXICONS = Path(__file__).parents[1] / "lexicons"
_BITS, _C = 18, 4.0
# A training text up to this many characters is one window, as comments are; longer ones are cut like documents.
_WHOLE = 300


@cache
def default_lexicon() -> tuple[bytes, bytes]:
    """The lexicon and the particles that come with algok, as files of a model."""
    return (LEXICONS / "toxicity.tsv").read_bytes(), (LEXICONS / "particles.txt").read_bytes()


def vectors(texts: Sequence[str], lexicon: Lexicon, bits: int = _BITS):
    """Windows of texts as a scipy CSR matrix (a feature's count / √features), and the text that each is of."""
    from scipy.sparse import csr_matrix, vstack

    short = np.array([len(text) <= _WHOLE for text in texts], bool)
    matrices, documents = [], []
    for whole, rows in ((True, np.flatnonzero(short)), (False, np.flatnonzero(~short))):
        part = pa.array([texts[row] for row in rows.tolist()], pa.large_string())
        ids, ends, spans, _ = windows(*string_buffers(part), bits, lexicon, whole)
        starts = np.concatenate([[0], ends])
        lengths = np.diff(starts)
        data = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
        matrix = csr_matrix((data, ids.astype(np.int32), starts), shape=(len(ends), 1 << bits))
        matrix.sum_duplicates()
        matrices.append(matrix)
        documents.append(rows[spans[:, 0]])
    return vstack(matrices, format="csr"), np.concatenate(documents)


def fit_heads(matrix, targets: np.ndarray, weights: np.ndarray, c: float = _C) -> tuple[np.ndarray, np.ndarray]:
    """One logistic regression per head. `targets`: windows × HEADS, 0, 1 or −1 where not known. Weights and biases."""
    columns, biases = [], []
    for head in range(len(HEADS)):
        known = np.flatnonzero(targets[:, head] >= 0)
        if len(set(targets[known, head])) < 2:  # never seen: never said
            columns.append(np.zeros((matrix.shape[1], 1), np.float32))
            biases.append(np.array([-20.0], np.float32))
            continue
        column, bias = _fit(matrix[known], targets[known, head], weights[known], c)
        columns.append(column)
        biases.append(bias)
    return np.hstack(columns), np.concatenate(biases)


def _fit(matrix, labels: np.ndarray, weights: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    """Dual coordinate descent: on these short, sparse rows it converges where L-BFGS stops early, in a tenth of the time."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise ModelError("training needs scikit-learn; install it with: pip install 'algok[train]'") from None
    model = LogisticRegression(C=c, solver="liblinear", dual=True, tol=0.02, max_iter=200, random_state=0)
    model.fit(matrix, labels, sample_weight=weights)
    return model.coef_.T.astype(np.float32), np.asarray(model.intercept_, np.float32)


def targets_of(labels: Sequence[dict[str, int] | Sequence[str]]) -> np.ndarray:
    """int8, labels × HEADS. A label is a list of class names (those not named are 0), or {class: 0 or 1} with the others
    unknown. `any` is 1 where a class is, 0 where all are 0, unless it is given. Raises ModelError for an unknown class."""
    targets = np.full((len(labels), len(HEADS)), -1, np.int8)
    for row, label in enumerate(labels):
        given = label if isinstance(label, dict) else {name: int(name in label) for name in {*CLASSES, *label}}
        for name, value in given.items():
            if name not in HEADS or value not in (0, 1):
                raise ModelError(f"a toxicity label has {name!r}: {value!r}; known classes: {', '.join(HEADS)}")
            targets[row, HEADS.index(name)] = value
        if "any" not in given:
            of_classes = targets[row, 1:]
            targets[row, 0] = 1 if (of_classes == 1).any() else 0 if (of_classes == 0).all() else -1
    return targets


def train_toxicity(
    examples: Examples,
    folder: Path,
    *,
    name: str = "toxicity",
    version: int = 1,
    description: str = "Hate, insult, sexual content, threats and illegal promotion in Korean text, window by window.",
    data: list[DataSet] | None = None,
    metrics: dict | None = None,
    least: float = 0.5,
) -> Manifest:
    """Trains on labels as in `targets_of` and writes the model folder. Deterministic. Raises ModelError."""
    lexicon = default_lexicon()
    compiled = parse_lexicon(*(part.decode() for part in lexicon))
    matrix, documents = vectors(examples.texts, compiled)
    targets = targets_of(examples.labels)[documents]
    weights, bias = fit_heads(matrix, targets, np.array(examples.weights, np.float64)[documents])
    linear = quantise(weights, bias, (1.0,))
    own = DataSet(name="own data", license="as given", documents=len(examples), megabytes=round(examples.megabytes, 3))
    return write_model(
        folder,
        {**linear.files(), "lexicon.tsv": lexicon[0], "particles.txt": lexicon[1]},
        kind="toxicity",
        name=name,
        version=version,
        description=description,
        parameters={"features": "toxic", "bits": _BITS, "heads": list(HEADS), "c": _C, "least": least},
        data=data or [own],
        metrics=metrics or {},
    )


def trainer(choices: Choices) -> Trainer:
    """Labels say classes, or only whether a text is toxic."""
    convert = partial(toxicity_label, toxic_from=choices.toxic_from)
    return Trainer(convert, train_toxicity, _scores, toxicity_figures, _is_toxic)


def toxicity_label(label: Any, toxic_from: float) -> dict[str, int] | list[str]:
    """What `targets_of` takes, from a list of classes, a class (or `none`), {class: 0 or 1}, a boolean or a severity. A toxic
    text whose classes are not said leaves them unknown."""
    if isinstance(label, bool | int | float):
        return {"any": 1} if label >= (1 if isinstance(label, bool) else toxic_from) else []
    if isinstance(label, str):
        label = [] if label in ("none", "clean") else [label]
    if not isinstance(label, list | dict):
        raise ValueError(f"expected classes, a boolean or a severity; it is {label!r}")
    if strange := [name for name in label if name not in HEADS]:
        raise ValueError(f"'{strange[0]}' is not one of {', '.join(HEADS)}")
    if isinstance(label, list):
        return label
    given = {name: value for name, value in label.items() if value is not None}
    if any(value not in (0, 1) for value in given.values()):
        raise ValueError("a class must be 0 or 1")
    return {name: int(value) for name, value in given.items()}


def _is_toxic(label: dict[str, int] | list[str]) -> bool:
    return any(label.values()) if isinstance(label, dict) else bool(label)


def _scores(model: Model, texts: pa.Array) -> np.ndarray:
    return columns_of_heads(ToxicityModel(model).documents(texts))


def columns_of_heads(scores: dict[str, np.ndarray]) -> np.ndarray:
    """The scores of documents, documents × HEADS."""
    return np.column_stack([scores["max" if head == "any" else head] for head in HEADS])


def toxicity_figures(labels: list, scores: np.ndarray) -> dict[str, Any]:
    """Per head (any, then the classes) over the rows where it is known; `scores` are those of the worst window."""
    targets, figures = targets_of(labels), {}
    for column, head in enumerate(HEADS):
        known = targets[:, column] >= 0
        truth = targets[known, column] == 1
        if truth.any() and not truth.all():
            table = binary(truth, scores[known, column] >= 0.5)
            shown = {"AUC": auc(truth, scores[known, column])} | {
                key: table[key] for key in ("precision", "recall", "f1")
            }
            figures[head] = rounded(shown)
    return figures
