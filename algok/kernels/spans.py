"""Spans that repeat inside long lines of UTF-8 documents: cutting lines into segments, counting and cutting these.

A line of LONG_LINE bytes or more is read as words, which ASCII white space parts. A *segment* begins at the first word of the
line, behind a sentence's end, at the number of an article (제3조, ①), and, MIN_SEGMENT bytes or more behind where the one before
begins, at a word that begins with a mark and at one that ends no sentence and whose hash is smaller than those of its
neighbours. So the borders depend on the words around them only, and a passage has the same ones in whatever line it stands, but
for its edges. A *key* stands for a group and two or more neighbouring segments, as many as come to KEY_BYTES.

An example: a long line that begins `기사 내용은 이렇다. 무단 전재 및 재배포를 금지합니다.` has segments at byte 0 and at 무단,
byte 28, since the word before ends a sentence. 내용은, byte 7, may have the smallest hash of three, and is too near to byte 0.
재배포를, byte 46, begins a segment if its hash is smaller than those of 및 and 금지합니다. Then the first key stands for bytes 0
to 44 (`기사` to `및`), the second for 28 to 74 (`무단` to `금지합니다.`).

A document whose group holds a key in a large share of its documents loses the segments of that key (`cut_spans`), but for
lines and segments with the shape of code, rows of tables and statutes. Cut are whole segments, so whole words.
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel, part
from algok.kernels.blocks import BLOCK, load8, prefetch, trailing_zeros, within
from algok.kernels.lines import hash_bytes, is_code, is_fence, is_law, is_row, line_end, mix, visible

# Shorter lines are left to line deduplication, which counts them whole.
LONG_LINE = 200
MIN_SEGMENT, KEY_BYTES = 16, 32
# Segments in a row are cut if they come to this.
MIN_CUT = 60

_SEED = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SIZE = np.uint64(0x2545F4914F6CDD1D)  # salt of the key that counts a group's documents
_S32 = np.uint64(32)
_0, _1 = np.uint64(0), np.uint64(1)
_STAMP = np.uint64(0xFFFFFFFF)
_LAST = np.uint64(0xFFFFFFFFFFFFFFFF)
_CLOSING, _STOP = 1, 2
_LAST_BYTE = np.zeros(256, np.uint8)
_LAST_BYTE[list(b"\"')]")] = _CLOSING
_LAST_BYTE[list(b".!?")] = _STOP
_MARK, _ARTICLE, _PERHAPS = 1, 2, 3
_FIRST_BYTE = np.zeros(256, np.uint8)
_FIRST_BYTE[list(b"|<>[#*=-")] = _MARK
_FIRST_BYTE[0xC2] = _MARK  # signs of Latin-1 such as ©
_FIRST_BYTE[[0xE2, 0xE3, 0xEC]] = _PERHAPS  # signs of U+2000 to U+2FFF, with ①; of U+3000 to U+303F; 제
_AHEAD = 64  # keys whose slots are fetched while others are counted


@part
def _word_end(data, i, stop):
    """The next byte of white space or control from i on, or `stop`."""
    while i + BLOCK <= stop:
        found = within(data, i, 0, 32)
        if found != _0:
            return i + trailing_zeros(found)
        i += BLOCK
    while i < stop and data[i] > 32:
        i += 1
    return i


@part
def _word_hash(data, i, end):
    """Hash (uint64) of the bytes of a word. Most have 16 or fewer, and are read in two loads that may overlap."""
    size = end - i
    if size > 16:
        return mix(hash_bytes(_SEED, data, i, end))
    if i + 8 > len(data):
        first = _0
        for k in range(i, end):
            first = first >> np.uint64(8) | np.uint64(data[k]) << np.uint64(56)
        return mix(first * _M1 ^ first * _M2 + np.uint64(size))
    unused = np.uint64(64 - 8 * min(size, 8))
    first, last = load8(data, i) << unused, load8(data, end - 8 if size > 8 else i) << unused
    return mix(first * _M1 ^ last * _M2 + np.uint64(size))


@part
def _ends_sentence(data, first, end):
    """Whether a word ends in . ! ? before closing quotes and brackets."""
    k = end - 1
    while _LAST_BYTE[data[k]] == _CLOSING and k > first:
        k -= 1
    return _LAST_BYTE[data[k]] == _STOP


@part
def _beginning(data, first, end):
    """_MARK or _ARTICLE (제3조, ①) where a word begins a segment by its own first bytes, else 0."""
    kind = _FIRST_BYTE[data[first]]
    if kind != _PERHAPS:
        return kind
    lead, second = data[first], data[first + 1]
    if lead == 0xE3:
        return np.uint8(_MARK if second == 0x80 else 0)
    if (lead == 0xE2 or second == 0xA0) and is_law(data, first, end):
        return np.uint8(_ARTICLE)
    return np.uint8(_MARK if lead == 0xE2 else 0)


@kernel
def segment_line(data, i, stop, starts, ends, hashes):
    """Cuts the line data[i:stop] into segments; returns how many.

    `starts`, `ends` (int64) get the first byte of each and the end of its last word, `hashes` (uint64) a hash of its words.
    They must have room for a segment per two bytes, and one more.
    """
    n = 0
    begin1 = end1 = np.int64(-1)  # the word before the newest
    h1 = h2 = _LAST  # hashes of the two before it
    ended1 = ended2 = False  # whether these end a sentence
    more = True
    while more:
        while i < stop and data[i] <= 32:
            i += 1
        more = i < stop
        begin, end, h, ended = np.int64(-1), np.int64(-1), _LAST, False
        if more:
            begin = i
            end = i = _word_end(data, i + 1, stop)
            h = _word_hash(data, begin, end)
            ended = _ends_sentence(data, begin, end)
        if begin1 >= 0:  # the word in the middle of three
            border = n == 0
            if n > 0:  # without branches, which nobody could foretell
                kind = _beginning(data, begin1, end1)
                border = ((h1 < h2) & (h1 <= h) & (not ended1)) | (kind == _MARK)
                border &= begin1 - starts[n - 1] >= MIN_SEGMENT
                border |= ended2 | (kind == _ARTICLE)
            if border:
                starts[n] = begin1
                hashes[n] = _SEED
                n += 1
            ends[n - 1] = end1
            word = (hashes[n - 1] ^ h1) * _M1
            hashes[n - 1] = word ^ (word >> _S32)
        h2, ended2 = h1, ended1
        begin1, end1, h1, ended1 = begin, end, h, ended
    return n


@part
def _last_of_key(starts, ends, n, k):
    """The last of the segments that the key beginning at segment k stands for; n where the line has too few."""
    last = k + 1
    while last < n and ends[last] - starts[k] < KEY_BYTES:
        last += 1
    return last


@part
def _key(hashes, first, last, group):
    h = group * _M2 ^ _SEED
    for k in range(first, last + 1):
        h = (h ^ hashes[k]) * _M1
        h ^= h >> _S32
    return mix(h)


@part
def group_key(group):
    """The key under which a group's documents are counted."""
    return mix(group ^ _SIZE)


