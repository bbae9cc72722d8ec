"""Lines of UTF-8 documents: hashing and counting them, judging their counts, and copying the kept ones.

A line ends at a line feed or at the end of its document. Its hash is that of its normal form: outer white space
removed, inner runs of white space (LINES of characters.py) folded to one space. In counter lines ("조회 1,234", "작성일
2024-03-05", "5 min read") numbers are folded too, where the caller asks for it. A blank line has hash 0 and is never
counted.

An example of editing: `메뉴⏎⏎버들이 선다⏎조회 12⏎` (35 bytes), 메뉴 being a TEMPLATE of the group and `조회 9` RED. Byte 0: the
line 메뉴, bytes 0 to 6, verdict TEMPLATE. Byte 7: blank. Byte 8: the line 버들이 선다, bytes 8 to 24, in no table: GREEN.
Byte 25: `조회 12` is a counter line, whose hash is that of `조회 9`: RED. Neither has a shape that saves it or stands between
two green lines, so both go, and with them the blank line, which nothing is before now. The row: 3 lines, 2 removed, 2 red, 0
yellow, 1 green, 11 visible characters, 6 of them removed; written are the 17 bytes `버들이 선다⏎`; samples are bytes 0 to 6
and 25 to 34.

Hashes are 64-bit: among n distinct lines about n² / 2⁶⁵ pairs collide (10⁹ lines: 3 % chance of a single pair).
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel, part
from algok.kernels.blocks import BLOCK, load8, prefetch, set_bits, trailing_zeros, within
from algok.kernels.characters import CONTROLS

# Verdicts on a line in the documents of a group: not frequent (green), doubtful (yellow), frequent in the corpus (red
# by its corpus count, a shape may lower it to yellow), template of its group (red by its share).
GREEN, YELLOW, RED, TEMPLATE = 0, 1, 2, 3
# A section heading is up to about 25 syllables long, and what it heads begins with a line of about 40 or more.
HEADING_BYTES, SECTION_BYTES = 75, 120

_PLAIN, _SPACE, _NEWLINE, _LEAD, _DIGIT = 0, 1, 2, 3, 4
_CLASS = np.zeros(256, np.uint8)
_CLASS[sorted(CONTROLS)] = _SPACE
_CLASS[10] = _NEWLINE
_CLASS[[0xC2, 0xE2, 0xE3, 0xEF]] = _LEAD  # first bytes of the wide white space
_CLASS[48:58] = _DIGIT

_SEED = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S27, _S29, _S30, _S31, _S32, _S56 = (np.uint64(s) for s in (27, 29, 30, 31, 32, 56))
_FEW = 32  # rows that insertion sorts faster than a heap
_AHEAD = 256  # lines whose slots in a table are fetched while the others are read
_BLANK = np.uint64(0)
_ONE = np.uint64(1)
_ALL = np.uint64((1 << BLOCK) - 1)  # a bit per byte of a block
_VERDICT = np.uint64(3)  # the two bits of an entry that hold its verdict


def _byte_table(*words: list[str]) -> np.ndarray:
    """Words as rows of UTF-8 bytes (uint8), each followed by zeros."""
    encoded = [word.encode() for part in words for word in part]
    table = np.zeros((len(encoded), max(map(len, encoded)) + 1), np.uint8)
    for row, word in zip(table, encoded, strict=True):
        row[: len(word)] = np.frombuffer(word, np.uint8)
    return table


# A short line with one of these and a number is a counter or a date stamp, whose digits say nothing about the text.
# Folding the digits of all lines would join time tables, prices and numbered titles (docs/line-deduplication.md).
_COUNTERS = _byte_table(
    ["조회", "댓글", "작성일", "등록일", "수정일", "게시일", "좋아요", "공감", "스크랩"],
    ["view", "hits", "comment", "words", "minutes", "updated", "posted", "published"],
)
# The words (a bit each) that may begin with two bytes, in either case, by a hash of these bytes.
_COUNTER_PAIRS = np.zeros(1 << 12, np.uint32)
for _word_number, (_first, _second) in enumerate(_COUNTERS[:, :2]):
    for _case in (0, 32) if _first < 128 else (0,):
        for _other in (0, 32) if _second < 128 else (0,):
            _COUNTER_PAIRS[(int(_first) - _case) << 4 ^ (int(_second) - _other)] |= 1 << _word_number
_COUNTER_BYTES = 120  # longest counter line
_CODE_STARTS = _byte_table(
    ["import ", "from ", "def ", "class ", "return ", "else:", "try:", "finally:", "except ", "export ", "const "],
    ["package ", "public ", "private ", "#include", ">>> ", "// ", "/*", "*/", "@", "> [!", ":::"],
)
_BUCHIK = _byte_table(["부칙"])
_IN_FORCE = _byte_table(["시행한다."])
# Lines that head a part of an article wherever they stand, and what a speaker is called.
_LABELS = _byte_table(
    [
        "요약",
        "핵심 요약",
        "기사 요약",
        "한 줄 요약",
        "한줄 요약",
        "세 줄 요약",
        "3줄 요약",
        "주요 내용",
        "핵심 내용",
        "결론",
        "서론",
        "본론",
        "개요",
    ],
    [
        "맺음말",
        "머리말",
        "참고문헌",
        "참고 문헌",
        "해설",
        "전망",
        "질문",
        "답변",
        "문제",
        "풀이",
        "정답",
        "해답",
        "예제",
        "준비물",
        "재료",
    ],
    ["진행자", "사회자", "기자", "앵커", "인터뷰어", "Q", "A", "문", "답"],
)
# Words before a colon that tell about the page and not who speaks.
_ABOUT_PAGE = _byte_table(
    [
        "태그",
        "분류",
        "카테고리",
        "작성",
        "등록",
        "수정",
        "게시",
        "글쓴이",
        "공유",
        "출처",
        "조회",
        "관련",
        "이전",
        "다음",
        "추천",
        "댓글",
        "첨부",
    ],
    ["링크", "문의", "저작권", "제공", "검색", "목록", "Tag", "Categor", "Share", "Source", "Related", "Posted", "By"],
)
_LABEL_BYTES, _LABEL_WINDOW = 45, 4
_ENDINGS = _byte_table(["다", "요", "죠", "까", "니", "네"])


@part
def line_end(data, i, end):
    """The next line feed from i on, or `end`."""
    while i + BLOCK <= end:
        found = within(data, i, 10, 0)
        if found != _BLANK:
            return i + trailing_zeros(found)
        i += BLOCK
    while i < end and data[i] != 10:
        i += 1
    return i


@kernel
def mix(h):
    """The finaliser of splitmix64: every input bit changes every output bit."""
    h = (h ^ (h >> _S30)) * _M1
    h = (h ^ (h >> _S27)) * _M2
    return h ^ (h >> _S31)


@kernel
def _wide_space(data, i, end):
    """Bytes of the wide white space that starts at i, or 0."""
    if data[i] == 0xC2:
        return 2 if i + 1 < end and data[i + 1] == 0xA0 else 0
    if i + 2 >= end:
        return 0
    a, b, c = data[i], data[i + 1], data[i + 2]
    if a == 0xE2:
        space = (b == 0x80 and (c <= 0x8B or c == 0xAF)) or (b == 0x81 and c == 0x9F)
    elif a == 0xE3:
        space = b == 0x80 and c == 0x80
    else:
        space = b == 0xBB and c == 0xBF
    return 3 if space else 0


@kernel
def _word(data, i, n):
    """n bytes (fewer than 8) from i on, as one little-endian integer."""
    if i + 8 <= len(data):
        return load8(data, i) & ((_ONE << np.uint64(8 * n)) - _ONE)
    word = _BLANK
    for j in range(n):
        word |= np.uint64(data[i + j]) << np.uint64(8 * j)
    return word


@kernel
def _absorb(h, word):
    h = (h ^ word) * _M1
    return h ^ (h >> _S32)


@kernel
def hash_bytes(h, data, i, stop):
    """Absorb a run of bytes and its length into h, eight bytes at a time."""
    while stop - i >= 8:
        h = _absorb(h, load8(data, i))
        i += 8
    return _absorb(h, _word(data, i, stop - i) | np.uint64(stop - i + 1) << _S56)


@kernel
def _hash_spaced(data, i, stop):
    """`hash_bytes` of the line's normal form, and the edges of its stripped bytes: (hash, first, end)."""
    h = _SEED
    word = _BLANK
    filled = 0
    first = last = i
    started = gap = False
    while i < stop:
        kind = _CLASS[data[i]]
        width = np.int64(kind == _SPACE) if kind != _LEAD else _wide_space(data, i, stop)
        if width > 0:
            gap = started
            i += width
            continue
        if not started:
            first = i
            started = True
        if gap:
            gap = False
            word |= np.uint64(32) << np.uint64(8 * filled)
            filled += 1
            if filled == 8:
                h = _absorb(h, word)
                word = _BLANK
                filled = 0
        word |= np.uint64(data[i]) << np.uint64(8 * filled)
        filled += 1
        if filled == 8:
            h = _absorb(h, word)
            word = _BLANK
            filled = 0
        i += 1
        last = i
    return _absorb(h, word | np.uint64(filled + 1) << _S56), first, last


