"""Trains the shipped perplexity model from ../shared/data; the shipped tokenizer comes first (tokenizer.py).

    python tools/train_models/perplexity.py [--data ../shared/data] [--output classifiers/models/perplexity-1]

Both models learn from the same texts, prose and remarks alike: the clean one as they are, the noisy one damaged. So their
difference speaks of damage, not of register. (With the remarks in the noisy model only, every damage was told less well and
so were the labelled documents to drop.) More figures: `bench/perplexity.py`.
"""

import argparse
from pathlib import Path

from lm_sets import HELD_OUT, PROSE, REMARKS, data_sets, texts_of
from sets import rows

from algok.classifiers.store import DataSet
from algok.classifiers.training.perplexity import train_perplexity

SEED = 1
TYPICAL = "noisy/dps_web_sample"  # general web text; only the two limits of the buckets come from it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("classifiers/models/perplexity-1"))
    parser.add_argument("--tokenizer", default="tokenizer@1")
    options = parser.parse_args()

    parts = texts_of(options.data, PROSE | REMARKS, SEED)
    typical = [row["text"] for row in rows(options.data, TYPICAL, 2000)]
    megabytes = sum(len(text.encode()) for text in typical) / 1e6
    limits = DataSet(
        name=TYPICAL,
        license="see INDEX",
        documents=len(typical),
        megabytes=round(megabytes, 3),
        use="bucket limits only",
    )
    manifest = train_perplexity(
        [text for part in parts.values() for text in part],
        [],
        typical,
        options.output,
        held_out=[
            text[:2000] for part in texts_of(options.data, dict.fromkeys(HELD_OUT, 0.5), SEED).values() for text in part
        ],
        tokenizer=options.tokenizer,
        seed=SEED,
        description="Two 3-gram models of Korean over the pieces of the shipped tokenizer: one of prose, documentation, "
        "law, dialogue and remarks as they are, one of the same texts damaged (eojeol shuffled, keywords, lost spaces, wrong "
        "encodings). Stored as hashed n-grams with 8-bit probabilities; texts cannot be read back.",
        data=[*data_sets(options.data, parts), limits],
    )
    print(options.output, manifest.digest[:16], manifest.metrics, manifest.parameters["buckets"])


if __name__ == "__main__":
    main()
