"""Trim: takes away what only surrounds the text of its kind of source, by rules of that source.

The rules are those of the document's source: the label that the step `source` gave where it ran before, else the column
`source`. Documents of other sources, and texts in which nothing is found, come back byte for byte.
"""

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from algok.filters.trim.book import BOOK, TEXTBOOK
from algok.filters.trim.dialogue import DIALOGUE, THREAD
from algok.filters.trim.encyclopedia import ENCYCLOPEDIA
from algok.filters.trim.government import GOVERNMENT
from algok.filters.trim.law import JUDGEMENT, STATUTE
from algok.filters.trim.news import NEWS
from algok.filters.trim.paper import PAPER, PATENT
from algok.filters.trim.rules import Rule
from algok.step import Edited, EditStep, Signal, StepOptions

# Source -> rules. Labels of the axis, and names that an input can give where the axis has only the wider label.
RULES: dict[str, tuple[Rule, ...]] = {
    "news": NEWS, "paper": PAPER, "patent": PATENT, "law": STATUTE, "statute": STATUTE, "judgement": (*STATUTE, *JUDGEMENT),
    "dialogue": DIALOGUE, "community": THREAD, "qa": THREAD, "book": BOOK, "textbook": TEXTBOOK, "government": GOVERNMENT,
    "encyclopedia": ENCYCLOPEDIA,
}  # fmt: skip
KINDS = {
    "bylines": "datelines, names and addresses of reporters, times of publication",
    "notices": "lines of copyright, contacts, submission, clicks",
    "captions": "captions and sources of pictures",
    "references": "lists of references",
    "contents": "lines of a table of contents",
    "running": "running heads, numbers of pages and paragraphs",
    "hyphens": "words joined that the end of a line had cut",
    "amendments": "marks of when a provision was changed",
    "forms": "forms to fill in",
    "answers": "lines of a key of answers",
    "speakers": "names of speakers made letters",
    "marks": "marks of transcription, of notes and for editors",
}
_ROUNDS = 4  # what a line hid may come to light; a text that still changes is hostile and stays as it came
_SAMPLES, _EXCERPT = 8, 80


class TrimOptions(StepOptions):
    otherwise: Literal[
        "none",
        "news",
        "paper",
        "patent",
        "law",
        "statute",
        "judgement",
        "dialogue",
        "community",
        "qa",
        "book",
        "textbook",
        "government",
        "encyclopedia",
    ] = Field(
        default="none",
        description="Rules for documents whose source has none of its own; none: they stay as they are.",
    )


class Trim(EditStep[TrimOptions]):
    """Takes away what only surrounds the text of its kind of source; `docs/trim.md` shows every rule.

    Needs `text` without nulls; reads `source.label` and `source` where the batch has them. Signals are counts (int32) by kind
    of rule, and the share of characters that went.
    """

    name = "trim"
    Options = TrimOptions
    signals = (
        Signal("edits", pa.int32(), "count", "pieces taken away or changed, of all kinds"),
        *(Signal(kind, pa.int32(), "count", doc) for kind, doc in KINDS.items()),
        Signal("removed_ratio", pa.float32(), "ratio", "characters taken away / characters before"),
    )
    version: ClassVar[int] = 1

    def edit(self, batch: pa.RecordBatch) -> Edited:
        """The trimmed texts; `samples` holds one excerpt for each kind of rule that found something."""
        texts = batch.column("text")
        if texts.type != pa.large_string():
            texts = texts.cast(pa.large_string())
        counts, removed = np.zeros((len(texts), len(KINDS)), np.int32), np.zeros(len(texts), np.float32)
        changed: dict[int, str] = {}
        samples: dict[str, str] = {}
        for row, label in enumerate(_labels(batch)):
            rules = RULES.get(label) or RULES.get(self.options.otherwise)
            if rules is None:
                continue
            old = texts[row].as_py()
            new, found = trimmed(old, rules)
            if new == old:
                continue
            changed[row] = new
            removed[row] = min(1.0, max(0.0, 1 - len(new) / len(old)))
            for kind, pieces in found.items():
                counts[row, list(KINDS).index(kind)] += len(pieces)
                if len(samples) < _SAMPLES and kind not in samples:
                    samples[kind] = pieces[0][:_EXCERPT]
        if changed:
            selected = np.zeros(len(texts), bool)
            selected[list(changed)] = True
            texts = pc.replace_with_mask(texts, pa.array(selected), pa.array(list(changed.values()), pa.large_string()))
        signals = {kind: pa.array(counts[:, place]) for place, kind in enumerate(KINDS)}
        signals["edits"] = pa.array(counts.sum(axis=1, dtype=np.int32))
        signals["removed_ratio"] = pa.array(removed)
        return Edited(texts, signals, list(samples.items()))


def trimmed(text: str, rules: tuple[Rule, ...]) -> tuple[str, dict[str, list[str]]]:
    """A text after the rules, and what was taken away by kind; applied until nothing changes, so doing it twice changes
    nothing.

    >>> trimmed("(서울=가나통신) 홍길동 기자 = 비가 온다.", RULES["news"])[0]
    '비가 온다.'
    """
    found: dict[str, list[str]] = {}
    now = text
    for _ in range(_ROUNDS):
        before = now
        for kind, apply, words in rules:
            if words and not any(word in now for word in words):
                continue
            after, pieces = apply(now)
            if pieces and after.strip():  # a rule that leaves nothing has taken the text for its surroundings
                now = after
                found.setdefault(kind, []).extend(pieces)
        if now == before:
            return now, found
    return text, {}


def _labels(batch: pa.RecordBatch) -> list[str]:
    """The source of each document."""
    names = batch.schema.names
    given = batch.column("source").to_pylist() if "source" in names else [None] * batch.num_rows
    told = batch.column("source.label").to_pylist() if "source.label" in names else [None] * batch.num_rows
    return [source if source in RULES else label or "" for source, label in zip(given, told)]
