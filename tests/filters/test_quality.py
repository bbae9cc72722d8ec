"""The quality step with the shipped model: it ranks what anybody would rank, and it survives what is no document."""

import pyarrow as pa
import pytest
from conftest import prose

from algok.errors import ModelError
from algok.filters.quality import Quality, QualityOptions
from algok.pipelines.documents import DOCUMENT_SCHEMA

MENU = "\n".join(["홈", "로그인", "회원가입", "장바구니", "고객센터", "이벤트", "마이페이지", "이용약관"] * 5)
AD = "\n".join(["최저가 할인 구매 문의 환영 ☎ 지금 바로 클릭", "무료 상담 신청 이벤트 쿠폰 증정 !!!"] * 10)


def compute(*texts: str) -> dict[str, list]:
    rows = [{"id": str(i), "text": text} for i, text in enumerate(texts)]
    columns = Quality().compute(pa.RecordBatch.from_pylist(rows, DOCUMENT_SCHEMA))
    return {name: column.to_pylist() for name, column in columns.items()}


def test_prose_is_better_than_menus_and_advertising():
    signals = compute(prose(1), MENU, AD)
    assert signals["keep"][0] > 0.6 > 0.5 > max(signals["keep"][1:])
    assert signals["level"][0] > max(signals["level"][1:])


def test_values_stay_in_their_ranges():
    signals = compute("", " \n", "ㅋㅋㅋ", "a" * 10_000, prose(2) * 50, "\ufffd\x00")
    assert all(0 <= value <= 1 for value in signals["keep"])
    assert all(0 <= value <= 5 for value in signals["level"])
    assert all(grade in range(6) for grade in signals["grade"])


def test_a_model_that_is_not_there_is_an_error():
    with pytest.raises(ModelError, match="unknown model 'qualiti'"):
        Quality(QualityOptions(model="qualiti"))
