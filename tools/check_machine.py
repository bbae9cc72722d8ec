"""Says what a machine lacks before anything is installed. Standard library only: it runs on whatever Python there is."""

import os
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


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
    flat = broken_links(os.path.join(ROOT, "algok"))
    if flat:
        found.append(
            "symbolic links: algok/{} came out of git as plain files. Check out again where links may be made "
            "(git config core.symlinks true, then git checkout -- algok; on Windows: Developer Mode, or use WSL)".format(
                ", algok/".join(flat)
            )
        )
    return found


def broken_links(package) -> list:
    """Wings that are links in git and a small text file here: a checkout without symbolic links."""
    names = sorted(os.listdir(package))
    return [name for name in names if "." not in name and os.path.isfile(os.path.join(package, name))]


def _has(*modules: str) -> bool:
    import importlib.util

    return all(importlib.util.find_spec(name) for name in modules)


if __name__ == "__main__":
    missing = problems()
    for problem in missing:
        print("missing: " + problem, file=sys.stderr)
    sys.exit(1 if missing else 0)
