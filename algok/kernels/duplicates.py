"""Near duplicates from MinHash signatures: keys of bands, and the leader that a document of a group follows."""

import numpy as np

from algok.kernels import allocating_kernel, kernel
from algok.kernels.minhash import EMPTY

NO_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)  # of a band that has no shingle; never meets another


@allocating_kernel
def band_keys(signatures, cores, exact, bands):
    """uint64 (n, 2 * bands + 1): a key per band of the text, one per band of its core, then the exact key; no key where there is
    no shingle, for a text that is its own core, or a blank one. A core meets other texts as well as other cores."""
    keys = np.full((signatures.shape[0], 2 * bands + 1), NO_KEY, np.uint64)
    for i in range(signatures.shape[0]):
        if exact[i, 0] | exact[i, 1]:
            keys[i, 2 * bands] = exact[i, 0]
        if signatures[i].min() == EMPTY:  # no shingle, but for a chance of 2^-32 per permutation
            continue
        _add_keys(signatures[i], keys[i, :bands])
        if (signatures[i] != cores[i]).any():
            _add_keys(cores[i], keys[i, bands : 2 * bands])
    return keys


@kernel
def _add_keys(signature, keys):
    rows = signature.size // keys.size
    for band in range(keys.size):
        key = np.uint64(band + 1)
        for k in range(band * rows, (band + 1) * rows):
            key = (key ^ np.uint64(signature[k])) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(32)
        keys[band] = key


@kernel
def _is_own_core(one, width):
    """A document's core is its whole text: both have the same size and signature."""
    same = one[2 * width] == one[2 * width + 1]
    for k in range(width if same else 0):
        same &= one[k] == one[width + k]
    return same


@kernel
def _agreeing(one, other, width, needs, least, sides):
    """Values that two documents' signatures have in common: of the texts or their cores (the first one's text alone if `sides`
    is 1), whichever pair has most and as many as it needs; -1 where none has."""
    best = -1
    for a in range(sides):
        for b in range(2):
            same = 0
            for k in range(width):
                same += one[a * width + k] == other[b * width + k]
            size, other_size = np.int64(one[2 * width + a]), np.int64(other[2 * width + b])
            apart = abs(size - other_size) if min(size, other_size) >= least else 0
            if same >= needs[min(apart, len(needs) - 1)]:
                best = max(best, same)
    return best


@kernel
def assign_leaders(
    groups, documents, signatures, forced, needs, least, leader_signatures, leader_documents, state, leader, equal
):
    """The loop of `_Leaders.assign`; `equal` counts the permutations that agree with the leader's. A row of `signatures` is that
    of a text, behind it that of its core, and the two sizes; `needs` has how many values must agree, by the difference of the
    sizes, which counts from the size `least` on."""
    width = signatures.shape[1] // 2 - 1
    for i in range(groups.size):
        if groups[i] != state[0]:
            state[0], state[1] = groups[i], 0
        count = np.int64(state[1])
        best, most = -1, -1
        if not forced[i]:
            sides = 1 if _is_own_core(signatures[i], width) else 2
            for j in range(min(count, leader_documents.size)):
                same = _agreeing(signatures[i], leader_signatures[j], width, needs, least, sides)
                if same > most:
                    best, most = j, same
        if best >= 0:
            leader[i], equal[i] = leader_documents[best], most
        else:
            half = leader_documents.size // 2
            slot = count if count < leader_documents.size else half + (count - half) % (leader_documents.size - half)
            for k in range(signatures.shape[1]):
                leader_signatures[slot, k] = signatures[i, k]
            leader_documents[slot] = documents[i]
            state[1] = np.uint64(count + 1)
