"""Kernels give the same without compiling, so that a debugger can walk through them."""

import os
import subprocess
import sys
from pathlib import Path

from kernels.reference.jit import machine_code

HERE = Path(__file__).parent


@machine_code
def test_kernels_agree_with_their_twins_when_python_interprets_them():
    files = [HERE / f"test_{name}.py" for name in ("blocks", "damage", "ngrams", "personal", "toxic")]
    command = [sys.executable, "-m", "pytest", "-q", "-k", "twin or blocks or flagged", *map(str, files)]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "passed" in done.stdout
