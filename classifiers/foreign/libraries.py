"""Imports of libraries that come as extras: an error names the extra where one is missing."""

from importlib import import_module
from pathlib import Path
from typing import Any

from algok.errors import ModelError


def library(name: str, extra: str, path: Path | str) -> Any:
    """The module `name`, which `path` needs. Raises ModelError that says how to install it."""
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise ModelError(
            f"{path}: needs the package {package}; install it with: pip install 'algok[{extra}]'"
        ) from None
