"""Without compiling, property tests try fewer examples, so that a debugging session does not wait for them."""

from hypothesis import settings
from kernels.reference.jit import INTERPRETED

EXAMPLES = 15


def pytest_collection_modifyitems(items):
    for item in items if INTERPRETED else ():
        test = getattr(item, "obj", None)
        chosen = getattr(test, "_hypothesis_internal_use_settings", None)
        if chosen is not None and "/kernels/" in str(item.path):
            test._hypothesis_internal_use_settings = settings(chosen, max_examples=min(EXAMPLES, chosen.max_examples))
