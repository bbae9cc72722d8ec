"""Training of the tokenizer: a SentencePiece unigram model whose pieces never cross white space."""

import random
from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

from algok.classifiers.store import DataSet, Manifest, write_model
from algok.classifiers.tokenizer import FILE
from algok.errors import ModelError

# SentencePiece leaves out sentences over 4,192 bytes; longer lines are cut between eojeol.
_MOST_BYTES = 4000
# What suits Korean; docs/models.md has the figures (bench/tokenizers.py).
OPTIONS = {
    "model_type": "unigram",
    "byte_fallback": True,
    "normalization_rule_name": "identity",
    "add_dummy_prefix": True,
    "remove_extra_whitespaces": True,
    "split_by_whitespace": True,
    "split_digits": True,
    "max_sentencepiece_length": 12,
    # The sums of the training steps depend on how many threads share the sentences.
    "num_threads": 2,
    "input_sentence_size": 0,
    "minloglevel": 2,
}


def train_tokenizer(
    texts: Iterable[str],
    folder: Path,
    *,
    name: str = "tokenizer",
    version: int = 1,
    vocabulary: int = 32_000,
    coverage: float = 0.9997,
    seed: int = 1,
    description: str = "",
    data: list[DataSet] | None = None,
    created: date | None = None,
) -> Manifest:
    """Trains on the texts and writes a model folder of kind tokenizer.

    Unigram with byte fallback (`coverage`: share of the characters that get a piece of their own; the others become
    bytes), no normalisation, white space never inside a piece, digits one by one. Deterministic for texts, order and
    seed. Raises ModelError if there is too little text for the vocabulary.
    """
    model, lines = fit_tokenizer(texts, vocabulary=vocabulary, coverage=coverage, seed=seed)
    parameters = {"vocabulary": vocabulary, "coverage": coverage, "seed": seed, "algorithm": "unigram"}
    return write_model(
        folder,
        {FILE: model},
        kind="tokenizer",
        name=name,
        version=version,
        description=description or "SentencePiece unigram model with byte fallback.",
        parameters=parameters,
        data=data or [],
        metrics={"lines": lines},
        created=created,
    )


def fit_tokenizer(texts: Iterable[str], *, vocabulary: int, coverage: float, seed: int) -> tuple[bytes, int]:
    """The serialised SentencePiece model, and the number of lines it was trained on."""
    import sentencepiece

    lines = sorted(set(lines_of(texts)))  # a line that repeats is boilerplate
    random.Random(seed).shuffle(lines)
    written = BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=written,
            vocab_size=vocabulary,
            character_coverage=coverage,
            **OPTIONS,
        )
    except RuntimeError as error:
        raise ModelError(f"the tokenizer cannot be trained on {len(lines)} lines: {error}") from None
    return written.getvalue(), len(lines)


def lines_of(texts: Iterable[str]) -> Iterator[str]:
    """The lines of two eojeol or more, cut where SentencePiece would leave them out."""
    for text in texts:
        for line in text.split("\n"):
            eojeol = line.split()
            if len(eojeol) < 2:
                continue
            kept, size = [], 0
            for word in eojeol:
                size += len(word.encode()) + 1
                if kept and size > _MOST_BYTES:
                    yield " ".join(kept)
                    kept, size = [], len(word.encode()) + 1
                kept.append(word)
            yield " ".join(kept)
