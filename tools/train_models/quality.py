"""Trains the shipped quality model from ../shared/data.

    python tools/train_models/quality.py [--data ../shared/data] [--output classifiers/models/quality-1]

Measures first: a model that learns from the development hosts only is applied to the held-out ones; its figures go into
the card. The shipped model then learns from all hosts, by the same procedure.
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from read_documents import qualities, read_documents
from scipy.stats import spearmanr
from sets import cards, fingerprint, rows, site
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.quality import QualityModel
from algok.classifiers.split import held_out
from algok.classifiers.store import open_model
from algok.classifiers.training.quality import train_quality

# Set -> documents, quality that a set is worth on the whole (read off the labelled ones and by sampling).
POSITIVE = {
    "clean/ms_dynamics_docs_ko": (150, 3),
    "clean/python_docs_ko": (100, 4),
    "clean/tensorflow_docs_ko": (100, 4),
    "clean/react_docs_ko": (100, 4),
    "clean/rust_book_ko": (60, 4),
    "clean/pytorch_tutorials_ko": (60, 4),
    "clean/vue_docs_ko": (60, 4),
    "clean/k8s_docs_ko": (50, 4),
    "clean/djangogirls_ko": (20, 4),
    "clean/ud_kaist": (17, 4),
    "domain/petitions": (200, 2),
    "domain/law_statutes": (100, 3),
    "domain/law_articles": (100, 3),
    "domain/bible_krv": (80, 4),
    "domain/book_reviews_nanet": (150, 4),
    "domain/book_reviews_acorn": (100, 3),
    "domain/wikinews_ko": (150, 3),
    "domain/unesco_reports": (15, 4),
    "domain/fairytales": (60, 4),
    "noisy/dps_web_sample": (300, 3),
    "noisy/ms_cpp_docs_ko": (100, 2),
}
NEGATIVE = {"noisy/spam_short": (230, 0), "noisy/spam_gambling_text": (40, 0)}
# Remarks and headlines of no context; joined in runs of 1 to 40, as a page of comments or a list of links has them.
FRAGMENTS = {
    "noisy/nsmc_raw_reviews": 3000,
    "toxicity/beep_unlabeled_comments": 2000,
    "domain/news_titles_entertainment": 1500,
    "domain/chatbot_dialogues": 1500,
}
# A document of a set says less than one that was read: chosen by cross-validation over the development hosts
# (docs/quality.md).
SET_WEIGHT, SPAM_WEIGHT, LISTING_WEIGHT, DOCUMENT_WEIGHT = 0.02, 0.1, 0.05, 0.1
LISTINGS = 250  # pages
_MORE = ("", "", "Read more", "Read More →", "더 보기", "계속 읽기", "Continue reading", "자세히 보기", "read more...")
_DATES = (
    "",
    "{y}-{m:02}-{d:02}",
    "{y}.{m:02}.{d:02}.",
    "{y}년 {m}월 {d}일",
    "{y}/{m:02}/{d:02} · 3 min read",
    "{m}/{d}, {y}",
)


LABELS = "labels/web_labels"


def labelled(data: Path) -> Examples:
    examples = Examples()
    for row in rows(data, LABELS):
        label = (row["labels"]["keep"], row["labels"]["quality"])
        examples.add(row["text"], label, row["host"] or row["source"])
    return examples


def weak(data: Path, known: set[str]) -> dict[str, Examples]:
    """Documents of sets as a whole, without those of `known` fingerprints."""
    parts: dict[str, Examples] = {}
    for table, keep, weight in ((POSITIVE, 1, SET_WEIGHT), (NEGATIVE, 0, SPAM_WEIGHT)):
        for name, (number, quality) in table.items():
            part = parts.setdefault(name, Examples())
            for row in rows(data, name, number):
                if len(row["text"]) >= 30 and fingerprint(row["text"]) not in known:
                    part.add(row["text"], (keep, quality), name.partition("/")[2], weight)
    parts["labels/domain_texts"] = documents(data, known)
    chance = random.Random(0)
    for name, number in FRAGMENTS.items():
        part, texts = parts.setdefault(name, Examples()), [row["text"] for row in rows(data, name, number)]
        while texts:
            length = chance.choice([1, 2, 5, 10, 20, 40])
            part.add("\n".join(texts[:length]), (0, None), name.partition("/")[2], SET_WEIGHT)
            texts = texts[length:]
    return parts


def documents(data: Path, known: set[str]) -> Examples:
    """Documents that were labelled by domain: someone took each for a document of its subject, so it is worth something."""
    examples = Examples()
    for row in rows(data, "labels/domain_texts"):
        topical = row["meta"]["domain"] not in ("commerce_general", "community_personal")
        if topical and fingerprint(row["text"]) not in known:
            owner = row["source"].partition("/")[0].lower()
            examples.add(row["text"], (1, None), f"{owner}.github.io", DOCUMENT_WEIGHT)
    return examples


def listings(posts: list[str], number: int) -> Examples:
    """Pages as blogs make them of their posts: titles, dates and the first words of each, cut off. No document of its own.

    The real ones differ by theme, so titles, dates, cuts and "read more" are drawn anew for every page.
    """
    chance, made = random.Random(1), Examples()
    for _ in range(number):
        length, more = chance.choice([60, 100, 150, 200, 250, 300, 400]), chance.choice(_MORE)
        date, cut, order = chance.choice(_DATES), chance.choice(["", "", "…", "...", " [...]"]), chance.random()
        lines = [chance.choice(["", "글 목록", "Archive", "태그", "Categories", "최근 글"])]
        for post in chance.sample(posts, chance.choice([1, 2, 3, 5, 8, 10, 12])):
            flat = " ".join(post.split())
            title = " ".join(flat.split()[: chance.randint(2, 7)])
            day = date.format(y=chance.randint(2009, 2025), m=chance.randint(1, 12), d=chance.randint(1, 28))
            start = flat[chance.choice([0, 0, len(title)]) :][: length + chance.randint(-10, 10)] + cut
            lines += [title, day, start, more] if order < 0.5 else [day, title, start, more]
        made.add("\n".join(line for line in lines if line), (0, 2), "listings", LISTING_WEIGHT)
    return made


def measure(train: Examples, test: Examples) -> dict:
    """Figures of a model of `train` on `test`."""
    with tempfile.TemporaryDirectory() as folder:
        train_quality(train, Path(folder) / "quality")
        model = QualityModel(open_model(f"{folder}/quality", "quality"))
        keep, level = model.probabilities(pa.array(test.texts, pa.large_string()))
    truth = np.array([label[0] for label in test.labels])
    quality = np.array([label[1] for label in test.labels])
    return {
        "documents": len(test),
        "keep AUC": round(float(roc_auc_score(truth, keep)), 4),
        "balanced accuracy at 0.5": round(float(balanced_accuracy_score(truth, keep >= 0.5)), 4),
        "balanced accuracy at 0.3": round(float(balanced_accuracy_score(truth, keep >= 0.3)), 4),
        "quality Spearman": round(float(spearmanr(quality, level).statistic), 4),
        "quality mean absolute error": round(float(np.abs(quality - level).mean()), 4),
        "Brier": round(float(np.mean((keep - truth) ** 2)), 4),
    }


def material(data: Path, labels: Examples) -> dict[str, Examples]:
    """What there is to learn from besides the labelled documents, by set."""
    read = qualities(read_documents(data, set()))
    return {"read_documents.tsv": read} | weak(data, {fingerprint(text) for text in labels.texts})


def development(labels: Examples, parts: dict[str, Examples]) -> Examples:
    """What a model may learn from that is measured on the held-out hosts and sets."""
    train = labels.take(row for row, group in enumerate(labels.groups) if not held_out(group))
    pages = listings(_posts(train), LISTINGS)
    tested = {site(group) for group in labels.groups if held_out(group)}
    for part in parts.values():
        train += part.take(row for row, group in enumerate(part.groups) if site(group) not in tested)
    return train + pages


def _posts(examples: Examples) -> list[str]:
    return [text for text, label in zip(examples.texts, examples.labels, strict=True) if label[0] and len(text) > 600]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("classifiers/models/quality-1"))
    parser.add_argument("--measure-only", action="store_true")
    options = parser.parse_args()

    labels = labelled(options.data)
    parts = material(options.data, labels)
    test = labels.take(row for row, group in enumerate(labels.groups) if held_out(group))
    metrics = {"held-out hosts": measure(development(labels, parts), test)}
    print(metrics)
    if options.measure_only:
        return
    parts["listings made of labelled pages"] = listings(_posts(labels), LISTINGS)
    everything = labels
    for part in parts.values():
        everything += part
    manifest = train_quality(
        everything,
        options.output,
        data=cards(options.data, {LABELS: labels, **parts}),
        metrics=metrics,
        description="Is a Korean document worth training on (a reader's keep), and how good is it from 0 to 5. The figures "
        "are of a model trained in the same way on the development hosts only.",
    )
    print(options.output, manifest.digest)


if __name__ == "__main__":
    main()
