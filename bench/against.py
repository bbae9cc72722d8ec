"""Crawled pages through algok's web recipe and through the pipelines of others, each in an environment and a process of its own.

    python bench/against.py [--data ../shared/data] [--set html_blogs] [--tools algok,datatrove,data-juicer,nemo]
        [--environments FOLDER]

Every tool gets the same WARC file and one core. Counted is the whole process, from its start to its end, by the clock and in
seconds of processor; memory is that of the process and its children together at their highest. Environments are made from the
registry where FOLDER has none (some gigabytes for NeMo Curator). What each does, and what it lacks beside the others:

* algok: the recipe `web`: deduplication, heuristics, perplexity, quality, toxicity, lines, personal data, all tags. Parquet.
* datatrove: FineWeb-2's chain for Korean (Trafilatura, Gopher's and FineWeb's filters with its values, FTFY, symbol lines,
  e-mail and IP masking). Language identification is left out, since its model must be fetched elsewhere. No deduplication. JSONL.
* data-juicer: it reads no WARC, so it gets JSON Lines of the decoded pages, made before the clock starts. Its HTML, Unicode,
  e-mail and IP mappers, its filters without models, its MinHash. JSONL.
* nemo: NeMo Curator's WARC iterator, its language detection and Resiliparse (its fastest extractor), its heuristic filters but
  the one that takes Hangul for no letters. No deduplication (that needs a card), no personal data. JSONL.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Packages of each environment, beside what the tool itself asks for.
PACKAGES = {
    "datatrove": ("datatrove[io,processing]", "kiwipiepy", "lxml_html_clean"),
    "data-juicer": ("py-data-juicer", "selectolax", "ftfy", "scipy", "spacy", "nltk", "regex", "xxhash", "aiohttp"),
    "nemo": (
        "nemo-curator[text_cpu]",
        "pycld2",
        "justext",
        "lxml_html_clean",
        "resiliparse",
        "trafilatura",
        "warcio",
        "bs4",
    ),
}
TERA = 1e12


def environment(folder: Path, name: str) -> Path:
    """The interpreter of a tool's environment, made from the registry where there is none."""
    python = folder / name / "bin" / "python"
    ready = folder / name / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES[name]], check=True)
        ready.touch()
    return python


# What runs in the environments: imports of the tools stand inside.


