"""Near duplicates from MinHash signatures: keys of bands, and the leader that a document of a group follows."""

import numpy as np

from algok.kernels import allocating_kernel, kernel
from algok.kernels.minhash import EMPTY

NO_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)  # of a band that has no shingle; never meets another


@allocating_kernel
def band_keys(signatures, exact, bands):
    """uint64 (n, bands + 1): a key per band, then the exact key; no key where there is no shingle, or a blank text."""
    keys = np.full((signatures.shape[0], bands + 1), NO_KEY, np.uint64)
    rows = signatures.shape[1] // bands
    for i in range(signatures.shape[0]):
        if exact[i, 0] | exact[i, 1]:
            keys[i, bands] = exact[i, 0]
        if signatures[i].min() == EMPTY:  # no shingle, but for a chance of 2^-32 per permutation
            continue
        for band in range(bands):
            key = np.uint64(band + 1)
            for k in range(band * rows, (band + 1) * rows):
                key = (key ^ np.uint64(signatures[i, k])) * np.uint64(0x9E3779B97F4A7C15)
                key ^= key >> np.uint64(32)
            keys[i, band] = key
    return keys


@kernel
def assign_leaders(
    groups, documents, signatures, forced, need, leader_signatures, leader_documents, state, leader, equal
):
    """The loop of `_Leaders.assign`; `equal` counts the permutations that agree with the leader's."""
    for i in range(groups.size):
        if groups[i] != state[0]:
            state[0], state[1] = groups[i], 0
        count = np.int64(state[1])
        best, most = -1, need - 1
        if not forced[i]:
            for j in range(min(count, leader_documents.size)):
                same = 0
                for k in range(signatures.shape[1]):
                    same += signatures[i, k] == leader_signatures[j, k]
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
