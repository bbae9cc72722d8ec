"""The cache of machine code: no edit of a kernel, of what it calls or of a constant it reads leaves old code at work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernels.reference.jit import machine_code

import algok
from algok.kernels import cache

ROOT = Path(algok.__file__).resolve().parent

_MAIN = "from algok.kernels.outer import answer; print(answer(1))"


def _package(folder: Path) -> Path:
    """A package `algok` of two kernels that call each other across files, with this version's `kernels/__init__.py`."""
    room = folder / "algok" / "kernels"
    room.mkdir(parents=True)
    (folder / "algok" / "__init__.py").write_text("")
    for name in ("__init__.py", "cache.py", "interpreted.py"):
        (room / name).write_text((ROOT / "kernels" / name).read_text())
    (room / "inner.py").write_text(
        "from algok.kernels import kernel\nSTEP = 10\n@kernel\ndef inner(x):\n    return x + STEP\n"
    )
    (room / "outer.py").write_text(
        "from algok.kernels import kernel\nfrom algok.kernels.inner import inner\n"
        "@kernel\ndef answer(x):\n    return inner(x)\n"
    )
    return room


def _run(folder: Path) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment["XDG_CACHE_HOME"] = str(folder / "cache")
    command = [sys.executable, "-c", _MAIN]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)


@machine_code
def test_a_changed_constant_of_a_callee_takes_effect_at_once(tmp_path):
    room = _package(tmp_path)
    first = _run(tmp_path)
    assert (first.stdout.strip(), "compiles its kernels" in first.stderr) == ("11", True)
    assert _run(tmp_path).stderr == ""  # warm: nothing to say
    (room / "inner.py").write_text((room / "inner.py").read_text().replace("STEP = 10", "STEP = 200"))
    changed = _run(tmp_path)
    assert (changed.stdout.strip(), "compiles its kernels" in changed.stderr) == ("201", True)


@machine_code
def test_an_unrelated_module_keeps_its_machine_code(tmp_path):
    room = _package(tmp_path)
    (room / "other.py").write_text("STEP = 1\n")
    _run(tmp_path)
    (room / "other.py").write_text("STEP = 2\n")
    assert _run(tmp_path).stderr == ""


@pytest.mark.parametrize("module", ["lines", "personal", "minhash", "damage", "duplicates"])
def test_the_digest_is_over_all_that_a_module_imports(module):
    sources = {path.stem for path in cache.sources_of(ROOT / "kernels" / f"{module}.py")}
    used = {
        "lines": {"blocks"},
        "personal": {"districts"},
        "minhash": {"buffers"},
        "damage": {"blocks"},
        "duplicates": {"minhash", "buffers"},
    }
    assert {module, "__init__", *used[module]} <= sources


def test_kernels_stand_in_their_room_only():
    folders = os.walk(ROOT, followlinks=True)  # the wings are links
    for path in (Path(folder) / name for folder, _, names in folders for name in names if name.endswith(".py")):
        text = path.read_text()
        if "\n@kernel" in text or "import njit" in text:  # in whatever wing
            assert path.is_relative_to(ROOT / "kernels"), f"{path} holds a kernel; the cache's digest does not see it"


def test_kernels_import_nothing_that_the_digest_does_not_see():
    for path in (ROOT / "kernels").rglob("*.py"):
        for line in path.read_text().splitlines():
            if line.startswith(("from algok", "import algok")):
                assert line.split()[1].startswith(("algok.kernels", "algok.korean")), f"{path}: {line}"
