"""Trains the shipped tokenizer from ../shared/data.

    python tools/train_models/tokenizer.py [--data ../shared/data] [--output classifiers/models/tokenizer-1]

Measures on sets that it did not learn from: characters per token, and the share of tokens that are bytes.
"""

import argparse
from pathlib import Path

import sentencepiece
from lm_sets import HELD_OUT, PROSE, REMARKS, data_sets, texts_of

from algok.classifiers.store import write_model
from algok.classifiers.training.tokenizer import FILE, fit_tokenizer

SEED = 1
_HALF = 0.5  # of the language models' shares; more text makes no better pieces, only a slower training


def measure(model: bytes, texts: list[str]) -> dict[str, float]:
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    ids = [i for text in texts for i in processor.encode(" ".join(text.split()))]
    characters = sum(len(" ".join(text.split())) for text in texts)
    return {
        "characters per token": round(characters / len(ids), 3),
        "byte tokens": round(sum(map(processor.is_byte, ids)) / len(ids), 5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("classifiers/models/tokenizer-1"))
    parser.add_argument("--vocabulary", type=int, default=32_000)
    options = parser.parse_args()

    shares = {name: share * _HALF for name, share in (PROSE | REMARKS).items()}
    parts = texts_of(options.data, shares, SEED)
    texts = [text for part in parts.values() for text in part]
    coverage = 0.9997
    model, lines = fit_tokenizer(texts, vocabulary=options.vocabulary, coverage=coverage, seed=SEED)
    held_out = texts_of(options.data, dict.fromkeys(HELD_OUT, 1.0), SEED)
    metrics = {"lines": lines} | {name: measure(model, part) for name, part in held_out.items()}
    print(metrics)
    manifest = write_model(
        options.output,
        {FILE: model},
        kind="tokenizer",
        name="tokenizer",
        description="Korean SentencePiece unigram model with byte fallback; white space is never inside a piece, and "
        "digits stand alone. Its pieces are what the perplexity model and the column `tokens.count` count.",
        parameters={"vocabulary": options.vocabulary, "coverage": coverage, "seed": SEED, "algorithm": "unigram"},
        data=data_sets(options.data, parts),
        metrics=metrics,
    )
    print(options.output, manifest.digest[:16])


if __name__ == "__main__":
    main()
