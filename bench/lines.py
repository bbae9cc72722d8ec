"""Line deduplication on real pages and documents: what each rule removes, and how fast.

    python bench/lines.py pages       the five WARC files: published rule, first occurrence only, algok
    python bench/lines.py documents   collections without boilerplate: what each rule takes from them
    python bench/lines.py read        lines and documents to read, chosen at random (digits masked; local use only)
    python bench/lines.py speed       sketch, resolve and act, beside pyarrow and plain Python

Pages that repeat most of the long lines of earlier pages are set aside first, as step 1 would have done.
"""

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from fastwarc.warc import ArchiveIterator, WarcRecordType

from algok.filters.line_dedup import LineDedup, LineDedupOptions
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError
from algok.pipelines.memory import MemoryCorpus

DOCUMENTS = (
    "law_statutes",
    "bible_krv",
    "fairytales",
    "wikinews_ko",
    "petitions",
    "unesco_reports",
    "book_reviews_nanet",
)
CLEAN = ("python_docs", "tensorflow_docs", "react_docs", "rust_book", "pytorch_tutorials", "vue_docs", "k8s_docs")
SENTENCE = re.compile(r"[다요죠까네][.!?][\"')]*$")
BATCH = 1000


def resolve(step: LineDedup, shards: list[pa.Table]) -> MemoryCorpus:
    return MemoryCorpus.of(step, [shard.combine_chunks().to_batches(max_chunksize=BATCH) for shard in shards])


def by_step(rule: str) -> Callable[[list[pa.Table]], list[list[str]]]:
    def run(shards: list[pa.Table]) -> list[list[str]]:
        step = LineDedup(LineDedupOptions(rule=rule))
        corpus = resolve(step, shards)
        results = []
        for k, shard in enumerate(shards):
            resolved = step.load(corpus, k)
            batches = shard.to_batches(max_chunksize=BATCH)
            results.append([text for batch in batches for text in step.act(batch, 0, resolved).text.to_pylist()])
        return results

    return run


def by_first_occurrence(shards: list[pa.Table]) -> list[list[str]]:
    """Plain line deduplication: a line stays where it comes first in the corpus."""
    seen: set[str] = set()
    results = []
    for shard in shards:
        results.append([])
        for text in shard["text"].to_pylist():
            kept = []
            for line in text.split("\n"):
                key = " ".join(line.split())
                if not key or key not in seen:
                    kept.append(line)
                    seen.add(key)
            results[-1].append("\n".join(kept))
    return results


RULES = {"algok": by_step("context"), "published": by_step("published"), "first occurrence": by_first_occurrence}


def pages(path: Path) -> pa.Table:
    """Main texts of the pages of a WARC file that are not near copies of earlier ones."""
    rows, seen = [], set()
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response | WarcRecordType.resource):
            charset = record.http_charset if record.http_headers else None
            try:
                text = extract(record.reader.read(), charset).text
            except ExtractError:
                continue
            lines = {line for line in normal_lines(text) if len(line) >= 30}
            if len(lines) < 2 or sum(line in seen for line in lines) <= 0.6 * len(lines):
                rows.append((record.headers.get("WARC-Target-URI"), text))
                seen |= lines
    return pa.table({"url": [url for url, _ in rows], "text": pa.array([text for _, text in rows], pa.large_string())})


def documents(path: Path) -> pa.Table:
    raw = pa.input_stream(str(path), compression="zstd").read().decode()
    rows = [json.loads(line) for line in raw.split("\n") if line]
    texts = pa.array([row["text"] for row in rows], pa.large_string())
    return pa.table({"text": texts, "source": [path.stem] * len(rows)})


def normal_lines(text: str) -> list[str]:
    return [key for line in text.split("\n") if (key := " ".join(line.split()))]


def removed_lines(before: str, after: str) -> list[str]:
    left = Counter(normal_lines(after))
    removed = []
    for line in normal_lines(before):
        if left[line]:
            left[line] -= 1
        else:
            removed.append(line)
    return removed


