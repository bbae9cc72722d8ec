"""The steps that a recipe can name: ours, those of installed packages, and any class by `module:Class`.

A package offers steps as entry points of the group `algok.steps` (docs/plugins.md). A step's class is imported only when
a recipe names it.
"""

from functools import cache

from algok.errors import RecipeError
from algok.pipelines.plugins import NAME, PLACE, load, nearest, offered
from algok.step import CorpusStep, EditStep, Signal, SignalStep, Step

GROUP = "algok.steps"

# Step name -> where its class lives.
STEPS = {
    "dedup": "algok.filters.dedup:Dedup",
    "heuristics": "algok.filters.heuristics:Heuristics",
    "repair": "algok.filters.repair.step:Repair",
    "trim": "algok.filters.trim.step:Trim",
    "perplexity": "algok.filters.perplexity:Perplexity",
    "quality": "algok.filters.quality:Quality",
    "toxicity": "algok.filters.toxicity:Toxicity",
    "lines": "algok.filters.line_dedup:LineDedup",
    "spans": "algok.filters.spans:Spans",
    "pii": "algok.filters.pii:Pii",
    "language": "algok.taxonomy.language:Language",
    "source": "algok.taxonomy.source:Source",
    "domain": "algok.taxonomy.domain:Domain",
    "style": "algok.taxonomy.style:Style",
    "tokens": "algok.filters.tokens:Tokens",
    "decontaminate": "algok.filters.decontaminate:Decontaminate",
    "fineweb2": "algok.filters.fineweb2:FineWeb2",
}


def known_steps() -> list[str]:
    """The names of our steps and of those that installed packages offer."""
    return [*STEPS, *sorted(set(offered(GROUP)) - set(STEPS))]


@cache
def step_class(key: str) -> type[Step]:
    """The class of a step by its name, or by `module:Class`.

    Raises RecipeError with the nearest name for an unknown one, and for a class that is no sound step.
    """
    if key in STEPS:
        return load(STEPS[key])
    if key in offered(GROUP):
        return _checked(key, load(offered(GROUP)[key].value))
    if PLACE.fullmatch(key):
        cls = _checked(key, load(key))
        if cls.name in known_steps() and step_class(cls.name) is not cls:
            raise RecipeError(f"'{key}': its name '{cls.name}' is that of another step; give the class another name")
        return cls
    raise RecipeError(f"unknown step '{key}'{nearest(key, known_steps())}")


def problems_of(cls: object) -> list[str]:
    """What keeps a class from being a step, in sentences; nothing where it can run."""
    if not (isinstance(cls, type) and issubclass(cls, SignalStep | EditStep | CorpusStep)):
        return ["is not a subclass of SignalStep, EditStep or CorpusStep of algok.step"]
    name, signals = getattr(cls, "name", None), getattr(cls, "signals", None)
    if not (isinstance(name, str) and NAME.fullmatch(name)):
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


def _checked(key: str, cls: type[Step]) -> type[Step]:
    problems = problems_of(cls)
    if not problems and ":" not in key and cls.name != key:
        problems = [f"its entry point is called '{key}', its name is '{cls.name}'; they must be the same"]
    if problems:
        raise RecipeError(f"step '{key}': {'; '.join(problems)}")
    return cls
