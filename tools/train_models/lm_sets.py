"""What the tokenizer and the language models learn from: only sets that INDEX.md marks `yes`, each up to a share.

Left out for measuring: wikinews_ko, fairytales, book_reviews_acorn, k8s_docs_ko, djangogirls_ko, ud_kaist, law_articles,
rust_book_ko and ms_cpp_docs_ko, and every text that labels/web_labels holds.
"""

import random
from collections.abc import Iterable
from pathlib import Path

from sets import fingerprint, index, rows

from algok.classifiers.store import DataSet

# Set -> most MB, so that no kind of text dominates.
PROSE = {
    "domain/petitions": 9.0,
    "domain/book_reviews_nanet": 3.0,
    "domain/unesco_reports": 3.0,
    "domain/parallel_news": 2.0,
    "domain/law_statutes": 3.0,
    "domain/bible_krv": 1.5,
    "domain/chatbot_dialogues": 1.0,
    "pairs/kornlu": 1.5,
    "clean/ms_dynamics_docs_ko": 4.0,
    "clean/python_docs_ko": 3.0,
    "clean/tensorflow_docs_ko": 3.0,
    "clean/react_docs_ko": 2.0,
    "clean/pytorch_tutorials_ko": 1.0,
    "clean/vue_docs_ko": 1.2,
}
REMARKS = {
    "noisy/nsmc_raw_reviews": 4.0,
    "toxicity/beep_unlabeled_comments": 3.6,
    "toxicity/curse_detection": 0.5,
    "domain/news_titles_entertainment": 0.2,
}
HELD_OUT = (
    "domain/wikinews_ko",
    "domain/fairytales",
    "domain/book_reviews_acorn",
    "domain/law_articles",
    "clean/k8s_docs_ko",
    "clean/djangogirls_ko",
    "clean/rust_book_ko",
    "clean/ud_kaist",
)


def texts_of(data: Path, shares: dict[str, float], seed: int) -> dict[str, list[str]]:
    """Texts per set, drawn up to its share, without those that are kept for measuring."""
    known = {fingerprint(row["text"]) for row in rows(data, "labels/web_labels")}
    return {name: _draw((row["text"] for row in rows(data, name)), most, known, seed) for name, most in shares.items()}


def _draw(texts: Iterable[str], megabytes: float, known: set[str], seed: int) -> list[str]:
    pool = [text for text in texts if fingerprint(text) not in known]
    random.Random(seed).shuffle(pool)
    drawn, left = [], megabytes * 1e6
    for text in pool:
        if left <= 0:
            break
        drawn.append(text)
        left -= len(text.encode())
    return drawn


def data_sets(data: Path, parts: dict[str, list[str]]) -> list[DataSet]:
    """The lines of the model card."""
    licences = index(data)
    return [
        DataSet(
            name=name,
            license=licences[name],
            documents=len(texts),
            megabytes=round(sum(len(text.encode()) for text in texts) / 1e6, 3),
        )
        for name, texts in parts.items()
    ]
