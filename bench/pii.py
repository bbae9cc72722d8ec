"""How much personal data is found, beside Presidio's Korean recognisers as shipped and patterns like those of dps, and how fast.

    python bench/pii.py [--data ../shared/data] [--part recall|clean|speed|all]

Recall: labelled spans of pii/pii_synthetic (a span counts as found if a finding of its kind covers a part of it). Clean: what
is found in texts that hold hardly any personal data, per set, and findings per MB; with --show their places (masked) to be
read. Speed: MB of UTF-8 per second of process time, one core: text without candidates, WARC pages as they are extracted, the
sets, and a page of nothing but numbers.
"""

import argparse
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from fastwarc.warc import ArchiveIterator
from heuristics import read

from algok.filters.personal.kinds import KINDS, kind_of
from algok.filters.personal.scan import findings
from algok.filters.pii import Pii
from algok.kernels.buffers import string_buffers
from algok.kernels.personal import find
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError

CLEAN = (
    "domain/law_statutes", "domain/law_articles", "domain/wikinews_ko", "domain/book_reviews_nanet",
    "domain/book_reviews_acorn", "domain/unesco_reports", "domain/fairytales", "domain/bible_krv",
)  # fmt: skip
# Shapes that pipelines without context look for (dps: numbers with hyphens, or so many digits in a row).
_GROUPS = r"[\d,\-]{3,6}-[\d,\-]{2,6}-[\d,\-]{2,7}"
PLAIN = {
    "card": re.compile(r"\d{4}-\d{4}-\d{4}-\d{4}"),
    "rrn": re.compile(r"\d{6}-\d{7}"),
    "mobile": re.compile(r"\d{2,3}-\d{3,4}-\d{4}|\d{9,11}"),
    "account": re.compile(rf"\d{{11,14}}|{_GROUPS}(?:-\d{{1,2}})?"),
    "email": re.compile(r"[a-z0-9.\-+_]+@[a-z0-9.\-+_]+\.[a-z]+"),
}
_PRESIDIO = {"KR_RRN": "rrn", "KR_FRN": "frn", "KR_BRN": "brn", "KR_DRIVER_LICENSE": "driver_licence",
             "KR_PASSPORT": "passport", "CREDIT_CARD": "card", "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "mobile",
             "IP_ADDRESS": "ip"}  # fmt: skip
_TELEPHONES = {"mobile", "landline", "main_number"}


def spans_of(row: dict) -> list[tuple[str, int, int]]:
    return [(kind_of(span["type"]), span["start"], span["end"]) for span in row["meta"]["spans"]]


def ours(texts: list[str]) -> list[list[tuple[str, int, int]]]:
    found = findings(pa.array(texts, pa.large_string()))
    return [[(f.kind, f.start, f.end) for f in found.get(row, [])] for row in range(len(texts))]


def plain(texts: list[str]) -> list[list[tuple[str, int, int]]]:
    return [[(kind, *m.span()) for kind, regex in PLAIN.items() for m in regex.finditer(text)] for text in texts]


def presidio(texts: list[str]) -> list[list[tuple[str, int, int]]]:
    """The recognisers of Presidio's KR set and its general ones for cards, e-mail, telephones and IP, as they are."""
    from presidio_analyzer import predefined_recognizers as shipped

    logging.getLogger("tldextract").setLevel(logging.CRITICAL)  # their e-mail recogniser asks the network for suffixes
    names = (
        "KrRrnRecognizer",
        "KrFrnRecognizer",
        "KrBrnRecognizer",
        "KrDriverLicenseRecognizer",
        "KrPassportRecognizer",
    )
    recognisers = [getattr(shipped, name)(supported_language="ko") for name in names]
    recognisers += [
        shipped.CreditCardRecognizer(supported_language="ko"), shipped.EmailRecognizer(supported_language="ko"),
        shipped.IpRecognizer(supported_language="ko"),
        shipped.PhoneRecognizer(supported_language="ko", supported_regions=("KR",)),
    ]  # fmt: skip
    found = []
    for text in texts:
        results = [r for own in recognisers for r in own.analyze(text, own.supported_entities, None) or []]
        found.append([(_PRESIDIO[r.entity_type], r.start, r.end) for r in results if r.entity_type in _PRESIDIO])
    return found


def same(kind: str, other: str) -> bool:
    return kind == other or {kind, other} <= _TELEPHONES


