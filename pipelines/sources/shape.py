"""What a shape is: how the records of one source are found in a file, and what of each becomes a document."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from algok.pipelines.plugins import nearest
from algok.pipelines.sources.marks import MARKS
from algok.pipelines.sources.path import alternatives, parse


def _path(path: str) -> str:
    parse(path)
    return path


def _paths(path: str) -> str:
    alternatives(path)
    return path


OnePath = Annotated[str, AfterValidator(_path)]
AnyPath = Annotated[str, AfterValidator(_paths)]
Provenance = Literal["organic", "synthetic", "translated"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Strict):
    """By what a member is recognised."""

    keys: list[AnyPath] = Field(
        [], description="Paths that its root must have: all of them. The shape with most of them wins."
    )
    members: list[str] = Field(
        [], description="Globs of which one must fit its path in the archive; case does not count."
    )


class Group(_Strict):
    """Rows that follow each other and are one record, of which they are the list `rows`."""

    by: AnyPath | None = Field(None, description="What all rows of a record share.")
    counter: AnyPath | None = Field(
        None, description="A number that grows within a record; where it does not, the next begins."
    )


class Block(_Strict):
    """A part of a text that is made of items: paragraphs, turns of a dialogue, questions with their answers."""

    each: OnePath = Field("", description="The items; without it the record itself is the one item.")
    text: list[AnyPath] = Field(description="What of an item is text, in order.")
    speaker: AnyPath | None = Field(
        None, description="Who says it; what follows each other of one speaker is one line."
    )
    names: dict[str, str] = Field({}, description="How speakers are called in the text; others are A, B, C …")
    where: dict[OnePath, list[str]] = Field({}, description="Only items of which the path has one of these values.")
    join: str = Field("\n", description="What parts the texts of items.")
    provenance: Provenance | None = Field(None, description="Of a document whose text begins with this block.")


def tag_of(value: object) -> str:
    """Which of two ways something is written, so that an error speaks of the one that was meant: as a name or path, or out."""
    return "name" if isinstance(value, str) else "written"


Part = Annotated[Annotated[AnyPath, Tag("name")] | Annotated[Block, Tag("written")], Discriminator(tag_of)]


class SourceBy(_Strict):
    """A source label by a word in a value of the record."""

    path: AnyPath
    words: dict[str, str] = Field(description="Word -> label; the first word that the value holds decides.")
    other: str | None = None


class Shape(_Strict):
    """The recipe of a source."""

    title: str = Field(description="The corpora that look so, by their own names.")
    kind: Literal["json", "table", "xml"] = Field("json", description="table: CSV, TSV, XLSX, by its column names.")
    match: Match
    records: OnePath = Field("", description="Where the records are; without it the root is the one record.")
    group: Group | None = None
    text: list[Part] = Field(min_length=1, description="What becomes the text: paths, or blocks of items, in order.")
    join: str = Field("\n", description="What parts the items of a list that a path of `text` goes through.")
    heading: AnyPath | None = Field(None, description="The title; it goes to meta.")
    date: AnyPath | None = None
    url: AnyPath | None = None
    keep: dict[str, AnyPath] = Field(
        {}, description="What else goes to meta: name -> path. Nothing that names a person."
    )
    marks: list[str] = Field([], description="Marks that are taken out of the text (docs/sources.md).")
    side: Literal["source", "label", "path"] | None = Field(
        None,
        description="The side of a set that holds the same text twice; path: the member's path tells it. An input reads the "
        "source side unless it says `side: label` or `side: both`.",
    )
    source: str | SourceBy | None = Field(None, description="Label on the source axis.")
    provenance: Provenance = "organic"
    licence: str | None = Field(None, description="Terms of use; goes to meta.")

    @field_validator("marks")
    @classmethod
    def _known_marks(cls, marks: list[str]) -> list[str]:
        for name in marks:
            if name not in MARKS:
                raise ValueError(f"no mark '{name}'{nearest(name, MARKS)}")
        return marks
