"""Says what a machine lacks before anything is installed. Standard library only: it runs on whatever Python there is."""

import shutil
import sys


def problems() -> list:
    found = []
    if not ((3, 11) <= sys.version_info[:2] <= (3, 13)):
        found.append(
            "Python {}.{} found; 3.11, 3.12 or 3.13 is needed (Debian/Ubuntu: apt install python3 python3-venv; "
            "or: make PYTHON=python3.12)".format(*sys.version_info[:2])
        )
    if not (shutil.which("uv") or _has("venv", "ensurepip")):
        found.append("neither uv nor Python's venv is here (Debian/Ubuntu: apt install python3-venv)")
    if not (shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")):
        found.append("no C++ compiler (Debian/Ubuntu: apt install g++)")
    return found


def _has(*modules: str) -> bool:
    import importlib.util

    return all(importlib.util.find_spec(name) for name in modules)


if __name__ == "__main__":
    missing = problems()
    for problem in missing:
        print("missing: " + problem, file=sys.stderr)
    sys.exit(1 if missing else 0)
