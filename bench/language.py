"""What the language and source axes say of each set, how a bound on `source.listing` decides, and their speed.

    python bench/language.py [--data ../shared/data] [--part all|labels|north|listing|speed] [--signals DIR]

Labels: share of every label per set. North: the North Korean news of domain/parallel_news in alternating blocks of 100
rows, the first half seen when the lexicon was written, the other not; alone and joined to documents of 5 and 20.
Listing: labelled pages, by keep or drop, on hosts split as in bench/heuristics.py, of those that the web recipe's
heuristics keep. Speed: MB of UTF-8 per second of process time; with --signals (the Parquet folder `kept` of `algok
annotate web`) on pages with their addresses too, and which of them the language bound drops.
"""

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from heuristics import by_recipe, part_of, read

from algok.step import SignalStep
from algok.taxonomy.language import Language
from algok.taxonomy.source import Source

MOST = 6000  # documents of a set
SKIPPED = ("parallel_news", "mojibake", "nfd_real", "pii_synthetic", "kornlu", "profanity")


def batch(texts: list[str], urls: list[str | None] | None = None) -> pa.RecordBatch:
    urls = urls or [None] * len(texts)
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string()), "url": pa.array(urls, pa.string())})


def sets(data: Path) -> dict[str, list[str]]:
    paths = [path for path in sorted(data.glob("*/*.jsonl.zst")) if not any(name in path.name for name in SKIPPED)]
    names = {path: f"{path.parent.name}/{path.name.removesuffix('.jsonl.zst')}" for path in paths}
    return {name: [row["text"] for row in read(path)][:MOST] for path, name in names.items()}


def show(name: str, texts: list[str], *steps: SignalStep) -> None:
    parts = []
    for step in steps:
        counted = Counter(step.compute(batch(texts))["label"].to_pylist()).most_common(6)
        parts.append(" ".join(f"{label} {n / len(texts):.4f}" for label, n in counted))
    print(f"{name:34} {len(texts):5}  " + "  |  ".join(parts))


def labels(data: Path) -> None:
    for name, texts in sets(data).items():
        show(name, texts, Language(), Source())


def north(data: Path) -> None:
    rows = read(data / "domain/parallel_news.jsonl.zst")
    for corpus in ("northkorean-english-news-v1", "news 2010s"):
        texts = [row["text"] for row in rows if row["meta"]["corpus"] == corpus]
        for half, name in enumerate(("seen", "unseen")):
            own = [text for i, text in enumerate(texts) if i // 100 % 2 == half]
            for size in (1, 5, 20):
                joined = ["\n".join(own[i : i + size]) for i in range(0, len(own), size)]
                show(f"{corpus[:11]} {name} x{size}", joined, Language())


def listing(data: Path) -> None:
    rows = [row for row in read(data / "labels/web_labels.jsonl.zst") if row["url"]]
    texts = [row["text"] for row in rows]
    flagged = Source().compute(batch(texts, [row["url"] for row in rows]))["listing"].to_numpy().astype(bool)
    keep = np.array([row["labels"]["keep"] for row in rows], bool)
    kept = ~by_recipe("web")(texts)
    parts = np.array([part_of(row) for row in rows])
    for part in ("dev", "held out"):
        own = parts == part
        print(f"{part:9} flagged: drop {(own & flagged & ~keep).sum()}, keep {(own & flagged & keep).sum()}; ", end="")
        for name, passed in (("without", kept), ("with the bound", kept & ~flagged)):
            right, gone = passed[own & keep].mean(), (~passed)[own & ~keep].mean()
            print(f"{name}: balanced {(right + gone) / 2:.3f} keep {right:.3f} drop {gone:.3f}; ", end="")
        print()


def speed(data: Path, signals: Path | None) -> None:
    own = {
        name: batch([row["text"] for row in read(data / f"{name}.jsonl.zst")])
        for name in ("domain/petitions", "noisy/dps_web_sample", "clean/tensorflow_docs_ko")
    }
    if signals:
        pages = pa.concat_tables(
            [pq.read_table(path, columns=["text", "url"]) for path in sorted(signals.glob("*.parquet"))]
        )
        own["pages"] = pages.combine_chunks().to_batches()[0]
        out = Language().compute(own["pages"])
        foreign = np.nan_to_num(out["korean_ratio"].to_numpy(zero_copy_only=False), nan=1.0) < 0.02
        dropped = Counter(label for label, is_out in zip(out["label"].to_pylist(), foreign, strict=True) if is_out)
        print(f"the bound korean_ratio >= 0.02 drops {foreign.sum()} of {len(foreign)} pages: {dict(dropped)}")
        print("listing:", int(Source().compute(own["pages"])["listing"].to_numpy().sum()))
    for name, rows in own.items():
        size = sum(len(text.as_py().encode()) for text in rows["text"]) / 1e6
        figures = []
        for step in (Language(), Source()):
            step.compute(rows.slice(0, 50))
            seconds = []
            for _ in range(3):
                start = time.process_time()
                step.compute(rows)
                seconds.append(time.process_time() - start)
            figures.append(f"{step.name} {size / min(seconds):.0f} MB/s")
        print(f"{name:28} {size:6.1f} MB  " + "  ".join(figures))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=["all", "labels", "north", "listing", "speed"], default="all")
    parser.add_argument("--signals", type=Path)
    arguments = parser.parse_args()
    for name, part in (("labels", labels), ("north", north), ("listing", listing)):
        if arguments.part in ("all", name):
            part(arguments.data)
    if arguments.part in ("all", "speed"):
        speed(arguments.data, arguments.signals)


if __name__ == "__main__":
    main()
