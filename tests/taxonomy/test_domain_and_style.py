"""The domain and style steps with the shipped models."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.errors import ModelError
from algok.taxonomy.axes import UNKNOWN, major_of, styles
from algok.taxonomy.domain import Domain, DomainOptions
from algok.taxonomy.style import Style, StyleOptions

# Written for this test; plain sentences about one subject each.
SUBJECTS = {
    "food_cooking": "냄비에 물을 붓고 멸치와 다시마로 육수를 냅니다. 두부와 "
    "애호박을 썰어 넣고 된장을 풀어 중불에서 끓여 줍니다. "
    "마지막에 다진 마늘과 대파, 고춧가루를 넣으면 구수한 된장찌개가 완성됩니다.",
    "computer_science": "파이썬에서 리스트를 정렬하려면 sort 메서드를 호출하면 "
    "됩니다. 서버를 배포하기 전에 도커 이미지를 빌드하고 "
    "데이터베이스 연결을 확인하세요. 코드를 커밋한 뒤에는 테스트를 실행합니다.",
    "medicine_health": "당뇨병 환자는 혈당을 꾸준히 재고 인슐린 주사를 맞아야 한다. "
    "고혈압과 고지혈증이 있으면 심근경색과 뇌졸중의 위험이 "
    "커지므로 의사의 진료를 받고 처방약을 복용해야 한다.",
    "sports_leisure_travel": "대표팀은 후반전에 터진 결승골로 월드컵 예선에서 승리했다. "
    "공격수는 시즌 열 번째 골을 넣었고 골키퍼는 "
    "페널티킥을 막아 냈다. 감독은 선수들의 수비가 좋았다고 말했다.",
    "philosophy_religion": "칸트는 순수이성비판에서 인간의 이성이 어디까지 알 수 "
    "있는지를 물었다. 플라톤의 이데아와 아리스토텔레스의 "
    "형이상학은 존재론의 출발점이며, 스피노자는 신과 자연을 하나로 보았다.",
    "agriculture_environment_energy": "올해는 가뭄으로 논에 물이 부족해 모내기가 늦어졌다. "
    "농가에서는 병해충 방제를 서두르고 있으며, "
    "농업기술센터는 벼 품종과 비료 사용법을 농민에게 안내했다.",
}


def batch(*texts: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain()


@pytest.fixture(scope="module")
def style() -> Style:
    return Style()


@pytest.mark.parametrize("code", list(SUBJECTS))
def test_plain_subjects(domain, code):
    result = domain.compute(batch(SUBJECTS[code]))
    assert result["sub"].to_pylist() == [code]
    assert result["major"].to_pylist() == [major_of()[code]]


def test_signals_have_their_types_and_agree(domain):
    result = domain.compute(batch(*SUBJECTS.values()))
    assert {name: array.type for name, array in result.items()} == {s.name: s.type for s in Domain.signals}
    first, second = result["confidence"].to_numpy(), result["second_confidence"].to_numpy()
    assert np.all(first + second <= 1.0001)
    assert all(a != b for a, b in zip(result["sub"].to_pylist(), result["second"].to_pylist(), strict=True))
    assert set(result["second"].to_pylist()) <= set(major_of())


def test_unknown_below_the_bound():
    result = Domain(DomainOptions(unknown_below=1.0)).compute(batch(SUBJECTS["food_cooking"]))
    assert result["sub"].to_pylist() == result["major"].to_pylist() == [UNKNOWN]
    assert result["confidence"][0].as_py() < 1


def test_style_of_a_statute(style):
    text = (
        "제1조(목적) 이 법은 농지의 이용에 필요한 사항을 정함을 목적으로 한다.\n"
        "제2조(정의) 이 법에서 사용하는 용어의 뜻은 다음 각 호와 같다.\n"
    )
    result = style.compute(batch(text + "제3조(적용 범위) 이 법은 대통령령으로 정하는 바에 따라 적용한다."))
    assert result["label"].to_pylist() == ["legal"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), max_size=4))
def test_any_text_gets_codes_and_probabilities(domain, style, texts):
    tags, styled = domain.compute(batch(*texts)), style.compute(batch(*texts))
    assert all(len(array) == len(texts) for array in [*tags.values(), *styled.values()])
    assert set(tags["sub"].to_pylist()) <= {*major_of(), UNKNOWN}
    assert set(styled["label"].to_pylist()) <= set(styles())
    for array in (tags["confidence"], styled["confidence"]):
        assert np.all((array.to_numpy() > 0) & (array.to_numpy() <= 1))


def test_a_document_is_tagged_alike_alone_and_in_a_batch(domain):
    texts = list(SUBJECTS.values())
    together = domain.compute(batch(*texts))
    for row, text in enumerate(texts):
        alone = domain.compute(batch(text))
        assert all(together[name][row] == alone[name][0] for name in together)


def test_wrong_kind_of_model():
    with pytest.raises(ModelError, match="kind"):
        Domain(DomainOptions(model="style"))
    with pytest.raises(ModelError, match="kind"):
        Style(StyleOptions(model="domain"))
