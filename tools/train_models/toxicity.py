"""Trains the shipped toxicity model from ../shared/data.

    python tools/train_models/toxicity.py [--data ../shared/data] [--output classifiers/models/toxicity-1]

The card's figures come from bench/toxicity.py, which trains without what it measures on; the shipped model learns from all.
"""

import argparse
import random
import re
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from sets import cards, fingerprint, rows

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.toxicity import parse_lexicon
from algok.classifiers.training.toxicity import LEXICONS, default_lexicon, train_toxicity
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import CLASSES, windows

NONE = dict.fromkeys(CLASSES, 0)
# Documents that no reader would call toxic as documents; of each so many, and of each document a slice.
PROSE = {
    "clean/ms_dynamics_docs_ko": 60,
    "clean/python_docs_ko": 40,
    "clean/tensorflow_docs_ko": 40,
    "clean/react_docs_ko": 40,
    "clean/rust_book_ko": 40,
    "clean/pytorch_tutorials_ko": 40,
    "clean/vue_docs_ko": 40,
    "clean/k8s_docs_ko": 40,
    "clean/djangogirls_ko": 29,
    "clean/ud_kaist": 17,
    "domain/law_statutes": 150,
    "domain/law_articles": 400,
    "domain/wikinews_ko": 300,
    "domain/book_reviews_nanet": 200,
    "domain/book_reviews_acorn": 150,
    "domain/unesco_reports": 15,
    "domain/fairytales": 64,
    "domain/bible_krv": 300,
    "domain/petitions": 2500,
    "labels/domain_texts": 300,
    "noisy/dps_web_sample": 2500,
}
# Single sentences that nobody would call toxic, so many of each set.
SENTENCES = {
    "pairs/kornlu": 5000,
    "domain/parallel_news": 5000,
    "domain/news_titles_entertainment": 1793,
    "benchmarks/click_half": 3000,
    "domain/chatbot_dialogues": 6000,
}
_LINE = 6  # characters
_SLICE = 1500  # characters of a document
# How much a row of a set says. A window of prose is less sure than a comment that was read, and there are many of them.
PROSE_WEIGHT, SEED_WEIGHT, REVIEW_WEIGHT = 0.3, 4.0, 0.3
WRITTEN, FOLDS = Path(__file__).with_name("toxicity_sentences.tsv"), 5
# Promotion is short and full of everyday words (문의, 보장, 드립니다): at 4 office prose passed bounds that find betting pages.
WRITTEN_WEIGHT, WRITTEN_ILLEGAL = 4.0, 1.0
_CHOICE = re.compile(r"\{([^{}]+)\}")
# What a written sentence of a class is not; abuse may be hate and insult at once, so neither denies the other.
_NO_CRIME = {"sexual": 0, "illegal": 0}
_UNSAID = {"illegal": {"hate": 0, "insult": 0, "threat": 0}, "sexual": {"hate": 0, "illegal": 0, "threat": 0}}
_SEEDS = 60  # sentences of a pattern with slots
_SLOT = re.compile(r"\{([^{}]+)\}")


def beep(data: Path) -> Examples:
    """BEEP!: news comments. "hate" is abuse of persons; where it rests on prejudice it is hate too. "offensive" is the mild
    toxicity that should stay, and a stereotype said without contempt is for no side: both are left out."""
    made = Examples()
    for row in rows(data, "toxicity/beep"):
        hate, biased = row["meta"]["hate"] == "hate", row["meta"]["bias"] != "none"
        if hate:
            made.add(row["text"], {"any": 1, "insult": 1, "hate": int(biased)}, "beep")
        elif row["meta"]["hate"] == "none" and not biased:
            made.add(row["text"], NONE, "beep")
    return made


def kmhas(data: Path) -> Examples:
    """K-MHaS: news comments. Profanity is insult; every kind of hate speech is hate."""
    made = Examples()
    for row in rows(data, "toxicity/kmhas"):
        labels = set(row["meta"]["labels"])
        if labels == {"Not Hate Speech"}:
            made.add(row["text"], NONE, "kmhas")
            continue
        label = {"any": 1, "insult": int("Profanity" in labels), "hate": int(labels != {"Profanity"})}
        if label["hate"] and not label["insult"]:
            del label["insult"]  # "Physical" and the like are insults as well
        made.add(row["text"], label, "kmhas")
    return made


def curse(data: Path) -> Examples:
    """Curse detection: comments of forums, with and without cursing."""
    made = Examples()
    for row in rows(data, "toxicity/curse_detection"):
        label = {"any": 1, "insult": 1} if row["meta"]["curse"] else NONE
        made.add(row["text"], label, "curse_detection")
    return made


def songys(data: Path) -> Examples:
    """Film reviews of low rating. "toxic" marks nearly all of them and means the rating, so only the four kinds count."""
    kinds = {"obscene": "sexual", "threat": "threat", "insult": "insult", "identity_hate": "hate"}
    made = Examples()
    for row in rows(data, "toxicity/songys_toxic"):
        meta = row["meta"]
        found = {ours: 1 for theirs, ours in kinds.items() if meta.get(theirs) == "1"}
        if found:
            made.add(row["text"], {"any": 1} | found, "songys_toxic")
    return made


COMMENTS = {"beep": beep, "kmhas": kmhas, "curse_detection": curse, "songys_toxic": songys}


def reviews(data: Path, number: int = 12_000) -> Examples:
    """Film reviews with high rating."""
    made = Examples()
    joined = {row["meta"]["nsmc_id"] for row in rows(data, "toxicity/songys_toxic")}
    for row in rows(data, "noisy/nsmc_raw_reviews", 3 * number):
        if row["meta"]["rating"] >= 8 and row["id"].removeprefix("nsmc-") not in joined and len(made) < number:
            made.add(row["text"], NONE, "nsmc", REVIEW_WEIGHT)
    return made


