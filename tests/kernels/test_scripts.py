"""Counting letters by script: against a plain reading of every character, and foreign runs."""

import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels.buffers import string_buffers
from algok.kernels.scripts import CLASSES, COUNTERS, count

LETTERS = COUNTERS.index("other") + 1


def counts(*texts: str) -> list[dict[str, int]]:
    rows = count(*string_buffers(pa.array(texts, pa.large_string())))
    return [dict(zip(COUNTERS, map(int, row), strict=True)) for row in rows]


def plainly(text: str) -> list[int]:
    row = np.zeros(LETTERS, int)
    for char in text:
        if ord(char) < 0x10000:
            row[CLASSES[ord(char)] & 31] += 1
        elif 0x20000 <= ord(char) < 0x40000:
            row[COUNTERS.index("han")] += 1
    row[0] = 0
    return row.tolist()


ALPHABET = st.sampled_from("가힣각뷁ㅋ漢中一字ひカaZéЖعกअα א\n .ー\U00020000😀ힰᄒ") | st.characters(codec="utf-8")


@given(st.lists(st.text(ALPHABET, max_size=120), max_size=5))
def test_letters_as_read_one_by_one(texts: list[str]):
    for text, row in zip(texts, counts(*texts), strict=True):
        assert list(row.values())[:LETTERS] == plainly(text)


def test_decomposed_syllables_are_one_letter_each():
    text = "한글을 읽는다"
    assert counts(unicodedata.normalize("NFD", text))[0]["hangul"] == counts(text)[0]["hangul"] == 6


def test_old_hangul_is_told_from_chat_dots():
    assert counts("ᄆᆞᅀᆞᆷ")[0]["old_hangul"] >= 2
    assert counts("그런데ᆞᆞ 왜ᆢ")[0]["old_hangul"] == 0


def test_hanja_glued_to_syllables():
    assert counts("國民이 主權을 가진다(民主)")[0]["joined"] == 2


def test_latin_prose_and_what_is_none():
    prose, code, address, names = counts(
        "그는 이렇게 말했다 The quick brown fox jumps over the lazy dog 라고 했다",
        "for (int i = 0; i < n.size(); i++) { sum += values[i] * weights[i]; }",
        "https://example.org/a/very/long/path/to/some/page.html?with=query&and=more",
        "설치한 것은 Microsoft Visual Studio Code 이다",
    )
    assert prose["latin_prose"] == 35
    assert code["latin_prose"] == address["latin_prose"] == names["latin_prose"] == 0


def test_longest_foreign_run_is_located():
    text = "앞\nThe first line is short enough here.\nThe second line is rather longer than the first line was.\n뒤"
    row = counts("다른 문서", text)[1]
    data, _ = string_buffers(pa.array(["다른 문서", text], pa.large_string()))
    run = bytes(data[row["run_start"] : row["run_start"] + row["run_bytes"]]).decode()
    assert run == "The second line is rather longer than the first line was."