@allocating_kernel
def span_keys(data, offsets, groups):
    """The keys (uint64) of all documents of a batch, and where those of each document end (int64).

    A document's first key is that of its group. A passage that stands in a document twice gives its keys twice.
    """
    size = offsets[-1] - offsets[0]
    keys, key_ends = np.empty(size + len(groups), np.uint64), np.empty(len(groups), np.int64)
    starts, ends, hashes = _room(data, offsets)
    n = 0
    for d in range(len(groups)):
        keys[n] = group_key(groups[d])
        n += 1
        i, end = offsets[d], offsets[d + 1]
        while i < end:
            stop = line_end(data, i, end)
            if stop - i >= LONG_LINE:
                segments = segment_line(data, i, stop, starts, ends, hashes)
                for k in range(segments):
                    last = _last_of_key(starts, ends, segments, k)
                    if last == segments:
                        break
                    keys[n] = _key(hashes, k, last, groups[d])
                    n += 1
            i = stop + 1
        key_ends[d] = n
    return keys[:n], key_ends


@allocating_kernel
def _room(data, offsets):
    """Arrays for the segments of the longest line."""
    longest = np.int64(0)
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        while i < end:
            stop = line_end(data, i, end)
            longest = max(longest, stop - i)
            i = stop + 1
    n = longest // 2 + 2
    return np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.uint64)