def recall(data: Path) -> None:
    rows = read(data / "pii/pii_synthetic.jsonl.zst")
    texts, total = [row["text"] for row in rows], Counter(kind for row in rows for kind, _, _ in spans_of(row))
    table, beside, seconds = {}, {}, {}
    for name, finder in (("algok", ours), ("Presidio KR", presidio), ("patterns", plain)):
        finder(texts[:5])
        start = time.process_time()
        found = finder(texts)
        seconds[name] = time.process_time() - start
        table[name], beside[name] = Counter(), Counter()
        for row, own in zip(rows, found, strict=True):
            spans = spans_of(row)
            for kind, start_, end in spans:
                table[name][kind] += any(same(k, kind) and s < end and e > start_ for k, s, e in own)
            wrong = [k for k, s, e in own if not any(same(k, kind) and s < b and e > a for kind, a, b in spans)]
            beside[name].update(kind for kind in wrong if KINDS[kind].policy == "mask")
    print(f"{'kind':16}{'spans':>7}" + "".join(f"{name:>14}" for name in table))
    for kind, n in sorted(total.items()):
        print(f"{kind:16}{n:7}" + "".join(f"{own[kind] / n:14.3f}" for own in table.values()))
    print(f"{'wrong findings':23}" + "".join(f"{own.total():14}" for own in beside.values()))
    print(f"{'seconds':23}" + "".join(f"{own:14.2f}" for own in seconds.values()))


def clean(data: Path, show: bool) -> None:
    sets = [
        *CLEAN,
        *(f"clean/{path.name.removesuffix('.jsonl.zst')}" for path in sorted((data / "clean").glob("*.zst"))),
    ]
    print(f"{'set':32}{'MB':>7}{'per MB':>8}  masked kinds")
    for name in sets:
        texts = [row["text"] for row in read(data / f"{name}.jsonl.zst")]
        megabytes, counts = sum(len(text.encode()) for text in texts) / 1e6, Counter()
        for text, own in zip(texts, ours(texts), strict=True):
            own = [finding for finding in own if KINDS[finding[0]].policy == "mask"]
            counts.update(kind for kind, _, _ in own)
            for kind, start, end in own if show else ():
                around = text[max(0, start - 30) : start] + KINDS[kind].token + text[end : end + 20]
                print(f"    {kind:10} {around!r}")
        print(f"{name:32}{megabytes:7.2f}{counts.total() / megabytes:8.2f}  {dict(counts)}")


def pages(data: Path, name: str) -> Iterator[str]:
    """Title and text of every page of a WARC file that has a text."""
    with (data / "warc" / f"{name}.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            body = record.reader.read()
            try:
                page = extract(body.partition(b"\r\n\r\n")[2] if body.startswith(b"HTTP/") else body, None)
            except ExtractError:
                continue
            yield f"{page.title}\n{page.text}"


def speed(data: Path) -> None:
    prose = "가나다라 마바사 문장이 이어지고 숫자는 없습니다. 그래서 빨리 지나갑니다.\n" * 40
    numbers = "\n".join(f"{k:05d} 010-{k % 9000:04d}-{k * 7 % 9000:04d} {k}-{k}" for k in range(40_000))
    warc = [text for name in ("html_blogs", "html_org_company", "html_spam_seo") for text in pages(data, name)]
    corpora = {"no candidates": [prose] * 4000, "WARC pages": warc, "a page of numbers": [numbers]}
    corpora |= {
        name: [row["text"] for row in read(data / f"{name}.jsonl.zst")] for name in ("domain/petitions", CLEAN[0])
    }
    step = Pii()
    step.edit(_batch(["저는 배도현입니다. 010-0423-8891"]))  # loads Kiwi
    for name, texts in corpora.items():
        batch = _batch(texts)
        buffers = string_buffers(batch["text"])
        megabytes = (buffers[1][-1] - buffers[1][0]) / 1e6
        start = time.process_time()
        windows, _ = find(*buffers)
        detector = time.process_time() - start
        start = time.process_time()
        step.edit(batch)
        whole = time.process_time() - start
        flagged = (windows[:, 1] - windows[:, 0]).sum() / 1e6 / megabytes
        print(f"{name:20}{megabytes:8.1f} MB  detector {megabytes / detector:6.0f} MB/s  step {megabytes / whole:6.1f} MB/s  "
              f"{flagged:.3f} of the text in windows")  # fmt: skip


def _batch(texts: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=["recall", "clean", "speed", "all"], default="all")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    if options.part in ("recall", "all"):
        recall(options.data)
    if options.part in ("clean", "all"):
        clean(options.data, options.show)
    if options.part in ("speed", "all"):
        speed(options.data)


if __name__ == "__main__":
    main()
