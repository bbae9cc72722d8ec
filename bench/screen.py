"""The Korean screen of web archives: what it loses, what it lets pass for nothing, and what it saves.

    python bench/screen.py [--data ../shared/data] [--foreign /usr/share /usr/lib]
                           [--part all|recall|encodings|foreign|mixture|speed]

Recall: documents of all WARC files of the data whose text is Hangul by 30 % of its letters or more, with the screen
and without. Encodings: the same pages, freed of what they declare, in every encoding of Korean. Foreign: pages that
this machine has: HTML below the folders (not those that say lang=ko), and translations of programs
(`LC_MESSAGES/*.mo`) wrapped into pages, in UTF-8 and in the old encodings of their language; a menu of languages
stands on one in ten. Mixture: a WARC file with one Korean page in a hundred. Speed: bytes judged by second. Seconds
are of the processor.
"""

import argparse
import gettext
import gzip
import html
import random
import re
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from algok.kernels.buffers import string_buffers
from algok.kernels.scripts import COUNTERS, count
from algok.pipelines.extraction.screen import may_be_korean
from algok.pipelines.readers.framing import Fault, items, parse_headers
from algok.pipelines.readers.http import decoded_body, header_size
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream
from algok.pipelines.readers.warc import FRAMING

_LEGACY = {
    "ja": ("shift_jis", "euc_jp", "iso2022_jp"),
    "zh_CN": ("gb18030",),
    "zh_TW": ("big5",),
    "ru": ("cp1251", "koi8-r"),
    "uk": ("cp1251",),
    "bg": ("cp1251",),
    "fr": ("cp1252",),
    "de": ("cp1252",),
    "es": ("cp1252",),
    "sv": ("cp1252",),
    "pl": ("iso8859-2", "cp1250"),
    "cs": ("cp1250",),
    "hu": ("iso8859-2",),
    "el": ("cp1253",),
    "tr": ("cp1254",),
    "he": ("cp1255",),
    "ar": ("cp1256",),
    "lt": ("cp1257",),
    "vi": ("cp1258",),
    "th": ("cp874",),
}
_MENU = "<ul><li>English<li>日本語<li>中文<li>한국어<li>Русский<li>Deutsch</ul>"
_DECLARED = re.compile(rb"<meta[^>]*charset[^>]*>|\slang=[\"']?ko[-\w]*[\"']?|<\?xml[^>]*>", re.IGNORECASE)


def documents(path: Path, **options) -> tuple[dict[str, float], Counter, float]:
    """Share of Hangul among the letters of every document, what was ignored, and seconds."""
    spec = InputSpec(path=str(path), **options)
    start = time.process_time()
    chunks = [chunk for shard in plan_shards([spec]) for chunk in read_shard(shard, spec)]
    seconds = time.process_time() - start
    shares: dict[str, float] = {}
    for batch in (chunk.batch for chunk in chunks if chunk.batch is not None):
        shares |= dict(zip(batch.column("id").to_pylist(), hangul_shares(batch.column("text")), strict=True))
    return shares, sum((chunk.ignored for chunk in chunks), Counter()), seconds


def hangul_shares(texts) -> list[float]:
    counts = count(*string_buffers(texts))
    letters = counts[:, 1 : COUNTERS.index("other") + 1].sum(axis=1)
    return (counts[:, COUNTERS.index("hangul")] / np.maximum(letters, 1)).tolist()


def recall(data: Path) -> None:
    found = lost = passed = turned = 0
    for path in sorted(data.glob("warc/*.warc.gz")):
        whole, _, seconds = documents(path)
        screened, ignored, less = documents(path, screen="korean")
        korean = {id for id, share in whole.items() if share >= 0.3}
        found, lost = found + len(korean), lost + len(korean - screened.keys())
        passed, turned = passed + len(screened), turned + ignored["not_korean"]
        print(
            f"{path.name:40} {len(whole):5} documents, {len(korean):5} Korean, {len(korean - screened.keys())} of them lost; "
            f"{ignored['not_korean']} not parsed; {seconds:.1f} s, screened {less:.1f} s"
        )
    print(f"recall {1 - lost / found:.6f} of {found} Korean documents; {passed} passed, {turned} turned away")


