"""How well and how fast the heuristics decide, beside FineWeb-2's Korean filters and the rules of EleutherAI/dps.

    python bench/heuristics.py [--data ../shared/data] [--part all|accuracy|retention|speed]

Accuracy: balanced accuracy, recall of keep and of drop on labels/web_labels.jsonl.zst. Hosts (the source, where a row
has none) are split by the first byte of their SHA-256: below 154 the development part, on which our bounds were looked
at, the others held out. Retention: share kept per prose set. Speed: MB of UTF-8 per second of process time, one core.
"""

import argparse
import hashlib
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from algok.filters.base import SignalStep
from algok.filters.fineweb2 import FineWeb2, words_of
from algok.filters.heuristics import Heuristics

PROSE = (
    "domain/petitions domain/law_statutes domain/law_articles domain/bible_krv domain/book_reviews_nanet "
    "domain/book_reviews_acorn domain/wikinews_ko domain/unesco_reports domain/fairytales clean/ms_dynamics_docs_ko "
    "clean/python_docs_ko clean/tensorflow_docs_ko clean/react_docs_ko clean/rust_book_ko clean/pytorch_tutorials_ko "
    "clean/vue_docs_ko clean/k8s_docs_ko clean/djangogirls_ko clean/ud_kaist"
).split()
# Proposed for law (docs/heuristics.md): single articles and lists of items are complete documents there.
LAW = {"prose_eojeol": (4, None), "short_line_ratio": (None, 1.0)}
SLOW_BYTES = 120_000  # of each set, for the filters that need Kiwi

Decide = Callable[[list[str]], np.ndarray]


def read(path: Path) -> list[dict]:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        return [orjson.loads(line) for line in stream.read().splitlines() if line]


def dropped(step: SignalStep, texts: list[str], changed: dict | None = None) -> np.ndarray:
    """Which texts break a default bound (or the changed one) of a step."""
    columns = step.compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    out = np.zeros(len(texts), bool)
    for name, bound in step.default_bounds.items():
        least, most = (changed or {}).get(name, (bound.min, bound.max))
        values = columns[name].to_numpy(zero_copy_only=False).astype(float)
        out |= (values < (-np.inf if least is None else least)) | (values > (np.inf if most is None else most))
    return out


def dps(text: str) -> bool:
    """EleutherAI/dps korean_job.py: does a text break one of its published rules? (Words are space-separated.)"""
    words, lines = text.split(), [line for line in text.split("\n") if line.strip()]
    if not 50 <= len(text) <= 100_000 or not words:
        return True
    if not 3 <= sum(map(len, words)) / len(words) <= 10:
        return True
    if (text.count("#") + text.count("...") + text.count("…")) / len(words) > 0.1:
        return True
    if sum(line.lstrip().startswith(("•", "-", "*", "■", "▪")) for line in lines) / len(lines) > 0.9:
        return True
    if sum(line.rstrip().endswith(("...", "…")) for line in lines) / len(lines) > 0.3:
        return True
    return sum(bool(re.search("[ㄱ-힣]", word)) for word in words) / len(words) < 0.25  # the range is theirs


def each(rule: Callable[[str], bool]) -> Decide:
    return lambda texts: np.array([rule(text) for text in texts], bool)


def part_of(row: dict) -> str:
    group = row["host"] or "source:" + row["source"]
    return "dev" if hashlib.sha256(group.encode()).digest()[0] < 154 else "held out"


def accuracy(data: Path, ways: dict[str, Decide]) -> None:
    rows = read(data / "labels/web_labels.jsonl.zst")
    keep = np.array([row["labels"]["keep"] for row in rows]) == 1
    parts = np.array([part_of(row) for row in rows])
    web = np.array([row["host"] is not None for row in rows])
    every = np.ones(len(rows), bool)
    print(f"{'filter':18} {'documents':22} {'n':>4} {'balanced':>8} {'keep':>6} {'drop':>6}")
    for name, decide in ways.items():
        out = decide([row["text"] for row in rows])
        for label, part in (
            ("held-out hosts", (parts == "held out") & web),
            ("held out, all", parts == "held out"),
            ("development hosts", (parts == "dev") & web),
            ("all labelled", every),
        ):
            kept, gone = (~out[part & keep]).mean(), out[part & ~keep].mean()
            print(f"{name:18} {label:22} {part.sum():4} {(kept + gone) / 2:8.3f} {kept:6.3f} {gone:6.3f}")


