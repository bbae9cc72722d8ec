"""The slowest that hostile text can make every reader, the extraction and every step: kB/s of UTF-8 on one core.

    python bench/hostile.py [--kilobytes 400] [--only pii,lines]

Every unit below is repeated to this size: as one text, as a text of lines, and for readers as the bytes of a file. What takes
longer than a second for 100 kB of any of them is marked.
"""

import argparse
import tempfile
import time
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import orjson

LIMIT = 100.0  # kB/s that nothing may fall below

UNITS = {
    "syllable": "가",
    "one letter a line": "a\n",
    "blank lines": "\n",
    "white space": " \t\u3000",
    "jamo": "ㅋㅎ",
    "jamo of old Hangul": "\u1100\u1161\u11a8",
    "no word ends": "가나다라마바사",
    "one word": "가나 ",
    "sentences": "비가 왔다. ",
    "plates": "12가 3456 ",
    "resident numbers": "900101-1234568 ",
    "mobiles": "010-8273-4619 ",
    "e-mails": "a.b@c.kr ",
    "at signs": "@",
    "half e-mails": "a@b.",
    "digits": "0123456789",
    "digits and hyphens": "12-34-",
    "addresses": "서울 강남구 한들로 12 ",
    "districts": "강남구 ",
    "names": "김철수 씨 ",
    "titles": "홍길동 과장 ",
    "accounts": "국민은행 123-45-678901 ",
    "URLs": "http://a.kr/b?c=d ",
    "handles": "@abc ",
    "IPs": "192.168.0.1 ",
    "entities": "&amp;",
    "escapes": "\\uac00",
    "mojibake": "¾È³ç",
    "UTF-8 as Latin": "ì•ˆë…•",
    "replacement": "\ufffd",
    "zero width": "가\u200b",
    "full width": "Ａ１",
    "swear words": "씨발 ",
    "spaced swear words": "씨 발 ",
    "brackets": "([{",
    "quotes": "\"'",
    "numbers in words": "일이삼사 ",
    "emoji": "\U0001f600\u200d",
    "hanja": "漢字",
    "latin": "word ",
    "tabs and numbers": "1\t2\t",
    "dates": "2024년 1월 2일 ",
}
PAGES = {
    "p": "<p>",
    "div": "<div>",
    "b": "<b>",
    "table": "<table><tr><td>",
    "li": "<li>",
    "a": "<a href=x>가",
    "closing": "</p>",
    "comment": "<!-- ",
    "script": "<script>",
    "attributes": "<p a=b c=d>가",
    "entities": "&nbsp;&#44032;",
    "br": "<br>",
    "font": "<font>가",
    "open tag": "<p ",
    "select": "<select><option>",
    "lt": "<",
    "cdata": "<![CDATA[",
    "ruby": "<ruby>漢<rt>한</rt>",
    "form": "<form><input>",
    "heading": "<h1>가",
}


WIKI = {
    "braces": "{{",
    "links": "[[",
    "tables": "{|\n|-\n",
    "tags": "<ref>",
    "quotes": "'" * 5,
    "folds": "{{{#!folding ",
}


