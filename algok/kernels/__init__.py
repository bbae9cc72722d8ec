"""Vectorised passes over Arrow string buffers; everything above rests on these and they on nothing of algok.

Compiled code is kept in a folder whose name is a digest of every source that takes part in a kernel and of the numba
version. numba's own cache looks at a function's own file only: without the digest, a changed constant or callee in
another file would leave the old machine code at work, and a run after an upgrade would write the old bytes.
"""

import hashlib
import logging
import os
import tempfile
from pathlib import Path

import numba
from numba import njit

_HERE = Path(__file__).resolve().parent


def sources_digest(sources: list[Path]) -> str:
    """16 hex digits over names and contents of the sources and the numba version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def kernel_sources() -> list[Path]:
    """Every file that holds a kernel or something that a kernel calls or reads: this folder, and the facts of the
    language that tables are built from."""
    return [*sorted(_HERE.rglob("*.py")), *sorted((_HERE.parent / "korean").glob("*.py"))]


def _cache_folder() -> Path:
    """Beside the kernels where that may be written, else in the user's cache; `NUMBA_CACHE_DIR` goes before both."""
    name = f"kernels-{sources_digest(kernel_sources())}"
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen) / name
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "algok"
    for base in (_HERE / "__pycache__", home):
        try:
            base.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(base, os.W_OK):
            return base / name
    return Path(tempfile.gettempdir()) / f"algok-{os.getuid()}" / name


def _use(folder: Path) -> None:
    """Makes numba keep machine code in this folder, and says so when it is new."""
    try:
        folder.mkdir(parents=True)
        logging.getLogger("algok").warning(
            "algok compiles its kernels as they are first used (once per version, up to some minutes)"
        )
    except FileExistsError:
        pass
    numba.config.CACHE_DIR = str(folder)


if not numba.config.DISABLE_JIT:
    _use(_cache_folder())

# One decorator for all kernels: compiled once per machine (cache), releases the GIL, wraps integers like C does.
kernel = njit(cache=True, nogil=True, error_model="numpy")