def take(texts: Iterable[str], size: int) -> list[str]:
    """The first texts up to a size in bytes, at least one."""
    out: list[str] = []
    for text in texts:
        if out and size <= 0:
            break
        size -= len(text.encode())
        out.append(text)
    return out


def retention(data: Path) -> None:
    print(f"\n{'kept, %':28} {'n':>5} {'ours':>6} {'law':>6} {'dps':>6} {'fineweb2':>9} {'(of n)':>7}")
    ours, theirs = Heuristics(), FineWeb2()
    for name in PROSE:
        texts = [row["text"] for row in read(data / f"{name}.jsonl.zst")]
        some = take(texts[:: max(1, len(texts) // 40)], SLOW_BYTES)
        law = f"{100 * (1 - dropped(ours, texts, LAW).mean()):6.1f}" if "/law" in name else "     -"
        kept = [100 * (1 - out.mean()) for out in (dropped(ours, texts), each(dps)(texts), dropped(theirs, some))]
        print(f"{name:28} {len(texts):5} {kept[0]:6.1f} {law} {kept[1]:6.1f} {kept[2]:9.1f} {len(some):7}")


def megabytes_per_second(run: Callable[[list[str]], object], texts: list[str], times: int) -> float:
    size = sum(len(text.encode()) for text in texts) / 1e6
    seconds = []
    for _ in range(times):
        start = time.process_time()
        run(texts)
        seconds.append(time.process_time() - start)
    return size / min(seconds)


def speed(data: Path) -> None:
    names = ("domain/petitions", "noisy/dps_web_sample", "domain/wikinews_ko", "clean/python_docs_ko")
    texts = [row["text"] for name in names for row in read(data / f"{name}.jsonl.zst")[:2000]]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    few = take(texts[::41], 300_000)
    step = Heuristics()
    step.compute(batch)
    words_of("켜기")
    print(f"\n{'MB/s per core':28}")
    print(f"{'heuristics, all signals':28} {megabytes_per_second(lambda _: step.compute(batch), texts, 5):8.2f}")
    print(f"{'dps rules (Python)':28} {megabytes_per_second(each(dps), texts[::4], 2):8.2f}")
    print(f"{'fineweb2 profile, all rules':28} {megabytes_per_second(lambda t: dropped(FineWeb2(), t), few, 1):8.2f}")
    try:
        print(f"{'datatrove, its own filters':28} {megabytes_per_second(datatrove_chain(), few, 1):8.2f}")
    except ImportError:
        print("datatrove is not installed")


def datatrove_chain() -> Callable[[list[str]], object]:
    """datatrove's three filters with the Korean values, stopping at the first that drops, Kiwi's default model."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
    from datatrove.utils.word_tokenizers import KiwiTokenizer

    words = KiwiTokenizer(model_type=None)
    words.word_tokenize("켜기")
    chain = [
        GopherRepetitionFilter(0.374, 0, 0, 0, language=words),
        FineWebQualityFilter(
            short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.062, new_line_ratio=0.196, language=words
        ),
        GopherQualityFilter(min_avg_word_length=1, max_avg_word_length=6, language=words),
    ]
    return lambda texts: [all(f.filter(Document(text=t, id="0")) is True for f in chain) for t in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=("all", "accuracy", "retention", "speed"), default="all")
    options = parser.parse_args()
    if options.part in ("all", "accuracy"):
        ways = {
            "heuristics": lambda texts: dropped(Heuristics(), texts),
            "fineweb2": lambda texts: dropped(FineWeb2(), texts),
            "dps": each(dps),
        }
        accuracy(options.data, ways)
    if options.part in ("all", "retention"):
        retention(options.data)
    if options.part in ("all", "speed"):
        speed(options.data)


if __name__ == "__main__":
    main()