def compare(names: list[str], shards: list[pa.Table]) -> None:
    print(f"{'':28}{'documents':>10}" + "".join(f"{rule:>27}" for rule in RULES))
    print(f"{'':28}{'':10}" + f"{'% chars   lines  sentences':>27}" * len(RULES))
    results = {rule: run(shards) for rule, run in RULES.items()}
    for k, name in enumerate(names):
        texts = shards[k]["text"].to_pylist()
        total = sum(len(line) for text in texts for line in normal_lines(text))
        row = f"{name:28}{len(texts):>10}"
        for rule in RULES:
            removed = [line for pair in zip(texts, results[rule][k], strict=True) for line in removed_lines(*pair)]
            sentences = sum(len(line) > 30 and bool(SENTENCE.search(line)) for line in removed)
            row += f"{100 * sum(map(len, removed)) / total:>12.2f}{len(removed):>8}{sentences:>7}"
        print(row)


def read(shards: list[pa.Table], seed: int) -> None:
    rng = random.Random(seed)
    results = RULES["algok"](shards)
    pairs = [
        pair
        for shard, texts in zip(shards, results, strict=True)
        for pair in zip(shard["text"].to_pylist(), texts, strict=True)
    ]
    removed = Counter(line for pair in pairs for line in removed_lines(*pair))
    kept = Counter(line for _, after in pairs for line in set(normal_lines(after)))
    print("most frequent removed lines")
    for line, n in removed.most_common(60):
        print(f"{n:8} {mask(line)}")
    print("removed lines at random")
    for line in rng.sample(sorted(removed), min(100, len(removed))):
        print(f"{removed[line]:8} {mask(line)}")
    print("most frequent lines that stay")
    for line, n in kept.most_common(60):
        print(f"{n:8} {mask(line)}")
    for before, after in rng.sample([pair for pair in pairs if pair[0] != pair[1]], 30):
        print("=" * 80)
        gone = Counter(removed_lines(before, after))
        for line in normal_lines(before)[:80]:
            print("  -" if gone[line] else "   ", mask(line))
            gone[line] -= 1


def mask(line: str) -> str:
    return re.sub(r"\d", "0", line)[:100]


def speed(shards: list[pa.Table]) -> None:
    table = pa.concat_tables(shards)
    size = sum(shard["text"].nbytes for shard in shards) / 1e6
    step = LineDedup()
    resolved = step.load(resolve(step, [table]), 0)  # compiles the kernels
    batches = table.to_batches(max_chunksize=BATCH)

    def sketch() -> None:
        sketcher = step.sketcher()
        for batch in batches:
            sketcher.add(batch)
        sketcher.finish()

    def act() -> None:
        for batch in batches:
            step.act(batch, 0, resolved)

    def arrow() -> None:
        for batch in batches:
            lines = pc.utf8_trim_whitespace(pc.list_flatten(pc.split_pattern(batch["text"], "\n")))
            pc.value_counts(lines)

    def python() -> None:
        counts: Counter[str] = Counter()
        for batch in batches:
            for text in batch["text"].to_pylist():
                counts.update(set(normal_lines(text)))

    sketcher = step.sketcher()
    for batch in batches:
        sketcher.add(batch)
    counted = sketcher.finish()
    assert isinstance(counted, dict)

    def rounds() -> None:
        MemoryCorpus([counted], [table.num_rows]).resolve(step)

    print(f"{size:.1f} MB per second of processor time, {counted['lines'].num_rows} distinct (line, host)")
    works = {"sketch": sketch, "resolve": rounds, "act": act, "pyarrow value_counts": arrow, "Counter of sets": python}
    best = dict.fromkeys(works, float("inf"))
    for _ in range(5):
        for name, work in works.items():
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
    for name, seconds in best.items():
        print(f"{name:24}{size / seconds:8.0f} MB/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pages", "documents", "read", "speed"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "documents":
        paths = [options.data / "domain" / f"{name}.jsonl.zst" for name in DOCUMENTS]
        paths += [options.data / "clean" / f"{name}_ko.jsonl.zst" for name in (*CLEAN, "ms_dynamics_docs")]
        compare([path.name.split(".")[0] for path in paths], [documents(path) for path in paths])
        return
    paths = sorted((options.data / "warc").glob("*.warc.gz"))
    shards = [pages(path) for path in paths]
    if options.what == "pages":
        compare([path.name.split(".")[0] for path in paths], shards)
    elif options.what == "read":
        read(shards, options.seed)
    else:
        speed(shards)


if __name__ == "__main__":
    main()
