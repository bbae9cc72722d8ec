"""Plug-ins: what installed packages offer under an entry-point group, and loading a class by `module:Class`."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, packages_distributions, version
from typing import Any

from algok.errors import RecipeError

PLACE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")  # module:Class
NAME = re.compile(r"[a-z][a-z0-9_]*")


def origin(cls: type) -> str | None:
    """Distribution and version that a foreign class comes from, as run.json names them (`algok-example 1.2.0`); None for
    ours. A module of no distribution has no version."""
    package = cls.__module__.partition(".")[0]
    if package == "algok":
        return None
    distributions = packages_distributions().get(package, [])
    return f"{distributions[0]} {version(distributions[0])}" if distributions else package


@cache
def offered(group: str) -> dict[str, EntryPoint]:
    """What installed packages offer under a group, by name."""
    return {point.name: point for point in entry_points(group=group)}


def load(place: str) -> Any:
    """The object at `module:attribute`. Raises RecipeError that says which of the two is missing."""
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        lacking = "the plug-in itself" if module.startswith(str(error.name)) else "something that it needs"
        raise RecipeError(
            f"'{place}': no module '{error.name}', which is {lacking}; install it where algok runs, on every worker"
        ) from None
    except AttributeError:
        raise RecipeError(f"'{place}': module '{module}' has no '{attribute}'") from None


def nearest(word: object, known: Iterable[object]) -> str:
    """“; did you mean 'x'?” or the list of what is known, to end an error message with."""
    names = [str(name) for name in known]
    close = get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""
