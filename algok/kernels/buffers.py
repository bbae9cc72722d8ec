"""Arrow string arrays as numpy buffers and back, without copying."""

import numpy as np
import pyarrow as pa


def string_buffers(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The UTF-8 bytes (uint8) and n + 1 offsets (int64) behind a large_string array.

    Document i is `data[offsets[i]:offsets[i + 1]]`. Zero-copy for a large_string array, slices included; a string
    array or a chunked one is cast first. Nulls must have been filled: raises ValueError.
    """
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if texts.type != pa.large_string():
        texts = texts.cast(pa.large_string())
    if texts.null_count:
        raise ValueError("text column holds nulls")
    _, offset_buffer, data_buffer = texts.buffers()
    if len(texts) == 0 or offset_buffer is None:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.empty(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, np.uint8)
    return data, offsets


def strings_from_buffers(data: np.ndarray, offsets: np.ndarray) -> pa.LargeStringArray:
    """A large_string array over UTF-8 bytes (uint8) and n + 1 offsets (int64); zero-copy, not validated."""
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
