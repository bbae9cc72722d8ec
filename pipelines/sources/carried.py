"""The shapes that algok carries, read from `*.yaml` beside this file, and which of them fits what stands in a member."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from algok.errors import RecipeError
from algok.pipelines.plugins import nearest
from algok.pipelines.recipe_source import RecipeText, parse_source
from algok.pipelines.sources.compose import Composer
from algok.pipelines.sources.path import VALUES, Key, alternatives, leads
from algok.pipelines.sources.shape import Shape
from algok.pipelines.validation import checked

_FOLDER = Path(__file__).parent
# Of which roots shapes are remembered, since members of one set have the same few keys: how many keys, characters in them, roots.
_FEW_KEYS, _SHORT_KEYS, _KNOWN = 32, 1024, 1024
OWN = "own"  # what a shape is called that a recipe writes out itself


@dataclass
class Named:
    """A shape under its name, ready for records."""

    name: str
    shape: Shape
    composer: Composer
    keys: tuple[tuple[tuple, ...], ...]  # steps of the paths that must lead somewhere: of each its alternatives

    @classmethod
    def of(cls, name: str, shape: Shape) -> "Named":
        return cls(
            name,
            shape,
            Composer(shape),
            tuple(tuple(way.steps for way in alternatives(path)) for path in shape.match.keys),
        )

    @cached_property
    def score(self) -> tuple[int, int]:
        """How much it asks for: the shape that asks for most is the one meant."""
        return len(self.keys), sum(len(ways[0]) for ways in self.keys)

    def fits(self, root: Any, member: str) -> bool:
        """Whether a root holds its keys, in a member whose path fits."""
        globs = self.shape.match.members
        if globs and not any(fnmatchcase(member.lower(), glob.lower()) for glob in globs):
            return False
        return all(any(leads(steps, root) for steps in ways) for ways in self.keys)


class Shapes:
    """Shapes of which the one is found that fits; looked up by a key that it asks for, since there are many of each."""

    def __init__(self, named: Iterable[Named]):
        self._by_key: dict[tuple[str, str], list[Named]] = {}
        self._any: dict[str, list[Named]] = {}
        self._known: dict[tuple, list[Named]] = {}
        for one in sorted(
            named, key=lambda one: one.score, reverse=True
        ):  # stable: the order of the files among equals
            firsts = {_first_key(steps) for ways in one.keys[:1] for steps in ways} or {None}
            for first in sorted(firsts, key=str):
                if first is None:
                    self._any.setdefault(one.shape.kind, []).append(one)
                else:
                    self._by_key.setdefault((one.shape.kind, first), []).append(one)

    def fitting(self, kind: str, root: Any, member: str = "") -> Named | None:
        """The shape that fits a root of a kind (json, table, xml); of several the one that asks for most."""
        inner = root
        while isinstance(inner, list):
            inner = inner[0] if inner else None
        keys = (kind, *inner) if isinstance(inner, dict) and len(inner) <= _FEW_KEYS else None
        candidates = self._known.get(keys) if keys else None
        if candidates is None:
            candidates = self._candidates(kind, inner if isinstance(inner, dict) else ())
            if keys and len(self._known) < _KNOWN and sum(map(len, keys)) <= _SHORT_KEYS:
                self._known[keys] = candidates
        for one in candidates:
            if one.fits(root, member):
                return one
        return None

    def _candidates(self, kind: str, keys: Iterable[str]) -> list[Named]:
        """The shapes that one of the root's keys speaks for, the one that asks for most first."""
        lists = [found for key in keys if (found := self._by_key.get((kind, key)))]
        if kind in self._any:
            lists.append(self._any[kind])
        return sorted(chain(*lists), key=lambda one: one.score, reverse=True)


def _first_key(steps: tuple) -> str | None:
    """The key of the root that a path goes by; None where it goes by any."""
    if VALUES in steps and type(steps[steps.index(VALUES)]) is not Key:
        return None
    return next((str(step) for step in steps if type(step) is Key), None)


@cache
def carried_shapes() -> dict[str, Shape]:
    """The shapes that algok carries, by name."""
    found: dict[str, Shape] = {}
    for path in sorted(_FOLDER.glob("*.yaml")):
        source = parse_source(path.read_text(encoding="utf-8"), path.name)
        for name, shape in _shapes_in(source).items():
            if name in found:
                raise RecipeError(f"{source.place((name,))}: {name}: a shape of that name stands in another file too")
            found[name] = shape
    return found


def _shapes_in(source: RecipeText) -> dict[str, Shape]:
    problems: list[str] = []
    found = {name: checked(Shape, data, (name,), source, problems) for name, data in source.data.items()}
    if problems:
        raise RecipeError("\n".join(problems))
    return found


def shape_named(name: str) -> Shape:
    """A carried shape. Raises ValueError for an unknown name, with the nearest one."""
    known = carried_shapes()
    if name not in known:
        raise ValueError(f"no shape '{name}'{nearest(name, known)}; algok sources list shows all")
    return known[name]


@cache
def all_shapes() -> Shapes:
    """All carried shapes, to find the one that fits."""
    return Shapes(Named.of(name, shape) for name, shape in carried_shapes().items())


def shapes_of(shape: str | Shape) -> Shapes:
    """What an input's `shape` allows: all carried ones (auto), one of them, or one that the recipe writes out."""
    if isinstance(shape, Shape):
        return Shapes([Named.of(OWN, shape)])
    return all_shapes() if shape == "auto" else Shapes([Named.of(shape, shape_named(shape))])
