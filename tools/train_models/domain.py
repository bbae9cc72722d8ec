"""Trains the shipped domain model from ../shared/data, taxonomy/seeds and build/topic_words.tsv.

    python tools/train_models/expand_seeds.py     # once: makes build/topic_words.tsv
    python tools/train_models/domain.py [--data ../shared/data] [--output classifiers/models/domain-1] [--measure-only]

Three kinds of examples: documents that were read and labelled; unlabelled documents with what their words say
(`topic_words.py`); and documents of all manners in which words of a domain were put for their own, the same number for
every domain. Measures first: a model that learns from the development sites only is applied to the held-out ones, and its
figures go into the card. The shipped model then learns from all labelled documents, by the same procedure.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from read_documents import domains, read_documents
from sets import cards, fingerprint, pages, rows, site
from topic_words import CODES, PutIn, lexicon
from written_texts import examples as written

from algok.classifiers.labelled_rows import Examples, folds
from algok.classifiers.labeller import TextLabeller
from algok.classifiers.linear import softmax
from algok.classifiers.split import held_out
from algok.classifiers.store import DataSet, open_model
from algok.classifiers.topic_words import TopicWords
from algok.classifiers.training.domain import train_domain
from algok.taxonomy.axes import major_of

WORDS = Path("build/topic_words.tsv")
# Set -> (most documents, manner). DataSets that hold held-out labelled documents are left out, dps_web_sample excepted: the
# only general web text; its labelled passages are left out by fingerprint.
UNLABELLED = {
    "noisy/dps_web_sample": (6000, "news"),
    "domain/petitions": (2500, "petition"),
    "domain/law_statutes": (300, "formal"),
    "domain/bible_krv": (200, "formal"),
    "domain/book_reviews_acorn": (240, "formal"),
    "domain/unesco_reports": (430, "formal"),
    "domain/fairytales": (64, "formal"),
    "clean/ud_kaist": (90, "formal"),
    "clean/ms_dynamics_docs_ko": (300, ""),
    "clean/python_docs_ko": (200, ""),
    "clean/pytorch_tutorials_ko": (100, ""),
    "clean/vue_docs_ko": (60, ""),
    "clean/k8s_docs_ko": (50, ""),
    "clean/rust_book_ko": (60, ""),
    "clean/djangogirls_ko": (20, ""),
    "noisy/ms_cpp_docs_ko": (200, ""),
}
# Short texts, joined in runs of 3 to 20; (most texts, manner).
SHORT = {
    "domain/chatbot_dialogues": (3000, "chat"),
    "domain/news_titles_entertainment": (1790, "chat"),
    "noisy/nsmc_raw_reviews": (2000, "chat"),
    "noisy/spam_short": (230, ""),
}
WARCS, PAGES_PER_HOST = ("html_blogs", "html_org_company", "html_spam_seo"), 120
# How often a manner is taken to put words into: informal ones often, or the informal would be taken for small talk.
MANNERS = {"blog": 0.3, "news": 0.2, "chat": 0.2, "petition": 0.15, "formal": 0.15}
PUT = 3000  # texts per domain with its words put in
# Weights of the kinds of examples: the first by cross-validation over the sites of all labelled documents, the others by
# trial (docs/taxonomy.md). A site's documents count like SITE_DOCUMENTS at most.
LABEL_WEIGHT, WORDS_WEIGHT, PUT_WEIGHT, SITE_DOCUMENTS = 6.0, 1.0, 0.6, 25
WRITTEN_WEIGHT = 3.0  # of a text in written_texts/
READ_WEIGHT = 0.7  # of what was read for this model only: one reader, excerpts
# Small talk is what has no other topic: its words say less.
SMALL_TALK, SMALL_TALK_WEIGHT = "community_personal", 0.3


def labelled(data: Path) -> Examples:
    """The documents that were read: group is host or source."""
    examples = Examples()
    for row in rows(data, "labels/web_labels"):
        examples.add(row["text"], row["labels"]["domain"], row["host"] or "source:" + row["source"])
    for row in rows(data, "labels/domain_texts"):
        examples.add(row["text"], row["meta"]["domain"], row["source"])
    return examples


def split(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Development and held-out rows; a development row whose site is also held out is in neither."""
    out = np.array([held_out(group) for group in examples.groups])
    sites = np.array([site(group) for group in examples.groups])
    return np.flatnonzero(~out & ~np.isin(sites, sites[out])), np.flatnonzero(out)


