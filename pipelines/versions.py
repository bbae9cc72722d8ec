"""What runs name in run.json so that their results can be told from those of other versions."""

import platform
from importlib.metadata import PackageNotFoundError, version

from algok.pipelines.plan import Plan
from algok.pipelines.plugins import origin

_LIBRARIES = ("pyarrow", "numpy", "numba", "fastwarc", "resiliparse", "kiwipiepy", "py3langid", "ray")


def step_versions(plan: Plan) -> dict[str, dict]:
    """By step its version, and for one of another package the distribution and its version."""
    versions = {}
    for config in plan.recipe.steps:
        cls = config.cls
        found = origin(cls)
        versions[config.name] = {"version": cls.version, **({"distribution": found} if found else {})}
    return versions


def library_versions() -> dict[str, str]:
    """By library its version, those left out that are not installed."""
    return {name: found for name in _LIBRARIES if (found := _version(name))}


def python_version() -> str:
    return platform.python_version()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
