"""KenLM's trainer `lmplz`: found on this machine, or built from kenlm's own source distribution."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from algok.errors import ModelError

KENLM = "0.3.0"  # the PyPI release whose source distribution is built
# What the build needs, in the names of Debian and Ubuntu.
PACKAGES = "cmake g++ libboost-program-options-dev libboost-thread-dev libboost-system-dev libboost-test-dev"


def find_lmplz() -> Path | None:
    """The trainer of $ALGOK_LMPLZ, on PATH, or built before. Raises ModelError if $ALGOK_LMPLZ names no program."""
    named = os.environ.get("ALGOK_LMPLZ")
    if named:
        if not os.access(named, os.X_OK) or Path(named).is_dir():
            raise ModelError(f"ALGOK_LMPLZ={named}: is not a program")
        return Path(named)
    on_path = shutil.which("lmplz")
    if on_path:
        return Path(on_path)
    built = _cache() / f"kenlm-{KENLM}" / "lmplz"
    return built if built.is_file() else None


def lmplz() -> Path:
    """The trainer; built (about a minute) and kept in the user's cache if there is none.

    Raises ModelError that names what the build lacks.
    """
    return find_lmplz() or build_lmplz(_cache() / f"kenlm-{KENLM}" / "lmplz")


def build_lmplz(target: Path) -> Path:
    """Downloads kenlm's source distribution with pip, builds `lmplz` with cmake and puts it at `target`.

    Boost outside the system's folders is found through $BOOST_ROOT. Raises ModelError.
    """
    lacking = [program for program in ("cmake", "c++") if shutil.which(program) is None]
    if lacking:
        raise ModelError(
            f"lmplz cannot be built without {' and '.join(lacking)}; on Debian: apt-get install {PACKAGES}"
        )
    with tempfile.TemporaryDirectory(prefix="algok-lmplz-") as scratch:
        folder = Path(scratch)
        _run(
            [*_pip(), "download", "--no-deps", "--no-binary", "kenlm", "-d", str(folder), f"kenlm=={KENLM}"],
            f"kenlm {KENLM} cannot be downloaded",
        )
        with tarfile.open(folder / f"kenlm-{KENLM}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        source, build = folder / f"kenlm-{KENLM}", folder / "build"
        _run(
            ["cmake", "-S", str(source), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release"],
            f"cmake cannot prepare lmplz; it needs boost, on Debian: apt-get install {PACKAGES}",
        )
        cores = str(os.cpu_count() or 1)
        _run(["cmake", "--build", str(build), "--target", "lmplz", "--parallel", cores], "lmplz does not compile")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place, so that two builds at once do no harm.
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copy2(build / "bin" / "lmplz", partial)
        partial.replace(target)
    return target


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "algok"


def _pip() -> list[str]:
    """pip of this interpreter, or one on PATH: an environment made by uv has none."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    for name in ("pip3", "pip"):
        if shutil.which(name):
            return [name]
    raise ModelError(
        f"lmplz cannot be built: there is no pip to download kenlm {KENLM}; install pip, or put lmplz on PATH "
        "or its path into ALGOK_LMPLZ"
    )


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        telling = [line for line in said if "error: " in line.lower() or "Could NOT" in line]
        raise ModelError(f"{failure}:\n" + "\n".join((telling or said[-5:])[:5]))
