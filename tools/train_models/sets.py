"""The sets of ../shared/data as training material: reading, sampling, licences, and the split of the labelled documents."""

import hashlib
import random
import re
from pathlib import Path

from fastwarc.warc import ArchiveIterator

from algok.classifiers.labelled_rows import Examples, read_rows
from algok.classifiers.store import DataSet
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError

# No model may learn from pages under NC or ND terms.
FORBIDDEN = ("mulder21c",)
# Labelled documents of the same sites under another name.
ALIASES = {
    "kwanok.me": "kwanok",
    "money.devkuma.com": "devkuma",
    "kyokyostory.graffiti-cave.com": "kyokyostory",
}


def rows(data: Path, name: str, number: int | None = None, seed: int = 0) -> list[dict]:
    """The rows of a set (`clean/ud_kaist`), or a sample of so many; those that may not be used are left out."""
    found = [row for row in read_rows(data / f"{name}.jsonl.zst") if not _forbidden(row)]
    if number is not None and len(found) > number:
        found = random.Random(seed).sample(found, number)
    return found


def _forbidden(row: dict) -> bool:
    return any(name in str(row.get(field) or "") for name in FORBIDDEN for field in ("source", "host", "url"))


def site(group: str) -> str:
    """The owner of a host or repository, so that a blog's pages and its repository are one."""
    owner = group.partition("/")[0].lower()
    return ALIASES.get(owner, owner.removesuffix(".github.io"))


def pages(path: Path, closed: set[str]) -> list[tuple[str, str]]:
    """Host, and title and text, of every page of a WARC file that is not of a closed site."""
    found = []
    with open(path, "rb") as stream:
        for record in ArchiveIterator(stream):
            host = (record.headers.get("WARC-Target-URI") or "").partition("//")[2].partition("/")[0]
            if any(name in host for name in FORBIDDEN) or site(host) in closed:
                continue
            body = record.reader.read()
            try:
                page = extract(body.partition(b"\r\n\r\n")[2] if body.startswith(b"HTTP/") else body, None)
            except ExtractError:
                continue
            found.append((host, f"{page.title}\n{page.text}"))
    return found


def fingerprint(text: str) -> str:
    """The same for texts that differ only in white space; to keep what is tested out of what is learnt."""
    return hashlib.sha256(re.sub(r"\s+", "", text)[:2000].encode("utf-8", "surrogatepass")).hexdigest()


def index(data: Path) -> dict[str, str]:
    """Licence of every set, from the table in INDEX.md."""
    table = {}
    for line in (data / "INDEX.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) >= 7 and ".jsonl.zst" in cells[0]:
            table[cells[0].removesuffix(".jsonl.zst")] = re.sub(r"\s*\(.*", "", cells[4])
    return table


def cards(data: Path, parts: dict[str, Examples]) -> list[DataSet]:
    """A line of the model card per set: `parts` by set name."""
    licences = index(data)
    return [
        DataSet(
            name=name,
            license=licences.get(name, "see INDEX"),
            documents=len(part),
            megabytes=round(part.megabytes, 3),
        )
        for name, part in parts.items()
        if len(part)
    ]
