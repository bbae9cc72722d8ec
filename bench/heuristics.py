"""How well and how fast the heuristics decide, beside FineWeb-2's Korean filters and the rules of EleutherAI/dps.

The step's default bounds and the bounds of the carried recipes (web, news, law, and web's profiles) are measured alike:
a recipe is loaded as `algok run` loads it, and its bounds decide as they do in a run.

    python bench/heuristics.py [--data ../shared/data] [--part all|accuracy|retention|order|speed]

Accuracy: balanced accuracy, recall of keep and of drop on labels/web_labels.jsonl.zst. Hosts (the source, where a row
has none) are split by the first byte of their SHA-256: below 154 the development part, on which our bounds were looked
at, the others held out. Retention: share kept per prose set, by the default bounds, by the web recipe as if the texts
were pages, and by the recipe or profile made for such texts. Order: damaged
documents measured before and after repair. Speed: MB of UTF-8 per second of process time, one core.
"""

import argparse
import hashlib
import re
import time
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from algok.filters.fineweb2 import FineWeb2, words_of
from algok.filters.heuristics import Heuristics
from algok.filters.repair.step import Repair
from algok.pipelines.decide import decide
from algok.pipelines.recipe import StepConfig, load_recipe
from algok.step import SignalStep

# Set of prose -> the carried recipe, and its profile, that is made for such texts.
PROSE = {
    "domain/petitions": "web/community",
    "domain/law_statutes": "law",
    "domain/law_articles": "law",
    "domain/bible_krv": "web/book",
    "domain/book_reviews_nanet": "web/book",
    "domain/book_reviews_acorn": "web/blog",
    "domain/wikinews_ko": "news",
    "domain/unesco_reports": "web/government",
    "domain/fairytales": "web/book",
    "clean/ms_dynamics_docs_ko": "web/code-docs",
    "clean/python_docs_ko": "web/code-docs",
    "clean/tensorflow_docs_ko": "web/code-docs",
    "clean/react_docs_ko": "web/code-docs",
    "clean/rust_book_ko": "web/code-docs",
    "clean/pytorch_tutorials_ko": "web/code-docs",
    "clean/vue_docs_ko": "web/code-docs",
    "clean/k8s_docs_ko": "web/code-docs",
    "clean/djangogirls_ko": "web/code-docs",
    "clean/ud_kaist": "web/book",
}
# Single remarks and bad text, to see where a profile's bounds end: no set that should be kept whole.
SHORT = {
    "noisy/nsmc_raw_reviews": "web/community",
    "domain/chatbot_dialogues": "web/dialogue",
    "domain/parallel_news": "news",
    "noisy/spam_gambling_text": "web/community",
    "noisy/spam_short": "web/community",
}
MOST = 4000  # documents of a set
SLOW_BYTES = 120_000  # of each set, for the filters that need Kiwi

Decide = Callable[[list[str]], np.ndarray]


def read(path: Path) -> list[dict]:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        return [orjson.loads(line) for line in stream.read().splitlines() if line]


def by_bounds(config: StepConfig, step: SignalStep, source: str = "") -> Decide:
    """Which texts break a bound of a step, those of a profile first."""

    def out(texts: list[str]) -> np.ndarray:
        signals = step.compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
        return ~decide(config, signals, pa.array([source] * len(texts))).keep

    return out


def by_default(step: SignalStep) -> Decide:
    return by_bounds(StepConfig(name=step.name, options={}, bounds=dict(step.default_bounds), by_source={}), step)


