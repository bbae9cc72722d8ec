"""Rules of the source that no linter has."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("algok", "pipelines", "filters", "classifiers", "taxonomy", "evaluation", "tools", "bench")
FILES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if not any(part.startswith(".") for part in path.parts)
)


def _bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _assigned(tree: ast.Module) -> Counter:
    """How often each name is bound at the top level of a module (not inside `if` or `try`, where one of two holds)."""
    names: Counter[str] = Counter()
    for node in tree.body:
        targets = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            overloads = {item.id for item in node.decorator_list if isinstance(item, ast.Name)}
            names[node.name] += "overload" not in overloads
        for target in targets:
            names.update(item.id for item in ast.walk(target) if isinstance(item, ast.Name) and _bound(item))
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_name_is_given_once_in_a_module(path):
    twice = {name for name, count in _assigned(ast.parse(path.read_text())).items() if count > 1}
    assert not twice, f"{path.name} gives {', '.join(sorted(twice))} more than once; the first is dead"


def test_the_links_to_the_wings_are_relative_and_whole():
    for wing in ("pipelines", "filters", "classifiers", "taxonomy", "evaluation"):
        link = ROOT / "algok" / wing
        assert link.is_symlink() and not link.readlink().is_absolute()
        assert link.resolve() == ROOT / wing
