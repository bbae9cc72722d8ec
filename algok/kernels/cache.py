"""Where machine code is kept: folders whose names are digests of all sources that take part in a kernel and of the numba version.

numba's own cache looks at a function's own file only: without the digest, a changed constant or callee in another file
would leave the old machine code at work, and a run after an upgrade would write the old bytes.
"""

import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config as numba_config
from numba.core.caching import UserProvidedCacheLocator

_PACKAGE = Path(__file__).resolve().parents[1]
_IMPORTED = re.compile(r"^from algok\.(kernels|korean)(?:\.(\w+))? import (.+)$", re.MULTILINE)


def sources_of(path: Path) -> list[Path]:
    """The file and every file of `kernels/` and `korean/` that it imports, directly or not, and that of the decorator."""
    found, waiting = {_PACKAGE / "kernels" / "__init__.py"}, [path.resolve()]
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
    """The user's cache, else beside the kernels; `NUMBA_CACHE_DIR` goes before both."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "algok" / "kernels"
    for folder in (home, Path(__file__).resolve().parent / "__pycache__"):
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


class ModuleLocator(UserProvidedCacheLocator):
    """Where numba keeps the machine code of one module: in a folder named by its digest, wherever the module lies, so that
    all checkouts and environments of a user share what they have in common."""

    def __init__(self, py_func, py_file):
        super().__init__(py_func, py_file)
        self._cache_path = str(_module_folder(Path(py_file)))

    def get_source_stamp(self) -> str:
        """What decides whether kept code is used: not the file alone, but all that it imports."""
        return sources_digest(Path(self._py_file))


def _module_folder(path: Path) -> Path:
    """The folder for one module's machine code. Made here, so that only the first process to need it says so."""
    folder = cache_folder() / f"{path.stem}-{sources_digest(path)}"
    try:
        folder.mkdir(parents=True)
        _say_that_it_compiles()
    except OSError:  # it is there; or cannot be made, and numba looks for another place
        pass
    return folder


@contextmanager
def located() -> Iterator[None]:
    """Functions that are given to numba meanwhile are cached by `ModuleLocator`; other users of numba are left alone."""
    config: Any = numba_config  # numba puts its settings in while it is imported: no type checker sees them
    before = config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES
    config.CACHE_DIR = str(cache_folder())
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.{ModuleLocator.__name__}"
    try:
        yield
    finally:
        config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = before
