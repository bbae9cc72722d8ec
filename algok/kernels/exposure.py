"""Passes over the places of documents on their circles (`mixing/circle.py`): new orders from a salt, and sums by key."""

import numpy as np

from algok.kernels import allocating_kernel, kernel

_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_ALL = np.uint64(64)


@allocating_kernel
def scatter(values, salts):
    """splitmix64 of every value (uint64) crossed with its salt: for one salt a permutation of all 64-bit numbers."""
    scattered = np.empty(len(values), np.uint64)
    for i in range(len(values)):
        h = (values[i] ^ salts[i]) + _STEP
        h = (h ^ (h >> _S30)) * _M1
        h = (h ^ (h >> _S27)) * _M2
        scattered[i] = h ^ (h >> _S31)
    return scattered


@kernel
def add_tokens(groups, keys, tokens, prefixes, known, bits, sums, counts):
    """Add tokens and documents to bins, in place: of group g (int32, below 0: none) those whose first `known` bits are
    `prefixes[g]`, by the next `bits` bits of their key (uint64)."""
    rest = _ALL - np.uint64(known)
    shift = rest - np.uint64(bits)
    mask = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for i in range(len(keys)):
        g = groups[i]
        if g < 0 or (known > 0 and keys[i] >> rest != prefixes[g]):
            continue
        b = (keys[i] >> shift) & mask
        sums[g, b] += tokens[i]
        counts[g, b] += 1


@allocating_kernel
def rows_by_code(codes, count):
    """The rows (uint32) of all codes (int64, below `count`), those of smaller codes first, and where each code's begin (uint32,
    count + 1)."""
    ends = np.zeros(count + 1, np.uint32)
    for code in codes:
        ends[code + 1] += 1
    for code in range(count):
        ends[code + 1] += ends[code]
    filled = ends[:count].copy()
    rows = np.empty(len(codes), np.uint32)
    for row in range(len(codes)):
        code = codes[row]
        rows[filled[code]] = row
        filled[code] += 1
    return rows, ends