@part
def _slot(key, table):
    """Where a key stands in an open-addressing table (uint64, 2^k × 2), or would stand: its second column is 0 there."""
    mask = np.uint64(len(table) - 1)
    slot = key & mask
    while table[slot, 1] != _0 and table[slot, 0] != key:
        slot = (slot + _1) & mask
    return slot


@kernel
def count_keys(keys, key_ends, first_document, at, table, used):
    """Counts in how many documents each key stands, from the key number `at` on.

    `table` (uint64, 2^k × 2) has a slot per row: key; documents << 32 | last document counted (0 in a free slot). Counting
    stops before the table gets more than 60 % full. `first_document` numbers the batch's documents within the shard.
    Returns (keys done, used slots); the first is len(keys) when all is done.
    """
    limit = len(table) * 6 // 10
    mask = np.uint64(len(table) - 1)
    d = 0
    while at < len(keys):
        stop = min(at + _AHEAD, len(keys))
        if used + stop - at > limit:
            return at, used
        for k in range(at, stop):
            prefetch(table, (keys[k] & mask) << _1)
        for k in range(at, stop):
            while k >= key_ends[d]:
                d += 1
            slot = _slot(keys[k], table)
            stamp = np.uint64(first_document + d)
            if table[slot, 1] == _0:
                table[slot, 0] = keys[k]
                used += 1
            elif table[slot, 1] & _STAMP == stamp:
                continue
            table[slot, 1] = ((table[slot, 1] >> _S32) + _1) << _S32 | stamp
        at = stop
    return at, used


@allocating_kernel
def used_rows(table):
    """Keys and values of the used slots of a counting table."""
    n = 0
    for k in range(len(table)):
        n += table[k, 1] != _0
    keys, values = np.empty(n, np.uint64), np.empty(n, np.uint64)
    n = 0
    for k in range(len(table)):
        if table[k, 1] != _0:
            keys[n], values[n] = table[k, 0], table[k, 1]
            n += 1
    return keys, values


@kernel
def fill_table(keys, values, table):
    """Puts distinct keys with their values (uint64, not 0) into an open-addressing table with room for them."""
    for k in range(len(keys)):
        slot = _slot(keys[k], table)
        table[slot, 0], table[slot, 1] = keys[k], values[k]


@kernel
def _mark(starts, ends, hashes, n, group, least, table, marked):
    """Marks the segments of all keys that stand in `least` documents or more; whether there are any."""
    found = False
    marked[:n] = False
    for k in range(n):
        last = _last_of_key(starts, ends, n, k)
        if last == n:
            break
        if table[_slot(_key(hashes, k, last, group), table), 1] >= least:
            marked[k : last + 1] = True
            found = True
    return found


@kernel
def _next_run(data, starts, ends, n, k, marked):
    """The next run of marked segments, from k on, that is cut: (first, last); first is n where there is none. A run of an
    article, or behind its number, is not."""
    while k < n:
        if not marked[k]:
            k += 1
            continue
        last = k
        lawful = k > 0 and is_law(data, starts[k - 1], ends[k - 1])
        while True:
            lawful |= is_law(data, starts[last], ends[last])
            if last + 1 == n or not marked[last + 1]:
                break
            last += 1
        if not lawful and ends[last] - starts[k] >= MIN_CUT:
            return k, last
        k = last + 1
    return n, n


@kernel
def _copy(data, start, stop, out, at):
    for i in range(start, stop):
        out[at] = data[i]
        at += 1
    return at


@kernel
def _trimmed(out, begin, at):
    """The end of out[begin:at] without white space behind it."""
    while at > begin and out[at - 1] <= 32:
        at -= 1
    return at


@kernel
def _cut_line(data, i, stop, starts, ends, n, marked, out, at, row, samples, found):
    """Writes the line data[i:stop] of n segments without the runs that are cut, which become line feeds where there is text
    on both sides. Returns (new end of out, samples found, whether nothing of the line is left)."""
    begin = at
    done = i
    k = 0
    while True:
        first, last = _next_run(data, starts, ends, n, k, marked)
        if first == n:
            break
        row[0] += 1
        row[2] += visible(data, starts[first], ends[last])
        found = _sample(data, starts[first], ends[last], samples, found)
        at = _trimmed(out, begin, _copy(data, done, starts[first], out, at))
        k = last + 1
        done = starts[k] if k < n else ends[last]
        if k < n and at > begin:
            out[at] = 10
            at += 1
    if done == ends[n - 1] and at == begin:
        return at, found, True
    return _copy(data, done, stop, out, at), found, False


