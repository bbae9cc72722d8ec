"""The toxicity model: hate, insult, sexual, threat and illegal promotion, per window of a document.

Six logistic regressions over the features of `algok.kernels.toxic`: any toxicity, and each class by itself, since one
text can be several. What the classes mean and which sets taught them: docs/toxicity.md.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.store import DataSet, Manifest, Model, write_model
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import (
    ANYWHERE,
    CLASSES,
    COLUMNS,
    START,
    TERMS,
    WORD,
    Lexicon,
    compile_lexicon,
    pack,
    score,
    windows,
)

LEXICONS = Path(__file__).parent / "lexicons"
HEADS = ("any", *CLASSES)
_MODES = {"^": START, "=": WORD, "*": ANYWHERE}
_BITS, _C = 18, 4.0
# A training text up to this many characters is one window, as comments are; longer ones are cut like documents.
_WHOLE = 300


def parse_lexicon(tsv: str, particles: str) -> Lexicon:
    """Compiles the lines `class, mode, pattern` (see lexicons/toxicity.tsv). Raises ModelError naming a bad line."""
    terms = []
    for number, line in enumerate(tsv.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        try:
            name, mode, pattern = line.split("\t")
            klass = -1 if name == "none" else TERMS.index(name)
            terms += [(term, klass, _MODES[mode]) for term in expand(pattern)]
        except (ValueError, KeyError) as error:
            raise ModelError(f"toxicity lexicon, line {number}: {error}") from None
    try:
        return compile_lexicon(terms, [line for line in particles.splitlines() if line])
    except ValueError as error:
        raise ModelError(f"toxicity lexicon: {error}") from None


def expand(pattern: str) -> list[str]:
    """The terms of a pattern: `[ab]` is one of these characters, `{a,b}` one of these strings."""
    parts, i = [], 0
    while i < len(pattern):
        if pattern[i] in "[{":
            end = pattern.index("]" if pattern[i] == "[" else "}", i)
            inside = pattern[i + 1 : end]
            parts.append(list(inside) if pattern[i] == "[" else inside.split(","))
            i = end + 1
        else:
            parts.append([pattern[i]])
            i += 1
    return ["".join(choice) for choice in product(*parts)]


@cache
def default_lexicon() -> tuple[bytes, bytes]:
    """The lexicon and the particles that come with algok, as files of a model."""
    return (LEXICONS / "toxicity.tsv").read_bytes(), (LEXICONS / "particles.txt").read_bytes()


class ToxicityModel:
    """A loaded toxicity model."""

    def __init__(self, model: Model):
        self._table = model.array("table.npy")
        self._rows = pack(self._table)
        self._scale = model.array("scale.npy").astype(np.float64)
        self._bias = model.array("bias.npy").astype(np.float64)
        self._least = float(model.parameters["least"])
        self.lexicon = parse_lexicon(
            *(model.path(name).read_text("utf-8") for name in ("lexicon.tsv", "particles.txt"))
        )

    def documents(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """The columns of `algok.kernels.toxic.score`, float64 per text."""
        data, offsets = string_buffers(texts)
        scores = score(data, offsets, self.lexicon, self._rows, self._scale, self._bias, self._least)
        return dict(zip(COLUMNS, scores.T, strict=True))

    def windows(self, texts: pa.Array, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """For reading and measuring: [document, first byte, end byte] and the probabilities of HEADS of every window."""
        data, offsets = string_buffers(texts)
        bits = len(self._table).bit_length() - 1
        ids, ends, spans, _ = windows(data, offsets, bits, self.lexicon, whole)
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        sums = np.add.reduceat(self._table[ids].astype(np.int32), starts) if len(ends) else np.zeros((0, 6))
        logits = self._bias + self._scale * sums / np.sqrt(np.maximum(ends - starts, 1))[:, None]
        return spans, 1 / (1 + np.exp(-logits))


def vectors(texts: Sequence[str], lexicon: Lexicon, bits: int = _BITS):
    """Windows of texts as a scipy CSR matrix (a feature's count / √features), and the text that each is of."""
    from scipy.sparse import csr_matrix, vstack

    short = np.array([len(text) <= _WHOLE for text in texts], bool)
    matrices, documents = [], []
    for whole, rows in ((True, np.flatnonzero(short)), (False, np.flatnonzero(~short))):
        part = pa.array([texts[row] for row in rows], pa.large_string())
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
    return model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)


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
    from algok.classifiers.training.linear import quantise

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