@kernel
def _masks(data, i):
    """The block at i, a bit (uint64) per byte: line feeds, spaces, control characters (line feeds too), digits, bytes
    that may begin wide white space. What is behind the end of data has no bits."""
    if i + BLOCK <= len(data):
        leads = within(data, i, 0xE2, 1) | within(data, i, 0xC2, 0) | within(data, i, 0xEF, 0)
        return within(data, i, 10, 0), within(data, i, 32, 0), within(data, i, 0, 31), within(data, i, 48, 9), leads
    feeds = spaces = controls = digits = leads = _BLANK
    bit = _ONE
    for k in range(i, len(data)):
        kind = _CLASS[data[k]]
        if kind == _NEWLINE:
            feeds |= bit
        if data[k] == 32:
            spaces |= bit
        elif data[k] < 32:
            controls |= bit
        elif kind == _DIGIT:
            digits |= bit
        elif kind == _LEAD:
            leads |= bit
        bit <<= _ONE
    return feeds, spaces, controls, digits, leads


@kernel
def _hash_line(data, i, end):
    """Hash of the line at i: (hash, first byte, end byte of the stripped line, start of the next line, has digits)."""
    first = i
    while first < end and data[first] <= 32:
        if data[first] == 10:
            return _BLANK, first, first, first + 1, False
        first += 1
    # Most lines have single spaces only and are hashed as they stand; `odd` tells which do not.
    odd = numbers = spaced = _BLANK
    wide = False
    k = first
    while True:
        feeds, spaces, controls, digits, leads = _masks(data, k)
        if end - k < BLOCK:
            feeds |= _ONE << np.uint64(end - k)
        inside = _ALL if feeds == _BLANK else (feeds & (~feeds + _ONE)) - _ONE  # the bytes before the line feed
        leads &= inside
        while leads != _BLANK and not wide:
            wide = _wide_space(data, k + trailing_zeros(leads), end) > 0
            leads &= leads - _ONE
        numbers |= digits & inside
        if feeds != _BLANK:
            break
        odd |= controls | (spaces & ((spaces << _ONE) | spaced))
        spaced = spaces >> np.uint64(BLOCK - 1)
        k += BLOCK
    stop = k + trailing_zeros(feeds)
    following = stop + 1
    while stop > first and data[stop - 1] <= 32:
        stop -= 1
    if stop > k:
        inside = (_ONE << np.uint64(stop - k)) - _ONE
        odd |= (controls | (spaces & ((spaces << _ONE) | spaced))) & inside
    if wide or odd != _BLANK:
        h, first, stop = _hash_spaced(data, first, stop)
    else:
        h = hash_bytes(_SEED, data, first, stop)
    if first == stop:
        return _BLANK, first, first, following, False
    h = mix(h)
    return (_ONE if h == _BLANK else h), first, stop, following, numbers != _BLANK


