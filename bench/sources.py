"""How fast records come out of archives, in MB of unpacked JSON per second of processor time and core, and in how much memory.

    python bench/sources.py [--megabytes 60] [--only books,news,…]
    python bench/sources.py --huge      # one file of 1 GB, archives of a million members (2.5 GB in the temporary folder)

Each case is an archive made from a seed and read in a fresh child process. Beside it stands the floor: the same members
inflated and parsed by orjson (whole, in one piece where the case is one large member), with nothing made of them.
"""

import argparse
import io
import json
import random
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import orjson

from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec

_WORDS = [
    "도서관",
    "강좌",
    "주민",
    "기록",
    "수목원",
    "화분",
    "저녁",
    "아침",
    "바다",
    "사람",
    "이름",
    "쓰임",
    "문장",
    "책을",
    "읽었다",
    "걸었다",
    "만들었다",
    "옮겨",
    "적고",
    "나니",
    "다시",
    "열었다",
    "오늘은",
    "내일은",
    "새로",
    "모두",
    "함께",
    "천천히",
    "언제나",
    "조금",
    "많이",
    "그리고",
    "그러나",
    "그래서",
]


def _prose(source: random.Random, words: int) -> str:
    return " ".join(source.choices(_WORDS, k=words)) + "."


def _book(source: random.Random, number: int) -> dict:
    texts = [_prose(source, 14) for _ in range(400)]
    sentences = [{"id": str(n), "text": text, "original_text": text} for n, text in enumerate(texts)]
    paragraphs = [{"info": {"kdc": "813"}, "sentences": sentences[at : at + 20]} for at in range(0, 400, 20)]
    return {"info": {"kdc": "813"}, "paragraphs": paragraphs}


def _article(source: random.Random, number: int) -> dict:
    paragraphs = [{"id": f"NWRW{number}.{n}", "form": _prose(source, 30)} for n in range(12)]
    return {
        "id": f"NWRW{number}",
        "metadata": {"title": "가상일보", "date": "20180101", "topic": "생활"},
        "paragraph": paragraphs,
    }


def _news(source: random.Random, number: int) -> dict:
    documents = [_article(source, number * 50 + n) for n in range(50)]
    return {"id": f"NWRW{number}", "metadata": {"category": "신문 > 인터넷"}, "document": documents}


def _talk(source: random.Random, number: int) -> dict:
    turns = [
        {
            "id": f"SDRW{number}.{n}", "form": _prose(source, 8), "original_form": _prose(source, 8),
            "speaker_id": f"SD{n % 2}", "start": n * 1.5, "end": n * 1.5 + 1, "note": "",
        }
        for n in range(300)
    ]  # fmt: skip
    return {"id": f"SDRW{number}", "document": [{"id": "1", "metadata": {"topic": "여행"}, "utterance": turns}]}


def _page(source: random.Random, number: int) -> dict:
    page = {
        "title": _prose(source, 6), "subtitle": "", "content": _prose(source, 300), "board": "생활",
        "write_date": "2019-02-26", "url": "", "source_site": "블로그",
    }  # fmt: skip
    return {"SJML": {"header": {"source_file": f"B{number}"}, "text": [page]}}


def _tiny(source: random.Random, number: int) -> dict:
    return {
        "Meta": {"doc_name": f"{number}", "passage": _prose(source, 40)},
        "Annotation": {"Summary1": _prose(source, 9)},
    }


MAKERS: dict[str, Callable[[random.Random, int], dict]] = {
    "pages": _page, "books": _book, "news": _news, "dialogues": _talk, "tiny members": _tiny,
}  # fmt: skip
LARGE = "one large member"


def make(case: str, path: Path, megabytes: int) -> None:
    """An archive of about so many megabytes of JSON."""
    source, size = random.Random(case), 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        if case == LARGE:
            with archive.open("NWRW.json", "w", force_zip64=True) as member:
                member.write(b'{"id": "NWRW1", "metadata": {"category": "news"}, "document": [')
                while size < megabytes * 1_000_000:
                    data = orjson.dumps(_article(source, size)) + b","
                    size += member.write(data)
                member.write(b"{}]}")
            return
        number = 0
        while size < megabytes * 1_000_000:
            data = json.dumps(MAKERS[case](source, number), ensure_ascii=False).encode()
            archive.writestr(f"{number}.json", data)
            number, size = number + 1, size + len(data)