def datatrove(source: Path, target: Path) -> int:
    """FineWeb-2's Korean chain, in its order."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
    from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter, SymbolLinesFormatter
    from datatrove.pipeline.readers import WarcReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.word_tokenizers import KiwiTokenizer

    words = KiwiTokenizer(model_type=None)  # the model that FineWeb-2 names is not shipped any more
    steps = [
        WarcReader(str(source.parent), glob_pattern=source.name),
        Trafilatura(favour_precision=True, timeout=600),
        GopherRepetitionFilter(
            dup_line_frac=0.374,
            dup_para_frac=0,
            dup_line_char_frac=0,
            dup_para_char_frac=0,
            top_n_grams=((2, 0.282), (3, 0.228), (4, 0.185)),
            dup_n_grams=((5, 0.201), (6, 0.184), (7, 0.168), (8, 0.154), (9, 0.14), (10, 0.127)),
            language=words,
        ),
        FineWebQualityFilter(
            short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.062, new_line_ratio=0.196, language=words
        ),
        GopherQualityFilter(
            min_avg_word_length=1,
            max_avg_word_length=6,
            max_non_alpha_words_ratio=0.766,
            stop_words=["의", "다", "이", "는", "에", "을", "한", "하", "은", "를", "고", "에서", "가", "있"],
            language=words,
        ),
        FTFYFormatter(),
        PIIFormatter(),
        SymbolLinesFormatter(symbols_to_remove=["|"], replace_char="\n"),
        JsonlWriter(str(target)),
    ]
    LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=str(target / "log")).run()
    return count_lines(target.glob("*.jsonl.gz"))


def data_juicer(source: Path, target: Path) -> int:
    """Its operators that need no model and read text, on one process."""
    from data_juicer.config import init_configs
    from data_juicer.core import DefaultExecutor

    process = [
        {"clean_html_mapper": {}},
        {"fix_unicode_mapper": {}},
        {"whitespace_normalization_mapper": {}},
        {"clean_email_mapper": {}},
        {"clean_ip_mapper": {}},
        {"alphanumeric_filter": {"min_ratio": 0.25}},
        {"average_line_length_filter": {"min_len": 10}},
        {"character_repetition_filter": {"max_ratio": 0.5}},
        {"maximum_line_length_filter": {"min_len": 20}},
        {"special_characters_filter": {"max_ratio": 0.35}},
        {"text_length_filter": {"min_len": 200}},
        {"word_repetition_filter": {"rep_len": 5, "max_ratio": 0.6}},
        {"document_minhash_deduplicator": {"tokenization": "space", "jaccard_threshold": 0.7}},
    ]
    told = {"dataset_path": str(source), "export_path": str(target / "kept.jsonl"), "np": 1, "process": process}
    config = target / "config.json"
    config.write_text(json.dumps({**told, "project_name": "against", "use_cache": False, "open_tracer": False}))
    DefaultExecutor(init_configs(["--config", str(config)])).run()
    return count_lines([target / "kept.jsonl"])


def nemo(source: Path, target: Path) -> int:
    """Its own stages over the file, on Ray, as it always is; one core."""
    import ray
    from nemo_curator.backends.ray_data import RayDataExecutor
    from nemo_curator.pipeline import Pipeline
    from nemo_curator.stages.file_partitioning import FilePartitioningStage
    from nemo_curator.stages.text.download.base.iterator import DocumentIterateExtractStage
    from nemo_curator.stages.text.download.common_crawl.extract import CommonCrawlHTMLExtractor
    from nemo_curator.stages.text.download.common_crawl.warc_iterator import CommonCrawlWarcIterator
    from nemo_curator.stages.text.filters import ScoreFilter
    from nemo_curator.stages.text.filters.heuristic import repetition, string
    from nemo_curator.stages.text.io.writer import JsonlWriter

    filters = (
        string.WordCountFilter(min_words=50),
        string.SymbolsToWordsFilter(lang="ko"),
        string.NumbersFilter(),
        string.UrlsFilter(),
        string.WhiteSpaceFilter(),
        string.ParenthesesFilter(),
        string.PunctuationFilter(),
        repetition.RepeatedLinesFilter(),
        repetition.RepeatedParagraphsFilter(),
        repetition.RepeatedLinesByCharFilter(),
        repetition.RepeatedParagraphsByCharFilter(),
    )
    ray.init(num_cpus=1, include_dashboard=False)
    pipeline = Pipeline("against")
    pipeline.add_stage(FilePartitioningStage([str(source)], file_extensions=[".gz"]))
    pipeline.add_stage(
        DocumentIterateExtractStage(CommonCrawlWarcIterator(), CommonCrawlHTMLExtractor(algorithm="resiliparse"))
    )
    for one in filters:
        pipeline.add_stage(ScoreFilter(one, text_field="text"))
    pipeline.add_stage(JsonlWriter(str(target / "out")))
    pipeline.run(RayDataExecutor())
    ray.shutdown()
    return count_lines((target / "out").glob("*.jsonl"))


def count_lines(files) -> int:
    return sum(sum(1 for _ in (gzip.open(file) if file.suffix == ".gz" else open(file, "rb"))) for file in files)


CHILDREN = {"datatrove": datatrove, "data-juicer": data_juicer, "nemo": nemo}


# What runs with algok


def algok(source: Path, target: Path) -> list[str]:
    command = [sys.executable, "-m", "algok", "run", "web", "--input", str(source), "--output", str(target / "run")]
    return [*command, "--workers", "0"]


def kept_by_algok(target: Path) -> int:
    from algok.pipelines.run_directory import Run

    return Run.open(str(target / "run")).summary.account.kept


def pages(source: Path) -> Iterator[tuple[str, bytes]]:
    from fastwarc.warc import ArchiveIterator

    with open(source, "rb") as stream:
        for record in ArchiveIterator(stream, parse_http=True):
            if record.http_headers is not None:
                yield record.headers.get("WARC-Target-URI"), record.reader.read()


def json_lines(source: Path, folder: Path) -> Path:
    """The decoded pages as JSON Lines, for a tool that reads no WARC."""
    from algok.pipelines.extraction.charset import decode

    path = folder / "pages.jsonl"
    with open(path, "w") as file:
        for url, body in pages(source):
            file.write(json.dumps({"url": url, "text": decode(body).text}, ensure_ascii=False) + "\n")
    return path


# The comparison


def measure(command: list[str], log: Path) -> dict[str, float]:
    """Runs a command on one core; its seconds by the clock and of processor, and its memory at the highest (bytes)."""
    core = min(os.sched_getaffinity(0))
    path = f"{Path(command[0]).parent}:{os.environ['PATH']}"
    limited = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PATH": path}
    start = time.perf_counter()
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=limited, preexec_fn=lambda: os.sched_setaffinity(0, {core})
        )
        seen = Seen()
        watcher = threading.Thread(target=seen.watch, args=(process.pid,))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        watcher.join()
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}; its log: {log.read_text(errors='replace')[-3000:]}")
    # What a process waited for stands in its own account; Ray's workers are seen while they live.
    processor = max(usage.ru_utime + usage.ru_stime, sum(seen.processor.values()))
    return {"seconds": seconds, "processor": processor, "memory": seen.memory}


class Seen:
    """What a process and its descendants take, looked at five times a second: the most memory at once (bytes, resident) and
    seconds of processor by process."""

    def __init__(self):
        self.memory, self.processor = 0, {}

    def watch(self, root: int) -> None:
        page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
        while Path(f"/proc/{root}/statm").exists():
            total, left = 0, [root]
            while left:
                pid = left.pop()
                try:
                    total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
                    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
                    self.processor[pid] = sum(map(int, times)) / tick
                    left += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
                except (FileNotFoundError, ProcessLookupError):
                    continue
            self.memory = max(self.memory, total)
            time.sleep(0.2)


def run(name: str, options: argparse.Namespace, source: Path, folder: Path) -> dict[str, float]:
    target = folder / name
    target.mkdir()
    if name == "algok":
        measured = measure(algok(source, target), folder / f"{name}.log")
        return {**measured, "kept": kept_by_algok(target)}
    python = environment(options.environments, name)
    given = json_lines(source, folder) if name == "data-juicer" else source
    measured = measure([str(python), __file__, "--child", name, str(given), str(target)], folder / f"{name}.log")
    return {**measured, "kept": int((target / "kept").read_text())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--set", default="html_blogs")
    parser.add_argument("--tools", default="algok,datatrove,data-juicer,nemo")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "algok-against")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, source, target = options.child
        (Path(target) / "kept").write_text(str(CHILDREN[name](Path(source), Path(target))))
        return
    source = options.data / "warc" / f"{options.set}.warc.gz"
    sizes = [len(body) for _, body in pages(source)]
    print(f"{options.set}: {len(sizes):,} pages, {sum(sizes) / 1e6:.0f} MB of HTML\n")
    print(f"{'':12} {'seconds':>8} {'processor':>9} {'pages/s':>8} {'MB/s':>6} {'MB held':>8}", end="")
    print(f" {'kept':>6} {'core-h/TB':>9} {'ratio':>6}")
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.tools.split(","):
            row = run(name, options, source, Path(folder))
            first = first or row["seconds"]
            rate = len(sizes) / row["seconds"], sum(sizes) / 1e6 / row["seconds"]
            hours = row["processor"] / 3600 / sum(sizes) * TERA
            print(
                f"{name:12} {row['seconds']:8.1f} {row['processor']:9.1f} {rate[0]:8.1f} {rate[1]:6.2f} "
                f"{row['memory'] / 1e6:8.0f} {row['kept'] / len(sizes):6.3f} {hours:9.1f} {row['seconds'] / first:6.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
