"""Reading a recipe's YAML so that every later error can name its file, line and key."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from algok.errors import RecipeError
from algok.filters.personal.coarse import printable
from algok.pipelines.credentials import without_credentials
from algok.pipelines.plugins import nearest

KeyPath = tuple[str | int, ...]
CARRIED = Path(__file__).resolve().parent / "recipes"

# No recipe comes near these; a text that does was made to keep its reader busy.
_MOST_BYTES = 1 << 20
_MOST_LEVELS = 64
_MOST_VALUES, _MOST_CHARACTERS = 100_000, 4 << 20  # once every alias is replaced by what it stands for
_MOST_BASES = 32
_INTEGERS = range(-(2**63), 2**63)  # what a digest over the recipe can hold
_PREFIX = "tag:yaml.org,2002:"
_SCALARS = {_PREFIX + name for name in ("str", "int", "float", "bool", "null", "timestamp")}


@dataclass
class RecipeText:
    """A recipe as plain data, and for every key where it was written (`file:line`, or the command-line option)."""

    data: dict[str, Any]
    places: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """Where a key, or the nearest written one above it, stands."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return "recipe"


def carried_recipes() -> list[str]:
    """Names of the recipes that algok carries."""
    return sorted(path.stem for path in CARRIED.glob("*.yaml"))


def read_source(recipe: str, _above: tuple[str, ...] = ()) -> RecipeText:
    """A recipe by path or carried name, with what it `extends` merged below it. Raises RecipeError."""
    if "\0" in recipe:
        raise RecipeError(f"no recipe at '{printable(recipe)}'")
    path = Path(recipe)
    if path.suffix not in {".yaml", ".yml"} and not os.path.exists(path) and recipe in carried_recipes():
        path = CARRIED / f"{recipe}.yaml"
    place = str(path.resolve())
    if place in _above:
        raise RecipeError(f"{path}: 'extends' goes round in a circle: {' -> '.join([*_above, place])}")
    if len(_above) == _MOST_BASES:
        raise RecipeError(f"{path}: more than {_MOST_BASES} recipes extend each other")
    source = _parse(path, recipe)
    base = source.data.pop("extends", None)
    if base is None:
        return source
    if not isinstance(base, str):
        raise RecipeError(f"{source.place(('extends',))}: extends: expected a recipe's path or name")
    if os.path.exists(path.parent / base):
        base = str(path.parent / base)
    return _merge(read_source(base, (*_above, place)), source)


def override(source: RecipeText, assignments: list[str]) -> RecipeText:
    """Applies `key.key=value` options, the values read as YAML. Raises RecipeError for a malformed one."""
    for assignment in assignments:
        shown = without_credentials(assignment)
        key, equals, text = assignment.partition("=")
        if not equals or not all(key.split(".")):
            raise RecipeError(f"--set {shown}: expected key.key=value, such as steps.heuristics.hangul_ratio.min=0.4")
        value = _parse_text(text, "", {}, f"--set {shown}: the value")
        _assign(source, key.split("."), value, f"--set {shown}")
    return source


def _assign(source: RecipeText, keys: list[str], value: Any, place: str) -> None:
    target: Any = source.data
    at: Any
    path: KeyPath = ()
    for depth, key in enumerate(keys):
        at = _index(target, key, place) if isinstance(target, list) else key
        path = (*path, at)
        if depth == len(keys) - 1:
            target[at] = value
            source.places[path] = place
            return
        inner = target[at] if isinstance(target, list) else target.get(at)
        if not isinstance(inner, dict | list):
            inner = target[at] = {}
            source.places[path] = place
        target = inner


def _index(target: list, key: str, place: str) -> int:
    if not key.isdecimal() or int(key) >= len(target):
        raise RecipeError(f"{place}: '{key}' is not one of the list's positions 0 to {len(target) - 1}")
    return int(key)


