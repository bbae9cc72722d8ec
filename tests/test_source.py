"""Rules of the source that no linter has."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "algok",
    "pipelines",
    "filters",
    "classifiers",
    "taxonomy",
    "evaluation",
    "adapters",
    "mixing",
    "dashboard",
    "tools",
    "bench",
)
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
    for wing in ("pipelines", "filters", "classifiers", "taxonomy", "evaluation", "adapters", "mixing", "dashboard"):
        link = ROOT / "algok" / wing
        assert link.is_symlink() and not link.readlink().is_absolute()
        assert link.resolve() == ROOT / wing


def _room(module: str) -> str:
    """`algok.pipelines.readers.json` stands in `pipelines`; what stands in `algok` itself has no room."""
    return [*module.split("."), ""][1]


def _module(path: Path) -> str:
    """The name that others import a file of the package by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == "algok" else ("algok", *parts)).removesuffix(".__init__")


def _imported(tree: ast.Module) -> Iterator[str]:
    """The modules of ours that a file imports anywhere, functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "algok")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "algok":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _documented_order() -> list[set[str]]:
    """The rooms of each level in docs/architecture.md, the highest first."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^cli, .*→.*$", text, re.MULTILINE)
    return [set(re.findall(r"\w+", level)) for level in line.split("→")]


LEVELS = {room: depth for depth, rooms in enumerate(_documented_order()) for room in rooms}
PACKAGE = [path for path in FILES if path.relative_to(ROOT).parts[0] not in ("tools", "bench")]


def _goes_up(importing: str, imported: str) -> bool:
    """Whether an import goes against the order: into another room that is not below."""
    here, there = _room(importing), _room(imported)
    if here == there or here in ("", "__main__") or there not in LEVELS:  # `algok` itself loads the face when asked
        return False
    return here not in LEVELS or LEVELS[there] <= LEVELS[here]


def test_the_documented_order_names_every_room():
    rooms = {_room(_module(path)) for path in PACKAGE}
    assert rooms - set(LEVELS) == {"", "__main__"}


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path):
    module = _module(path)
    wrong = [name for name in _imported(ast.parse(path.read_text())) if _goes_up(module, name)]
    assert not wrong, f"{module} imports {', '.join(wrong)}, against the order in docs/architecture.md"


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_and_training_itself_import_training(path):
    module, training = _module(path), "algok.classifiers.training"
    if module.startswith((training, "algok.cli.")):
        return
    wrong = [name for name in _imported(ast.parse(path.read_text())) if name.startswith(training)]
    assert not wrong, f"{module} imports {', '.join(wrong)}, which no run loads"


def test_the_order_refuses_an_import_that_goes_up_or_sideways():
    assert _goes_up("algok.classifiers.store", "algok.taxonomy.axes.major_of")
    assert _goes_up("algok.filters.pii", "algok.taxonomy.axes") and _goes_up("algok.taxonomy.axes", "algok.filters.pii")
    assert _goes_up("algok.step", "algok.errors") and _goes_up("algok.kernels.lines", "algok.classifiers.store")
    assert not _goes_up("algok.cli", "algok.kernels.lines") and not _goes_up("algok.cli", "algok.__version__")


def _loaded_by(program: str) -> set[str]:
    """The modules that a fresh interpreter has after a program."""
    shown = f"{program}\nimport sys\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_loading_every_step_loads_no_training():
    program = "from algok.pipelines.registry import STEPS, step_class\nfor name in STEPS: step_class(name)"
    assert not {name for name in _loaded_by(program) if name.startswith("algok.classifiers.training")}


def test_knowing_what_a_document_is_loads_no_kernel_and_no_filter():
    loaded = _loaded_by("import algok.pipelines.documents")
    assert "numba" not in loaded and not {
        name for name in loaded if name.startswith(("algok.filters", "algok.kernels"))
    }


def test_no_function_is_longer_than_120_lines():
    for path in PACKAGE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= 120, f"{path.relative_to(ROOT)}:{node.name} has {length} lines"