@kernel
def _hash_folded(data, first, stop):
    """Hash of a stripped line without its white space, every number in it (1,234 and 2024.03.05 are one) folded."""
    h = ~_SEED
    number = False
    i = first
    while i < stop:
        b = data[i]
        kind = _CLASS[b]
        if kind == _DIGIT:
            b = 48
            if number:
                i += 1
                continue
            number = True
        elif number and (b == 44 or b == 46) and i + 1 < stop and _CLASS[data[i + 1]] == _DIGIT:
            i += 1
            continue
        else:
            number = False
            width = _wide_space(data, i, stop) if kind == _LEAD else kind == _SPACE
            if width > 0:
                i += width
                continue
        h = (h ^ np.uint64(b)) * _M1
        h ^= h >> _S32
        i += 1
    h = mix(h)
    return _ONE if h == _BLANK else h


@kernel
def _has_counter(data, first, stop):
    """Whether a counter word stands in the line; ASCII letters compare without case."""
    for i in range(first, stop - 1):
        words = np.uint64(_COUNTER_PAIRS[np.int64(data[i]) << 4 ^ np.int64(data[i + 1])])
        while words != _BLANK:
            w = trailing_zeros(words)
            words &= words - _ONE
            k = 0
            while _COUNTERS[w, k] != 0 and i + k < stop:
                c = data[i + k]
                if 65 <= c <= 90:
                    c |= 32
                if c != _COUNTERS[w, k]:
                    break
                k += 1
            if _COUNTERS[w, k] == 0:
                return True
    return False


@kernel
def _read_line(data, i, end, fold):
    """The line at i: (hash, first byte, end byte of the stripped line, start of the next line).

    With `fold`, the hash of a counter line leaves out its numbers and its white space.
    """
    h, first, stop, following, digits = _hash_line(data, i, end)
    if fold and digits and stop - first <= _COUNTER_BYTES and _has_counter(data, first, stop):
        h = _hash_folded(data, first, stop)
    return h, first, stop, following


@allocating_kernel
def hash_hosts(data, offsets):
    """Hash (uint64) of each URL's host: lower case, without `www.`, user and port; 0 where there is no host."""
    hashes = np.zeros(len(offsets) - 1, np.uint64)
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        while i < end and data[i] != 58:  # the scheme
            i += 1
        if i + 2 >= end or data[i + 1] != 47 or data[i + 2] != 47:
            continue
        i += 3
        stop = i
        while stop < end and data[stop] != 47 and data[stop] != 63 and data[stop] != 35 and data[stop] != 92:
            stop += 1
        for k in range(i, stop):
            if data[k] == 64:
                i = k + 1
        k = stop
        while k > i and 48 <= data[k - 1] <= 57:
            k -= 1
        if k > i and data[k - 1] == 58:
            stop = k - 1
        if stop > i and data[stop - 1] == 46:
            stop -= 1
        if stop - i > 4 and data[i + 3] == 46 and (data[i] | 32) == (data[i + 1] | 32) == (data[i + 2] | 32) == 119:
            i += 4
        if stop <= i:
            continue
        h = _SEED
        for k in range(i, stop):
            b = data[k]
            if 65 <= b <= 90:
                b |= 32
            h = (h ^ np.uint64(b)) * _M1
            h ^= h >> _S32
        h = mix(h)
        hashes[d] = _ONE if h == _BLANK else h
    return hashes


