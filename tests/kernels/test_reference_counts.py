"""Kernels that count no references make no arrays, hand none back, and call nothing that does: nobody would free them."""

import ast
from pathlib import Path

import numpy as np
import pytest
from kernels.reference.jit import INTERPRETED
from numba.core.errors import NumbaError

from algok.kernels import kernel

SOURCES = sorted(Path(__file__).parents[2].joinpath("algok", "kernels").glob("*.py"))
MAKERS = {"zeros", "empty", "full", "ones", "empty_like", "zeros_like", "full_like", "ones_like", "arange", "array"} | {
    "copy", "concatenate", "sort", "argsort", "unique", "cumsum", "nonzero", "where", "astype", "repeat",
}  # fmt: skip


def functions(path: Path, decorator: str) -> list[ast.FunctionDef]:
    nodes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return [node for node in nodes if any(ast.unparse(name) == decorator for name in node.decorator_list)]


def called(function: ast.FunctionDef) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else ast.unparse(call) for call in calls}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_only_allocating_kernels_make_arrays(path):
    imported = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
    allocating = {function.name for function in functions(path, "allocating_kernel")}
    for node in imported:
        source = path.parent / f"{(node.module or '').removeprefix('algok.kernels.')}.py"
        if (node.module or "").startswith("algok.kernels.") and source.is_file():
            names = {name.name for name in node.names}
            allocating |= names & {function.name for function in functions(source, "allocating_kernel")}
    for decorator in ("kernel", "part"):
        for function in functions(path, decorator):
            assert not called(function) & (MAKERS | allocating), f"{function.name} makes arrays: @allocating_kernel"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_kernel_gives_an_array_back(path):
    for function in functions(path, "kernel") + functions(path, "part"):
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                assert not any(isinstance(child, ast.Slice) for part in parts for child in ast.walk(part)), (
                    function.name
                )


@pytest.mark.skipif(INTERPRETED, reason="only machine code counts references")
def test_a_kernel_that_makes_an_array_does_not_compile():
    def make(n):
        return np.zeros(n, np.uint8)[0]

    with pytest.raises(NumbaError, match="returning of array"):
        kernel(make)(3)