def bodies(path: Path) -> Iterator[bytes]:
    """The decoded HTML pages of a WARC file."""
    with InputStream(str(path)) as source:
        for item in items(source, 8 << 20, FRAMING):
            if isinstance(item, Fault) or not item.payload.startswith(b"HTTP/"):
                continue
            size = header_size(item.payload)
            http = parse_headers(item.payload[:size])
            if http is not None and http.status_code == 200 and "html" in (http.get("Content-Type") or "html"):
                yield decoded_body(item.payload[size:], http, 8 << 20)


def korean_pages(data: Path, most: int) -> list[bytes]:
    pages = [body for path in sorted(data.glob("warc/*.warc.gz")) for body in bodies(path) if _hangul(body) >= 80]
    return random.Random(1).sample(pages, min(most, len(pages)))


def _hangul(body: bytes) -> int:
    return sum("가" <= char <= "힣" for char in body.decode("utf-8", "ignore"))


def encodings(data: Path) -> None:
    """Only what decoding gives back as Korean can be lost: a page that an encoding has no characters for is left out."""
    pages = [_DECLARED.sub(b"", page).decode("utf-8", "ignore") for page in korean_pages(data, 2000)]
    forms = {
        **{
            name: (lambda text, name=name: text.encode(name, "xmlcharrefreplace"))
            for name in ("utf-8", "cp949", "euc_kr", "johab")
        },
        **{
            name: (lambda text, name=name: text.encode(name, "ignore"))
            for name in ("iso2022_kr", "utf-16", "utf-16-le", "utf-16-be")
        },
        "NFD": lambda text: unicodedata.normalize("NFD", text).encode(),
        "references": lambda text: text.encode("ascii", "xmlcharrefreplace"),
        "JSON escapes": lambda text: text.encode("ascii", "backslashreplace"),
        "UTF-8 read as Latin-1": lambda text: text.encode().decode("latin-1").encode(),
        "CP949 read as Latin-1": lambda text: text.encode("cp949", "ignore").decode("latin-1").encode(),
    }
    for name, encode in forms.items():
        passed = sum(may_be_korean(encode(text)) for text in pages)
        print(f"{name:24} {passed} of {len(pages)} pages pass")


