"""Trains the shipped style model from ../shared/data.

    python tools/train_models/style.py [--data ../shared/data] [--output classifiers/models/style-1] [--measure-only]

Labelled documents, and sets that are of one style as a whole. Measures first, as `domain.py` does: no labelled document
of a held-out site and no set that holds one is learnt from. The shipped model then learns from all.
"""

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import read_documents
from domain import split
from sets import cards, fingerprint, rows, site
from written_texts import examples as written

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.labeller import TextLabeller
from algok.classifiers.store import open_model
from algok.classifiers.training.style import train_style
from algok.taxonomy.axes import styles

# Set -> (most documents, style), read off the labelled documents of the set and by sampling.
SETS = {
    "noisy/dps_web_sample": (400, "article"),
    "domain/wikinews_ko": (300, "article"),
    "domain/law_statutes": (150, "legal"),
    "domain/law_articles": (100, "legal"),
    "domain/bible_krv": (60, "narrative"),
    "domain/fairytales": (64, "narrative"),
    "domain/petitions": (200, "other"),
    "domain/unesco_reports": (100, "academic"),
    "clean/pytorch_tutorials_ko": (80, "tutorial"),
    "clean/djangogirls_ko": (29, "tutorial"),
    "noisy/ms_cpp_docs_ko": (100, "reference"),
    "noisy/spam_gambling_text": (31, "ad"),
}
# Documentation says by its folders what it is; its labelled documents agree with them: set -> (most documents of a style,
# (pattern of the path, style) of which the first that fits counts).
MANUALS = {
    "clean/react_docs_ko": (60, (("/reference/", "reference"), ("/learn/", "tutorial"), ("/blog/", "notice"))),
    "clean/python_docs_ko": (
        80,
        (
            ("/(library|c-api|reference)/", "reference"),
            ("/(tutorial|howto|extending|using|installing|distributing|faq)/", "tutorial"),
            ("/whatsnew/", "notice"),
        ),
    ),
    "clean/vue_docs_ko": (
        60,
        (("/(api|error-reference|style-guide|glossary)/", "reference"), ("/(guide|tutorial)/", "tutorial")),
    ),
    "clean/tensorflow_docs_ko": (80, (("/(tutorials|examples|keras|migrate)/", "tutorial"),)),
    "clean/ms_dynamics_docs_ko": (100, (("/tasks/", "tutorial"), ("", "reference"))),
    "clean/k8s_docs_ko": (40, (("/(tutorials|tasks|setup)/", "tutorial"), ("/(reference|concepts)/", "reference"))),
}
# Short texts that are joined in runs of 3 to 20: (most texts, style, what joins them).
SHORT = {
    "domain/parallel_news": (3000, "article", " "),
    "domain/chatbot_dialogues": (2000, "dialogue", "\n"),
    "noisy/nsmc_raw_reviews": (1000, "dialogue", "\n"),
    "toxicity/beep_unlabeled_comments": (1000, "dialogue", "\n"),
    "noisy/spam_short": (230, "ad", "\n"),
}
# The same kinds of texts as written-down talk: (most texts, whether their lines are turns of two).
SPOKEN = {
    "domain/chatbot_dialogues": (3000, True),
    "toxicity/beep_unlabeled_comments": (900, False),
    "noisy/nsmc_raw_reviews": (900, False),
}
SPEAKERS = (
    "민지",
    "수진",
    "지훈",
    "하늘",
    "나그네",
    "초보",
    "회원1",
    "회원2",
    "글쓴이",
    "손님",
    "직원",
    "진행자",
    "기자",
    "A",
    "B",
)
TURNS = ("{name}: {turn}", "{mark}. {turn}", "[오후 {time}] {name}: {turn}", "{name}\n{turn}\n답글", "- {turn}")
# A document of a set says less than one that was read; a site counts as SITE_DOCUMENTS at most.
SET_WEIGHT, READ_WEIGHT, WRITTEN_WEIGHT, SITE_DOCUMENTS = 0.2, 0.7, 1.0, 25


def labelled(data: Path) -> Examples:
    """The documents that were read; group is host or source."""
    examples = Examples()
    for row in rows(data, "labels/web_labels"):
        examples.add(row["text"], row["labels"]["style"], row["host"] or "source:" + row["source"])
    sizes = Counter(map(site, examples.groups))
    examples.weights = [min(1, SITE_DOCUMENTS / sizes[site(group)]) for group in examples.groups]
    return examples


