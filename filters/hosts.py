"""The group in which a document's lines and spans are counted: its host, else its source."""

import numpy as np
import pyarrow as pa

from algok.kernels import lines as kernels
from algok.kernels.buffers import string_buffers

_SOURCE, _NO_SOURCE = np.uint64(1), np.uint64(2)  # salts, so that a source is never taken for a host


def groups_of(batch: pa.RecordBatch) -> np.ndarray:
    """The group (uint64) of every row: its URL's host, else its source."""
    groups = np.zeros(batch.num_rows, np.uint64)
    names = batch.schema.names
    if "url" in names:
        groups = kernels.hash_hosts(*string_buffers(filled(batch["url"])))
    if not groups.all():
        sources = np.full(batch.num_rows, _NO_SOURCE, np.uint64)
        if "source" in names:
            sources = kernels.hash_strings(*string_buffers(filled(batch["source"])), _SOURCE)
        groups = np.where(groups == 0, sources, groups)
    return groups


def filled(column: pa.Array) -> pa.Array:
    """The column as large_string, nulls as empty strings."""
    if column.type != pa.large_string():
        column = column.cast(pa.large_string())
    return column.fill_null("") if column.null_count else column