def catalogs(folders: list[Path]) -> dict[str, list[str]]:
    """Translated texts by language."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (path for folder in folders for path in sorted(folder.rglob("LC_MESSAGES/*.mo"))):
        try:
            with path.open("rb") as file:
                catalog: dict = vars(gettext.GNUTranslations(file))["_catalog"]
        except (OSError, ValueError, LookupError):  # LookupError: a plural without its formula
            continue
        language = path.parent.parent.name
        if not language.startswith("ko"):
            found[language] |= {
                text for key, text in catalog.items() if key and isinstance(text, str) and len(text) > 20
            }
    return {language: sorted(texts) for language, texts in sorted(found.items()) if len(texts) >= 100}


def html_files(folders: list[Path], most: int, generator: random.Random) -> list[bytes]:
    paths = [path for folder in folders for path in sorted(folder.rglob("*.html")) if path.is_file()]
    pages = [path.read_bytes() for path in generator.sample(paths, min(most, len(paths)))]
    return [page for page in pages if 500 < len(page) < 2_000_000 and not re.search(rb"lang=.?ko", page[:2000])]


def foreign_pages(folders: list[Path], each: int) -> dict[str, list[bytes]]:
    generator = random.Random(1)
    pages = {"HTML files": html_files(folders, 40 * each, generator)}
    for language, texts in catalogs(folders).items():
        for codec in ("utf-8", *_LEGACY.get(language, ())):
            pages[f"{language} {codec}"] = [_wrapped(texts, codec, generator) for _ in range(each)]
    return pages


def _wrapped(texts: list[str], codec: str, generator: random.Random) -> bytes:
    head = f"<meta charset={codec}>" if generator.random() < 0.8 else ""
    menu = _MENU if generator.random() < 0.1 else ""
    chosen = [f"<p>{html.escape(text)}</p>" for text in generator.choices(texts, k=generator.choice((5, 30, 150)))]
    page = f"<!DOCTYPE html><html><head>{head}<title>-</title></head><body>{menu}{chr(10).join(chosen)}</body></html>"
    return page.encode(codec, "ignore")


def foreign(pages: dict[str, list[bytes]]) -> None:
    total = passed = 0
    for name, group in pages.items():
        through = sum(map(may_be_korean, group))
        total, passed = total + len(group), passed + through
        if through or name == "HTML files":
            print(f"{name:24} {through} of {len(group)} pass")
    utf8 = [page for name, group in pages.items() if name == "HTML files" or name.endswith("utf-8") for page in group]
    print(f"{passed} of {total} foreign pages pass; of {len(utf8)} in UTF-8 {sum(map(may_be_korean, utf8))}")


def mixture(data: Path, pages: dict[str, list[bytes]], count: int) -> None:
    """A crawl: 1 % Korean, 2 % foreign in an old encoding, the rest foreign in UTF-8, half of it HTML files."""
    generator = random.Random(2)
    old = [page for name, group in pages.items() if name.partition(" ")[2] not in ("utf-8", "files") for page in group]
    utf8 = [page for name, group in pages.items() if name.endswith("utf-8") for page in group]
    kinds = ["korean"] * (count // 100) + ["old"] * (count // 50)
    kinds += ["files", "utf8"] * ((count - len(kinds)) // 2)
    generator.shuffle(kinds)
    sources = {"korean": korean_pages(data, count // 100), "old": old, "utf8": utf8, "files": pages["HTML files"]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.warc.gz"
        size = 0
        with path.open("wb") as file:
            for number, kind in enumerate(kinds):
                page = generator.choice(sources[kind])
                size += len(page)
                file.write(gzip.compress(_record(number, page), 6, mtime=0))
        print(f"{len(kinds)} pages, {size / 1e6:.0f} MB, {path.stat().st_size / 1e6:.0f} MB as gzip")
        for options in ({}, {"screen": "korean"}):
            shares, ignored, seconds = documents(path, **options)
            korean = sum(share >= 0.3 for share in shares.values())
            print(
                f"{options or 'without'!s:22} {seconds:6.1f} s, {len(kinds) / seconds:6.0f} pages/s, "
                f"{size / seconds / 1e6:6.1f} MB/s; "
                f"{len(shares)} documents, {korean} Korean, {ignored['not_korean']} not parsed"
            )


def _record(number: int, page: bytes) -> bytes:
    payload = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/{number}\r\n"
    return f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload + b"\r\n\r\n"


def speed(data: Path, pages: dict[str, list[bytes]]) -> None:
    groups = {
        "Korean": korean_pages(data, 2000),
        "foreign, HTML files": pages["HTML files"],
        "foreign, UTF-8": [page for name, group in pages.items() if name.endswith("utf-8") for page in group],
        "foreign, old encodings": [
            page for name, group in pages.items() if not name.endswith(("utf-8", "files")) for page in group
        ],
    }
    for name, group in groups.items():
        size, seconds = sum(map(len, group)), []
        for _ in range(3):
            start = time.process_time()
            for page in group:
                may_be_korean(page)
            seconds.append(time.process_time() - start)
        best = min(seconds)
        print(
            f"{name:24} {len(group):6} pages of {size / len(group) / 1e3:5.1f} kB: {size / best / 1e9:.2f} GB/s, "
            f"{best / len(group) * 1e6:.1f} µs a page"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--foreign", type=Path, nargs="+", default=[Path("/usr/share"), Path("/usr/lib")])
    parser.add_argument("--pages", type=int, default=5000, help="Pages of the mixture.")
    parser.add_argument("--each", type=int, default=50, help="Pages of each language and encoding.")
    parser.add_argument("--part", choices=["all", "recall", "encodings", "foreign", "mixture", "speed"], default="all")
    arguments = parser.parse_args()
    wanted = ["recall", "encodings", "foreign", "mixture", "speed"] if arguments.part == "all" else [arguments.part]
    pages = foreign_pages(arguments.foreign, arguments.each) if {"foreign", "mixture", "speed"} & set(wanted) else {}
    may_be_korean(b"\xb0\xa1")
    for part in wanted:
        print(f"\n{part}")
        if part == "recall":
            recall(arguments.data)
        elif part == "encodings":
            encodings(arguments.data)
        elif part == "foreign":
            foreign(pages)
        elif part == "mixture":
            mixture(arguments.data, pages, arguments.pages)
        else:
            speed(arguments.data, pages)


if __name__ == "__main__":
    main()
