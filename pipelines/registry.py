"""The steps that a recipe can name."""

from difflib import get_close_matches
from functools import cache
from importlib import import_module

from algok.errors import RecipeError
from algok.step import Step

# Step name -> where its class lives; imported only when a recipe names it.
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


@cache
def step_class(name: str) -> type[Step]:
    """The class of a step. Raises RecipeError with the nearest name for an unknown one."""
    if name not in STEPS:
        raise RecipeError(f"unknown step '{name}'{nearest(name, STEPS)}")
    module, _, attribute = STEPS[name].partition(":")
    return getattr(import_module(module), attribute)


def nearest(word: str, known) -> str:
    """“; did you mean 'x'?” or the list of what is known, to end an error message with."""
    known = [str(name) for name in known]
    close = get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""
