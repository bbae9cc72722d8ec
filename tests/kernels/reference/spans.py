"""What `algok.kernels.spans` computes, from lists of words: slow, and plain enough to be checked by reading."""

import re

import numpy as np

from algok.kernels import lines, spans

_ALL = (1 << 64) - 1
_SEED = 0x9E3779B97F4A7C15
_M1, _M2, _SIZE = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x2545F4914F6CDD1D
_WORD = re.compile(rb"[^\x00-\x20]+")
_SENTENCE = re.compile(rb"[.!?][\"')\]]*\Z")
_MARK = re.compile(rb"[|<>\[#*=\-\xc2\xe2]|\xe3\x80")
_ARTICLE = re.compile("(?:제[0-9]+[조장절항편관]|[①-⑳])")


def _mix(h: int) -> int:
    h = (h ^ h >> 30) * _M1 & _ALL
    h = (h ^ h >> 27) * _M2 & _ALL
    return h ^ h >> 31


def _absorb(h: int, word: int) -> int:
    h = (h ^ word) * _M1 & _ALL
    return h ^ h >> 32


def word_hash(word: bytes) -> int:
    if len(word) > 16:
        h = _SEED
        whole = len(word) // 8 * 8
        for at in range(0, whole, 8):
            h = _absorb(h, int.from_bytes(word[at : at + 8], "little"))
        rest = word[whole:]
        return _mix(_absorb(h, int.from_bytes(rest, "little") | (len(rest) + 1) << 56))
    first = int.from_bytes(word[:8].rjust(8, b"\0"), "little")
    last = int.from_bytes(word[-8:].rjust(8, b"\0"), "little")
    return _mix((first * _M1 & _ALL) ^ ((last * _M2 + len(word)) & _ALL))


def segments(line: bytes) -> list[tuple[int, int, int]]:
    """(first byte, end, hash) of every segment of a line."""
    words = [(found.start(), found.end(), found.group()) for found in _WORD.finditer(line)]
    hashes = [word_hash(word) for *_, word in words]
    found: list[list[int]] = []
    for k, (start, end, word) in enumerate(words):
        before = hashes[k - 1] if k else _ALL
        behind = hashes[k + 1] if k + 1 < len(words) else _ALL
        article = _ARTICLE.match(word.decode(errors="replace"))
        sentence = k > 0 and _SENTENCE.search(words[k - 1][2])
        weak = (before > hashes[k] <= behind and not _SENTENCE.search(word)) or _MARK.match(word)
        if not found or article or sentence or (weak and start - found[-1][0] >= spans.MIN_SEGMENT):
            found.append([start, end, _SEED])
        found[-1][1:] = end, _absorb(found[-1][2], hashes[k])
    return [(start, end, h) for start, end, h in found]


def _keys_of_line(line: bytes, group: int) -> list[tuple[int, int, int]]:
    """(key, its first segment, its last) for a line."""
    found, cut = [], segments(line)
    for k in range(len(cut)):
        lasts = [last for last in range(k + 1, len(cut)) if cut[last][1] - cut[k][0] >= spans.KEY_BYTES]
        if lasts:
            h = (group * _M2 & _ALL) ^ _SEED
            for _, _, segment in cut[k : lasts[0] + 1]:
                h = _absorb(h, segment)
            found.append((_mix(h), k, lasts[0]))
    return found


def group_key(group: int) -> int:
    return _mix(group ^ _SIZE)


def keys(text: bytes, group: int) -> list[int]:
    long = [line for line in text.split(b"\n") if len(line) >= spans.LONG_LINE]
    return [group_key(group), *(key for line in long for key, _, _ in _keys_of_line(line, group))]


def cut(text: bytes, group: int, documents: dict[int, int], share: float, least: int) -> tuple[bytes, int]:
    """The text without its repeated spans, and how many these were; `documents` has the count of every key."""
    size = documents.get(group_key(group), 0)
    if not size:
        return text, 0
    removed, fenced = 0, False
    kept: list[tuple[bytes, bool]] = []  # lines, and whether the line before them vanished
    vanished = False
    lines_of_text = text.split(b"\n")
    for line in lines_of_text:
        array = np.frombuffer(line.strip(bytes(range(33))), np.uint8)
        fenced ^= bool(lines.is_fence(array, 0, len(array)))
        left, spans_of_line = line, 0
        if not fenced and len(line) >= spans.LONG_LINE:
            least_here = {key for key, n in documents.items() if n >= least and n >= share * size - 1e-9}
            left, spans_of_line = _cut_line(line, array, group, least_here)
        removed += spans_of_line
        if spans_of_line and not left:
            vanished = True
        elif vanished and not array.size and (not kept or not kept[-1][0].strip(bytes(range(33)))):
            pass  # a blank line behind a line that vanished, below another one or at the start
        else:
            vanished = False
            kept.append((left, False))
    if vanished:
        while kept and not kept[-1][0].strip(bytes(range(33))):
            kept.pop()
    return b"\n".join(line for line, _ in kept), removed


def _cut_line(line: bytes, stripped: np.ndarray, group: int, repeated: set[int]) -> tuple[bytes, int]:
    parts = segments(line)
    marked = [False] * len(parts)
    for key, first, last in _keys_of_line(line, group):
        if key in repeated:
            marked[first : last + 1] = [True] * (last + 1 - first)
    if any(marked) and (lines.is_code(stripped, 0, len(stripped)) or lines.is_row(stripped, 0, len(stripped))):
        return line, 0
    data = np.frombuffer(line, np.uint8)
    runs, k = [], 0
    while k < len(parts):
        last = k
        while marked[k] and last + 1 < len(parts) and marked[last + 1]:
            last += 1
        lawful = any(lines.is_law(data, start, end) for start, end, _ in parts[max(0, k - 1) : last + 1])
        if marked[k] and not lawful and parts[last][1] - parts[k][0] >= spans.MIN_CUT:
            runs.append((parts[k][0], parts[last][1]))
        k = last + 1
    if not runs:
        return line, 0
    pieces, begin = [], 0
    for start, end in runs:
        pieces.append(line[begin:start])
        begin = end
    pieces.append(line[begin:])
    blank = bytes(range(33))
    inner = [pieces[0].rstrip(blank), *(piece.strip(blank) for piece in pieces[1:-1])]
    if not any(piece.strip(blank) for piece in pieces):
        return b"", len(runs)
    tail = pieces[-1].lstrip(blank) if pieces[-1].strip(blank) else pieces[-1]
    text = b"\n".join(piece for piece in inner if piece)
    if not pieces[-1].strip(blank):
        return text + tail, len(runs)
    return (text + b"\n" if text else b"") + tail, len(runs)