def by_recipe(name: str) -> Decide:
    """The heuristics' bounds of a carried recipe, or of one of its profiles (`recipe/profile`)."""
    recipe, _, source = name.partition("/")
    config = next(config for config in load_recipe(recipe).steps if config.name == Heuristics.name)
    if source and source not in config.by_source:
        raise ValueError(f"recipe {recipe} has no profile {source}")
    return by_bounds(config, Heuristics(), source)


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
    for name, way in ways.items():
        out = way([row["text"] for row in rows])
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
    head = f"{'kept, %':28} {'n':>5} {'default':>7} {'web':>6} {'own':>6} {'(recipe)':14} {'dps':>6}"
    print(f"\n{head} {'fineweb2 (of n)':>16}")
    default, web, theirs = by_default(Heuristics()), by_recipe("web"), by_default(FineWeb2())
    for name, own in (PROSE | SHORT).items():
        texts = [row["text"] for row in read(data / f"{name}.jsonl.zst")[:MOST]]
        some = take(texts[:: max(1, len(texts) // 40)], SLOW_BYTES)
        kept = [100 * (1 - out(texts).mean()) for out in (default, web, by_recipe(own), each(dps))]
        slow = f"{100 * (1 - theirs(some).mean()):.1f} ({len(some)})"
        print(
            f"{name:28} {len(texts):5} {kept[0]:7.1f} {kept[1]:6.1f} {kept[2]:6.1f} {own:14} {kept[3]:6.1f} {slow:>16}"
        )


def _lost_bytes(text: str, charset: str, read_as: str) -> str:
    """Text in one charset read as another; bytes that the other does not know become C1 controls, as in browsers."""
    shown = (bytes([byte]).decode(read_as, "ignore") or chr(byte) for byte in text.encode(charset, "replace"))
    return "".join(shown)


DAMAGE: dict[str, Callable[[str], str]] = {
    "cp949 as latin-1": lambda text: _lost_bytes(text, "cp949", "latin-1"),
    "utf-8 as cp1252": lambda text: _lost_bytes(text, "utf-8", "cp1252"),
    "entities": lambda text: re.sub("[가-힣]", lambda m: f"&#{ord(m[0])};", text),
    "\\u escapes": lambda text: re.sub("[가-힣]", lambda m: f"\\u{ord(m[0]):04x}", text),
    "zero-width spaces": lambda text: re.sub("([가-힣]{3})", "\\1\u200b", text),
    "soft hyphens": lambda text: re.sub("([가-힣]{3})", "\\1\u00ad", text),
    "spaces lost": lambda text: text.replace(" ", ""),
    "spaced out": lambda text: "\n".join(" ".join(line.replace(" ", "")) for line in text.split("\n")),
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
}


def order(data: Path) -> None:
    """Recipe web on labelled documents of the development part, damaged throughout, as they come and repaired."""
    rows = [row for row in read(data / "labels/web_labels.jsonl.zst") if part_of(row) == "dev"]
    texts, keep = [row["text"][:20_000] for row in rows], np.array([row["labels"]["keep"] for row in rows]) == 1
    web, repair = by_recipe("web"), Repair()

    def repaired(texts: list[str]) -> list[str]:
        return repair.edit(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})).text.to_pylist()

    clean = ~web(texts)
    good, bad = clean & keep, ~clean
    of_good, of_bad = f"of {good.sum()} good", f"of {bad.sum()} dropped"
    print(f"\n{'kept':18} {of_good:>13} {'repaired':>9} {of_bad:>15} {'repaired':>9}")
    for name, harm in DAMAGE.items():
        harmed = [harm(text) for text in texts]
        first, second = ~web(harmed), ~web(repaired(harmed))
        counts = [(kept & part).sum() for part in (good, bad) for kept in (first, second)]
        print(f"{name:18} {counts[0]:13} {counts[1]:9} {counts[2]:15} {counts[3]:9}")


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
    print(f"{'fineweb2 profile, all rules':28} {megabytes_per_second(by_default(FineWeb2()), few, 1):8.2f}")
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
    parser.add_argument("--part", choices=("all", "accuracy", "retention", "order", "speed"), default="all")
    options = parser.parse_args()
    if options.part in ("all", "accuracy"):
        ways = {
            "heuristics": by_default(Heuristics()),
            "recipe web": by_recipe("web"),
            "fineweb2": by_default(FineWeb2()),
            "dps": each(dps),
        }
        accuracy(options.data, ways)
    if options.part in ("all", "retention"):
        retention(options.data)
    if options.part in ("all", "order"):
        order(options.data)
    if options.part in ("all", "speed"):
        speed(options.data)


if __name__ == "__main__":
    main()
