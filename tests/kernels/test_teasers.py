"""Lines of a page of excerpts."""

import pyarrow as pa
import pytest

from algok.kernels.buffers import string_buffers
from algok.kernels.teasers import COUNTERS, count

LONG = "이 글은 오래전에 강가를 걷다가 떠올린 생각을 적어 둔 것으로서"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (LONG + "...", "cut"),
        (LONG + "… ", "cut"),
        (LONG + " [...]", "cut"),
        (LONG, None),
        ("글쎄...", None),
        ("Read more →", "more"),
        ("CONTINUE READING »", "more"),
        ("더 보기", "more"),
        ("글을 더 보기 좋게 만든다", None),
        ("2021-03-04", "dates"),
        ("March 4, 2021 · 일상", "dates"),
        ("2021년 3월 4일", "dates"),
        ("전화 20210304", None),
        ("2021", None),
    ],
)
@pytest.mark.parametrize("around", ["", "앞 줄\n" * 20])
def test_lines(line: str, kind: str | None, around: str):
    row = dict(
        zip(
            COUNTERS,
            count(*string_buffers(pa.array([around + line + "\n" + around], pa.large_string())))[0],
            strict=True,
        )
    )
    assert {name: int(row[name]) for name in ("cut", "more", "dates") if row[name]} == ({kind: 1} if kind else {})
    assert row["lines"] == 1 + 2 * around.count("\n")
