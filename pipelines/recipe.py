"""A recipe: what is read, which steps run in which order with which options and bounds, and how results are written.

Everything here is validated before any data is read; an error names file, line, key, what was expected and the nearest
valid name.
"""

import hashlib
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

import orjson
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator

from algok.errors import RecipeError
from algok.pipelines.credentials import problem_of, without_credentials
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.labels import Labels
from algok.pipelines.plugins import nearest
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe_source import KeyPath, RecipeText, override, parse_source, read_source
from algok.pipelines.registry import known_steps, step_class
from algok.pipelines.validation import checked
from algok.step import Bound, CorpusStep, Resources, Step, StepOptions

# Keys of later versions. Where a recipe says nothing of them the result is as before, and so is its digest.
_LATER_KEYS: dict[type[BaseModel], tuple[str, ...]] = {
    InputSpec: ("struck", "notes", "shape", "side", "ocr", "screen", "base"),
    ReadLimits: ("file_bytes", "unpacked_bytes", "pages"),
}
_LINE = re.compile(r"(.+?):(\d+): ")  # how a problem begins that stands in a file


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutputOptions(_Strict):
    """How Parquet is written: zstd level, and the size of a row group in bytes of text (one is held in memory)."""

    zstd_level: int = Field(default=3, ge=1, le=19)
    row_group_bytes: int = Field(default=32 << 20, ge=1 << 16, le=512 << 20)


# What a run leaves of its intermediate files for later runs (`pipelines/remains.py`).
Keepable = Literal["phases", "sketches"]


class RecipeHead(_Strict):
    """A recipe without its steps, whose schema depends on the steps named."""

    name: str = "recipe"
    description: str = ""
    labels: Labels = {}
    format: str = Field(
        "auto", description="Format of the inputs that name none, those of the command line among them."
    )
    inputs: list[InputSpec] = []
    against: list[InputSpec] = Field(
        [], description="Earlier corpora: their documents win over duplicates and are not written."
    )
    against_runs: list[str] = Field(
        [],
        description="Finished runs that kept their sketches: their documents win over duplicates, their lines are counted.",
    )
    output: str | None = Field(None, description="The run directory; a path or fsspec URL.")
    mode: Literal["filter", "annotate"] = Field("filter", description="annotate: compute every signal, drop nothing.")
    limits: ReadLimits = ReadLimits()
    split_bytes: int = Field(
        256 << 20,
        ge=1 << 10,
        description="Files that are larger are cut, or their records spread, into shards of about this size.",
    )
    error_budget: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Largest share of records that may end in quarantine; up to 10 records are always let through.",
    )
    parquet: OutputOptions = OutputOptions()
    keep: list[Keepable] = Field(
        [],
        description="Intermediate files that stay when the run ends: phases for a later 'algok run --reuse', sketches for a "
        "later --against.",
    )

    @field_validator("format")
    @classmethod
    def _known_format(cls, format: str) -> str:
        return InputSpec(path="-", format=format).format

    @field_validator("inputs", "against")
    @classmethod
    def _of_format(cls, inputs: list[InputSpec], info: ValidationInfo) -> list[InputSpec]:
        said = info.data.get("format", "auto")
        given = [spec.model_dump(exclude_unset=True) for spec in inputs]
        return [
            InputSpec(**{**data, "format": said}) if spec.format == "auto" else spec
            for spec, data in zip(inputs, given, strict=True)
        ]


class StepConfig(_Strict):
    """One step of a recipe: its options, its bounds, and the bounds that differ by source."""

    name: str
    options: dict[str, Any]
    bounds: dict[str, Bound]
    by_source: dict[str, dict[str, Bound]]  # source -> signal -> bound
    place: str = ""  # `module:Class` where the recipe names the step so

    def sources_with_own(self, signal: str) -> list[str]:
        """The sources that have a bound of their own on a signal (none at all is one too), in the recipe's order."""
        return [source for source, bounds in self.by_source.items() if signal in bounds]

    @property
    def key(self) -> str:
        """What the recipe calls the step."""
        return self.place or self.name

    @property
    def cls(self) -> type[Step]:
        """The step's class, imported when it is first asked for."""
        return step_class(self.key)

    @property
    def resources(self) -> Resources:
        """What one task of the step takes."""
        return self.cls.Options(**self.options).takes() or self.cls.resources

    def build(self) -> Step:
        return self.cls(self.cls.Options(**self.options))


