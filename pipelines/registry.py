"""The steps that a recipe can name: ours, those of installed packages, and any class by `module:Class`.

A package offers steps as entry points of the group `algok.steps` (docs/plugins.md). A step's class is imported only when
a recipe names it.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, packages_distributions, version

from algok.errors import RecipeError
from algok.step import CorpusStep, EditStep, Signal, SignalStep, Step

GROUP = "algok.steps"

# Step name -> where its class lives.
STEPS = {
    "dedup": "algok.filters.dedup:Dedup",
    "heuristics": "algok.filters.heuristics:Heuristics",
    "repair": "algok.filters.repair.step:Repair",
    "perplexity": "algok.filters.perplexity:Perplexity",
    "quality": "algok.filters.quality:Quality",
    "toxicity": "algok.filters.toxicity:Toxicity",
    "lines": "algok.filters.line_dedup:LineDedup",
    "pii": "algok.filters.pii:Pii",
    "language": "algok.taxonomy.language:Language",
    "source": "algok.taxonomy.source:Source",
    "domain": "algok.taxonomy.domain:Domain",
    "style": "algok.taxonomy.style:Style",
    "tokens": "algok.filters.tokens:Tokens",
    "fineweb2": "algok.filters.fineweb2:FineWeb2",
}

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Origin:
    """The distribution that a foreign step comes from; stands in run.json."""

    distribution: str
    version: str


def known_steps() -> list[str]:
    """The names of our steps and of those that installed packages offer."""
    return [*STEPS, *sorted(set(_offered()) - set(STEPS))]


@cache
def step_class(key: str) -> type[Step]:
    """The class of a step by its name, or by `module:Class`.

    Raises RecipeError with the nearest name for an unknown one, and for a class that is no sound step.
    """
    if key in STEPS:
        return _load(STEPS[key])
    if key in _offered():
        return _checked(key, _load(_offered()[key].value))
    if _PLACE.fullmatch(key):
        cls = _checked(key, _load(key))
        if cls.name in known_steps() and step_class(cls.name) is not cls:
            raise RecipeError(f"'{key}': its name '{cls.name}' is that of another step; give the class another name")
        return cls
    raise RecipeError(f"unknown step '{key}'{nearest(key, known_steps())}")


def origin(cls: type[Step]) -> Origin | None:
    """Where a foreign step comes from; None for ours. A module of no distribution has the version `unversioned`."""
    package = cls.__module__.partition(".")[0]
    if package == "algok":
        return None
    distributions = packages_distributions().get(package, [])
    return Origin(distributions[0], version(distributions[0])) if distributions else Origin(package, "unversioned")


def problems_of(cls: object) -> list[str]:
    """What keeps a class from being a step, in sentences; nothing where it can run."""
    if not (isinstance(cls, type) and issubclass(cls, SignalStep | EditStep | CorpusStep)):
        return ["is not a subclass of SignalStep, EditStep or CorpusStep of algok.step"]
    name, signals = getattr(cls, "name", None), getattr(cls, "signals", None)
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        return [f"its name {name!r} is not a word of a–z, 0–9 and _ that begins with a letter"]
    if not (isinstance(signals, tuple) and all(isinstance(signal, Signal) for signal in signals)):
        return ["its signals are not a tuple of algok.step.Signal"]
    names = [signal.name for signal in signals]
    problems = [f"it lacks {method}()" for method in sorted(getattr(cls, "__abstractmethods__", ()))]
    problems += [f"two signals are called '{signal}'" for signal in sorted({n for n in names if names.count(n) > 1})]
    both = sorted(set(names) & set(cls.Options.model_fields))
    problems += [
        f"an option and a signal are both called '{word}'; a recipe could not tell them apart" for word in both
    ]
    problems += [f"default_bounds names no signal: '{word}'" for word in sorted(set(cls.default_bounds) - set(names))]
    return problems


def nearest(word: str, known) -> str:
    """“; did you mean 'x'?” or the list of what is known, to end an error message with."""
    known = [str(name) for name in known]
    close = get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""


@cache
def _offered() -> dict[str, EntryPoint]:
    """Steps of installed packages by name. One that bears the name of ours is not reachable by it."""
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(place: str) -> type[Step]:
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        lacking = "the step itself" if module.startswith(str(error.name)) else "something that the step needs"
        raise RecipeError(
            f"'{place}': no module '{error.name}', which is {lacking}; install it where algok runs, on every worker"
        ) from None
    except AttributeError:
        raise RecipeError(f"'{place}': module '{module}' has no '{attribute}'") from None


def _checked(key: str, cls: type[Step]) -> type[Step]:
    problems = problems_of(cls)
    if not problems and ":" not in key and cls.name != key:
        problems = [f"its entry point is called '{key}', its name is '{cls.name}'; they must be the same"]
    if problems:
        raise RecipeError(f"step '{key}': {'; '.join(problems)}")
    return cls
