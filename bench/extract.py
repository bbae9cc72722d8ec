"""Measure charset detection and extraction on real Korean pages.

    python bench/extract.py encodings    every raw file of chars/encodings against strict decoding in its true encoding
    python bench/extract.py charset      the WARCs of Korean charsets against strict decoding and the original pages
    python bench/extract.py mixed        pages cut inside a character, with broken bytes, with a foreign snippet
    python bench/extract.py score        scores of right and wrong readings, behind the threshold in charset.py
    python bench/extract.py speed        decoding in MB/s
    python bench/extract.py main         pages/s and Hangul kept, against trafilatura and bare resiliparse
    python bench/extract.py fallback     share of the body that the main content keeps, behind MIN_KEPT
    python bench/extract.py hostile      seconds for hostile markup of 1, 2 and 4 MB

Times are CPU seconds of one core. `--data` names the folder of the data sets, `--sample` the pages for `main`.
"""

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from algok.pipelines.extraction import charset
from algok.pipelines.extraction import html as extraction
from algok.pipelines.extraction.charset import decode
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError, ExtractLimits

HANGUL = re.compile("[가-힣]")
PAGES = ("html_blogs", "html_org_company", "html_spam_seo", "html_euckr")


def records(data: Path, name: str) -> Iterator[tuple[WarcRecord, bytes]]:
    with open(data / "warc" / f"{name}.warc.gz", "rb") as stream:
        for record in ArchiveIterator(stream, parse_http=True):
            yield record, record.reader.read()


def hangul(text: str | None) -> int:
    return len(HANGUL.findall(text or ""))


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def bench_encodings(data: Path, _: argparse.Namespace) -> None:
    """The name of each file begins with its encoding; strict decoding in it is the truth."""
    right = 0
    files = sorted((data / "chars" / "encodings").iterdir())
    for file in files:
        body = file.read_bytes()
        truth = body.decode(file.name.partition("__")[0]).removeprefix("\ufeff")
        decoded = decode(body)
        same = decoded.text == truth
        right += same
        mark = "ok" if same else "WRONG"
        print(f"{mark:6}{decoded.encoding:12}{decoded.source:10}{decoded.replaced:4}  {file.name[:60]}")
    print(f"{right} of {len(files)} files decode exactly")


def bench_charset(data: Path, _: argparse.Namespace) -> None:
    """html_euckr: equal to strict CP949. Transcoded pages: equal to the UTF-8 page of the same URL where CP949 has the
    characters (the rest were written as `?` or references, so only Hangul is compared)."""
    pages = same = 0
    for _record, body in records(data, "html_euckr"):
        pages += 1
        same += decode(body).text == body.decode("cp949")
    print(f"html_euckr: {same} of {pages} pages equal strict CP949 ({100 * same / pages:.2f} %)")

    originals = {
        record.headers["WARC-Target-URI"]: body
        for name in ("html_blogs", "html_org_company")
        for record, body in records(data, name)
    }
    outcome: dict[str, Counter] = defaultdict(Counter)
    for record, body in records(data, "html_euckr_transcoded"):
        decoded = decode(body, record.http_charset)
        truth = "".join(HANGUL.findall(originals[record.headers["WARC-Target-URI"]].decode("utf-8", "replace")))
        good = "".join(HANGUL.findall(decoded.text)) == truth and decoded.replaced == 0
        outcome[record.headers["X-Charset-Mode"]][good] += 1
    for mode, counts in sorted(outcome.items()):
        print(f"transcoded, {mode}: {counts[True]} of {counts.total()} pages have the Hangul of the original")

    for name in ("html_blogs", "html_org_company", "html_spam_seo"):
        pages = same = 0
        for record, body in records(data, name):
            pages += 1
            same += decode(body, record.http_charset).text == body.decode("utf-8-sig")
        print(f"{name}: {same} of {pages} pages equal strict UTF-8")


