"""Selectors: which documents a line of a mix means, as `domain.major=stem & provenance=organic|translated`."""

import re
from dataclasses import dataclass

_TERM = re.compile(r"\s*([\w.]+)\s*=\s*([^=&]+?)\s*")


@dataclass(frozen=True)
class Selector:
    """Documents whose labels are among those named, in every column that is named."""

    terms: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Raises ValueError for a text that is no selector.

        >>> Selector.parse("source=law|news & provenance=organic").terms
        (('source', ('law', 'news')), ('provenance', ('organic',)))
        """
        terms = []
        for part in text.split("&"):
            match = _TERM.fullmatch(part)
            labels = tuple(label.strip() for label in match[2].split("|")) if match else ()
            if not match or not all(labels):
                raise ValueError("expected column=label, several labels with |, several columns with &")
            terms.append((match[1], labels))
        columns = [column for column, _ in terms]
        if len(set(columns)) < len(columns):
            raise ValueError("names a column twice; give its labels with |")
        return cls(tuple(terms))

    @property
    def columns(self) -> list[str]:
        return [column for column, _ in self.terms]

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether a cell with these labels, by column, is meant."""
        return all(labels[column] in among for column, among in self.terms)
