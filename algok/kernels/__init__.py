"""Vectorised passes over Arrow string buffers; everything above rests on these and they on nothing of algok but `korean`.

Compiled code is kept in folders whose names are digests of all sources that take part in a kernel and of the numba
version. numba's own cache looks at a function's own file only: without the digest, a changed constant or callee in
another file would leave the old machine code at work, and a run after an upgrade would write the old bytes.
"""

import hashlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba
from numba import njit

_PACKAGE = Path(__file__).resolve().parents[1]
_IMPORTED = re.compile(r"^from algok\.(kernels|korean)(?:\.(\w+))? import (.+)$", re.MULTILINE)


def sources_of(path: Path) -> list[Path]:
    """The file and every file of `kernels/` and `korean/` that it imports, directly or not; this file goes with all."""
    found, waiting = {Path(__file__).resolve()}, [path.resolve()]
    while waiting:
        source = waiting.pop()
        if source in found:
            continue
        found.add(source)
        for room, module, names in _IMPORTED.findall(source.read_text(encoding="utf-8")):
            folder = _PACKAGE / room
            modules = [module] if module else re.findall(r"\w+", names)
            waiting += [folder / f"{name}.py" for name in modules if (folder / f"{name}.py").is_file()]
    return sorted(found)


@cache
def sources_digest(path: Path) -> str:
    """16 hex digits over the numba version and all that `sources_of` the file gives."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources_of(path):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path:
    """Beside the kernels where that may be written, else in the user's cache; `NUMBA_CACHE_DIR` goes before both."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "algok"
    for folder in (Path(__file__).resolve().parent / "__pycache__", home):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.gettempdir()) / f"algok-{os.getuid()}"


@cache
def _say_that_it_compiles() -> None:
    logging.getLogger("algok").warning(
        "algok compiles its kernels as they are first used (once per version; minutes for all of them)"
    )


def _module_folder(path: Path) -> Path:
    """The folder for one module's machine code. Made here, so that only the first process to need it says so."""
    folder = cache_folder() / f"{path.stem}-{sources_digest(path)}"
    try:
        folder.mkdir(parents=True)
        _say_that_it_compiles()
    except OSError:  # it is there; or cannot be made, and numba looks for another place
        pass
    return folder


def kernel(function: Callable) -> Callable:
    """Compiles a function when it is first called: kept on disk, without the GIL, integers that wrap as in C."""
    if not numba.config.DISABLE_JIT:
        path = Path(sys.modules[function.__module__].__file__ or "").resolve()
        numba.config.CACHE_DIR = str(_module_folder(path))
    return njit(cache=True, nogil=True, error_model="numpy")(function)
