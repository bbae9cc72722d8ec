"""How well and how fast the domain is told, beside a character n-gram regression and fastText on the same labels.

    python bench/domain.py [--data ../shared/data] [--part accuracy|speed|all]

Accuracy: a model that learns by the procedure of tools/train_models/domain.py from the labelled documents of the development
sites is applied to the held-out ones (sites by the first byte of the SHA-256 of host or repository; `split` there). The
rivals learn from the same labelled documents, which is all that they can learn from. Takes three minutes. Speed: the
shipped models, MB of UTF-8 per second of process time, one core.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

sys.path.insert(0, str(Path(__file__).parents[1] / "tools/train_models"))

from domain import CODES, figures, labelled, learn_and_apply, split
from sets import rows

from algok.classifiers.labelled_rows import Examples
from algok.taxonomy.domain import Domain
from algok.taxonomy.style import Style


def regression(train: Examples, test: Examples) -> np.ndarray:
    """Character 2- to 4-grams in words, TF-IDF, logistic regression."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=200_000)
    model = make_pipeline(vectors, LogisticRegression(C=10, max_iter=200))
    model.fit(train.texts, train.labels)
    return _in_order(model.predict_proba(test.texts), list(model.classes_))


def fast_text(train: Examples, test: Examples) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        lines = (
            f"__label__{label} {' '.join(text.split())}\n"
            for text, label in zip(train.texts, train.labels, strict=True)
        )
        path.write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(
            str(path), dim=64, epoch=25, lr=0.5, minn=2, maxn=4, wordNgrams=2, bucket=200_000, thread=1, verbose=0
        )
    p = np.zeros((len(test), len(CODES)), np.float32)
    for row, text in enumerate(test.texts):
        for label, share in zip(*model.predict(" ".join(text.split()), k=len(CODES)), strict=True):
            p[row, CODES.index(label.removeprefix("__label__"))] = share
    return p


def _in_order(p: np.ndarray, labels: list[str]) -> np.ndarray:
    found = np.zeros((len(p), len(CODES)), np.float32)
    for column, label in enumerate(labels):
        found[:, CODES.index(label)] = p[:, column]
    return found


def accuracy(data: Path) -> None:
    examples = labelled(data)
    development, out = split(examples)
    train, test = examples.take(development), examples.take(out)
    repositories = np.array(["/" in group for group in test.groups])
    print(f"{len(train)} development documents, {len(test)} held-out ones")
    p = learn_and_apply(data, train, test)
    for name, found in (("algok", p), ("regression", regression(train, test)), ("fastText", fast_text(train, test))):
        for part, chosen in (("web_labels", ~repositories), ("domain_texts", repositories), ("all", repositories >= 0)):
            chosen = np.flatnonzero(chosen)
            values = figures([test.labels[row] for row in chosen], found[chosen], CODES)
            print(f"{name:12}{part:14}" + "  ".join(f"{key} {value}" for key, value in values.items()))
    _per_class(np.array(test.labels), np.array(CODES)[p.argmax(axis=1)])
    _reliability(np.array(test.labels) == np.array(CODES)[p.argmax(axis=1)], p.max(axis=1))


def _per_class(truth: np.ndarray, best: np.ndarray) -> None:
    print(f"\n{'sub-domain':32}{'documents':>10}{'precision':>10}{'recall':>8}  taken for")
    for code in CODES:
        own, said = truth == code, best == code
        precision = f"{np.mean(own[said]):.2f}" if said.any() else "-"
        recall = f"{np.mean(said[own]):.2f}" if own.any() else "-"
        wrong = Counter(best[own & ~said]).most_common(4)
        print(f"{code:32}{own.sum():>10}{precision:>10}{recall:>8}  " + ", ".join(f"{other} {n}" for other, n in wrong))


def _reliability(right: np.ndarray, confidence: np.ndarray) -> None:
    print(f"\n{'confidence':>12}{'documents':>10}{'right':>7}{'mean':>7}")
    edges = [0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01]
    for low, high in pairwise(edges):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            mean = confidence[inside].mean()
            print(f"{low:>6.1f}–{min(high, 1):.1f}{inside.sum():>12}{right[inside].mean():>7.2f}{mean:>7.2f}")


def speed(data: Path) -> None:
    texts = [row["text"] for row in rows(data, "noisy/dps_web_sample")]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    size = sum(len(text.encode()) for text in texts) / 1e6
    for step in (Domain(), Style()):
        step.compute(batch.slice(0, 100))
        best = 1e9
        for _ in range(3):
            start = time.process_time()
            step.compute(batch)
            best = min(best, time.process_time() - start)
        print(f"{step.name:10}{size / best:8.1f} MB/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=("accuracy", "speed", "all"), default="all")
    options = parser.parse_args()
    if options.part in ("accuracy", "all"):
        accuracy(options.data)
    if options.part in ("speed", "all"):
        speed(options.data)


if __name__ == "__main__":
    main()
