"""The sets of ../shared/data as training material: reading, sampling, licences, and the split of the labelled documents."""

import hashlib
import random
import re
from pathlib import Path

from algok.classifiers.labelled import Examples, read_rows
from algok.classifiers.store import DataSet

# No model may learn from pages under NC or ND terms.
FORBIDDEN = ("mulder21c",)


def rows(data: Path, name: str, number: int | None = None, seed: int = 0) -> list[dict]:
    """The rows of a set (`clean/ud_kaist`), or a sample of so many; those that may not be used are left out."""
    found = [row for row in read_rows(data / f"{name}.jsonl.zst") if not _forbidden(row)]
    if number is not None and len(found) > number:
        found = random.Random(seed).sample(found, number)
    return found


def _forbidden(row: dict) -> bool:
    return any(name in str(row.get(field) or "") for name in FORBIDDEN for field in ("source", "host", "url"))


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