def of_one_style(data: Path, known: set[str]) -> dict[str, Examples]:
    """Per set its documents, without those of `known` fingerprints."""
    chance, parts = random.Random(0), {}

    def add(name: str, texts: list[str], style: str) -> None:
        part = parts.setdefault(name, Examples())
        for text in texts:
            if len(text) >= 30 and fingerprint(text) not in known:
                part.add(text, {style: 1.0}, "", SET_WEIGHT)

    for name, (most, style) in SETS.items():
        texts = [row["text"] for row in rows(data, name)]
        if name == "domain/unesco_reports":  # few and long
            texts = [text[at : at + 3000] for text in texts for at in range(0, len(text), 3000)]
        chance.shuffle(texts)
        # Labelled documents are mostly excerpts of up to a few thousand characters.
        add(name, [text[: chance.choice([500, 1500, 4000])] for text in texts[:most]], style)
    for name, (most, patterns) in MANUALS.items():
        for style, texts in _by_path(data, name, patterns).items():
            chance.shuffle(texts)
            add(name, [text[: chance.choice([500, 1500, 4000])] for text in texts[:most]], style)
    for name, (most, of_two) in SPOKEN.items():
        add(name, _spoken([row["text"] for row in rows(data, name, most)], of_two, chance), "dialogue")
    for name, (most, style, joint) in SHORT.items():
        texts, runs = [row["text"] for row in rows(data, name, most)], []
        while texts:
            length = chance.randint(3, 20)
            runs.append(joint.join(texts[:length]))
            texts = texts[length:]
        add(name, runs, style)
    return parts


def _by_path(data: Path, name: str, patterns: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    """Texts of a set of documentation by the style that its folders tell."""
    found: dict[str, list[str]] = {}
    for row in rows(data, name):
        path = "/" + row["meta"]["path"]
        style = next((style for pattern, style in patterns if re.search(pattern, path)), None)
        if style:
            found.setdefault(style, []).append(row["text"])
    return found


def _spoken(texts: list[str], of_two: bool, chance: random.Random) -> list[str]:
    """Runs of 2 to 12 texts as talk is written down: names, times, Q and A, comments, dashes."""
    runs = []
    while texts:
        length = chance.randint(2, 12)
        turns = [turn for text in texts[:length] for turn in (text.split("\n") if of_two else [text])]
        texts, who = texts[length:], chance.sample(SPEAKERS, 2 if of_two else 6)
        names = [who[k % len(who)] for k in range(len(turns))]
        form = chance.choice(TURNS)
        runs.append(
            "\n".join(
                form.format(
                    name=name, turn=turn, mark="QA"[k % 2], time=f"{chance.randint(1, 11)}:{chance.randint(10, 59)}"
                )
                for k, (name, turn) in enumerate(zip(names, turns, strict=True))
            )
        )
    return runs


def read(data: Path, closed: set[str]) -> Examples:
    """What was read for this model and the domain's."""
    examples = read_documents.styles(read_documents.read_documents(data, closed))
    sizes = Counter(map(site, examples.groups))
    examples.weights = [READ_WEIGHT * min(1, SITE_DOCUMENTS / sizes[site(group)]) for group in examples.groups]
    return examples


def figures(truth: list[str], probabilities: np.ndarray, labels: tuple[str, ...]) -> dict:
    """Accuracy, and per style precision, recall and documents."""
    best, truth = np.array(labels)[probabilities.argmax(axis=1)], np.array(truth)
    per_style = {
        style: {
            "precision": round(float(np.mean(truth[best == style] == style)), 3) if np.any(best == style) else None,
            "recall": round(float(np.mean(best[truth == style] == style)), 3),
            "documents": int(np.sum(truth == style)),
        }
        for style in styles()
        if np.any(truth == style)
    }
    return {"documents": len(truth), "accuracy": round(float(np.mean(best == truth)), 4), "styles": per_style}


def together(labels: Examples, parts: dict[str, Examples]) -> Examples:
    everything = labels
    for part in parts.values():
        everything = everything + part
    return everything


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("classifiers/models/style-1"))
    parser.add_argument("--measure-only", action="store_true")
    options = parser.parse_args()

    labels = labelled(options.data)
    parts = of_one_style(options.data, {fingerprint(text) for text in labels.texts})
    development, out = split(labels)
    test = labels.take(out)
    closed = {group.removeprefix("source:") for group in test.groups}
    open_parts = {name: part for name, part in parts.items() if name.partition("/")[2] not in closed}
    with tempfile.TemporaryDirectory() as folder:
        besides = {
            "read": read(options.data, {site(group) for group in test.groups}),
            "written": written("style", WRITTEN_WEIGHT),
        }
        train_style(together(labels.take(development), open_parts | besides), Path(folder) / "style", labels=styles())
        model = TextLabeller(open_model(f"{folder}/style", "style"))
        p = model.probabilities(pa.array(test.texts, pa.large_string()))
    metrics = {"held-out sites": figures(test.labels, p, model.labels)}
    print(json.dumps(metrics, indent=1))
    if options.measure_only:
        return
    parts["read_documents.tsv"] = read(options.data, set())
    parts["written_texts"] = written("style", WRITTEN_WEIGHT)
    manifest = train_style(
        together(labels, parts),
        options.output,
        labels=styles(),
        data=cards(options.data, {"labels/web_labels": labels, **parts}),
        metrics=metrics,
        description="How a Korean document is written, of twelve styles. The figures are of a model trained in the same way on "
        "the development sites only.",
    )
    print(options.output, manifest.digest)


if __name__ == "__main__":
    main()
