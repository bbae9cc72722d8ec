"""What many small files cost beside one file of the same documents, in seconds of processor time, and their results compared.

    python bench/small_files.py [--files 3000] [--kilobytes 3] [--workers 1]

Every file is a JSON Lines file of about so many kilobytes with Korean prose made from a seed. Both runs are fresh child
processes with the web recipe.
"""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import pyarrow.parquet as pq

_WORDS = (
    "도서관",
    "강좌",
    "주민",
    "기록",
    "마을",
    "산책",
    "안내서",
    "담당자",
    "모임",
    "경험",
    "학생",
    "행사",
    "자료",
    "날씨",
    "수목원",
)
_ENDS = ("을 정리했다.", "에 관해 설명했다.", "이 조금씩 늘어났다.", "을 다시 살펴보았다.", "에 함께 모였다.")


def text(generator: random.Random, size: int) -> str:
    """Prose of about so many bytes, different for every document."""
    sentences = []
    while size > 0:
        words = [f"{generator.choice(_WORDS)}{generator.choice(('에서는', '마다', '의', '과'))}" for _ in range(6)]
        sentences.append(
            f"{generator.randrange(9999)}번째 {' '.join(words)} {generator.choice(_WORDS)}{generator.choice(_ENDS)}"
        )
        size -= len(sentences[-1].encode())
    return "\n".join(sentences)


def build(folder: Path, files: int, kilobytes: int) -> None:
    generator = random.Random(7)
    (folder / "many").mkdir()
    with (folder / "one.jsonl").open("wb") as whole:
        for number in range(files):
            row = {"text": text(generator, kilobytes * 1000), "url": f"https://s{number % 50}.example.com/{number}"}
            line = orjson.dumps(row) + b"\n"
            whole.write(line)
            (folder / "many" / f"{number:06d}.jsonl").write_bytes(line)


def clean(source: Path, run: Path, workers: int) -> tuple[float, float]:
    """Seconds of processor time and of the clock that a run takes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "algok", "clean", str(source), str(run), "--quiet", "--workers", str(workers)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - start


def texts(run: Path) -> list[str]:
    return pq.read_table(run / "kept", columns=["text"])["text"].to_pylist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--kilobytes", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, options.files, options.kilobytes)
        found = {}
        for source in ("one.jsonl", "many"):
            found[source] = clean(folder / source, folder / f"run-{source[:3]}", options.workers)
            print(f"{source}: {found[source][0]:.1f} s of processor time, {found[source][1]:.1f} s", flush=True)
        assert texts(folder / "run-one") == texts(folder / "run-man"), "the kept texts differ"
        print(f"many / one: {found['many'][0] / found['one.jsonl'][0]:.2f}")


if __name__ == "__main__":
    main()
