"""Tests of kernels that Python interprets (NUMBA_DISABLE_JIT=1, for debugging)."""

import pytest
from numba import config

INTERPRETED = bool(config.DISABLE_JIT)
machine_code = pytest.mark.skipif(INTERPRETED, reason="about the compiled code: its speed, its cache, large documents")