class Recipe(RecipeHead):
    """A validated recipe with every default filled in."""

    steps: list[StepConfig]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides the result; where it is written and how it is read in do not count."""
        left_out = {"output", "name", "description", "labels", "format", "keep"}  # inputs have the format
        decisive = self.model_dump(mode="json", exclude=left_out)
        for data in (*decisive["inputs"], *decisive["against"]):
            _leave_out_later(InputSpec, data)
        _leave_out_later(ReadLimits, decisive["limits"])
        for step, data in zip(self.steps, decisive["steps"], strict=True):
            fields = step.cls.Options.model_fields
            for key in step.cls.Options.added:
                if data["options"].get(key) == fields[key].default:
                    data["options"].pop(key, None)
        if not self.against_runs:  # as in recipes before there was such a key
            del decisive["against_runs"]
        return hashlib.sha256(orjson.dumps(decisive, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def tokens_column(self) -> str | None:
        """The column with the tokens of a document, where a step counts them."""
        counting = (f"{step.name}.{step.cls.counts_tokens}" for step in self.steps if step.cls.counts_tokens)
        return next(counting, None)

    def to_yaml(self) -> str:
        """The recipe as YAML that reads back to the same recipe, every default written out."""
        data = self.model_dump(mode="json", exclude={"steps", "output"})
        data["steps"] = {
            step.key: {**step.options, **_dump_bounds(step.bounds), **_switched_off(step)} for step in self.steps
        }
        profiles: dict[str, dict[str, Any]] = {}
        for step in self.steps:
            for source, bounds in step.by_source.items():
                profiles.setdefault(source, {})[step.name] = _dump_bounds(bounds)
        data["profiles"] = profiles
        return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)


def _leave_out_later(model: type[BaseModel], data: dict[str, Any]) -> None:
    for key in _LATER_KEYS[model]:
        if data[key] == model.model_fields[key].default:
            del data[key]


def load_recipe(recipe: str, overrides: list[str] | None = None, **replacements: Any) -> Recipe:
    """The recipe at a path or of a carried name, whole keys replaced (None: left alone), then with `--set` overrides."""
    source = read_source(recipe)
    for key, value in replacements.items():
        if value is not None:
            source.data[key] = value
            source.places[(key,)] = f"--{key}"
    return validate(override(source, overrides or []))


def recipe_from_text(text: str, file: str = "recipe.yaml", overrides: list[str] | None = None) -> Recipe:
    """The recipe in a text, with `--set` overrides; `file` is named in errors."""
    return validate(override(parse_source(text, file), overrides or []))


def validate(source: RecipeText) -> Recipe:
    """Checks plain data against the schema. Raises RecipeError listing every problem found."""
    data = dict(source.data)
    steps, profiles = data.pop("steps", None), data.pop("profiles", None) or {}
    problems = list(_credentials(source.data, (), source))
    if problems:
        raise RecipeError("\n".join(problems))
    head = checked(RecipeHead, data, (), source, problems, extra_keys=("steps", "profiles", "extends"))
    configs = _step_configs(steps, profiles, source, problems)
    if not problems:
        problems += _order_problems(configs, head, source)
    if problems:
        raise RecipeError("\n".join(_by_line(problems)))
    return Recipe(**head.model_dump(), steps=configs)


def _credentials(data: Any, path: KeyPath, source: RecipeText) -> Iterator[str]:
    """A recipe is copied into the run directory, so that no text in it may hold a password or key."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _credentials(value, (*path, key), source)
    elif isinstance(data, str) and (problem := problem_of(data)):
        yield f"{without_credentials(source.place(path))}: {'.'.join(map(str, path))}: {problem}"


def _by_line(problems: list[str]) -> list[str]:
    """Problems in the order of the file's lines, file by file; those of command-line options stand behind them."""
    files = list(dict.fromkeys(match[1] for problem in problems if (match := _LINE.match(problem))))

    def place(problem: str) -> tuple[int, int]:
        match = _LINE.match(problem)
        return (files.index(match[1]), int(match[2])) if match else (len(files), 0)

    return sorted(problems, key=place)


