"""A mix: which corpora, which stages with how many tokens and which shares, and how often a document may be seen.

Everything here is validated before any data is read, as a recipe is; errors name file, line, key and the nearest key.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import orjson
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from algok.errors import RecipeError
from algok.mixing.selector import Selector
from algok.pipelines.labels import Labels
from algok.pipelines.plugins import nearest
from algok.pipelines.recipe_source import RecipeText, override, parse_source, read_source
from algok.pipelines.validation import checked

CLUSTER = "dedup.cluster"  # the column that says which documents are copies of each other
ALLOWED = "allowed"  # the label column of what `max_per_cluster` leaves a document
FREE = "any"  # its label where the cluster does not bind

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMBT]?)")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_BIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LIMIT = re.compile(r"(>=|<=)\s*([\d.]+)|([\d.]+)\s*\.\.\s*([\d.]+)")


def _amount(value: Any) -> Any:
    """`40B` as a number of tokens; what is no amount is left to pydantic."""
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    return round(float(match[1]) * _UNITS[match[2]]) if match else value


def _selector(text: str) -> str:
    Selector.parse(text)
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("expected small letters, digits, - and _; it becomes part of file names")
    return text


def _bin_name(text: str) -> str:
    if not _BIN_NAME.fullmatch(text):
        raise ValueError("expected small letters, digits and _; a selector names it")
    return text


Tokens = Annotated[int, BeforeValidator(_amount), Field(gt=0)]
Where = Annotated[str, AfterValidator(_selector)]
Name = Annotated[str, AfterValidator(_name)]
BinName = Annotated[str, AfterValidator(_bin_name)]
Format = Literal["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Epochs = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Strict):
    """The share of a stage's tokens that a selector may have, both ends included.

    A mix writes 0.2, '>= 0.1', '<= 0.3' or '0.1..0.3'.
    """

    low: float = Field(0, ge=0, le=1)
    high: float = Field(1, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"low": value, "high": value}
        if not isinstance(value, str):
            return value
        match = _LIMIT.fullmatch(value.strip())
        if not match:
            raise ValueError("expected a share such as 0.2, '>= 0.1', '<= 0.3' or '0.1..0.3'")
        if match[1]:
            return {"low": match[2]} if match[1] == ">=" else {"high": match[2]}
        return {"low": match[3], "high": match[4]}

    @model_validator(mode="after")
    def _ordered(self) -> "Limits":
        if self.low > self.high:
            raise ValueError(f"its lower end {self.low:g} is above its upper end {self.high:g}")
        return self

    def __str__(self) -> str:
        if self.low == self.high:
            return f"= {self.low:g}"
        if self.low and self.high < 1:
            return f"{self.low:g}..{self.high:g}"
        return f">= {self.low:g}" if self.low else f"<= {self.high:g}"


class Corpus(_Strict):
    """Documents to mix: the kept ones of a finished `run`, those that another `mix` used, or Parquet of any origin (`path`)."""

    run: str | None = Field(None, description="The directory of a finished run; a path or fsspec URL.")
    mix: str | None = Field(None, description="The directory of a finished mix: the documents that it used.")
    path: str | list[str] | None = Field(None, description="Parquet files: a file, folder, glob or URL, or a list.")
    columns: dict[str, str] = Field(
        {}, description="Column here (id, text, tokens, url, domain.major, …) -> its name in the files."
    )
    labels: dict[str, str] = Field({}, description="Labels that hold for all its documents, by column.")
    counted_by: str | None = Field(
        None, description="The tokenizer file that the column `tokens` was counted with; others are counted again."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "Corpus":
        if [self.run, self.mix, self.path].count(None) != 2:
            raise ValueError("expected one of run, mix and path")
        if self.path is None and (self.columns or self.counted_by):
            raise ValueError("columns and counted_by are for path; those of a run and a mix are known")
        if ("tokens" in self.columns) != (self.counted_by is not None):
            raise ValueError("columns.tokens and counted_by go together")
        return self


class TokenizerOptions(_Strict):
    """The tokenizer of the training: a model folder of algok, or a SentencePiece `.model` or Hugging Face `tokenizer.json`."""

    model: str = "tokenizer"
    file: str | None = None
    end_of_text: str | None = Field(
        None, description="The token that ends every document; without it the one that the tokenizer declares."
    )


class Prior(_Strict):
    """What shares are when nothing forbids it: parts of natural and uniform, or natural shares to the power 1/temperature."""

    over: list[str] = Field([], description="Columns whose groups are made even; within a group shares stay natural.")
    natural: float = Field(0, ge=0)
    uniform: float = Field(0, ge=0)
    temperature: float | None = Field(None, ge=1, allow_inf_nan=False)
    unimax: float | None = Field(None, gt=0, description="Uniform, but no group is passed more often than this.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {value: 1} if value in ("natural", "uniform") else value

    @field_validator("over", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_kind(self) -> "Prior":
        if ((self.natural + self.uniform > 0) + (self.temperature is not None) + (self.unimax is not None)) != 1:
            raise ValueError("expected natural, uniform, parts of both, temperature, or unimax")
        return self


class Bins(_Strict):
    """A label column made from a signal: `quantiles` of equal tokens, lowest first, within groups; or between `edges`."""

    signal: str
    quantiles: int | None = Field(None, ge=2, le=100)
    edges: list[float] | None = Field(None, min_length=1, max_length=100)
    within: list[str] = []
    smooth: bool = Field(
        False,
        description="Quantiles without steps: a document between the middles of two is of either, by chance, and rather of "
        "the nearer one.",
    )

    @field_validator("within", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_kind(self) -> "Bins":
        if (self.quantiles is None) == (self.edges is None):
            raise ValueError("expected either quantiles or edges")
        if self.smooth and self.edges is not None:
            raise ValueError("only quantiles can be smooth")
        if self.edges is not None and (self.edges != sorted(set(self.edges)) or self.within):
            raise ValueError("expected edges that rise, without 'within'")
        return self

    @property
    def count(self) -> int:
        return self.quantiles or len(self.edges or ()) + 1

    def label(self, number: int) -> str:
        """`07` for the eighth of twenty; `0.5..0.8`, `..0.5` or `0.8..` between edges, the lower one included."""
        if self.edges is None:
            return f"{number:02d}"
        low, high = ["", *(f"{edge:g}" for edge in self.edges)], [*(f"{edge:g}" for edge in self.edges), ""]
        return f"{low[number]}..{high[number]}"

    def number(self, label: str) -> int:
        return [self.label(number) for number in range(self.count)].index(label)


class Curve(_Strict):
    """More of the better: within a group, a quantile x of a bin column has the weight y ^ power · e ^ (tilt · y), where
    y = x - throwaway, and none of it is passed more than `max` times in the stage. Dolma 3 draws such curves for OLMo 3."""

    bins: str
    throwaway: float = Field(0.4, ge=0, lt=1)
    power: float = Field(2, ge=0, le=10)
    tilt: float = Field(0, ge=0, le=20)
    max: float = Field(7, gt=0, allow_inf_nan=False)

    def weight(self, number: int, count: int) -> float:
        """The weight of a quantile, taken at its middle."""
        y = (number + 0.5) / count - self.throwaway
        return (y / (1 - self.throwaway)) ** self.power * math.exp(self.tilt * y) if y > 0 else 0.0


class Rehydrate(_Strict):
    """More of the documents that were copied as often as good ones are: a bin of cluster sizes whose documents the steps after
    the deduplication removed less often than all weighs up to `max`, others 1. The rates are those of the mix's own runs."""

    bins: str
    max: float = Field(3, ge=1, allow_inf_nan=False)


