"""Builds demo/corpus and demo/expected.yaml from demo/texts.

Run `python demo/build.py`; the same texts give the same bytes. Each YAML file in demo/texts describes one corpus file:
its documents, and for each one what is planted and its expected fate. demo/README.md explains the keys.
"""

import argparse
import json
import re
import unicodedata
import uuid
import zlib
from base64 import b32encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha1
from html import escape
from pathlib import Path
from string import Template

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

DEMO = Path(__file__).resolve().parent
CRAWLED = datetime(2025, 1, 15, 3, 0, 0, tzinfo=UTC)

# ---------------------------------------------------------------- texts


def load(texts: Path) -> list[dict]:
    """Every source in file-name order, its documents completed from the source's defaults and their base documents."""
    sources = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(texts.glob("*.yaml"))]
    known: dict[str, dict] = {}
    for source in sources:
        for doc in source["documents"]:
            if "base" in doc:
                doc["text"] = edited(known[doc["base"]]["text"], doc["edits"]) + "\n" + doc.get("add", "")
            if "path" in doc:
                doc["url"] = f"https://{source['host']}{doc['path']}"
            doc.setdefault("template", source.get("template"))
            doc["date"] = doc["date"].isoformat()
            if doc["id"] in known:
                raise ValueError(f"document id {doc['id']} is used twice")
            known[doc["id"]] = doc
    return sources


def edited(text: str, edits: list[list[str]]) -> str:
    """The text with every edit (old, new) made; each `old` must occur exactly once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"an edit must match once, found {text.count(old)} times: {old}")
        text = text.replace(old, new)
    return text


def paragraphs(text: str) -> list[str]:
    """Non-empty lines; neighbouring code lines (four spaces) and list items stay together as one paragraph."""
    blocks: list[str] = []
    kind = None
    for line in filter(str.strip, text.rstrip().split("\n")):
        now = "code" if line.startswith("    ") else "list" if line.startswith("- ") else None
        if now and now == kind:
            blocks[-1] += "\n" + line
        else:
            blocks.append(line)
        kind = now
    return blocks


# ---------------------------------------------------------------- damage


def halfwidth_jamo(text: str) -> str:
    """Syllables taken apart into half-width jamo (U+FFA0..FFDC), as old terminals wrote them."""
    halves = [chr(c) for c in range(0xFFA1, 0xFFDD) if unicodedata.name(chr(c), "")]
    wide = {unicodedata.normalize("NFKC", half): half for half in halves}
    # NFKC maps half-width letters to initial or medial jamo; final consonants share the letter of their initial.
    finals = dict(zip("ᆨᆩᆫᆮᆯᆷᆸᆺᆻᆼᆽᆾᆿᇀᇁᇂ", "ᄀᄁᄂᄃᄅᄆᄇᄉᄊᄋᄌᄎᄏᄐᄑᄒ", strict=True))
    return "".join(wide.get(finals.get(c, c), c) for c in unicodedata.normalize("NFD", text))


def utf8_as_cp1252(text: str) -> str:
    """UTF-8 read as browsers read Latin-1: CP1252, its five unassigned bytes as control characters."""
    codes = (bytes([byte]) for byte in text.encode("utf-8"))
    return "".join(code.decode("cp1252", "ignore") or code.decode("latin-1") for code in codes)


def zero_width(text: str) -> str:
    """A byte order mark in front, a zero-width space after every eighth word, a soft hyphen after every sentence."""
    words = text.replace(". ", ".\u00ad ").split(" ")
    return "\ufeff" + " ".join(word + "\u200b" * (at % 8 == 7) for at, word in enumerate(words))


DAMAGE: dict[str, Callable[[str], str]] = {
    "cp949_as_latin1": lambda text: text.encode("cp949").decode("latin-1"),
    "utf8_as_cp1252": utf8_as_cp1252,
    "entities": lambda text: "".join(c if c.isascii() else f"&#{ord(c)};" for c in text),
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "halfwidth_jamo": halfwidth_jamo,
    "zero_width": zero_width,
    "fullwidth": lambda text: re.sub(r"[!-~]", lambda m: chr(ord(m[0]) + 0xFEE0), text),
    "spaced": lambda text: "  ".join(" ".join(word) for word in text.split(" ")),
    "unspaced": lambda text: text.replace(" ", ""),
}


def damaged(doc: dict) -> Iterator[tuple[str, str, str | None]]:
    """Each paragraph of a document as (clean, as planted, kind of damage or None)."""
    plan = doc.get("damage", {})
    for number, clean in enumerate(paragraphs(doc["text"])):
        kind = next((k for k, where in plan.items() if where == "all" or number in where), None)
        yield clean, DAMAGE[kind](clean) if kind else clean, kind


def plain(doc: dict, separator: str) -> str:
    return separator.join(planted for _, planted, _ in damaged(doc))


# ---------------------------------------------------------------- web pages


def html_body(doc: dict) -> str:
    if doc.get("verse"):
        stanzas = escape(doc["text"].strip(), quote=False).split("\n\n")
        return "\n".join("<p>" + stanza.replace("\n", "<br>\n") + "</p>" for stanza in stanzas)
    return "\n".join(html_block(escape(planted, quote=False)) for _, planted, _ in damaged(doc))


def html_block(block: str) -> str:
    if block.startswith("## "):
        return f"<h3>{block[3:]}</h3>"
    if block.startswith("- "):
        return "<ul>\n" + "\n".join(f"<li>{item[2:]}</li>" for item in block.split("\n")) + "\n</ul>"
    if block.startswith("    "):
        return "<pre><code>" + "\n".join(line[4:] for line in block.split("\n")) + "</code></pre>"
    return f"<p>{block}</p>"


def page(doc: dict, templates: Path) -> bytes:
    """The bytes of the page in the document's encoding, with the charset it declares (rightly or wrongly)."""
    encoding = doc.get("encoding", "utf-8")
    charset = doc.get("meta_charset", encoding)
    html = Template((templates / f"{doc['template']}.html").read_text("utf-8")).substitute(
        id=doc["id"], url=doc["url"], date=doc["date"], charset=charset,
        title=escape(doc["title"], quote=False), body=html_body(doc),
    )  # fmt: skip
    if charset == "none":
        html = html.replace('<meta charset="none">\n', "")
    if doc.get("early_close"):
        html = html.replace("</head>\n", "</head>\n</html>\n")
    return html.encode(encoding)