@kernel
def _sample(data, first, end, samples, found):
    """Notes the range of a cut span, once per text."""
    if found == len(samples):
        return found
    for s in range(found):
        if samples[s, 1] - samples[s, 0] == end - first:
            k = 0
            while k < end - first and data[samples[s, 0] + k] == data[first + k]:
                k += 1
            if k == end - first:
                return found
    samples[found, 0], samples[found, 1] = first, end
    return found + 1


@kernel
def _is_blank(data, i, stop):
    while i < stop and data[i] <= 32:
        i += 1
    return i == stop


@kernel
def _after_blank(out, begin, at):
    """Whether out[begin:at] is empty or ends with a blank line."""
    feeds = 0
    while at > begin and out[at - 1] <= 32 and feeds < 2:
        feeds += out[at - 1] == 10
        at -= 1
    return at == begin or feeds == 2


@kernel
def _cut_document(data, i, end, group, least, table, scratch, out, at, row, samples, found):
    """Writes the document data[i:end] without its spans; returns (new end of out, samples found)."""
    starts, ends, hashes, marked = scratch
    begin, copied = at, i
    fenced = vanished = False
    while i < end:
        stop = line_end(data, i, end)
        first = i
        while first < stop and data[first] <= 32:
            first += 1
        fenced ^= is_fence(data, first, stop)
        following = min(stop + 1, end)
        if not fenced and stop - i >= LONG_LINE:
            n = segment_line(data, i, stop, starts, ends, hashes)
            if _mark(starts, ends, hashes, n, group, least, table, marked) and not _is_structure(data, first, stop):
                at = _copy(data, copied, i, out, at)
                at, found, vanished = _cut_line(data, i, stop, starts, ends, n, marked, out, at, row, samples, found)
                copied = following if vanished else stop
                while vanished and following < end and _after_blank(out, begin, at):
                    stop = line_end(data, following, end)
                    if not _is_blank(data, following, stop):
                        break
                    copied = following = min(stop + 1, end)
        i = following
    at = _copy(data, copied, end, out, at)
    if vanished and copied == end:
        at = _trimmed(out, begin, at)
        if at > begin and data[end - 1] == 10:
            out[at] = 10
            at += 1
    return at, found


@part
def _is_structure(data, first, stop):
    """Whether a line is code or a row of a table."""
    return is_code(data, first, stop) or is_row(data, first, stop)


@allocating_kernel
def cut_spans(data, offsets, groups, table, share, least, out, out_offsets, counts, samples):
    """Cuts the repeated spans of a batch.

    `table` has the documents of every key that stands in `least` documents of its group or more, and of such groups. A key
    that stands in `share` of its group's documents, and in `least`, is of a repeated span. Writes the new texts to `out`
    (uint8, as long as the texts) and `out_offsets` (int64), per document the row (spans cut, and where some were: visible code
    points, those cut) to `counts` (int64, n × 3), and byte ranges of different cut spans to `samples` (int64, m × 2). Returns
    (documents changed, samples found).
    """
    starts, ends, hashes = _room(data, offsets)
    scratch = (starts, ends, hashes, np.zeros(len(starts), np.bool_))
    found = changed = at = 0
    out_offsets[0] = 0
    for d in range(len(groups)):
        start, end = offsets[d], offsets[d + 1]
        size = table[_slot(group_key(groups[d]), table), 1]
        if size == _0:  # too few documents for any key
            at = _copy(data, start, end, out, at)
        else:
            needed = np.uint64(max(least, np.int64(np.ceil(share * np.float64(size) - 1e-9))))
            row = counts[d]
            at, found = _cut_document(data, start, end, groups[d], needed, table, scratch, out, at, row, samples, found)
            if row[0]:
                row[1] = visible(data, start, end)
                changed += 1
        out_offsets[d + 1] = at
    return changed, found
