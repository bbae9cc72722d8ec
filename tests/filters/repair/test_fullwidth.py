"""Full-width ASCII becomes ASCII in Korean text only."""

import pytest

from algok.filters.repair.fullwidth import plain_fullwidth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("거리는 ８０ｍ 정도", "거리는 80m 정도"),
        ("１／２ 내지 １／３", "1/2 내지 1/3"),
        ("비율은 １／２이고 ２０．５％이다", "비율은 1/2이고 20.5%이다"),
        ("방송（ＫＢＳ）에서", "방송(KBS)에서"),
        ("ＫＢＳ（본사）", "KBS（본사）"),
        ("본문은 한국어\nＡＢＣ", "본문은 한국어\nABC"),
        ("東京２０２４年の大会", "東京２０２４年の大会"),
        ("（株） 물결～ ＜법＞", "（株） 물결～ ＜법＞"),
        ("①②③", "①②③"),
    ],
)
def test_fullwidth(text, expected):
    assert plain_fullwidth(text)[0] == expected
    assert plain_fullwidth(expected)[0] == expected