def http_response(doc: dict, payload: bytes) -> bytes:
    charset = doc.get("http_charset", doc.get("encoding", "utf-8"))
    content_type = doc.get("content_type") or "text/html" + (f"; charset={charset}" if charset != "none" else "")
    headers = ["HTTP/1.1 200 OK", "Server: nginx", f"Content-Type: {content_type}"]
    if doc.get("http_encoding") == "gzip":
        payload = gzip_member(payload, level=0)  # stored, so that its bytes depend on no zlib version
        headers.append("Content-Encoding: gzip")
    modified = datetime.fromisoformat(doc["date"]).replace(tzinfo=UTC)
    headers += [f"Last-Modified: {format_datetime(modified, usegmt=True)}", f"Content-Length: {len(payload)}"]
    return "\r\n".join([*headers, "", ""]).encode() + payload


def warc_record(kind: str, number: int, url: str | None, content_type: str, block: bytes) -> bytes:
    digest = b32encode(sha1(block).digest()).decode()
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {number} {url}')}>",
        "WARC-Date": (CRAWLED + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "WARC-Target-URI": url,
        "WARC-Block-Digest": f"sha1:{digest}",
        "Content-Type": content_type,
        "Content-Length": len(block),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"WARC/1.1\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def warc(source: dict, templates: Path) -> bytes:
    """A WARC file, one gzip member per record; a truncated record is the last member, without its end."""
    info = b"software: algok demo/build.py\r\nformat: WARC File Format 1.1\r\n"
    members = [gzip_member(warc_record("warcinfo", 0, None, "application/warc-fields", info))]
    for number, doc in enumerate(source["documents"], 1):
        payload = bytes.fromhex(doc["hex"]) if "hex" in doc else page(doc, templates)
        block = http_response(doc, payload)
        record = warc_record("response", number, doc["url"], "application/http; msgtype=response", block)
        if number == 1:  # crawlers store requests too; readers must pass over them
            request = f"GET {doc['url']} HTTP/1.1\r\nUser-Agent: demo\r\n\r\n".encode()
            kind = "application/http; msgtype=request"
            members.append(gzip_member(warc_record("request", 0, doc["url"], kind, request)))
        members.append(cut_member(record[: len(record) * 2 // 3]) if doc.get("truncated") else gzip_member(record))
    return b"".join(members)


# ---------------------------------------------------------------- files


def gzip_member(data: bytes, level: int = 9) -> bytes:
    """A gzip member with no file name and modification time 0."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def cut_member(data: bytes) -> bytes:
    """A gzip member that breaks off after `data`: no final block, no checksum."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def row(doc: dict, source: dict) -> dict:
    """A record under the source's column names; `meta` becomes columns of its own."""
    names = source.get("columns", {})
    values = {"id": doc["id"], "text": plain(doc, "\n"), "url": doc["url"], "date": doc["date"]}
    record = {names.get(name, name): value for name, value in values.items()}
    return record | ({"title": doc["title"]} if "title" in doc else {}) | doc.get("meta", {})


def jsonl(source: dict) -> bytes:
    lines = []
    for doc in source["documents"]:
        line = json.dumps(row(doc, source), ensure_ascii=False).encode()
        if doc.get("broken") == "truncated":
            line = line.decode()[: len(line.decode()) * 2 // 3].encode()
        if doc.get("broken") == "invalid_utf8":  # the first word in CP949, as when two files are pasted together
            word = doc["text"].split()[0]
            line = line.replace(word.encode(), word.encode("cp949"), 1)
        lines.append(line + b"\n")
    return b"".join(lines)


def markdown(doc: dict) -> bytes:
    front = {"title": doc["title"], "date": doc["date"]} | doc.get("meta", {})
    head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False)
    return f"---\n{head}---\n\n{plain(doc, chr(10) * 2)}\n".encode()


def write(source: dict, texts: Path, corpus: Path) -> None:
    target = corpus / source["file"]
    if source["file"].endswith("/"):
        target.mkdir(exist_ok=True)
        for doc in source["documents"]:
            (target / f"{doc['id']}.md").write_bytes(markdown(doc))
    elif target.suffix == ".parquet":
        rows = [row(doc, source) for doc in source["documents"]]
        pq.write_table(pa.Table.from_pylist(rows), target, compression="zstd")
    elif ".warc" in target.suffixes:
        target.write_bytes(warc(source, texts / "templates"))
    else:
        pack = {".jsonl": bytes, ".gz": gzip_member, ".zst": lambda data: pa.compress(data, "zstd", asbytes=True)}
        target.write_bytes(pack[target.suffix](jsonl(source)))


# ---------------------------------------------------------------- ground truth


def excerpt(text: str) -> str:
    """The opening of a paragraph, without Markdown marks, short enough to lie within one sentence or two."""
    return re.sub(r"^(#+ |- |\*\*)", "", text.split("\n")[0])[:24].strip()


def expected(sources: list[dict]) -> dict:
    """What a run over the corpus must show, document by document (keys explained in demo/README.md)."""
    bases = {doc["base"] for source in sources for doc in source["documents"] if "base" in doc}
    documents = []
    for source in sources:
        for doc in source["documents"]:
            file = source["file"] + (f"{doc['id']}.md" if source["file"].endswith("/") else "")
            entry = {"id": doc["id"], "file": file} | ({"url": doc["url"]} if "url" in doc else {})
            entry["fate"] = doc.get("fate", "kept")
            if "base" in doc or doc["id"] in bases:
                entry |= {"fate": "one_of", "cluster": doc.get("base", doc["id"])}
            entry |= {key: doc[key] for key in ("by", "kind", "note", "pii", "keep_lines") if key in doc}
            documents.append(entry | (traces(doc) if entry["fate"] in ("kept", "one_of", "open") else {}))
    boilerplate = {source["file"]: source["boilerplate"] for source in sources if "boilerplate" in source}
    return {"boilerplate": boilerplate, "documents": documents}


def traces(doc: dict) -> dict:
    """Excerpts that the kept text must contain, must contain once repaired, and must not contain."""
    rows = list(enumerate(damaged(doc)))
    marked = ("    ", "#", "- ", "**")  # code, headings, lists and bold text change their looks on the way
    intact = [clean for _, (clean, _, kind) in rows if kind is None and not clean.startswith(marked)]
    public = [clean for clean in intact if not any(secret in clean for secret in doc.get("pii", []))]
    broken = [(number, *row) for number, row in rows if row[2]]
    found = {
        "contains": doc.get("contains", []) + [excerpt(clean) for clean in sorted(public, key=len)[-1:]],
        "repaired": [
            {"damage": kind, "clean": excerpt(clean), "hard": number in doc.get("hard", [])}
            for number, clean, _, kind in broken
        ],
        "absent": [planted[:12] for _, _, planted, kind in broken if kind not in ("spaced", "unspaced")],
    }
    return {key: value for key, value in found.items() if value}


def build(texts: Path, out: Path) -> None:
    """Write `out`/corpus and `out`/expected.yaml."""
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    sources = load(texts)
    for source in sources:
        write(source, texts, corpus)
    truth = yaml.safe_dump(expected(sources), allow_unicode=True, sort_keys=False, width=110)
    (out / "expected.yaml").write_text("# Written by demo/build.py from demo/texts.\n" + truth, "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=DEMO / "texts")
    parser.add_argument("--out", type=Path, default=DEMO, help="folder that gets corpus/ and expected.yaml")
    arguments = parser.parse_args()
    build(arguments.texts, arguments.out)
