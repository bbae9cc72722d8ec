"""How well and how fast the quality model decides, beside fastText on the same documents, and what the whole recipe makes of it.

    python bench/quality.py [--data ../shared/data] [--part accuracy|recipe|speed|all]

Models learn from the development hosts of labels/web_labels.jsonl.zst and from whole sets (tools/train_models/quality.py);
they are measured on the held-out hosts. `recipe` applies the web recipe (its steps that need no corpus) with the quality
model of the development hosts and a toxicity model that saw no labelled page, so that no measured document was learnt.
Speed: MB of UTF-8 per second of process time.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "train_models"))

from quality import LABELS, development, labelled, material
from sets import fingerprint, rows
from sklearn.metrics import roc_auc_score
from toxicity import COMMENTS, prose, reviews, seeds

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.quality import QualityModel
from algok.classifiers.split import held_out
from algok.classifiers.store import open_model
from algok.classifiers.training.fasttext import SETTINGS
from algok.classifiers.training.quality import train_quality
from algok.classifiers.training.toxicity import train_toxicity
from algok.pipelines.apply import compute, with_signals
from algok.pipelines.decide import decide
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.recipe import load_recipe
from algok.step import CorpusStep


def balanced(kept: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    keep, drop = kept[truth == 1].mean(), 1 - kept[truth == 0].mean()
    return (keep + drop) / 2, keep, drop


def fasttext_model(train: Examples, folder: str):
    """A plain fastText classifier as one would train it: words and character 2- to 4-grams."""
    import fasttext

    path = Path(folder) / "train.txt"
    with path.open("w", encoding="utf-8") as file:
        for text, label, weight in zip(train.texts, train.labels, train.weights, strict=True):
            if weight >= 0.05:
                file.write(f"__label__{label[0]} {one_line(text)}\n")
    return fasttext.train_supervised(str(path), **SETTINGS)


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def fasttext_keep(model, texts: list[str]) -> np.ndarray:
    labels, values = model.predict([one_line(text) for text in texts], k=2)
    return np.array(
        [dict(zip(names, scores, strict=True)).get("__label__1", 0.0) for names, scores in zip(labels, values)]
    )


def accuracy(model: QualityModel, train: Examples, test: Examples) -> None:
    truth = np.array([label[0] for label in test.labels])
    gambling = np.array([group == "spam_gambling_text" for group in test.groups])
    keep, level = model.probabilities(pa.array(test.texts, pa.large_string()))
    with tempfile.TemporaryDirectory() as folder:
        rival = fasttext_keep(fasttext_model(train, folder), test.texts)
    print("held-out hosts            AUC   without gambling   balanced accuracy (keep, drop)")
    for name, score in (("algok", keep), ("fastText", rival)):
        figures = " ".join(f"{value:.3f}" for value in balanced(score >= 0.5, truth))
        others = roc_auc_score(truth[~gambling], score[~gambling])
        print(f"{name:22} {roc_auc_score(truth, score):8.3f} {others:12.3f}          {figures}")
    quality = np.array([label[1] for label in test.labels])
    print(f"quality 0-5: mean absolute error {np.abs(quality - level).mean():.2f}")
    print("calibration: predicted, kept by readers, documents")
    for low in np.arange(0, 1, 0.2):
        rows = (keep >= low) & (keep < low + 0.2 + (low > 0.7))
        if rows.any():
            print(f"  {keep[rows].mean():.2f}  {truth[rows].mean():.2f}  {rows.sum()}")


def toxicity_model(data: Path, folder: str) -> str:
    """A toxicity model like the shipped one that has seen no labelled page and no gambling text of ../shared."""
    known = frozenset(fingerprint(row["text"]) for row in rows(data, LABELS))
    examples = reviews(data) + seeds()
    for part in (*(load(data) for load in COMMENTS.values()), *prose(data, (), known).values()):
        examples += part
    train_toxicity(examples, Path(folder))
    return folder


def recipe(data: Path, folder: str, toxicity: str) -> None:
    found = rows(data, LABELS)
    table = [{"id": row["id"], "text": row["text"], "url": row["url"]} for row in found]
    batch = pa.RecordBatch.from_pylist(table, DOCUMENT_SCHEMA)
    truth = np.array([row["labels"]["keep"] for row in found])
    part = np.array([held_out(row["host"] or row["source"]) for row in found])
    kept = np.ones(len(found), bool)
    models = [f"steps.quality.model={folder}", f"steps.toxicity.model={toxicity}"]
    print("web recipe, held-out hosts: step, balanced accuracy, keep, drop after it")
    for config in load_recipe("web", models).steps:
        if issubclass(config.cls, CorpusStep):
            continue
        step = config.build()
        edited = compute(step, batch)
        decisions = decide(config, edited.signals, batch.column("source"))
        batch, kept = with_signals(batch, config.name, step, edited), kept & decisions.keep
        print(f"  {config.name:12}", " ".join(f"{value:.3f}" for value in balanced(kept[part], truth[part])))


def speed(data: Path, model: QualityModel, train: Examples) -> None:
    texts = [row["text"] for row in rows(data, "noisy/dps_web_sample", 4000)]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    column = pa.array(texts, pa.large_string())
    with tempfile.TemporaryDirectory() as folder:
        rival = fasttext_model(train, folder)
    for name, run in (
        ("algok", lambda: model.probabilities(column)),
        ("fastText", lambda: fasttext_keep(rival, texts)),
    ):
        run()
        start = time.process_time()
        run()
        print(f"{name:10} {megabytes / (time.process_time() - start):7.1f} MB/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", default="all", choices=["accuracy", "recipe", "speed", "all"])
    options = parser.parse_args()
    labels = labelled(options.data)
    train = development(labels, material(options.data, labels))
    test = labels.take(row for row, group in enumerate(labels.groups) if held_out(group))
    with tempfile.TemporaryDirectory() as folder:
        train_quality(train, Path(folder) / "quality")
        model = QualityModel(open_model(f"{folder}/quality", "quality"))
        if options.part in ("accuracy", "all"):
            accuracy(model, train, test)
        if options.part in ("recipe", "all"):
            recipe(options.data, f"{folder}/quality", toxicity_model(options.data, f"{folder}/toxicity"))
        if options.part in ("speed", "all"):
            speed(options.data, model, train)


if __name__ == "__main__":
    main()
