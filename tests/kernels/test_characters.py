"""Every kernel takes for white space what `characters` says that it does, and nothing else."""

import numpy as np
import pyarrow as pa
import pytest

from algok.kernels import damage, lines, markup, minhash, ngrams, personal, pieces, scripts, teasers, textstats, toxic
from algok.kernels.buffers import string_buffers
from algok.kernels.characters import CONTROLS, KERNELS, PYTHON

# All white space of any kernel, all other controls, what has no width, and neighbours of each.
_NEAR = {code + step for code in PYTHON | {0xAD, 0x180E, 0x2060, 0x3164, 0xFEFF, 0xFFA0} for step in (-1, 0, 1)}
CODES = sorted((_NEAR | CONTROLS | set(range(0x7F, 0xA2)) | set(range(0x2000, 0x2070))) - {-1})
FAR = "가" * 40  # more than a block of bytes, which some kernels read at once


def _buffers(text: str) -> tuple[np.ndarray, np.ndarray]:
    return string_buffers(pa.array([text], pa.large_string()))


def _told(same_as_space: bool, same_as_end: bool) -> str:
    return "space" if same_as_space else "end" if same_as_end else "neither"


def _like(c: str, value) -> str:
    """Told by what a kernel gives for text with the character, a space or a line feed at the same place."""
    return _told(value(c) == value(" "), value(c) == value("\n"))


def _minhash(c: str) -> str:
    def exact(c: str):
        return minhash.sketch(pa.array([f"가{c}나"], pa.large_string()), 5, 4).exact.tolist()

    return _told(exact(c) == exact(" "), False)


def _pieces(c: str) -> str:
    every_byte = np.arange(256, dtype=np.int32)  # and the mark of an eojeol, piece 256
    model = pieces.compile_pieces(["▁".encode()], np.array([256]), np.zeros(257, np.float32), every_byte)

    def count(c: str) -> list[int]:
        return pieces.segment(*_buffers(f"가{c}나"), model, pieces.new_cache())[0].tolist()

    return _told(count(c) == count(" "), False)


def _textstats(c: str) -> str:
    suffixes, phrases = textstats.compile_suffixes({"는": 1}), textstats.compile_phrases(["가"], ["나"])
    data, offsets = _buffers(f"책{c}글")
    row = textstats.count(data, offsets, textstats.CLASSES, tuple(suffixes), tuple(phrases))[0]
    counted = dict(zip(textstats.COUNTERS, row.tolist(), strict=True))
    return _told(counted["units"] == 2 and counted["lines"] == 1, counted["lines"] == 2)


def _lines(c: str, far: str = "") -> str:
    def hashes(c: str) -> list[int]:
        table = np.zeros((64, 4), np.uint64)
        lines.count_lines(*_buffers(f"가{far}{c}{far}나"), np.zeros(1, np.uint64), False, 0, 0, -1, table, 0)
        return sorted(line for line, _, documents, _ in table.tolist() if documents)

    return _like(c, hashes)


def _toxic(c: str) -> str:
    code = ord(c)
    kind = toxic._ASCII[code] if code < 128 else toxic._classify(code)[0]
    return _told(kind == toxic._SPACE, kind == toxic._NEWLINE)


def _ngrams(c: str) -> str:
    def rows(c: str) -> list[list[int]]:
        ids, bounds = ngrams.features(*_buffers(f"가{c}나"), 16)
        return [sorted(ids[: bounds[0, -1]].tolist()), bounds.tolist()]

    return _like(c, rows)


def _damage(c: str) -> str:
    bits = damage.scan(*_buffers(f"가{c}나"))[0][0]
    return _told(bool(bits & damage.SPACES), bool(bits & damage.LINE_ENDS))


def _personal(c: str) -> str:
    return _told(len(personal.find(*_buffers(f"b@{c}b"))[0]) == 1, False)


def _markup(c: str) -> str:
    page = np.frombuffer(f"<h1{c}x>가".encode(), np.uint8)
    out = np.zeros(len(page) + 8, np.uint8)
    written = markup.scan(page, out, markup.NAME_KINDS)[-1]
    return _told(out[:written].tobytes() == "<h1>가".encode(), False)


def _scripts(c: str) -> str:
    words = "alpha beta gamma delta epsilon zeta"  # longer than the shortest run
    prose, halves = (
        dict(zip(scripts.COUNTERS, scripts.count(*_buffers(text))[0].tolist(), strict=True))
        for text in (words.replace(" ", c), words + c + words)
    )
    return _told(prose["latin_prose"] > 0, halves["run_bytes"] == len(words))


def _teasers(c: str) -> str:
    alone, two = (int(teasers.count(*_buffers(text))[0, 0]) for text in (c, f"가{c}나"))
    return _told(alone == 0 and two == 1, two == 2)


PROBES = {
    "minhash": _minhash, "pieces": _pieces, "textstats": _textstats, "lines": _lines, "toxic": _toxic,
    "ngrams": _ngrams, "damage": _damage, "personal": _personal, "markup": _markup, "scripts": _scripts,
    "teasers": _teasers,
}  # fmt: skip


def _expected(kernel: str) -> dict[str, str]:
    return {f"U+{c:04X}": _told(c in KERNELS[kernel].spaces, c in KERNELS[kernel].ends) for c in CODES}


@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_a_kernel_has_the_white_space_that_is_said_of_it(kernel):
    assert {f"U+{c:04X}": PROBES[kernel](chr(c)) for c in CODES} == _expected(kernel)


def test_long_lines_have_the_same_white_space_as_short_ones():
    assert {f"U+{c:04X}": _lines(chr(c), FAR) for c in CODES} == _expected("lines")


def test_white_space_of_python_is_what_python_says():
    assert {code for code in range(0x110000) if chr(code).isspace()} == PYTHON
