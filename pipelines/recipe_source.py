"""Reading a recipe's YAML so that every later error can name its file, line and key."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from algok.errors import RecipeError
from algok.pipelines.credentials import without_credentials
from algok.pipelines.plugins import nearest

KeyPath = tuple[str | int, ...]
CARRIED = Path(__file__).resolve().parent / "recipes"


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
    path = Path(recipe)
    if path.suffix not in {".yaml", ".yml"} and not path.exists() and recipe in carried_recipes():
        path = CARRIED / f"{recipe}.yaml"
    if str(path) in _above:
        raise RecipeError(f"{path}: 'extends' goes round in a circle: {' -> '.join([*_above, str(path)])}")
    source = _parse(path, recipe)
    base = source.data.pop("extends", None)
    if base is None:
        return source
    if not isinstance(base, str):
        raise RecipeError(f"{source.place(('extends',))}: extends: expected a recipe's path or name")
    if (path.parent / base).exists():
        base = str(path.parent / base)
    return _merge(read_source(base, (*_above, str(path))), source)


def override(source: RecipeText, assignments: list[str]) -> RecipeText:
    """Applies `key.key=value` options, the values read as YAML. Raises RecipeError for a malformed one."""
    for assignment in assignments:
        shown = without_credentials(assignment)
        key, equals, text = assignment.partition("=")
        if not equals or not all(key.split(".")):
            raise RecipeError(f"--set {shown}: expected key.key=value, such as steps.heuristics.hangul_ratio.min=0.4")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise RecipeError(f"--set {shown}: the value is not YAML: {_problem(error)}") from None
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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(f"no recipe at '{recipe}'{nearest(recipe, carried_recipes())}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{recipe}: cannot be read: {error}") from None
    return parse_source(text, path.name)


def parse_source(text: str, file: str) -> RecipeText:
    """A recipe's text; `file` is named in errors. Raises RecipeError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise RecipeError(f"{file}{line}: not valid YAML: {_problem(error)}") from None
    source = RecipeText({})
    data = {} if node is None else _construct(node, file, (), source.places)
    if not isinstance(data, dict):
        raise RecipeError(f"{file}:1: expected a mapping of keys such as 'inputs' and 'steps'")
    source.data = data
    return source


def _construct(node: yaml.Node, file: str, path: KeyPath, places: dict[KeyPath, str]) -> Any:
    """Plain data of a YAML node, noting lines; a key given twice is an error (YAML itself takes the last, silently)."""
    places.setdefault(path, f"{file}:{node.start_mark.line + 1}")
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, file, (*path, index), places) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(_scalar(key_node))
        line = f"{file}:{key_node.start_mark.line + 1}"
        if key in result:
            raise RecipeError(f"{line}: {'.'.join(map(str, (*path, key)))}: given twice")
        places[(*path, key)] = line
        result[key] = _construct(value_node, file, (*path, key), places)
    return result


def _scalar(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()


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
