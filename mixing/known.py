"""What passes over all documents found, kept beside the measures under what it depends on.

Another plan of the same documents asks for much that an earlier one asked for; only what is new costs a pass. A result is
never stale: its name is a digest of the measures it was made from and of everything it was asked with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import xxhash

from algok.pipelines.storage import DamagedFile, Store


@dataclass(frozen=True)
class Known:
    """Results about some documents. Without a store nothing is kept."""

    store: Store | None = None
    documents: str = ""  # a digest of which documents, in which cells

    def within(self, *asked: Any) -> "Known":
        """Results about the same documents told apart otherwise; `asked`, as JSON, says how."""
        return Known(self.store, _digest(self.documents, asked))

    def table(self, make: Callable[[], pa.Table], *asked: Any) -> pa.Table:
        """The result of `make`, which depends on the documents and on `asked` alone."""
        if self.store is None:
            return make()
        name = f"work/known/{_digest(self.documents, asked)}.arrow"
        if self.store.exists(name):
            try:
                return self.store.read_arrow(name)
            except DamagedFile:  # it is made again
                pass
        table = make()
        self.store.write_arrow(name, table)
        return table


def _digest(*parts: Any) -> str:
    return xxhash.xxh3_128_hexdigest(orjson.dumps(parts, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS))