def steps(size: int, only: set[str]) -> list[tuple[float, str, str]]:
    from algok.pipelines.registry import STEPS, step_class
    from algok.testing import apply_step, documents

    found = []
    for name in STEPS:
        if (only and name not in only) or name == "fineweb2":
            continue
        step = step_class(name)(_options(name))
        for unit, text in UNITS.items():
            whole = (text * (size // len(text.encode()) + 1))[:size]
            lines = "\n".join(text * 20 for _ in range(size // (len(text.encode()) * 20) + 1))
            for shape, value in (("", whole), (" in lines", lines)):
                batch = documents([value])
                start = time.process_time()
                apply_step(step, [batch])
                found.append((len(value.encode()) / 1000 / (time.process_time() - start), name, unit + shape))
    return found


def _options(name: str):
    """What a step cannot do without: an index of questions that hold the units."""
    if name != "decontaminate":
        return None
    from algok.classifiers.training.benchmarks import Item
    from algok.classifiers.training.contamination import build_index
    from algok.pipelines.registry import step_class

    folder = Path(tempfile.mkdtemp()) / "index"
    questions = [
        f"{text * 9} 다음 가운데 {number}번째로 옳은 것은 무엇인가?" for number, text in enumerate(UNITS.values())
    ]
    build_index([Item("units", str(n), text) for n, text in enumerate(questions)], lambda: iter(()), folder, data=[])
    return step_class(name).Options(index=str(folder))


def pages(size: int, only: set[str]) -> list[tuple[float, str, str]]:
    from algok.pipelines.extraction.extractor import extract
    from algok.pipelines.extraction.page import ExtractError

    if only and "extraction" not in only:
        return []
    found = []
    for unit, text in {**PAGES, **UNITS}.items():
        body = ("<html><body>" + text * (size // len(text.encode()))).encode()
        start = time.process_time()
        with suppress(ExtractError):
            extract(body, content_type="text/html")
        found.append((len(body) / 1000 / (time.process_time() - start), "extraction", unit))
    return found


def readers(size: int, only: set[str]) -> list[tuple[float, str, str]]:
    """Files of hostile records: many keys, clashing keys, deep values, blank and broken lines."""
    from algok.pipelines.readers.inputs import plan_shards
    from algok.pipelines.readers.reader import read_shard
    from algok.pipelines.readers.spec import InputSpec

    many = {f"k{number}": number for number in range(size // 12)}
    clashing = {"text": "가", "meta": {f"k{n}": n for n in range(1500)}, **{f"k{n}": n for n in range(1500)}}
    columns = {
        "text": "가",
        **{"x" + "_column" * n: n for n in range(200)},
        "meta": {"x" + "_column" * n: n for n in range(200)},
    }
    files = {
        "many keys.jsonl": orjson.dumps({"text": "가", **many}),
        "clashing keys.jsonl": b"\n".join(orjson.dumps(clashing) for _ in range(max(1, size // 40_000))),
        "suffixed keys.jsonl": b"\n".join(orjson.dumps(columns) for _ in range(max(1, size // 300_000))),
        "blank.jsonl": b"\n" * size,
        "broken.jsonl": b"{\n" * (size // 2),
        "brackets.jsonl": (b"[" * 900 + b"\n") * (size // 901),
        "brackets.json": b"[" * size,
        "strings.json": b'["' * (size // 2),
        "quotes.csv": b'text\n"' * (size // 6),
        "commas.csv": b"text\n" + b"," * size,
        "header.csv": b",".join(b"c%d" % n for n in range(size // 8)) + b"\n1,2\n",
        "headers.warc": b"WARC/1.0\r\n" * (size // 10),
        "lengths.warc": b"WARC/1.0\r\nContent-Length: 9\r\n\r\n" * (size // 30),
        "matter.md": b"---\n" + b"- [" * (size // 3) + b"\n---\n",
        "at.txt": b"\xb0" * size,
        "members.zip": _zip({f"{number}.json": b'{"text":"\xea\xb0\x80"}' for number in range(size // 120)}),
        "brackets.zip": _zip({"a.json": b"[" * size}),
        "objects.zip": _zip({"a.json": b'{"a":' * (size // 5)}),
        "items.zip": _zip({"a.json": b'{"data":[' + b"{}," * (size // 3) + b"{}]}"}),
        "elements.zip": _zip({"a.xml": b"<r>" + b"<a>" * (size // 3)}),
        "attributes.zip": _zip({"a.xml": b"<r " + b"a='b' " * (size // 6) + b"/>"}),
        "cells.zip": _zip({"a.csv": b"text\n" + b'"' * size}),
        **{f"{unit} of a wiki.xml": _wiki(text * (size // len(text))) for unit, text in WIKI.items()},
        **{f"{unit} of namuwiki.json": _namuwiki(text * (size // len(text))) for unit, text in WIKI.items()},
    }
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            if only and "readers" not in only:
                continue
            path = Path(folder) / name
            path.write_bytes(data)
            spec = InputSpec(path=str(path))
            start = time.process_time()
            for shard in plan_shards([spec]):
                for _ in read_shard(shard, spec):
                    pass
            found.append((len(data) / 1000 / (time.process_time() - start), "readers", name))
    return found


def _zip(members: dict[str, bytes]) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def _wiki(text: str) -> bytes:
    page = (
        f"<page><title>가</title><ns>0</ns><id>1</id><revision><id>1</id><text>{escape(text)}</text></revision></page>"
    )
    return f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">{page}</mediawiki>'.encode()


def _namuwiki(text: str) -> bytes:
    return orjson.dumps([{"namespace": "0", "title": "가", "text": text, "contributors": []}])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kilobytes", type=int, default=400)
    parser.add_argument("--only", default="", help="Steps by name, and extraction, readers.")
    arguments = parser.parse_args()
    size, only = arguments.kilobytes * 1000, set(filter(None, arguments.only.split(",")))
    steps(2000, only), pages(2000, only), readers(2000, only)  # compiles and loads
    found = sorted(steps(size, only) + pages(size, only) + readers(size, only))
    worst: dict[str, list] = {}
    for speed, name, unit in found:
        worst.setdefault(name, []).append((speed, unit))
    print(f"{'':12} {'kB/s':>9}  slowest units of {arguments.kilobytes} kB")
    for name, rows in worst.items():
        shown = ", ".join(f"{unit} {speed:,.0f}" for speed, unit in rows[:4])
        print(f"{name:12} {rows[0][0]:9,.0f}  {shown}{'   BELOW THE LIMIT' if rows[0][0] < LIMIT else ''}")


if __name__ == "__main__":
    main()
