"""Repeated words and word n-grams of one document, exact, in time linear in its words.

Only single words and 2-grams are looked up everywhere. A longer n-gram can only have occurred before if its leading
(n−1)-gram has; so it is looked up just there, and its first occurrence (which was never stored) is found through the
first position of the leading (n−1)-gram. In ordinary prose that is a few per cent of all positions.

Tables are open-addressing arrays of int32 numbers that only grow from document to document: a number below the current
document's `base` is a leftover and counts as empty, so nothing is ever cleared. The low numbers of a document index its
dense arrays (`keys`, `known`), which stay in cache.

Whether a word or a 2-gram is new is a coin toss to the processor, so those two are counted without branching on it.
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel

HEAD = 500  # words over which the type/token ratio is taken
LONG_REPEAT = 10  # words; a run of repeated 5-grams this long counts as copied text
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)


# Rows of the tables: words, 2-grams, … 5-grams.
_WORD, _TWO, _THREE, _FOUR, _FIVE = range(5)
# Known of an n-gram, by its number: occurrences that do not overlap, position of the first and of the last of them.
_COUNT, _FIRST, _LAST = range(3)


@allocating_kernel
def new_slots(most):
    """Empty slots for up to `most` entries at a load of at most one half."""
    return np.zeros(1 << table_bits(most), np.int32)


@allocating_kernel
def new_tables(most):
    """Scratch for documents of up to `most` words: slots int32 (5, 2**k), keys uint64 (5, most), known int32
    (5, most, 3), ids int32 (most,) the word number by position, sums int64 (most + 1,) the letters before it."""
    slots = np.zeros((5, 1 << table_bits(most)), np.int32)
    keys, known = np.empty((5, most), np.uint64), np.empty((5, most, 3), np.int32)
    return slots, keys, known, np.empty(most, np.int32), np.empty(most + 1, np.int64)


@kernel
def table_bits(n):
    """Slots to use for n entries, as a power of two: a load of at most one half."""
    bits = 1
    while (1 << bits) < 2 * n:
        bits += 1
    return bits


@kernel
def find(slots, keys, base, bits, key):
    """The slot of a key among the first 2**bits slots, and its number in this document or a negative one."""
    mask = np.uint64((1 << bits) - 1)
    slot = (key * _PRIME) >> np.uint64(64 - bits)
    number = np.int64(slots[slot]) - base
    # One test, as a rule false: `number` is not tested on its own.
    while (number >= 0) & (keys[np.uint64(max(number, 0))] != key):
        slot = (slot + _ONE) & mask
        number = np.int64(slots[slot]) - base
    return slot, number


@kernel
def _extend(slots, keys, known, ids, table, base, size, bits, start, lead, lead_first):
    """Meets the n-gram at `start` (n = table + 1) whose leading (n-1)-gram has number `lead`, first at `lead_first`.

    Returns its number, or -1 if it did not occur before, and whether it was added as number `size`.
    """
    word = ids[start + table]
    key = np.uint64(lead) << np.uint64(32) | np.uint64(word)
    slot, number = find(slots[table], keys[table], base, bits, key)
    added = number < 0
    if added:
        number = np.int64(size)
        slots[table, slot] = base + number
        keys[table, number] = key
        known[table, number, _COUNT] = 1
        if ids[lead_first + table] != word:
            known[table, number, _FIRST] = known[table, number, _LAST] = start
            return np.int64(-1), added
        known[table, number, _FIRST] = known[table, number, _LAST] = lead_first
    if start - known[table, number, _LAST] > table:
        known[table, number, _COUNT] += 1
        known[table, number, _LAST] = start
    return number, added


@kernel
def _volume(known, table, number, letters):
    """Letters in all occurrences of an n-gram of this many letters, if at least two of them do not overlap."""
    count = np.int64(known[table, number, _COUNT])
    return count * letters if count > 1 else 0


@kernel
def _number(slots, keys, base, size, bits, key):
    """The number of a key, which becomes `size` if it is new in this document, and whether it is."""
    slot, number = find(slots, keys, base, bits, key)
    new = number < 0
    number = np.uint64(size if new else number)
    # Stored in any case, which is cheaper than to ask.
    slots[slot] = base + np.int64(number)
    keys[number] = key
    return number, new


@kernel
def count_repeats(slots, keys, known, ids, sums, bases, stem, width, content, n, out):
    """Counts repeats among n words.

    stem uint64, width int64 (letters) and content bool by position; the first five as `new_tables` gives them; bases
    int64 (5,), all 1 at first, moves on. out int64 (10,): letters; distinct words; words that occur once; distinct ones
    among the first HEAD; occurrences of the most frequent content word; letters in the most voluminous repeated 2-, 3-
    and 4-gram (occurrences that do not overlap); letters under 5-grams that occurred before; letters under runs of
    LONG_REPEAT or more words all under such 5-grams.
    """
    bits = table_bits(n)
    b1, b2, b3, b4, b5 = bases[0], bases[1], bases[2], bases[3], bases[4]
    slots1, keys1, known1 = slots[_WORD], keys[_WORD], known[_WORD]
    slots2, keys2, known2 = slots[_TWO], keys[_TWO], known[_TWO]
    n1 = n2 = n3 = n4 = n5 = np.int64(0)
    hapax = head = top = top2 = top3 = top4 = dup5 = dup10 = np.int64(0)
    letters = np.int64(0)  # up to and with this word
    one_width = np.int64(0)  # the previous word's
    one = np.uint64(0)  # its number
    g2 = g3 = g4 = np.int64(-1)  # the n-grams that ended at the previous word: number, or -1 if new there
    run_start = run_end = np.int64(0)  # the growing run of words under repeated 5-grams, half open
    sums[0] = 0
    for i in range(n):
        at = np.uint64(i)
        letters += width[at]
        sums[at + _ONE] = letters
        word, new = _number(slots1, keys1, b1, n1, bits, stem[at])
        n1 += new
        times = (0 if new else np.int64(known1[word, _COUNT])) + 1
        known1[word, _COUNT] = times
        hapax += np.int64(times == 1) - np.int64(times == 2)
        top = max(top, times if content[at] else 0)
        ids[at] = word
        if i == HEAD:
            head = n1 - new

        new3 = new4 = np.int64(-1)
        if g2 >= 0:
            if g3 >= 0:
                if g4 >= 0:
                    first = np.int64(known[_FOUR, g4, _FIRST])
                    number, added = _extend(slots, keys, known, ids, _FIVE, b5, n5, bits, i - 4, g4, first)
                    n5 += added
                    if number >= 0:
                        if i - 4 > run_end:
                            copied = sums[run_end] - sums[run_start]
                            dup5 += copied
                            dup10 += copied if run_end - run_start >= LONG_REPEAT else 0
                            run_start = i - 4
                        run_end = i + 1
                first = np.int64(known[_THREE, g3, _FIRST])
                new4, added = _extend(slots, keys, known, ids, _FOUR, b4, n4, bits, i - 3, g3, first)
                n4 += added
                if new4 >= 0:
                    top4 = max(top4, _volume(known, _FOUR, new4, letters - sums[i - 3]))
            first = np.int64(known[_TWO, g2, _FIRST])
            new3, added = _extend(slots, keys, known, ids, _THREE, b3, n3, bits, i - 2, g2, first)
            n3 += added
            if new3 >= 0:
                top3 = max(top3, _volume(known, _THREE, new3, letters - sums[i - 2]))
        g3, g4 = new3, new4

        if i:
            pair, new = _number(slots2, keys2, b2, n2, bits, one << np.uint64(32) | word)
            n2 += new
            start = np.int64(i - 1)
            apart = start - np.int64(known2[pair, _LAST]) > _TWO
            times = 1 if new else np.int64(known2[pair, _COUNT]) + apart
            known2[pair, _COUNT] = times
            known2[pair, _FIRST] = start if new else known2[pair, _FIRST]
            known2[pair, _LAST] = start if new | apart else known2[pair, _LAST]
            top2 = max(top2, times * (one_width + width[at]) if times > 1 else 0)
            g2 = np.int64(-1) if new else np.int64(pair)
        one, one_width = word, width[at]
    copied = sums[run_end] - sums[run_start]
    out[0], out[1], out[2], out[3], out[4] = letters, n1, hapax, head if n > HEAD else n1, top
    out[5], out[6], out[7] = top2, top3, top4
    out[8], out[9] = dup5 + copied, dup10 + (copied if run_end - run_start >= LONG_REPEAT else 0)
    bases[0] += n1
    bases[1] += n2
    bases[2] += n3
    bases[3] += n4
    bases[4] += n5