@allocating_kernel
def hash_strings(data, offsets, salt):
    """Hash (uint64) of every string's bytes, other for other salts (uint64)."""
    hashes = np.zeros(len(offsets) - 1, np.uint64)
    for d in range(len(offsets) - 1):
        h = mix(hash_bytes(_SEED ^ mix(salt), data, offsets[d], offsets[d + 1]))
        hashes[d] = _ONE if h == _BLANK else h
    return hashes


@kernel
def _key(line, group):
    """One hash for a line within a group."""
    return mix(line + group * _M2)


@allocating_kernel
def count_lines(data, offsets, groups, fold, first_document, document, byte, table, used):
    """Count in how many documents each (line, group) stands, into an open-addressing table.

    `table` (uint64, 2^k x 4) has a slot per row: line, group, documents (0 in a free slot), the last document counted.
    Counting starts at `document` and there at offset `byte` (-1: its start), and stops before the table gets more than
    60 % full. `first_document` numbers the batch's documents within the shard. Each document counts once in the slot
    (0, group). Returns (document, byte, used slots); document == len(groups) when all is done.
    """
    mask = np.uint64(len(table) - 1)
    limit = len(table) * 6 // 10
    # Lines are read some hundred at a time and their slots fetched ahead: nearly every one is in no cache.
    lines, slots = np.empty(_AHEAD, np.uint64), np.empty(_AHEAD, np.uint64)
    documents = np.empty(_AHEAD, np.int64)
    head = byte < 0
    d, i = document, byte
    while d < len(groups):
        first_d, first_i = d, (-1 if head else i)
        n = 0
        while d < len(groups) and n < _AHEAD:
            line = _BLANK
            if head:  # the document itself is counted first
                head = False
                i = offsets[d]
            else:
                while line == _BLANK and i < offsets[d + 1]:
                    line, _, _, i = _read_line(data, i, offsets[d + 1], fold)
                if line == _BLANK:
                    d += 1
                    head = True
                    continue
            lines[n] = line
            documents[n] = d
            slots[n] = _key(line, groups[d]) & mask
            prefetch(table, slots[n] << np.uint64(2))
            n += 1
        if used + n > limit:
            return first_d, first_i, used
        for k in range(n):
            line, group, slot = lines[k], groups[documents[k]], slots[k]
            stamp = np.uint64(first_document + documents[k])
            while table[slot, 2] != 0 and (table[slot, 0] != line or table[slot, 1] != group):
                slot = (slot + _ONE) & mask
            if table[slot, 2] == 0:
                table[slot, 0] = line
                table[slot, 1] = group
                used += 1
            elif table[slot, 3] == stamp:
                continue
            table[slot, 2] += _ONE
            table[slot, 3] = stamp
    return len(groups), np.int64(-1), used


@kernel
def rehash(table, larger):
    """Move every used slot of a counting table into a larger, empty one."""
    mask = np.uint64(len(larger) - 1)
    for k in range(len(table)):
        if table[k, 2] != 0:
            slot = _key(table[k, 0], table[k, 1]) & mask
            while larger[slot, 2] != 0:
                slot = (slot + _ONE) & mask
            for column in range(table.shape[1]):
                larger[slot, column] = table[k, column]


@allocating_kernel
def used_rows(table, used):
    """The columns line, group (uint64) and documents (uint32) of the used slots of a counting table."""
    lines, groups, counts = np.empty(used, np.uint64), np.empty(used, np.uint64), np.empty(used, np.uint32)
    n = 0
    for k in range(len(table)):
        if table[k, 2] != 0:
            lines[n], groups[n], counts[n] = table[k, 0], table[k, 1], np.uint32(table[k, 2])
            n += 1
    return lines, groups, counts


@kernel
def _sift(lines, groups, values, start, k, n):
    """Let the row k of the heap of n rows at `start` sink to its place."""
    line, group, value = lines[start + k], groups[start + k], values[start + k]
    while 2 * k + 1 < n:
        child = start + 2 * k + 1
        if child + 1 < start + n and (
            lines[child] < lines[child + 1] or (lines[child] == lines[child + 1] and groups[child] < groups[child + 1])
        ):
            child += 1
        if lines[child] < line or (lines[child] == line and groups[child] <= group):
            break
        lines[start + k], groups[start + k], values[start + k] = lines[child], groups[child], values[child]
        k = child - start
    lines[start + k], groups[start + k], values[start + k] = line, group, value