def bench_mixed(data: Path, _: argparse.Namespace) -> None:
    """Damage that the fetch or the site does. Right: the page's encoding is found and all Hangul of the undamaged part
    is kept (less than 1 % of the Hangul lost or changed)."""
    rng = random.Random(0)
    sources = [
        ("utf-8", [body for record, body in records(data, "html_org_company")][::4]),
        ("cp949", [body for record, body in records(data, "html_euckr_transcoded")][::3]),
    ]
    damages: dict[str, Callable[[bytes, str], bytes]] = {
        "cut anywhere": lambda body, own: body[: rng.randrange(len(body) // 2, len(body))],
        "5 bytes broken": lambda body, own: _broken(body, 5, rng),
        "snippet in the other charset": lambda body, own: _with_snippet(body, "cp949" if own == "utf-8" else "utf-8"),
        "declared windows-1252": lambda body, own: b'<meta charset="windows-1252">' + _undeclared(body),
        "declared the other charset": lambda body, own: (
            f'<meta charset="{"euc-kr" if own == "utf-8" else "utf-8"}">'.encode() + _undeclared(body)
        ),
        "undeclared, cut": lambda body, own: _undeclared(body)[: rng.randrange(len(body) // 2, len(body))],
    }
    for own, bodies in sources:
        for name, damage in damages.items():
            right = pages = 0
            for body in bodies:
                damaged = damage(body, own)
                truth = damaged.decode(own, "replace")
                if hangul(truth) < 20:
                    continue
                pages += 1
                right += decode(damaged).text.removeprefix("\ufeff") == truth.removeprefix("\ufeff")
            print(f"{own:6} {name:30} {right} of {pages} pages decode as the page's own charset")


def _undeclared(body: bytes) -> bytes:
    body = body.removeprefix(b"\xef\xbb\xbf")
    return re.sub(rb"charset\s*=\s*[\"']?[\w-]+|encoding\s*=\s*[\"'][\w-]+[\"']", b"", body, flags=re.IGNORECASE)


def _broken(body: bytes, count: int, rng: random.Random) -> bytes:
    broken = bytearray(body)
    for _ in range(count):
        broken[rng.randrange(len(broken))] = 0xFF
    return bytes(broken)


def _with_snippet(body: bytes, encoding: str) -> bytes:
    middle = body.find(b"<body")
    middle = body.find(b">", middle) + 1
    return body[:middle] + "<p>지금 구독하시면 특별한 소식을 보내 드립니다</p>".encode(encoding) + body[middle:]


def bench_score(data: Path, _: argparse.Namespace) -> None:
    """Mean score per character of every page's reading in its own encoding and in the wrong ones."""

    def show(label: str, readings: list[charset._Reading]) -> None:
        means = sorted(r.score / max(1, r.letters) for r in readings)
        low, median, high = means[len(means) // 100], means[len(means) // 2], means[-1 - len(means) // 100]
        print(f"{label:42} 1 % {low:+.2f}  median {median:+.2f}  99 % {high:+.2f}  ({len(means)} pages)")

    views = [charset._view(body) for _record, body in records(data, "html_euckr")]
    show("CP949 pages as CP949", [charset._double_byte("cp949", view) for view in views])
    show("CP949 pages as Johab", [charset._double_byte("johab", view) for view in views])
    show("CP949 pages as UTF-8", [charset._utf8(view) for view in views])
    texts = [body.decode("utf-8", "replace") for _record, body in records(data, "html_org_company")]
    texts = [text for text in texts if hangul(text) >= 50]
    utf8 = [charset._view(text.encode()) for text in texts]
    show("UTF-8 pages as UTF-8", [charset._utf8(view) for view in utf8])
    show("UTF-8 pages as CP949", [charset._double_byte("cp949", view) for view in utf8])
    show("UTF-8 pages as Johab", [charset._double_byte("johab", view) for view in utf8])
    johab = [charset._view(text.encode("johab", "ignore")) for text in texts]
    show("Johab pages as Johab", [charset._double_byte("johab", view) for view in johab])
    show("Johab pages as CP949", [charset._double_byte("cp949", view) for view in johab])


def bench_speed(data: Path, _: argparse.Namespace) -> None:
    for name in ("html_blogs", "html_euckr_transcoded", "html_euckr"):
        pages = [(body, record.http_charset) for record, body in records(data, name)]
        pages = pages[:: max(1, len(pages) // 400)]
        encoding = "utf-8" if name == "html_blogs" else "cp949"
        decode(b"\xb0\xa1\xff")
        megabytes = sum(len(body) for body, _charset in pages) / 1e6
        start = time.process_time()
        for body, declared in pages:
            decode(body, declared)
        middle = time.process_time()
        for body, _charset in pages:
            body.decode(encoding, "replace")
        ours, bare = middle - start, time.process_time() - middle
        print(
            f"{name}: decode {megabytes / ours:.0f} MB/s, bare bytes.decode({encoding!r}) {megabytes / bare:.0f} MB/s "
            f"({len(pages)} pages, {megabytes:.1f} MB)"
        )


def bench_main(data: Path, options: argparse.Namespace) -> None:
    """An equal share of every host, so that no template dominates. `body` is all visible text of the page."""
    import trafilatura

    by_host: dict[str, list[tuple[bytes, str | None]]] = defaultdict(list)
    for name in PAGES:
        for record, body in records(data, name):
            if record.http_content_type == "text/html":
                by_host[record.headers["WARC-Target-URI"].split("/")[2]].append((body, record.http_charset))
    rng = random.Random(0)
    quota = max(1, options.sample // len(by_host))
    pages = [page for host in sorted(by_host) for page in rng.sample(by_host[host], min(quota, len(by_host[host])))]
    markups = [decode(body, declared).text for body, declared in pages]
    extract(b"<p>x", None)

    results: dict[str, list[str | None]] = {}
    seconds = {}

    def run(label: str, work: Callable[[int], str | None]) -> None:
        seconds[label] = cpu_seconds(lambda: results.__setitem__(label, [work(i) for i in range(len(pages))]))

    run("algok (bytes to text)", lambda i: _text(*pages[i]))
    run("resiliparse main content", lambda i: extract_plain_text(HTMLTree.parse(markups[i]), True, main_content=True))
    run("trafilatura", lambda i: trafilatura.extract(markups[i]))
    body = [hangul(extract_plain_text(HTMLTree.parse(markup), True, alt_texts=False)) for markup in markups]
    print(f"{len(pages)} pages of {len(by_host)} hosts, {sum(body)} Hangul syllables in their bodies")
    for label, texts in results.items():
        kept = [hangul(text) for text in texts]
        lost = sum(total >= 50 and k < 0.1 * total for k, total in zip(kept, body, strict=True))
        print(
            f"{label:26} {len(pages) / seconds[label]:6.0f} pages/s   "
            f"Hangul kept {100 * sum(kept) / sum(body):5.1f} %   pages with less than a tenth kept {lost}"
        )


def _text(body: bytes, declared: str | None) -> str:
    try:
        return extract(body, declared, content_type="text/html").text
    except ExtractError:
        return ""


def bench_fallback(data: Path, options: argparse.Namespace) -> None:
    """How much of the body (without landmarks) the main content keeps, page by page; below MIN_KEPT the body is taken.
    Pages whose address says that they list others are counted apart from the rest, which are mostly articles."""
    listing = re.compile(r"/(?:tags?|categor(?:y|ies)|archives?|page)(?:/|$)|board\.php|^https?://[^/]+/$")
    shares: dict[bool, Counter] = defaultdict(Counter)
    by_host: dict[str, list[tuple[str, bytes, str | None]]] = defaultdict(list)
    for name in PAGES:
        for record, body in records(data, name):
            if record.http_content_type == "text/html":
                url = record.headers["WARC-Target-URI"]
                by_host[url.split("/")[2]].append((url, body, record.http_charset))
    rng = random.Random(1)
    quota = max(1, options.sample // len(by_host))
    for host in sorted(by_host):
        for url, body, declared in rng.sample(by_host[host], min(quota, len(by_host[host]))):
            tree, *_ = extraction._parse(decode(body, declared).text, ExtractLimits())
            main, whole = extraction._size(extraction._main_text(tree)), extraction._size(extraction._body_text(tree))
            shares[bool(listing.search(url))][min(10, 10 * main // max(1, whole))] += 1
    for is_listing, counts in sorted(shares.items()):
        row = "  ".join(f"{tenth / 10:.1f}: {counts[tenth]:3}" for tenth in range(11))
        print(f"{'listings' if is_listing else 'articles'}  {row}")


HOSTILE: dict[str, Callable[[int], str]] = {
    "<div> nested": lambda n: "<div>" * n,
    "<div> 900 deep, then flat": lambda n: "<div>" * 900 + "<p>가</p>" * n,
    "<font> of distinct attributes, <p>": lambda n: "".join(f"<font color={i}><p>" for i in range(n)),
    "500 open <font>, then <p>": lambda n: "".join(f"<font color={i}>" for i in range(500)) + "<p>가" * n,
    "<a><div> misnested": lambda n: "<a><div>" * n + "</a>" * n,
    "<table><tr><td> nested": lambda n: "<table><tr><td>" * n,
    "one tag, distinct attributes": lambda n: "<p " + " ".join(f"a{i}=1" for i in range(n)) + ">가",
    "<body> of distinct attributes": lambda n: "".join(f"<body a{i}=1>" for i in range(n)),
    "one huge attribute": lambda n: '<p a="' + "x" * n + '">가',
    "<": lambda n: "<" * n,
    "<a (unclosed)": lambda n: "<a " * n,
    "<!-- unclosed": lambda n: "<!--" * n,
    "&": lambda n: "&" * n,
    "&#9…;": lambda n: "&#" + "9" * n + ";",
    "<p>가 flat": lambda n: "<p>가" * n,
    "<ul><li> flat": lambda n: "<ul><li><a>가</a></ul>" * n,
    "text in <table>": lambda n: "<table>" + "가<tr>" * n,
    "spaces": lambda n: "<p>" + " " * n + "가",
    "feed of items": lambda n: "<rss>" + "<item><title>가</title><description>&lt;p>x</description></item>" * n,
    "feed of CDATA": lambda n: "<rss><item><description>" + "<![CDATA[x]]>" * n,
}


def bench_hostile(data: Path, _: argparse.Namespace) -> None:
    extract(b"<p>\xb0\xa1", None)
    for name, build in HOSTILE.items():
        unit = len(build(1000).encode()) / 1000
        times = []
        for megabytes in (1, 2, 4):
            body = build(int(megabytes * 1e6 / unit)).encode()
            kind = "application/rss+xml" if body.startswith(b"<rss>") else "text/html"
            outcome = "text"

            def work(body: bytes = body, kind: str = kind) -> None:
                nonlocal outcome
                try:
                    extract(body, None, content_type=kind)
                except ExtractError as error:
                    outcome = error.reason

            times.append(cpu_seconds(work))
        print(f"{name:36} {'  '.join(f'{t:6.2f} s' for t in times)}   {outcome}")


def main() -> None:
    commands = {name.removeprefix("bench_"): work for name, work in globals().items() if name.startswith("bench_")}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=commands)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[1].parent / "shared" / "data")
    parser.add_argument("--sample", type=int, default=300)
    options = parser.parse_args()
    commands[options.command](options.data, options)


if __name__ == "__main__":
    main()
