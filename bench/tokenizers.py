"""Which tokenizer suits Korean: vocabulary, digits, half-width jamo and pieces over white space, by figures on texts kept apart.

    python bench/tokenizers.py [--data ../shared/data] [--megabytes 6]

SentencePiece unigram models as `algok train tokenizer` makes them, each with one choice changed, learn from petitions, reviews
and statutes; news, tales, comments and web text measure them. Figures as `algok evaluate --tokenizer` has them.
"""

import argparse
import random
import tempfile
from io import BytesIO
from pathlib import Path

import orjson
import pyarrow as pa
import sentencepiece

from algok.classifiers.training.tokenizer import OPTIONS, lines_of
from algok.evaluation.tokenizers import evaluate_tokenizers

TRAIN = ("domain/petitions", "domain/book_reviews_nanet", "domain/book_reviews_acorn", "domain/law_statutes")
HELD_OUT = {
    "news": "domain/wikinews_ko",
    "tales": "domain/fairytales",
    "comments": "toxicity/beep_unlabeled_comments",
    "web": "noisy/dps_web_sample",
}
JAMO = "".join(map(chr, range(0x3131, 0x3164)))
CHOICES: dict[str, tuple[int, dict]] = {
    "8,000 pieces": (8_000, {}),
    "16,000 pieces": (16_000, {}),
    "32,000 pieces (the default)": (32_000, {}),
    "32,000, digits together": (32_000, {"split_digits": False}),
    "32,000, every jamo a piece": (32_000, {"required_chars": JAMO}),
    "32,000, pieces over white space": (32_000, {"split_by_whitespace": False}),
}


def texts_of(path: Path) -> list[str]:
    with pa.input_stream(str(path), compression="detect") as stream:
        return [orjson.loads(line)["text"] for line in stream.read().splitlines()]


def train(lines: list[str], vocabulary: int, changes: dict, path: Path) -> None:
    written = BytesIO()
    options = {"vocab_size": vocabulary, "character_coverage": 0.9997, **OPTIONS, **changes}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=written, **options)
    path.write_bytes(written.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--megabytes", type=float, default=6)
    options = parser.parse_args()
    lines = sorted({line for name in TRAIN for line in lines_of(texts_of(options.data / f"{name}.jsonl.zst"))})
    random.Random(1).shuffle(lines)
    total, kept = 0, []
    for line in lines:
        total += len(line.encode())
        if total > options.megabytes * 1e6:
            break
        kept.append(line)
    print(f"{len(kept):,} lines")
    with tempfile.TemporaryDirectory() as name:
        for number, (choice, (vocabulary, changes)) in enumerate(CHOICES.items()):
            path = Path(name) / f"{number}.model"
            train(kept, vocabulary, changes, path)
            for kind, file in HELD_OUT.items():
                (found,) = evaluate_tokenizers([str(path)], [options.data / f"{file}.jsonl.zst"])
                figures = (found.characters_per_token, found.bytes_per_token, found.tokens_per_eojeol)
                shares = (found.single_running, found.single_of_types, found.in_bytes)
                shown = "  ".join([*(f"{value:5.2f}" for value in figures), *(f"{value:7.2%}" for value in shares)])
                print(f"{choice:<32} {kind:<9} {shown}", flush=True)


if __name__ == "__main__":
    main()