def _parse(path: Path, recipe: str) -> RecipeText:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise RecipeError(f"no recipe at '{recipe}'{nearest(recipe, carried_recipes())}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise RecipeError(f"{path.name}:{line}: not UTF-8 text: {error.reason}") from None
    except (OSError, ValueError) as error:
        raise RecipeError(f"{recipe}: cannot be read: {error}") from None
    return parse_source(text, path.name)


def parse_source(text: str, file: str) -> RecipeText:
    """A recipe's text; `file` is named in errors. Raises RecipeError."""
    source = RecipeText({})
    data = _parse_text(text, file, source.places)
    if data is None:
        return source
    if not isinstance(data, dict):
        raise RecipeError(f"{file}:1: expected a mapping of keys such as 'inputs' and 'steps'")
    source.data = data
    return source


class _Loader(yaml.SafeLoader):
    """Stops at a text that is nested too deep, before Python does."""

    level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.level == _MOST_LEVELS:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {_MOST_LEVELS} levels", problem_mark=mark)
        self.level += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.level -= 1


def _parse_text(text: str, file: str, places: dict[KeyPath, str], what: str | None = None) -> Any:
    """Plain data of YAML text. Errors name file and line, or begin with `what` where the text is no file."""
    if len(text) > _MOST_BYTES:
        raise RecipeError(f"{what or file}: larger than {_MOST_BYTES:,} bytes; name many inputs by a glob or folder")
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else _Construction(loader, file, places, what).value(node, ())
    except yaml.YAMLError as error:
        raise RecipeError(f"{what or _place(error, text, file)}: not valid YAML: {_problem(error)}") from None
    finally:
        if loader is not None:
            loader.dispose()


class _Construction:
    """Plain data of YAML nodes, noting lines. Only what a recipe can hold: mappings, lists and plain values; a key given
    twice is an error (YAML itself takes the last, silently), and so is an alias that stands for what it stands in."""

    def __init__(self, loader: yaml.SafeLoader, file: str, places: dict[KeyPath, str], what: str | None):
        self._loader, self._file, self._places, self._what = loader, file, places, what
        self._open: set[int] = set()  # nodes around the present one
        self._values = self._characters = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._places.setdefault(path, self._place(node))
        self._count(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        collection = "seq" if isinstance(node, yaml.SequenceNode) else "map"
        if node.tag != _PREFIX + collection:
            self._refuse(node, f"the tag {_shown(node.tag)} has no meaning in a recipe")
        if id(node) in self._open:
            self._refuse(node, "an alias stands for what it stands in")
        self._open.add(id(node))
        result = self._list(node, path) if collection == "seq" else self._mapping(node, path)
        self._open.remove(id(node))
        return result

    def _list(self, node: yaml.Node, path: KeyPath) -> list:
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.Node, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in result:
                self._refuse(key_node, f"{'.'.join(map(str, (*path, key)))}: given twice")
            self._places[(*path, key)] = self._place(key_node)
            result[key] = self.value(value_node, (*path, key))
        return result

    def _key(self, node: yaml.Node) -> str:
        if node.tag == _PREFIX + "merge":
            self._refuse(node, "'<<' is not taken in recipes; repeat the keys, or give an alias to a whole mapping")
        if not isinstance(node, yaml.ScalarNode):
            self._refuse(node, "a key must be a word, not a list or mapping")
        return str(self._scalar(node))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag not in _SCALARS:
            self._refuse(node, f"the tag {_shown(node.tag)} has no meaning in a recipe")
        try:
            value = self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError):
            kind = node.tag.removeprefix(_PREFIX)
            self._refuse(node, f"'{_shown(node.value)}' is no {kind}; put it in quotation marks if it is text")
        if isinstance(value, int) and value not in _INTEGERS:
            self._refuse(node, "a number of more than 64 bits")
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            self._refuse(node, "half a character (a surrogate) stands in the text")
        return value

    def _count(self, node: yaml.Node, path: KeyPath) -> None:
        self._values += 1
        self._characters += len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        if self._values > _MOST_VALUES or self._characters > _MOST_CHARACTERS:
            place = self._what or self._places[path[:1]]  # the values of all aliases stand on one line
            raise RecipeError(
                f"{place}: more than {_MOST_VALUES:,} values or {_MOST_CHARACTERS:,} characters, aliases included"
            )

    def _place(self, node: yaml.Node) -> str:
        return f"{self._file}:{node.start_mark.line + 1}"

    def _refuse(self, node: yaml.Node, why: str) -> NoReturn:
        raise RecipeError(f"{self._what or self._place(node)}: {why}")


def _place(error: yaml.YAMLError, text: str, file: str) -> str:
    """File and line of an error of the YAML parser."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"{file}:{mark.line + 1}"
    position = getattr(error, "position", None)
    return f"{file}:{text.count(chr(10), 0, position) + 1}" if isinstance(position, int) else file


def _shown(text: str) -> str:
    return printable(text[:60])


def _merge(base: RecipeText, above: RecipeText) -> RecipeText:
    """`above` laid over `base`: mappings key by key, everything else replaced. A step list keeps the base's order."""
    return RecipeText(_merge_data(base.data, above.data), {**base.places, **above.places})


def _merge_data(base: Any, above: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(above, dict)):
        return above
    merged = dict(base)
    for key, value in above.items():
        merged[key] = _merge_data(base[key], value) if key in base else value
    return merged


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
