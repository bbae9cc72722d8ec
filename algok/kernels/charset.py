"""How Korean a reading of bytes is: characters counted by class, without decoding."""

import numpy as np

from algok.kernels import allocating_kernel

# Classes of characters: undecodable, a frequent Hangul syllable, another syllable or ideograph, anything else.
INVALID, FREQUENT, RARE, NEUTRAL = 0, 1, 2, 3


@allocating_kernel
def count_double_byte(data, classes, limit):
    """Characters of each class in `data`; a truncated last pair is no error."""
    counts = np.zeros(4, np.int64)
    seen = 0
    i = 0
    n = len(data)
    while i < n and seen < limit:
        lead = data[i]
        i += 1
        if lead < 0x80:
            continue
        seen += 1
        if i == n:
            break
        kind = classes[np.int64(lead) << 8 | data[i]]
        counts[kind] += 1
        if kind != INVALID:
            i += 1
    return counts


@allocating_kernel
def count_utf8(data, classes, limit):
    """Characters of each class in `data`; a truncated last sequence is no error."""
    counts = np.zeros(4, np.int64)
    seen = 0
    i = 0
    n = len(data)
    while i < n and seen < limit:
        lead = data[i]
        i += 1
        if lead < 0x80:
            continue
        seen += 1
        if 0xC2 <= lead <= 0xDF:
            more = 1
            point = np.int64(lead & 0x1F)
        elif 0xE0 <= lead <= 0xEF:
            more = 2
            point = np.int64(lead & 0x0F)
        elif 0xF0 <= lead <= 0xF4:
            more = 3
            point = np.int64(lead & 0x07)
        else:
            counts[INVALID] += 1
            continue
        end = i + more
        while i < end and i < n and (data[i] & 0xC0) == 0x80:
            point = point << 6 | (data[i] & 0x3F)
            i += 1
        if i < end:
            if i < n:
                counts[INVALID] += 1
        elif point > 0xFFFF:
            counts[NEUTRAL] += 1
        elif (more == 2 and point < 0x800) or 0xD800 <= point <= 0xDFFF:
            counts[INVALID] += 1
        elif point == 0xFFFD:
            counts[NEUTRAL] += 1
        else:
            counts[classes[point]] += 1
    return counts