def unlabelled(data: Path, known: set[str], closed: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Per set: excerpts of 500 to 3,000 characters with their manner; nothing of `known` fingerprints or `closed` sites."""
    chance = random.Random(0)
    parts: dict[str, list[tuple[str, str]]] = {}

    def take(name: str, texts: list[str], manner: str, most: int) -> None:
        texts = [text for text in texts if len(text) > 150 and fingerprint(text) not in known]
        chance.shuffle(texts)
        part = parts.setdefault(name, [])
        for text in texts[:most]:
            start = chance.randrange(max(1, len(text) - 3000))
            part.append((text[start : start + chance.choice([500, 1000, 2000, 3000])], manner))

    for name, (most, manner) in UNLABELLED.items():
        texts = [row["text"] for row in rows(data, name)]
        if name in ("domain/unesco_reports", "clean/ud_kaist"):  # few and long
            texts = [text[at : at + 2500] for text in texts for at in range(0, len(text), 2500)]
        take(name, texts, manner, most)
    for name, (most, manner) in SHORT.items():
        texts, runs = [row["text"] for row in rows(data, name, most)], []
        chance.shuffle(texts)
        while texts:
            length = chance.randint(3, 20)
            runs.append("\n".join(texts[:length]))
            texts = texts[length:]
        take(name, runs, manner, len(runs))
    for name in WARCS:
        manner = "" if name == "html_spam_seo" else "blog"
        take(f"warc/{name}", _some(pages(data / "warc" / f"{name}.warc.gz", closed), chance), manner, 1 << 20)
    return parts


def _some(found: list[tuple[str, str]], chance: random.Random) -> list[str]:
    """The texts of at most PAGES_PER_HOST pages of every host."""
    seen, kept = Counter(), []
    chance.shuffle(found)
    for host, text in found:
        seen[host] += 1
        if seen[host] <= PAGES_PER_HOST:
            kept.append(text)
    return kept


def with_weights(examples: Examples, factor: float = 1.0) -> Examples:
    """Labelled documents, so weighted that no site counts more than SITE_DOCUMENTS."""
    sites = [site(group) for group in examples.groups]
    sizes, weighted = Counter(sites), Examples()
    for text, label, group, owner in zip(examples.texts, examples.labels, examples.groups, sites, strict=True):
        weighted.add(text, label, group, factor * LABEL_WEIGHT * min(1, SITE_DOCUMENTS / sizes[owner]))
    return weighted


def by_words(parts: dict[str, list[tuple[str, str]]], words: TopicWords) -> Examples:
    """Unlabelled excerpts, with weights under which every domain has about the same sum, and sure ones count more."""
    texts = [text for part in parts.values() for text, _ in part]
    shares = softmax(words.logits(pa.array(texts, pa.large_string())))
    sums = np.maximum(shares.sum(axis=0), 100)
    weights = np.clip((shares @ (600 / sums)) * shares.max(axis=1), 0, 1.5) * WORDS_WEIGHT
    weights *= 1 - (1 - SMALL_TALK_WEIGHT) * shares[:, CODES.index(SMALL_TALK)]
    examples = Examples()
    for text, share, weight in zip(texts, shares, weights, strict=True):
        examples.add(text, {code: float(p) for code, p in zip(CODES, share, strict=True)}, "", float(weight))
    return examples


def with_words_put_in(parts: dict[str, list[tuple[str, str]]], words: PutIn) -> Examples:
    """Excerpts of 150 to 1,200 characters with words of a domain put for 30 to 80 % of their own."""
    chance, carriers = random.Random(3), {}
    for part in parts.values():
        for text, manner in part:
            carriers.setdefault(manner, []).append(text)
    manners, odds, examples = list(MANNERS), list(MANNERS.values()), Examples()
    for code in CODES:
        label = {other: 0.9525 if other == code else 0.0025 for other in CODES}
        weight = PUT_WEIGHT * (SMALL_TALK_WEIGHT if code == SMALL_TALK else 1)
        for _ in range(PUT):
            text, length = (
                chance.choice(carriers[chance.choices(manners, odds)[0]]),
                chance.choice([150, 300, 600, 1200]),
            )
            start = chance.randrange(max(1, len(text) - length))
            share = chance.choice([0.3, 0.5, 0.8])
            examples.add(words.about(text[start : start + length], code, share, chance), label, "", weight)
    return examples


def figures(truth: list[str], probabilities: np.ndarray, labels: tuple[str, ...]) -> dict:
    """Accuracy on sub-domains and majors, and the mean F1 over the sub-domains that occur."""
    best = np.array(labels)[probabilities.argmax(axis=1)]
    truth, majors = np.array(truth), sorted(set(major_of().values()))
    of_major = np.stack(
        [probabilities[:, [major_of()[label] == major for label in labels]].sum(axis=1) for major in majors], axis=1
    )
    major = np.array(majors)[of_major.argmax(axis=1)]
    f1 = [2 * np.sum((best == c) & (truth == c)) / (np.sum(best == c) + np.sum(truth == c)) for c in sorted(set(truth))]
    return {
        "documents": len(truth),
        "accuracy": round(float(np.mean(best == truth)), 4),
        "accuracy of majors": round(float(np.mean(major == [major_of()[label] for label in truth])), 4),
        "macro F1": round(float(np.mean(f1)), 4),
    }


def material(data: Path, labels: Examples, closed: set[str]) -> tuple[Examples, TopicWords, dict[str, Examples]]:
    """All that a model learns from `labels`, the lexicon, and what the examples came from, for the card."""
    parts = unlabelled(data, {fingerprint(text) for text in labelled(data).texts}, closed)
    shares = lexicon(WORDS)
    words = TopicWords.of(shares, pa.array([text for part in parts.values() for text, _ in part], pa.large_string()))
    besides = domains(read_documents(data, closed))
    everything = (
        with_weights(labels)
        + with_weights(besides, READ_WEIGHT)
        + written("domain", WRITTEN_WEIGHT)
        + by_words(parts, words)
        + with_words_put_in(parts, PutIn(shares))
    )
    sources = {name: Examples(texts=[text for text, _ in part]) for name, part in parts.items()}
    repositories = {False: "labels/web_labels", True: "labels/domain_texts"}
    read = {
        name: labels.take(row for row, group in enumerate(labels.groups) if ("/" in group) == is_repository)
        for is_repository, name in repositories.items()
    }
    return (
        everything,
        words,
        read | {"read_documents.tsv": besides, "written_texts": written("domain", WRITTEN_WEIGHT)} | sources,
    )


def learn_and_apply(data: Path, labels: Examples, test: Examples) -> np.ndarray:
    """Probabilities of the documents of `test` by a model that learnt from `labels`, and from nothing of the sites of `test`."""
    learnt, words, _ = material(data, labels, {site(group) for group in test.groups})
    with tempfile.TemporaryDirectory() as folder:
        train_domain(learnt, Path(folder) / "domain", labels=CODES, words=words)
        model = TextLabeller(open_model(f"{folder}/domain", "domain"))
        return model.probabilities(pa.array(test.texts, pa.large_string()))


def across_sites(data: Path, labels: Examples) -> np.ndarray:
    """Probabilities of every labelled document by a model that learnt nothing from its site, of five."""
    fold, p = folds([site(group) for group in labels.groups], 5, 0), np.zeros((len(labels), len(CODES)), np.float32)
    for number in range(5):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        p[test] = learn_and_apply(data, labels.take(train), labels.take(test))
    return p


def by_set(name: str, test: Examples, p: np.ndarray) -> dict[str, dict]:
    """Figures over all, over the documents of web_labels and over those of domain_texts."""
    repositories = np.array(["/" in group for group in test.groups])
    parts = (("sites", np.arange(len(test))), ("web_labels", np.flatnonzero(~repositories)),
             ("domain_texts", np.flatnonzero(repositories)))  # fmt: skip
    return {f"{name} {part}": figures([test.labels[row] for row in rows], p[rows], CODES) for part, rows in parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("classifiers/models/domain-1"))
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--folds", action="store_true", help="measure by five folds over all sites instead; 5 minutes")
    options = parser.parse_args()

    labels = labelled(options.data)
    development, out = split(labels)
    test = labels.take(out)
    if options.folds:
        print(json.dumps(by_set("five folds,", labels, across_sites(options.data, labels)), indent=1))
        return
    metrics = by_set("held-out", test, learn_and_apply(options.data, labels.take(development), test))
    print(json.dumps(metrics, indent=1))
    if options.measure_only:
        return
    learnt, words, sources = material(options.data, labels, set())
    data = cards(options.data, sources)
    data.append(
        DataSet(
            name="taxonomy/seeds, and nouns near them by Kiwi's embeddings",
            license="as algok",
            documents=0,
            megabytes=0.0,
        )
    )
    manifest = train_domain(
        learnt,
        options.output,
        labels=CODES,
        words=words,
        data=data,
        metrics=metrics,
        description="What a Korean document is about, of twenty sub-domains. The figures are of a model trained in the same "
        "way on the labelled documents of the development sites only.",
    )
    print(options.output, manifest.digest)


if __name__ == "__main__":
    main()
