"""algok (알곡): curates Korean text for language-model training.

In a notebook, without a run directory:

```python
import algok
kept = algok.clean(texts)                       # a list, an Arrow table, a pandas or polars DataFrame
table = algok.annotate(frame, text="content")   # every signal, `kept` and `verdict` as columns
algok.explain(texts[0])                         # why it is kept or dropped
run = algok.Run.open("runs/web")                # a run directory: recipe, summary, tables
```

Names are loaded when they are first used, so that `import algok` costs nothing. Packages and the one direction of their
imports are in docs/architecture.md.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from algok.api import annotate, clean, explain, load_recipe, run
    from algok.pipelines.run_directory import Run

__version__ = "0.1.0"
__all__ = ["Run", "annotate", "clean", "explain", "load_recipe", "run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'algok' has no attribute '{name}'")
    from algok import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
