# pyarrow makes most functions of this module while it is imported, so a type checker finds none of them in its source.
from typing import Any

def __getattr__(name: str) -> Any: ...
