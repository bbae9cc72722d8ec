"""Wikis to text: speed, what markup is left over, time on hostile pages; and whole dumps through the readers.

    python bench/wikis.py [--peers]

Pages are those of the shared data, again and again (`--peers` reads the same pages with mwparserfromhell and
namu-wiki-extractor, where they are installed). Speed is processor time on one core, over bytes of the source; each figure is
the best of five runs, since the machine is shared. Hostile pages are repeated pieces of markup, at two sizes: a rate that
stays the same is linear time.
"""

import argparse
import bz2
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import orjson

from algok.pipelines.extraction.wiki.namumark import namumark
from algok.pipelines.extraction.wiki.wikitext import wikitext
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec

DOCUMENTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "documents"
LEFT = {
    "wikitext": re.compile(
        r"\{\{|\}\}|\[\[|\]\]|'''|\{\||\|\}|<ref|</?(?:div|span|br)\b|__[A-Z]{3,}__|^\|", re.MULTILINE
    ),
    "namumark": re.compile(
        r"\{\{\{|\}\}\}|\[\[|\]\]|'''|\|\||\[\*|\[include\(|\[br\]|#!(?:wiki|folding)|<[-|]\d+>|\[목차\]"
    ),
}
HOSTILE = {
    "wikitext": [
        "{{", "}}", "[[", "]]", "[[a|", "{{lang|en|", "{{a|[[b|", "{|\n|", "{|\n", "<ref>", "<ref/>", "<!--",
        "<math>", "''", "=", "== \n",
        "(", "({{a}}", ",{{a}}", " ", "| ", "||", "* ", "[http://a ", "&", "<br ", "<sup>", "__", "{{convert|", "[[파일:",
    ],
    "namumark": [
        "{{{", "}}}", "{{{#red ", "{{{#!wiki a\n", "{{{#!folding a\n", "[[", "]]", "[[a|", "[* ", "[*a", "]", "[",
        "||", "||\n", "||<-2>",
        "~~", "~~a", "--", "--a", "[math(", "^^", "^^a", ",,a", "__a", " * ", ">", "[include(", "\\[", " ", "= a\n", "[age(",
    ],
}  # fmt: skip
_RUNS = 5
_MANY = 8 << 20


def rate(work: Callable[[], object], size: int) -> float:
    """MB/s of processor time, the best of some runs."""
    best = float("inf")
    for _ in range(_RUNS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return size / best / 1e6


def pages(kind: str) -> list[str]:
    pattern = "wiki/*" if kind == "wikitext" else "namu/raw__[0-9]*.txt"
    return [path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob(pattern))]


def measured(kind: str, convert: Callable[[str], str], names: list[str]) -> None:
    """Speed for each page and for all, and the pages in which markup is left."""
    sources = pages(kind)
    for name, source in zip(names, sources):
        size = len(source.encode())
        times = max(1, 200_000 // size)
        speed = rate(lambda source=source, times=times: [convert(source) for _ in range(times)], size * times)
        print(f"  {name:50.50} {size:>8,} bytes {speed:6.1f} MB/s")
    size = sum(len(source.encode()) for source in sources)
    times = max(1, 1_000_000 // size)
    whole = rate(lambda: [convert(source) for _ in range(times) for source in sources], size * times)
    left = [source for source in sources if LEFT[kind].search(convert(source))]
    print(f"{kind}: {whole:.1f} MB/s, markup left in {len(left)} of {len(sources)} pages")


def hostile(kind: str, convert: Callable[[str], str]) -> None:
    """The slowest repeated pieces, at 100 kB and at 400 kB."""
    rows = []
    for piece in HOSTILE[kind]:
        speeds = []
        for size in (100_000, 400_000):
            source = piece * (size // len(piece.encode()))
            start = time.process_time()
            convert(source)
            speeds.append(size / max(1e-6, time.process_time() - start) / 1e6)
        rows.append((min(speeds), speeds, piece))
    print(f"hostile {kind}, the five slowest (MB/s at 100 kB, at 400 kB)")
    for _, speeds, piece in sorted(rows)[:5]:
        print(f"  {piece!r:18} {speeds[0]:8.2f} {speeds[1]:8.2f}")


def dumps() -> None:
    """Dumps of these pages, through the readers."""
    with tempfile.TemporaryDirectory() as folder:
        articles = pages("wikitext")
        body = "".join(
            f"<page><title>t{n}</title><ns>0</ns><id>{n}</id><revision><id>{n}</id><timestamp>2024-01-01T00:00:00Z</timestamp>"
            f"<text>{escape(articles[n % len(articles)])}</text></revision></page>\n"
            for n in range(_MANY // sum(len(article.encode()) for article in articles) * len(articles))
        )
        xml = f"<mediawiki>{body}</mediawiki>".encode()
        raw = pages("namumark")
        namu = orjson.dumps([
            {"namespace": "0", "title": f"t{n}", "text": raw[n % len(raw)], "contributors": []}
            for n in range(_MANY // sum(len(page.encode()) for page in raw) * len(raw))
        ])  # fmt: skip
        for name, data in (("w.xml", xml), ("w.xml.bz2", bz2.compress(xml)), ("n.json", namu)):
            path = Path(folder) / name
            path.write_bytes(data)
            spec = InputSpec(path=str(path))
            size = len(namu if name == "n.json" else xml)
            speed = rate(lambda spec=spec: [list(read_shard(s, spec)) for s in plan_shards([spec])], size)
            print(f"dump {name:10} {size:,} bytes of XML or JSON, {speed:.1f} MB/s")
            if name.endswith(".bz2"):
                alone = rate(lambda data=data: bz2.decompress(data), size)
                print(
                    f"  of which bz2 alone: {alone:.1f} MB/s; without its time {1 / (1 / speed - 1 / alone):.1f} MB/s"
                )


def peers() -> None:
    """The same pages through the parsers that others use."""
    try:
        import mwparserfromhell  # type: ignore[import-not-found]
    except ImportError:
        print("mwparserfromhell is not installed")
    else:
        sources = pages("wikitext")
        size = sum(len(source.encode()) for source in sources)
        speed = rate(lambda: [mwparserfromhell.parse(source).strip_code() for source in sources], size)
        print(f"mwparserfromhell {mwparserfromhell.__version__}: {speed:.1f} MB/s")
    try:
        from namuwiki.extractor import extract_text  # type: ignore[import-not-found]
    except ImportError:
        print("namu-wiki-extractor is not installed")
    else:
        sources = pages("namumark")
        size = sum(len(source.encode()) for source in sources)
        speed = rate(lambda: [extract_text(source) for source in sources], size)
        left = sum(LEFT["namumark"].search(extract_text(source)) is not None for source in sources)
        print(f"namu-wiki-extractor: {speed:.1f} MB/s, markup left in {left} of {len(sources)} pages")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    names = {
        kind: [path.name for path in sorted(DOCUMENTS.glob(pattern))]
        for kind, pattern in (("wikitext", "wiki/*"), ("namumark", "namu/raw__[0-9]*.txt"))
    }
    measured("wikitext", lambda source: wikitext(source).text, names["wikitext"])
    measured("namumark", lambda source: namumark(source).text, names["namumark"])
    hostile("wikitext", lambda source: wikitext(source).text)
    hostile("namumark", lambda source: namumark(source).text)
    dumps()
    if arguments.peers:
        peers()


if __name__ == "__main__":
    main()