def json_schema() -> dict:
    """JSON Schema of a recipe file, for editors: every step with its options and the formula of every signal."""
    steps: dict[str, Any] = {name: (_step_model(step_class(name)) | None, None) for name in known_steps()}
    steps_model = create_model("Steps", __base__=_Strict, **steps)
    bounds: dict[str, Any] = {name: (_bounds_model(step_class(name)) | None, None) for name in known_steps()}
    profile_model = create_model("Profile", __base__=_Strict, **bounds)
    model = create_model(
        "Recipe",
        __base__=RecipeHead,
        extends=(str | None, Field(None, description="A recipe by path or carried name that this one is laid over.")),
        steps=(steps_model, ...),
        profiles=(dict[str, profile_model], {}),  # pyright: ignore[reportInvalidTypeForm] – a class made here
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def _step_configs(steps: Any, profiles: Any, source: RecipeText, problems: list[str]) -> list[StepConfig]:
    if not isinstance(steps, dict) or not steps:
        problems.append(f"{source.place(('steps',))}: steps: expected a mapping of step names to their settings")
        return []
    configs = []
    active = {name for name in steps if ":" not in str(name)}
    for name, settings in steps.items():
        if settings is None:
            continue
        try:
            cls = step_class(name)
        except RecipeError as error:
            problems.append(f"{source.place(('steps', name))}: steps.{name}: {error}")
            continue
        active.add(cls.name)
        config = checked(_step_model(cls), settings, ("steps", name), source, problems)
        by_source = _profile_bounds(cls, profiles, source, problems)
        if any(earlier.name == cls.name for earlier in configs):
            place = source.place(("steps", name))
            problems.append(f"{place}: steps.{name}: a step called '{cls.name}' stands before it; it can run once")
        elif config is not None:
            configs.append(_step_config(name, cls, config, by_source))
    _check_profiles(profiles, active, source, problems)  # those switched off included: their bounds only rest
    return configs


def _step_config(key: str, cls: type[Step], config: BaseModel, by_source: dict[str, dict[str, Bound]]) -> StepConfig:
    options = config.model_dump(mode="json", include=set(cls.Options.model_fields))
    bounds = {s.name: bound for s in cls.signals if (bound := getattr(config, s.name, None)) is not None}
    place = key if ":" in key else ""
    return StepConfig(name=cls.name, options=options, bounds=bounds, by_source=by_source, place=place)


def _profile_bounds(
    cls: type[Step], profiles: Any, source: RecipeText, problems: list[str]
) -> dict[str, dict[str, Bound]]:
    if not isinstance(profiles, dict):
        return {}
    result = {}
    for label, steps in profiles.items():
        if isinstance(steps, dict) and cls.name in steps:
            path = ("profiles", label, cls.name)
            config = checked(_bounds_model(cls), steps[cls.name] or {}, path, source, problems)
            if config is not None:
                result[label] = {key: getattr(config, key) or Bound() for key in sorted(config.model_fields_set)}
    return result


def _check_profiles(profiles: Any, active: set[str], source: RecipeText, problems: list[str]) -> None:
    if not isinstance(profiles, dict):
        problems.append(f"{source.place(('profiles',))}: profiles: expected a mapping of source labels to bounds")
        return
    for label, steps in profiles.items():
        if steps is None:
            continue
        if not isinstance(steps, dict):
            problems.append(
                f"{source.place(('profiles', label))}: profiles.{label}: expected a mapping of steps to bounds"
            )
            continue
        for name in steps:
            if name not in active:
                where = source.place(("profiles", label, name))
                problems.append(f"{where}: profiles.{label}.{name}: not a step of this recipe{nearest(name, active)}")


def _order_problems(configs: list[StepConfig], head: RecipeHead, source: RecipeText) -> list[str]:
    """What each step requires must be a document column or assigned by an earlier step."""
    problems, known = [], set(DOCUMENT_SCHEMA.names)
    for config in configs:
        cls = config.cls
        for column in sorted(cls.requires - known):
            giver = column.partition(".")[0]
            hint = f"; put step '{giver}' before it" if giver in known_steps() else ""
            place = source.place(("steps", config.name))
            problems.append(f"{place}: steps.{config.name}: requires '{column}', which nothing before it assigns{hint}")
        known |= {f"{config.name}.{signal.name}" for signal in cls.signals}
    corpus_steps = [config.cls for config in configs if issubclass(config.cls, CorpusStep)]
    if head.against and not (corpus_steps and corpus_steps[0].compares_with_earlier):
        able = ", ".join(f"'{name}'" for name in known_steps() if step_class(name).compares_with_earlier)
        place = source.place(("against",))
        problems.append(f"{place}: against: needs step {able} before any other step that sees the whole corpus")
    if head.against_runs and not (corpus_steps and all(cls.remembers for cls in corpus_steps)):
        unable = ", ".join(f"'{cls.name}'" for cls in corpus_steps if not cls.remembers)
        place = source.place(("against_runs",))
        why = f"step {unable} cannot be compared with a run" if unable else "no step here sees the whole corpus"
        problems.append(f"{place}: against_runs: {why}")
    return problems


@cache
def _step_model(cls: type[Step]) -> type[BaseModel]:
    """A step's settings as a recipe writes them: its options and a bound per signal, side by side."""
    return create_model(
        f"{cls.__name__}Settings", __base__=cls.Options, __doc__=cls.__doc__, **_bound_fields(cls, True)
    )


@cache
def _bounds_model(cls: type[Step]) -> type[BaseModel]:
    """A profile's settings for a step: bounds only."""
    return create_model(f"{cls.__name__}Bounds", __base__=StepOptions, **_bound_fields(cls, False))


def _bound_fields(cls: type[Step], defaults: bool) -> dict[str, Any]:
    """A field per signal that can be compared with a number; labels and opaque values cannot."""
    return {
        signal.name: (
            Annotated[Bound | None, AfterValidator(_finite)],
            Field(cls.default_bounds.get(signal.name) if defaults else None, description=signal.doc),
        )
        for signal in cls.signals
        if signal.unit not in ("opaque", "label")
    }


def _finite(bound: Bound | None) -> Bound | None:
    if bound and not all(math.isfinite(limit) for limit in (bound.min, bound.max) if limit is not None):
        raise ValueError("expected finite numbers; leave a side out where there is no limit")
    return bound


def _switched_off(config: StepConfig) -> dict[str, None]:
    """Default bounds that the recipe takes away; unsaid, they would come back."""
    return {name: None for name in config.cls.default_bounds if name not in config.bounds}


def _dump_bounds(bounds: dict[str, Bound]) -> dict[str, dict]:
    return {name: bound.model_dump(exclude_none=True) for name, bound in bounds.items()}