def _members(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield archive.read(name)


def make_huge(folder: Path) -> Iterator[Path]:
    """One JSON file of 1 GB; a zip and a tar archive of a million members, of each thousand one broken and one empty."""
    source = random.Random("huge")
    articles = [orjson.dumps(_article(source, number)) + b",\n" for number in range(500)]
    path = folder / "large.json"
    with path.open("wb") as file:
        file.write(b'{"id": "NWRW1", "metadata": {"category": "news"}, "document": [')
        for article in cycle(articles):
            file.write(article)
            if file.tell() > 1_000_000_000:
                break
        file.write(b"{}]}")
    yield path
    tiny = [orjson.dumps(_tiny(source, number)) for number in range(998)]
    members = [
        (f"{n // 1000}/{n}.json", data) for n, data in enumerate(islice(cycle([*tiny, b"", b'{"M": {"']), 1_000_000))
    ]
    path = folder / "million.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members:
            archive.writestr(name, data)
    yield path
    path = folder / "million.tar"
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    yield path


def huge() -> None:
    """What one reading of each costs, and whether all of it is accounted for."""
    with tempfile.TemporaryDirectory() as folder:
        for path in make_huge(Path(folder)):
            size = path.stat().st_size
            found = child(path, "records", 1)
            account = {key: found[key] for key in ("records", "documents", "ignored", "quarantined")}
            print(
                f"{path.name:14} {size / 1e6:6.0f} MB {found['seconds']:6.1f} s {found['memory']:5.0f} MiB {account}",
                flush=True,
            )
            path.unlink()


def measure(path: Path, kind: str) -> dict:
    """Seconds of processor time, records and what became of them, and peak memory of one reading in this process."""
    started, documents, size = time.process_time(), 0, 0
    records, ignored, quarantined = 0, Counter[str](), Counter[str]()
    if kind == "floor":
        for data in _members(path):
            orjson.loads(data)
            size += len(data)
    else:
        spec = InputSpec(path=str(path), format="records")
        for shard in plan_shards([spec]):
            for chunk in read_shard(shard, spec):
                documents, size = documents + chunk.documents, size + chunk.bytes
                records += chunk.records
                ignored.update(chunk.ignored)
                quarantined.update(row["reason"] for row in chunk.quarantined)
    seconds = time.process_time() - started
    return {
        "seconds": seconds,
        "bytes": size,
        "records": records,
        "documents": documents,
        "ignored": ignored,
        "quarantined": quarantined,
        "memory": peak(),
    }


def peak() -> float:
    """The largest memory of this process in MiB. `ru_maxrss` would be no less than that of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def child(path: Path, kind: str, times: int = 2) -> dict:
    """The best of some readings, each in a process of its own behind a first that loads the kernels."""
    found = []
    for _ in range(times):
        arguments = [sys.executable, __file__, "--child", str(path), kind]
        found.append(json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout))
    return min(found, key=lambda one: one["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--only")
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("PATH", "KIND"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        warm = Path(tempfile.mkdtemp()) / "warm.zip"
        # Documents too: the first batch of a process makes Arrow import pandas, a quarter of a second.
        make("pages", warm, 1)
        with zipfile.ZipFile(warm, "a") as archive:
            archive.writestr("large.json", '{"utterances": [{"text": "' + "봄 " * 3_000_000 + '"}]}')
        measure(warm, options.child[1])
        print(json.dumps(measure(Path(options.child[0]), options.child[1])))
        return
    if options.huge:
        huge()
        return
    print(f"{'case':18} {'MB':>6} {'docs':>8} {'algok MB/s':>11} {'floor MB/s':>11} {'MiB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for case in options.only.split(",") if options.only else [*MAKERS, LARGE]:
            path = Path(folder) / "case.zip"
            make(case, path, options.megabytes)
            own, floor = child(path, "records"), child(path, "floor")
            speeds = [one["bytes"] / 1e6 / one["seconds"] for one in (own, floor)]
            row = f"{case:18} {floor['bytes'] / 1e6:6.0f} {own['documents']:8,} {speeds[0]:11.1f} {speeds[1]:11.1f}"
            print(f"{row} {own['memory']:6.0f}", flush=True)


if __name__ == "__main__":
    main()
