"""Short texts written for the shipped models of domain and style: written_texts/*.txt, blocks that begin `== domain style`.

The labelled sites have few of some domains and hardly any of some styles. One block in five, of formats and subjects chosen
beforehand, says `check` behind its style: no model learns from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from algok.classifiers.labelled_rows import Examples

_FOLDER = Path(__file__).with_name("written_texts")


@dataclass(frozen=True)
class WrittenText:
    text: str
    domain: str
    style: str
    check: bool


def written_texts() -> Iterator[WrittenText]:
    for file in sorted(_FOLDER.glob("*.txt")):
        for block in f"\n{file.read_text(encoding='utf-8')}".split("\n== ")[1:]:
            head, _, text = block.partition("\n")
            domain, style, *mark = head.split()
            yield WrittenText(text.strip(), domain, style, mark == ["check"])


def examples(axis: str, weight: float, check: bool = False) -> Examples:
    """With their `domain` or their `style`. They belong to no site: no temperature is fitted on them."""
    found = Examples()
    for written in written_texts():
        if written.check == check:
            found.add(written.text, {getattr(written, axis): 1.0}, "", weight)
    return found
