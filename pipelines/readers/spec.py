"""What a recipe says of an input: where it is, in which format, and what its columns mean."""

import difflib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from algok.pipelines.credentials import problem_of
from algok.pipelines.plugins import PLACE, nearest
from algok.pipelines.readers.registry import known_formats
from algok.pipelines.sources.shape import Shape, tag_of

_COMMON_CRAWL = "https://data.commoncrawl.org/"
_SCREENED = ("auto", "warc", "wet", "arc", "cc_index")
MAPPABLE = ("id", "text", "url", "source", "date", "provenance", "meta")


class InputSpec(BaseModel):
    """One entry of a recipe's `inputs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str | list[str] = Field(description="File, directory, glob or fsspec URL, or a list of them.")
    format: str = Field(
        default="auto",
        description="Format of all its files, or auto: by their names and, where these say nothing, their first bytes.",
        json_schema_extra={"examples": ["auto", *known_formats()]},
    )
    source: str | None = Field(
        default=None, description="Source of all its documents, on the source axis and for profiles."
    )
    columns: dict[str, str] = Field(
        default={},
        description="Document field -> name in the input; dots reach into nested objects (text: body.content).",
    )
    html: str = Field(
        default="auto",
        description="Column that holds HTML, of which the main text is taken; auto: where the text begins as a page of HTML "
        "does and ends as one; never: texts are taken as they are.",
    )
    struck: Literal["drop", "keep"] = Field(
        default="drop", description="Namuwiki: text that is struck through. Most of it is jokes, so it goes."
    )
    notes: Literal["keep", "drop"] = Field(
        default="keep", description="Namuwiki: footnotes, each behind the line that it hangs on."
    )
    provenance: Literal["organic", "synthetic", "translated"] | None = Field(
        default=None,
        description="Provenance of all its documents; without it a column of that name decides, else organic.",
    )

    shape: Annotated[Annotated[str, Tag("name")] | Annotated[Shape, Tag("written")], Discriminator(tag_of)] = Field(
        default="auto",
        description="For the format records: how records look; auto finds it by the keys of each member, else the name of a "
        "carried shape (`algok sources list`), or a shape written out.",
    )
    side: Literal["source", "label", "both"] = Field(
        default="source",
        description="For the format records: which side of sets is read that hold the same text twice.",
    )

    screen: Literal["korean"] | None = Field(
        default=None,
        description="Which pages of web archives are parsed. korean: those that may hold Korean text by their bytes, in any "
        "encoding; the others are ignored as not_korean. Without it: all.",
    )

    base: str = Field(
        default=_COMMON_CRAWL,
        description="For the format cc_index: the folder or fsspec URL below which the index names its files "
        "(s3://commoncrawl/ inside of AWS).",
    )

    ocr: str | None = Field(
        default=None,
        description="Texts that an OCR found on pages of PDFs: a .parquet or .jsonl file with file, page and text, and offset "
        "where a file holds many documents.",
    )

    @field_validator("ocr")
    @classmethod
    def _some_results(cls, ocr: str | None) -> str | None:
        if ocr is not None and not ocr.endswith((".parquet", ".jsonl")):
            raise ValueError("results of an OCR are one .parquet or .jsonl file")
        if ocr is not None and (problem := problem_of(ocr)):
            raise ValueError(problem)
        return ocr

    @field_validator("base")
    @classmethod
    def _some_base(cls, base: str) -> str:
        if not base:
            raise ValueError("names no folder; leave the key out for Common Crawl's own server")
        if problem := problem_of(base):
            raise ValueError(problem)
        return base

    @field_validator("path")
    @classmethod
    def _some_path(cls, path: str | list[str]) -> str | list[str]:
        if not path or any(not item for item in ([path] if isinstance(path, str) else path)):
            raise ValueError("names no file")
        for item in [path] if isinstance(path, str) else path:
            if problem := problem_of(item):
                raise ValueError(problem)
        return path

    @field_validator("format")
    @classmethod
    def _known_format(cls, format: str) -> str:
        known = ["auto", *known_formats()]
        if format not in known and not PLACE.fullmatch(format):
            raise ValueError(f"unknown format '{format}'{nearest(format, known)}")
        return format

    @field_validator("columns")
    @classmethod
    def _known_fields(cls, columns: dict[str, str]) -> dict[str, str]:
        for key, value in columns.items():
            if key not in MAPPABLE:
                near = difflib.get_close_matches(key, MAPPABLE, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; one of {', '.join(MAPPABLE)}"
                raise ValueError(f"{key} is not a field of a document{hint}")
            if not value:
                raise ValueError(f"{key} is mapped to an empty name")
        return columns

    @field_validator("shape")
    @classmethod
    def _known_shape(cls, shape: str | Shape) -> str | Shape:
        if isinstance(shape, str) and shape != "auto":
            from algok.pipelines.sources.carried import shape_named  # which reads all shapes: only where one is named

            shape_named(shape)
        return shape

    @model_validator(mode="after")
    def _keys_of_formats(self) -> "InputSpec":
        if self.format not in ("auto", "records") and (self.shape != "auto" or self.side != "source"):
            raise ValueError(f"shape and side are of the format records, this is {self.format}")
        if self.screen and self.format not in _SCREENED and ":" not in self.format:
            raise ValueError(f"screen is of web archives ({', '.join(_SCREENED[1:])}), this is {self.format}")
        if self.base != _COMMON_CRAWL and self.format != "cc_index" and ":" not in self.format:
            raise ValueError(f"base is of the format cc_index, this is {self.format}")
        if self.format == "records" and (self.columns or self.html != "auto"):
            raise ValueError(
                "the format records takes its texts by a shape; write one under shape instead of columns or html"
            )
        return self

    @property
    def paths(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else self.path