def prose(data: Path, leave_out: Iterable[str] = (), known: frozenset[str] = frozenset()) -> dict[str, Examples]:
    """Slices of documents that are none of it, by set; sets and fingerprints may be left out."""
    chance, parts = random.Random(0), {}
    for name, number in PROSE.items():
        if name in leave_out:
            continue
        part = parts.setdefault(name, Examples())
        for row in rows(data, name, number):
            text = row["text"]
            if fingerprint(text) in known:
                continue
            first = chance.randrange(max(1, len(text) - _SLICE))
            part.add(text[first : first + _SLICE], NONE, name, PROSE_WEIGHT)
    return parts


def lines_of(data: Path, name: str) -> list[str]:
    """The distinct lines of a set: sentences, headlines, questions with their answers."""
    return list(
        dict.fromkeys(line for row in rows(data, name) for line in row["text"].split("\n") if len(line) >= _LINE)
    )


def sentences_of(data: Path, name: str) -> Examples:
    """A sample of them, as what is harmless by itself: a classifier of comments has seen few sentences of other kinds."""
    lines, made = lines_of(data, name), Examples()
    for line in random.Random(0).sample(lines, min(SENTENCES[name], len(lines))):
        made.add(line, NONE, name, PROSE_WEIGHT)
    return made


def seeds(seed: int = 0) -> Examples:
    """Sentences from lexicons/toxicity_seeds.tsv."""
    chance, slots, patterns = random.Random(seed), {}, []
    for line in (LEXICONS / "toxicity_seeds.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("slot\t"):
            _, name, choices = line.split("\t")
            slots[name] = choices.split("|")
        elif line and not line.startswith("#"):
            patterns.append(line.split("\t"))
    made, seen = Examples(), set()
    for name, pattern in patterns:
        for _ in range(_SEEDS if "{" in pattern else 1):
            text = _SLOT.sub(lambda match: chance.choice(slots[match[1]]), pattern)
            if text not in seen:
                seen.add(text)
                if name == "none":
                    made.add(text, NONE, "seeds", 1.0 if "{" in pattern else 5.0)  # one without slots stands once
                    continue
                others = {"hate": 0, "sexual": 0, "threat": 0, "illegal": 0}
                made.add(text, others | {"any": 1, name: 1}, "seeds", SEED_WEIGHT)
    return made


def written() -> list[Examples]:
    """Sentences from toxicity_sentences.tsv in FOLDS parts that share no pattern, each with patterns of every kind; the group
    is class and kind. A pattern gives at most three texts and weighs as much as one without choices."""
    patterns: dict[tuple[str, str], list[str]] = {}
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, kind, pattern = line.split("\t")
            patterns.setdefault((name, kind), []).append(pattern)
    chance, parts = random.Random(0), [Examples() for _ in range(FOLDS)]
    for (name, kind), members in patterns.items():
        label = NONE if name == "none" else {"any": 1, name: 1} | _UNSAID.get(name, _NO_CRIME)
        for row, pattern in enumerate(sorted(members, key=fingerprint)):
            texts = {_CHOICE.sub(lambda match: chance.choice(match[1].split("|")), pattern) for _ in range(3)}
            for text in sorted(texts):
                weight = WRITTEN_ILLEGAL if name == "illegal" else WRITTEN_WEIGHT
                parts[row % FOLDS].add(text, label, f"{name}: {kind}", weight / len(texts))
    return parts


def gambling(data: Path) -> Examples:
    """Pages of betting sites' directories; the group is the repository."""
    made = Examples()
    for row in rows(data, "noisy/spam_gambling_text"):
        made.add(row["text"], {"any": 1, "illegal": 1}, row["source"].partition(":")[0])
    return made


def labelled(data: Path) -> Examples:
    """The documents that a reader called clearly toxic: betting pages, and those of an adult directory."""
    made = Examples()
    for row in rows(data, "labels/web_labels"):
        if row["labels"]["toxicity"] >= 2:
            kind = "illegal" if row["source"] == "spam_gambling_text" else "sexual"
            made.add(row["text"], {"any": 1, kind: 1}, row["host"] or row["source"])
    return made


def telling(pages: Examples) -> Examples:
    """Only those windows of pages that hold a term of their class: log-in forms and tables there are like any others."""
    lexicon, made = parse_lexicon(*(part.decode() for part in default_lexicon())), Examples()
    data, offsets = string_buffers(pa.array(pages.texts, pa.large_string()))
    _, _, spans, hits = windows(data, offsets, 8, lexicon)
    for (page, start, end), counts in zip(spans.tolist(), hits, strict=True):
        label = pages.labels[page]
        if any(counts[CLASSES.index(name)] for name in label if name in CLASSES):
            made.add(bytes(data[start:end]).decode("utf-8", "replace"), label, pages.groups[page], pages.weights[page])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("classifiers/models/toxicity-1"))
    options = parser.parse_args()
    parts = {f"toxicity/{name}": load(options.data) for name, load in COMMENTS.items()}
    parts |= {
        "noisy/nsmc_raw_reviews": reviews(options.data),
        "noisy/spam_gambling_text": telling(gambling(options.data)),
    }
    parts |= {"labels/web_labels": telling(labelled(options.data))} | prose(options.data)
    parts |= {name: sentences_of(options.data, name) for name in SENTENCES}
    parts["sentences written for it"] = sum(written(), seeds())
    everything = Examples()
    for part in parts.values():
        everything += part
    manifest = train_toxicity(everything, options.output, data=cards(options.data, parts))
    print(options.output, manifest.digest)


if __name__ == "__main__":
    main()