@allocating_kernel
def sort_rows(lines, groups, values):
    """Copies of the columns (uint64, uint64, any), ordered by (line, group).

    Hashes are evenly spread, so one pass by their upper bits leaves a few rows each to sort. Where many rows share these
    bits (those of line 0; or by intent) a heap keeps the work at n log n.
    """
    n = len(lines)
    bits = 1
    while n >> bits > 2 and bits < 20:
        bits += 1
    shift = np.uint64(64 - bits)
    ends = np.zeros((1 << bits) + 1, np.int64)
    for k in range(n):
        ends[np.int64(lines[k] >> shift) + 1] += 1
    for b in range(1 << bits):
        ends[b + 1] += ends[b]
    new_lines, new_groups, new_values = np.empty_like(lines), np.empty_like(groups), np.empty_like(values)
    for k in range(n):
        b = np.int64(lines[k] >> shift)
        at = ends[b]
        ends[b] += 1
        new_lines[at], new_groups[at], new_values[at] = lines[k], groups[k], values[k]
    start = 0
    for b in range(1 << bits):
        end = ends[b]
        if end - start > _FEW:
            for k in range((end - start) // 2 - 1, -1, -1):
                _sift(new_lines, new_groups, new_values, start, k, end - start)
            for last in range(end - 1, start, -1):
                new_lines[start], new_lines[last] = new_lines[last], new_lines[start]
                new_groups[start], new_groups[last] = new_groups[last], new_groups[start]
                new_values[start], new_values[last] = new_values[last], new_values[start]
                _sift(new_lines, new_groups, new_values, start, 0, last - start)
        else:
            for k in range(start + 1, end):
                line, group, value = new_lines[k], new_groups[k], new_values[k]
                at = k - 1
                while at >= start and (new_lines[at] > line or (new_lines[at] == line and new_groups[at] > group)):
                    new_lines[at + 1], new_groups[at + 1] = new_lines[at], new_groups[at]
                    new_values[at + 1] = new_values[at]
                    at -= 1
                new_lines[at + 1], new_groups[at + 1], new_values[at + 1] = line, group, value
        start = end
    return new_lines, new_groups, new_values


@kernel
def sum_sorted(lines, groups, counts):
    """Sum the counts of equal neighbours (line, group) in place; returns how many rows are left at the front."""
    n = 0
    for k in range(len(lines)):
        if n > 0 and lines[n - 1] == lines[k] and groups[n - 1] == groups[k]:
            counts[n - 1] += counts[k]
        else:
            lines[n] = lines[k]
            groups[n] = groups[k]
            counts[n] = counts[k]
            n += 1
    return n


@kernel
def _find(sorted_keys, key):
    """Index of key in a sorted array, or -1."""
    low, high = 0, len(sorted_keys)
    while low < high:
        middle = (low + high) >> 1
        if sorted_keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(sorted_keys) and sorted_keys[low] == key else -1


@allocating_kernel
def judge(lines, groups, counts, hosts, host_documents, red, yellow, share, host_min, spread, spread_min):
    """Verdict (uint8) on each row of a table sorted by (line, group); rows of the same pair may repeat.

    `red` and `yellow` are the corpus counts that a line must exceed and reach. A line is a template of its group with
    `host_min` documents or more that are at least `share` of the group's. `hosts` (sorted) and `host_documents` give
    the sizes of the groups that have at least `host_min` documents. A red line that stands in fewer than `spread` of
    the documents of all these groups it occurs in is running text, not a template, and only yellow; this is asked
    only where these groups have `spread_min` documents or more together. `host_min` 0 leaves the groups out of it.
    """
    verdicts = np.zeros(len(lines), np.uint8)
    k = 0
    while k < len(lines):
        end = k
        total = 0
        while end < len(lines) and lines[end] == lines[k]:
            total += np.int64(counts[end])
            end += 1
        if total < yellow:
            k = end
            continue
        inside = 0  # documents with the line, and all documents, of the groups of known size
        around = 0
        a = k
        while a < end and host_min > 0:
            b = a
            here = 0
            while b < end and groups[b] == groups[a]:
                here += np.int64(counts[b])
                b += 1
            at = _find(hosts, groups[a])
            if at >= 0:
                inside += here
                around += host_documents[at]
                if here >= host_min and here >= share * host_documents[at]:
                    verdicts[a:b] = TEMPLATE
            a = b
        corpus = YELLOW
        if total > red:
            if host_min == 0:
                corpus = TEMPLATE
            elif around < spread_min or inside >= spread * around:
                corpus = TEMPLATE if around >= spread_min and inside >= share * around else RED
        for a in range(k, end):
            verdicts[a] = max(verdicts[a], corpus)
        k = end
    return verdicts


@allocating_kernel
def pack_entries(lines, groups, verdicts):
    """Entries (uint64) of a lookup table: the upper 62 bits of the key of (line, group), and its verdict."""
    entries = np.empty(len(lines), np.uint64)
    for k in range(len(lines)):
        entries[k] = (_key(lines[k], groups[k]) & ~_VERDICT) | np.uint64(verdicts[k])
    return entries


@kernel
def build_table(entries, slots, bits):
    """Fill an open-addressing table (uint64, 2^k slots, zeros) and a bitmap (uint8, 2^m bytes, zeros) with entries."""
    mask = np.uint64(len(slots) - 1)
    bit_mask = np.uint64(len(bits) * 8 - 1)
    for entry in entries:
        key = entry >> np.uint64(2)
        slot = key & mask
        while slots[slot] != 0:
            slot = (slot + _ONE) & mask
        slots[slot] = entry
        bit = (key >> _S29) & bit_mask
        bits[bit >> np.uint64(3)] |= np.uint8(_ONE << (bit & np.uint64(7)))


@kernel
def _verdict(line, group, slots, bits):
    """Verdict on a line; the bitmap answers for most green lines with one probe."""
    key = _key(line, group) >> np.uint64(2)
    bit = (key >> _S29) & np.uint64(len(bits) * 8 - 1)
    if bits[bit >> np.uint64(3)] & np.uint8(_ONE << (bit & np.uint64(7))) == 0:
        return GREEN
    mask = np.uint64(len(slots) - 1)
    slot = key & mask
    while slots[slot] != 0:
        if slots[slot] >> np.uint64(2) == key:
            return np.int64(slots[slot] & _VERDICT)
        slot = (slot + _ONE) & mask
    return GREEN


@kernel
def _starts(data, i, stop, words):
    for w in range(len(words)):
        k = 0
        while words[w, k] != 0 and i + k < stop and data[i + k] == words[w, k]:
            k += 1
        if words[w, k] == 0:
            return True
    return False


@kernel
def is_fence(data, i, stop):
    """Whether the line opens or closes a fenced code block (``` or ~~~)."""
    return stop - i >= 3 and (data[i] == 96 or data[i] == 126) and data[i] == data[i + 1] == data[i + 2]


@kernel
def is_code(data, first, stop):
    """Whether an ASCII line has the shape of code, markup, a Markdown rule or a bare number."""
    letters = calls = False
    for i in range(first, stop):
        b = data[i]
        if b >= 128:
            return False
        if (65 <= b <= 90) or (97 <= b <= 122):
            letters = True
        assigns = b == 61 and first < i < stop - 1 and data[i - 1] == 32 and data[i + 1] == 32
        if assigns or b == 123 or b == 125:  # braces
            return True
        if b == 40 and i > first and i + 1 < stop:  # a call: name(argument)
            name, argument = data[i - 1], data[i + 1]
            calls |= ((97 <= (name | 32) <= 122) or name == 95) and not 48 <= argument <= 57
    if not letters:
        return True
    last = data[stop - 1]
    if last == 59 or (last == 41 and calls) or (data[first] == 60 and last == 62):
        return True
    return _starts(data, first, stop, _CODE_STARTS)


@kernel
def is_row(data, first, stop):
    """Whether the line is a row of a table: cells between tabs, or a Markdown row."""
    markdown = data[first] == 124
    row = False
    for i in range(first, stop):
        row |= data[i] == 9 or (markdown and i > first and data[i] == 124)
    return row


@kernel
def _is_heading(data, first, stop):
    """Whether the line is a Markdown heading."""
    i = first
    while i < stop and data[i] == 35:
        i += 1
    return 1 <= i - first <= 6 and i + 1 < stop and data[i] == 32


@kernel
def is_law(data, first, stop):
    """Whether the line is of a statute: 제1조…, ①…, 부칙, …시행한다."""
    if stop - first < 3:
        return False
    if data[first] == 0xE2 and data[first + 1] == 0x91 and 0xA0 <= data[first + 2] <= 0xB3:  # ① to ⑳
        return True
    if data[first] == 0xEC and data[first + 1] == 0xA0 and data[first + 2] == 0x9C:  # 제, number, 조 장 절 항 편 관
        i = first + 3
        while i < stop and 48 <= data[i] <= 57:
            i += 1
        if i > first + 3 and i + 2 < stop:
            c = (np.int64(data[i] & 15) << 12) | (np.int64(data[i + 1] & 63) << 6) | np.int64(data[i + 2] & 63)
            if c == 0xC870 or c == 0xC7A5 or c == 0xC808 or c == 0xD56D or c == 0xD3B8 or c == 0xAD00:
                return True
    return _starts(data, first, stop, _BUCHIK) or _starts(data, max(first, stop - 13), stop, _IN_FORCE)


@kernel
def _is_sign(data, i, stop):
    """Bytes of the mark or white space at i that may stand around a label (0 for none): ASCII that is no letter and no digit,
    digits before a dot, and the marks of U+2000 to U+3FFF such as ■ and 【."""
    b = data[i]
    if b < 128:
        letter = 97 <= (b | 32) <= 122
        digit = 48 <= b <= 57 and not (i + 1 < stop and data[i + 1] == 46)
        return 0 if letter or digit else 1
    return 3 if (b == 0xE2 or b == 0xE3) and i + 2 < stop else 0


@kernel
def _is_label(data, first, stop):
    """Whether the line is the heading of a part or names a speaker: a known word between marks, or a short line that ends
    in a colon and does not tell about the page."""
    if stop - first > _LABEL_BYTES:
        return False
    colon = data[stop - 1] == 58
    while first < stop and _is_sign(data, first, stop):
        first += _is_sign(data, first, stop)
    while first < stop:
        if _is_sign(data, stop - 1, stop):
            stop -= 1
        elif stop - first >= 3 and _is_sign(data, stop - 3, stop) == 3:
            stop -= 3
        else:
            break
    if first == stop:
        return False
    for w in range(len(_LABELS)):
        k = 0
        while first + k < stop and _LABELS[w, k] == data[first + k]:
            k += 1
        if first + k == stop and _LABELS[w, k] == 0:
            return True
    return colon and not _starts(data, first, stop, _ABOUT_PAGE)


@allocating_kernel
def _free_labels(data, edges, lines, colours, n):
    """Short lines that recur in a document, each time before a sentence of its own, name who speaks: they become yellow.
    The last few such lines are remembered, so that a talk of some persons is followed in linear time."""
    known = np.zeros(_LABEL_WINDOW, np.int64) - 1
    slot = 0
    for k in range(n - 1):
        first, stop = edges[k]
        if colours[k] < RED or stop - first > _LABEL_BYTES or colours[k + 1] != GREEN:
            continue
        if not _is_sentence(data, edges[k + 1, 0], edges[k + 1, 1]):
            continue
        for s in range(_LABEL_WINDOW):
            if known[s] >= 0 and lines[known[s]] == lines[k]:
                colours[known[s]] = colours[k] = YELLOW
                known[s] = k
                break
        else:
            known[slot] = k
            slot = (slot + 1) % _LABEL_WINDOW


@kernel
def _is_sentence(data, first, stop):
    """Whether the line ends like a sentence: . ! ? after 다 요 죠 까 니 네 in 20 bytes or more, or in 60 or more."""
    i = stop
    while i > first and (data[i - 1] == 34 or data[i - 1] == 39 or data[i - 1] == 41):  # closing quotes and brackets
        i -= 1
    end = i
    while i > first and (data[i - 1] == 46 or data[i - 1] == 33 or data[i - 1] == 63):
        i -= 1
    if i == end or stop - first < 20:
        return False
    return stop - first >= 60 or (i - first >= 3 and _starts(data, i - 3, i, _ENDINGS))


@kernel
def _colour(data, first, stop, verdict):
    """Verdict on a line after its shape was looked at: a sentence is one grade better, a line of a structure yellow."""
    if verdict == GREEN:
        return GREEN
    if verdict < TEMPLATE and _is_sentence(data, first, stop):
        return verdict - 1
    if verdict >= RED and not (
        is_code(data, first, stop)
        or is_row(data, first, stop)
        or _is_heading(data, first, stop)
        or is_law(data, first, stop)
        or _is_label(data, first, stop)
    ):
        return verdict
    return YELLOW


@kernel
def _heads_section(edges, gaps, k):
    """Whether a line stands like a section heading: short, a blank line on both sides, a long line after it."""
    length, following = edges[k, 1] - edges[k, 0], edges[k + 1, 1] - edges[k + 1, 0]
    return gaps[k] and gaps[k + 1] and length <= HEADING_BYTES and following >= SECTION_BYTES


@kernel
def _keep_in_context(colours, edges, gaps, keep, n):
    """Keep greens, yellows that touch a green or have no red on either side, and between greens reds and templates
    that head a section. Only greens are asked for, and they stay, so that a second time nothing changes."""
    k = 0
    left = -1  # colour of the nearest line before that is not yellow; -1 is the start of the document
    while k < n:
        if colours[k] != YELLOW:
            alone = 0 < k < n - 1 and colours[k - 1] == GREEN and colours[k + 1] == GREEN
            keep[k] = colours[k] == GREEN or (alone and (colours[k] == RED or _heads_section(edges, gaps, k)))
            left = np.int64(colours[k])
            k += 1
            continue
        end = k
        while end < n and colours[end] == YELLOW:
            end += 1
        right = np.int64(colours[end]) if end < n else -1
        kept = left == GREEN or right == GREEN or (left == -1 and right == -1)
        keep[k:end] = kept
        k = end


@kernel
def _keep_published(colours, keep, n):
    """Keep what stands between reds from its first to its last green, if it has two greens or more."""
    k = 0
    while k < n:
        if colours[k] >= RED:
            keep[k] = False
            k += 1
            continue
        end = k
        first = last = -1
        greens = 0
        while end < n and colours[end] < RED:
            if colours[end] == GREEN:
                greens += 1
                last = end
                if first < 0:
                    first = end
            end += 1
        for j in range(k, end):
            keep[j] = greens >= 2 and first <= j <= last
        k = end


@kernel
def visible(data, start, stop):
    """Code points from start to stop that are not ASCII white space or control characters."""
    n = 0
    for i in range(start, stop):
        n += (data[i] & 0xC0) != 0x80 and data[i] > 32
    return n


@kernel
def _copy_kept(data, end, starts, keep, blank, n, out, at):
    """Copy the kept lines of a document to `out[at:]`; returns the new end.

    Where lines were removed between two kept ones, the blank lines around them become one; at the start and at the end
    of the document they vanish.
    """
    begin = at
    gap_blank = -1  # first blank line since the last kept line
    gap_start = 0  # first line since the last kept line
    removed = False
    for k in range(n):
        if not blank[k] and not keep[k]:
            removed = True
        elif blank[k]:
            if gap_blank < 0:
                gap_blank = k
        else:
            lo = hi = starts[k]
            if not removed:
                lo = starts[gap_start]
            elif gap_blank >= 0 and at > begin:
                for i in range(starts[gap_blank], starts[gap_blank + 1]):
                    out[at] = data[i]
                    at += 1
            hi = starts[k + 1]
            for i in range(lo, hi):
                out[at] = data[i]
                at += 1
            gap_start = k + 1
            gap_blank = -1
            removed = False
    if not removed:
        for i in range(starts[gap_start], end):
            out[at] = data[i]
            at += 1
    elif at > begin and data[end - 1] != 10:  # no line feed was at the end
        at -= 1
        if at > begin and out[at - 1] == 13:
            at -= 1
    return at


@allocating_kernel
def _look_at_shapes(data, edges, lines, colours, n):
    """Turn the verdicts on n lines into colours by their shapes; returns whether any is not green."""
    fence = -1
    frequent = False
    for k in range(n):
        first, stop = edges[k]
        if not is_fence(data, first, stop):
            colours[k] = _colour(data, first, stop, np.int64(colours[k]))
        elif fence < 0:
            fence = k
            colours[k] = min(np.int64(colours[k]), YELLOW)
        else:  # a whole block is content
            colours[fence : k + 1] = GREEN
            fence = -1
    _free_labels(data, edges, lines, colours, n)
    for k in range(n):
        frequent |= colours[k] != GREEN
    return frequent


@kernel
def _count_feeds(data, start, end):
    n = 0
    while start + BLOCK <= end:
        n += set_bits(within(data, start, 10, 0))
        start += BLOCK
    for i in range(start, end):
        n += data[i] == 10
    return n


@allocating_kernel
def edit_lines(data, offsets, groups, fold, published, slots, bits, out, out_offsets, counts, samples):
    """Remove the repeated lines of a batch.

    Writes the new texts to `out` (uint8, as long as the texts) and `out_offsets` (int64), per document the row (lines,
    removed lines, red, yellow, green; where a line was removed also visible code points, and those removed) to `counts`
    (int64, n × 7), and byte ranges of different removed lines to `samples` (int64, m × 2). Returns (documents changed,
    samples found).
    """
    longest = 0
    for d in range(len(groups)):
        longest = max(longest, _count_feeds(data, offsets[d], offsets[d + 1]) + 1)
    starts = np.empty(longest + 1, np.int64)
    blank = np.empty(longest, np.bool_)
    keep = np.empty(longest, np.bool_)
    edges = np.empty((longest, 2), np.int64)  # of the lines that are not blank, stripped, as are these:
    gaps = np.empty(longest, np.bool_)  # a blank line before
    hashes = np.empty(longest, np.uint64)
    colours = np.empty(longest, np.uint8)
    keep_line = np.empty(longest, np.bool_)
    seen = np.zeros(len(samples), np.uint64)
    found = changed = at = 0
    out_offsets[0] = 0
    for d in range(len(groups)):
        start, end = offsets[d], offsets[d + 1]
        n = m = 0
        verdicts = GREEN
        i = start
        while i < end:
            line, first, stop, following = _read_line(data, i, end, fold)
            starts[n] = i
            blank[n] = line == _BLANK
            n += 1
            i = following
            if line != _BLANK:
                edges[m] = first, stop
                hashes[m] = line
                gaps[m] = n > 1 and blank[n - 2]
                colours[m] = _verdict(line, groups[d], slots, bits)
                verdicts |= colours[m]
                m += 1
        starts[n] = end
        frequent = verdicts != GREEN  # else all lines stay, whatever their shapes
        if frequent and not published:
            frequent = _look_at_shapes(data, edges, hashes, colours, m)
        red = yellow = removed = gone = 0
        if frequent:
            if published:
                _keep_published(colours, keep_line, m)
            else:
                _keep_in_context(colours, edges, gaps, keep_line, m)
            j = 0
            for k in range(n):
                keep[k] = blank[k]
                if blank[k]:
                    continue
                red += colours[j] >= RED
                yellow += colours[j] == YELLOW
                keep[k] = keep_line[j]
                if not keep_line[j]:
                    removed += 1
                    gone += visible(data, starts[k], starts[k + 1])
                    if found < len(samples):
                        line, first, stop, _ = _read_line(data, starts[k], end, fold)
                        known = False
                        for s in range(found):
                            known |= seen[s] == line
                        if not known:
                            seen[found] = line
                            samples[found, 0] = first
                            samples[found, 1] = stop
                            found += 1
                j += 1
        if removed:
            changed += 1
            at = _copy_kept(data, end, starts, keep, blank, n, out, at)
        else:
            out[at : at + end - start] = data[start:end]
            at += end - start
        out_offsets[d + 1] = at
        counts[d, 0] = m
        counts[d, 1] = removed
        counts[d, 2] = red
        counts[d, 3] = yellow
        counts[d, 4] = m - red - yellow
        counts[d, 5] = visible(data, start, end) if removed else 0
        counts[d, 6] = gone
    return changed, found