class Select(_Strict):
    """Only the best documents: the top share, in tokens, of every group by a signal."""

    signal: str
    top: float = Field(gt=0, le=1)
    within: list[str] = []
    best: Literal["high", "low"] = "high"

    @field_validator("within", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Order(_Strict):
    """A soft order by a signal: 0 is random, 1 is sorted within a cell; cells stay interleaved."""

    signal: str
    strength: float = Field(ge=0, le=1)
    last: Literal["high", "low"] = Field("high", description="Which end of the signal comes last.")


class Replay(_Strict):
    """A share of the stage that is drawn from an earlier stage's mixture."""

    of: str
    share: float = Field(gt=0, lt=1)
    which: Literal["seen", "unseen", "any"] = "seen"
    where: Where | None = None


class Pack(_Strict):
    """Documents in sequences of one length, best-fit decreasing, in every format with tokens."""

    length: int = Field(ge=2, le=1 << 24, description="Tokens of a sequence, as the training reads it.")
    window: Tokens = Field(1 << 24, description="Tokens of the stream that are packed together.")

    @model_validator(mode="after")
    def _wide(self) -> "Pack":
        if self.window < self.length:
            raise ValueError(f"its window of {self.window} tokens is smaller than a sequence")
        return self


class Stage(_Strict):
    """A part of the training with a mixture of its own."""

    name: Name
    tokens: Tokens
    where: Where | None = Field(None, description="Only documents that this selector means.")
    prior: Prior = Prior.model_validate("natural")
    shares: dict[Where, Limits] = Field({}, description="Selector -> share of the tokens that are not replayed.")
    ramp: Literal["linear"] | None = Field(
        None, description="linear: begins with the mixture in which the stage before ends, and ends with its own."
    )
    weights: dict[Where, Weight] = Field({}, description="Selector -> factor on the prior; factors multiply.")
    curve: Curve | None = None
    rehydrate: Rehydrate | None = None
    select: Select | None = None
    order: Order | None = None
    replay: Replay | None = None


_UNDECISIVE = {"name", "description", "labels", "split_bytes", "tokenizer", "decontaminate"}


class Mix(_Strict):
    """A validated mix with every default filled in."""

    name: str = "mix"
    description: str = ""
    labels: Labels = {}
    corpora: Annotated[dict[Name, Corpus], Field(min_length=1)]
    tokenizer: TokenizerOptions = TokenizerOptions.model_validate({})
    decontaminate: str | None = Field(
        None, description="The folder of an index of benchmarks; documents that have any of its items are left out."
    )
    seed: int = Field(0, ge=0, lt=1 << 63)
    cells: list[str] = Field([], description="Further label columns whose parts get even repetition.")
    bins: dict[BinName, Bins] = Field({}, description="Label columns made from signals.")
    max_epochs: dict[str, Epochs] = Field(
        {"default": 4.0}, description="Selector -> passes over all stages and replays; the smallest that holds counts."
    )
    max_per_cluster: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Copies of all documents of a duplicate cluster together, over all stages and replays.",
    )
    stages: Annotated[list[Stage], Field(min_length=1)]
    write: list[Format] = ["parquet"]
    pack: Pack | None = Field(None, description="Without it documents stand one after the other.")
    shards: int = Field(1, ge=1, le=1 << 16, description="Files per stage, a power of two.")
    split_bytes: int = Field(
        64 << 20, ge=1 << 10, description="Input files are worked on in pieces of about this size."
    )

    @field_validator("shards")
    @classmethod
    def _power_of_two(cls, shards: int) -> int:
        if shards & (shards - 1):
            raise ValueError("expected a power of two, so that the shards divide evenly among nodes")
        return shards

    @field_validator("max_epochs")
    @classmethod
    def _rules(cls, rules: dict[str, float]) -> dict[str, float]:
        for key in rules:
            if key != "default":
                Selector.parse(key)
        return {"default": 4.0, **rules}

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides the result. Where corpora lie and how they are cut does not count; the tokenizer
        and the index of benchmarks have digests of their own."""
        decisive = self.model_dump(mode="json", exclude=_UNDECISIVE)
        for corpus in decisive["corpora"].values():
            corpus["run"] = corpus["mix"] = corpus["path"] = corpus["counted_by"] = None
        return hashlib.sha256(orjson.dumps(decisive, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def label_columns(self) -> list[str]:
        """The columns of the corpora whose labels make the cells: every one that the mix names, sorted."""
        return sorted({"corpus", *(column for column, _ in named_columns(self))} - {*self.bins, ALLOWED})

    @property
    def cell_columns(self) -> list[str]:
        """All columns that tell cells apart."""
        return [*self.label_columns, *self.bins, *([ALLOWED] if self.max_per_cluster else [])]

    @property
    def signal_columns(self) -> list[str]:
        stages = [part.signal for stage in self.stages for part in (stage.select, stage.order) if part]
        return sorted({*stages, *(bins.signal for bins in self.bins.values())})

    def stage(self, name: str) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)

    def to_yaml(self) -> str:
        """The mix as YAML that reads back to the same mix, every default written out."""
        return yaml.safe_dump(self.model_dump(mode="json"), allow_unicode=True, sort_keys=False, width=120)


def named_columns(mix: Mix) -> Iterator[tuple[str, tuple]]:
    """Every label column that the mix names, and the path of the key that names it."""
    yield from ((column, ("cells", index)) for index, column in enumerate(mix.cells))
    yield from _of_selectors((key for key in mix.max_epochs if key != "default"), ("max_epochs",))
    for name, bins in mix.bins.items():
        yield from ((column, ("bins", name, "within")) for column in bins.within)
    for index, stage in enumerate(mix.stages):
        at = ("stages", index)
        yield from _of_selectors(stage.weights, (*at, "weights"))
        yield from _of_selectors(stage.shares, (*at, "shares"))
        yield from ((column, (*at, "prior", "over")) for column in stage.prior.over)
        yield from ((column, (*at, "select", "within")) for column in (stage.select.within if stage.select else ()))
        if stage.where:
            yield from ((column, (*at, "where")) for column in Selector.parse(stage.where).columns)
        if stage.replay and stage.replay.where:
            yield from ((column, (*at, "replay", "where")) for column in Selector.parse(stage.replay.where).columns)


def _of_selectors(texts: Iterable[str], above: tuple) -> Iterator[tuple[str, tuple]]:
    for text in texts:
        yield from ((column, (*above, text)) for column in Selector.parse(text).columns)


def load_mix(path: str, overrides: list[str] | None = None) -> tuple[Mix, RecipeText]:
    """The mix in a file with `--set` overrides, and where each key stands. Raises RecipeError."""
    source = override(read_source(path), overrides or [])
    return validate(source), source


def mix_from_text(text: str, file: str = "mix.yaml") -> Mix:
    """The mix in a text; `file` is named in errors. Raises RecipeError."""
    return validate(parse_source(text, file))


def validate(source: RecipeText) -> Mix:
    """Checks plain data against the schema. Raises RecipeError listing every problem found."""
    problems: list[str] = []
    mix = checked(Mix, source.data, (), source, problems)
    if mix is not None:
        problems += _between_stages(mix, source) + _of_bins(mix, source)
        if mix.pack and set(mix.write) == {"parquet"}:
            problems.append(f"{source.place(('pack',))}: pack: texts are not packed; write a format with tokens")
    if mix is None or problems:
        raise RecipeError("\n".join(problems))
    return mix


def _between_stages(mix: Mix, source: RecipeText) -> list[str]:
    problems, earlier = [], []
    for index, stage in enumerate(mix.stages):
        if stage.name in earlier:
            problems.append(
                f"{source.place(('stages', index, 'name'))}: stages.{index}.name: '{stage.name}' is given twice"
            )
        if stage.ramp and not earlier:
            problems.append(
                f"{source.place(('stages', index, 'ramp'))}: stages.{index}.ramp: no stage stands before it"
            )
        if stage.replay and stage.replay.of not in earlier:
            place, near = source.place(("stages", index, "replay", "of")), nearest(stage.replay.of, earlier)
            problems.append(f"{place}: stages.{index}.replay.of: '{stage.replay.of}' is no earlier stage{near}")
        earlier.append(stage.name)
    return problems


def _of_bins(mix: Mix, source: RecipeText) -> list[str]:
    problems = []
    for name, bins in mix.bins.items():
        for column in set(bins.within) & set(mix.bins):
            place = source.place(("bins", name, "within"))
            problems.append(f"{place}: bins.{name}.within: '{column}' is made of a signal itself")
    edges = [name for name, bins in mix.bins.items() if bins.edges is not None]
    quantiles = [name for name, bins in mix.bins.items() if bins.quantiles is not None]
    for index, stage in enumerate(mix.stages):
        if stage.curve and stage.curve.bins not in quantiles:
            place, near = source.place(("stages", index, "curve", "bins")), nearest(stage.curve.bins, quantiles)
            problems.append(
                f"{place}: stages.{index}.curve.bins: '{stage.curve.bins}' names no bins with quantiles{near}"
            )
        if stage.rehydrate and stage.rehydrate.bins not in edges:
            place, near = source.place(("stages", index, "rehydrate", "bins")), nearest(stage.rehydrate.bins, edges)
            problems.append(
                f"{place}: stages.{index}.rehydrate.bins: '{stage.rehydrate.bins}' names no bins with edges{near}"
            )
    if any(stage.rehydrate for stage in mix.stages) and not any(corpus.run for corpus in mix.corpora.values()):
        problems.append(f"{source.place(('corpora',))}: corpora: rehydrate needs a run, whose removal rates it goes by")
    return problems


def json_schema() -> dict:
    """JSON Schema of a mix file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Mix.model_json_schema()}
