"""How fast models of other libraries are in the steps, beside ours: MB of UTF-8 text per second of one core.

    python bench/models.py [--data ../shared/data] [--megabytes 4] [--languages lid.bin] [--kenlm ko.arpa.bin]

fastText and scikit-learn learn the labels of labels/web_labels.jsonl.zst first; KenLM gets a model of pairs of pieces of the
measured text, made here, unless --kenlm names another; --languages adds a user's own language identifier. Networks have random
weights: the time does not depend on them. `small` is as small as a scorer gets (3 layers, 384 wide), `base` as large as the
usual ones (12 layers, 768 wide); they see the first 512 tokens of a document. Processor time of this process, after one batch;
compare within one run.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.pop(0)  # this folder, which has a file of the name of a library
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "train_models"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from foreign_models import train_fasttext, train_pieces, write_arpa
from networks import write_network, write_tokenizer
from sets import rows

from algok.classifiers.foreign.ccnet import normalized
from algok.filters.perplexity import Perplexity, PerplexityOptions
from algok.filters.quality import Quality, QualityOptions
from algok.filters.toxicity import Toxicity, ToxicityOptions
from algok.step import SignalStep
from algok.taxonomy.language import Language, LanguageOptions
from algok.taxonomy.style import Style, StyleOptions
from algok.testing import documents

_BATCH = 256
_SETTINGS = {"dim": 32, "minn": 2, "maxn": 4, "wordNgrams": 2, "epoch": 5, "lr": 0.3, "bucket": 1 << 18}


def texts_of(data: Path, megabytes: float) -> list[str]:
    """News and web text, from the beginning of the set."""
    found, size = [], 0
    for row in rows(data, "noisy/dps_web_sample"):
        found.append(row["text"])
        size += len(row["text"].encode())
        if size >= megabytes * 1e6:
            break
    return found


def rate(step: SignalStep, batches: list[pa.RecordBatch], megabytes: float) -> float:
    step.compute(batches[0])
    start = time.process_time()
    for batch in batches:
        step.compute(batch)
    return megabytes / (time.process_time() - start)


def shown(name: str, step: SignalStep, texts: list[str]) -> None:
    batches = [documents(texts[first : first + _BATCH]) for first in range(0, len(texts), _BATCH)]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{name:46} {rate(step, batches, megabytes):9.4g}   {megabytes:6.2f} MB", flush=True)


def scikit_learn(path: Path, texts: list[str], labels: list[str]) -> Path:
    import skops.io
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3)
    skops.io.dump(make_pipeline(vectors, LogisticRegression(max_iter=300)).fit(texts, labels), str(path))
    return path


def kenlm(folder: Path, texts: list[str]) -> Path:
    import sentencepiece

    plain = [normalized(text) for text in texts]
    pieces = train_pieces(folder / "ko.sp.model", plain, 8000)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    return write_arpa(folder / "ko.arpa", processor.encode(plain, out_type=str))


def networks(folder: Path, texts: list[str]) -> None:
    tokenizer = write_tokenizer(folder / "tokenizer.json", texts[:3000], 8000)
    common = {"vocabulary": 8000, "places": 512, "config": {"problem_type": "regression"}}
    small = write_network(folder / "small", tokenizer, ["score"], layers=3, hidden=384, heads=6, **common)
    base = write_network(folder / "base", tokenizer, ["score"], layers=12, hidden=768, heads=12, **common)
    for name, path, some in (("small", small, texts[:300]), ("base", base, texts[:40])):
        step = Quality(QualityOptions(model=str(path)))
        shown(f"quality: ONNX network, {name}", step, some)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--megabytes", type=float, default=4)
    parser.add_argument("--languages", type=Path)
    parser.add_argument("--kenlm", type=Path)
    options = parser.parse_args()
    texts = texts_of(options.data, options.megabytes)
    labelled = list(rows(options.data, "labels/web_labels"))
    learned = [row["text"] for row in labelled]
    keep = ["keep" if row["labels"]["keep"] else "drop" for row in labelled]
    toxic = ["toxic" if (row["labels"].get("toxicity") or 0) >= 2 else "clean" for row in labelled]
    style = [str(row["labels"]["style"]) for row in labelled]
    length = np.mean([len(text.encode()) for text in texts])
    print(f"{len(texts):,} documents of {length:,.0f} bytes on average\n{'':46}      MB/s   measured on")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        fast = {
            name: train_fasttext(folder / f"{name}.bin", list(zip(learned, labels, strict=True)), **_SETTINGS)
            for name, labels in (("keep", keep), ("toxic", toxic), ("style", style))
        }
        shown("language: ours", Language(), texts)
        if options.languages:
            shown("language: fastText", Language(LanguageOptions(model=str(options.languages))), texts)
        shown("quality: ours", Quality(), texts)
        shown("quality: fastText", Quality(QualityOptions(model=str(fast["keep"]))), texts)
        pipeline = scikit_learn(folder / "keep.skops", learned, keep)
        shown(
            "quality: scikit-learn, characters by twos to fours",
            Quality(QualityOptions(model=str(pipeline))),
            texts[:1000],
        )
        shown("toxicity: ours", Toxicity(), texts)
        shown("toxicity: fastText, window by window", Toxicity(ToxicityOptions(model=str(fast["toxic"]))), texts)
        shown("style: ours", Style(), texts)
        shown("style: fastText", Style(StyleOptions(model=str(fast["style"]))), texts)
        shown("perplexity: ours, two models", Perplexity(), texts)
        pair = options.kenlm or kenlm(folder, texts)
        shown("perplexity: KenLM, normalised as CCNet", Perplexity(PerplexityOptions(model=str(pair))), texts)
        shown(
            "perplexity: KenLM, text as it is", Perplexity(PerplexityOptions(model=str(pair), normalize="none")), texts
        )
        networks(folder, texts)


if __name__ == "__main__":
    main()
