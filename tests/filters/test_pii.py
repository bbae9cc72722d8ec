"""The step that masks: policies, offsets, what stays, and that masking again changes nothing."""

import re
import time

import pyarrow as pa
import pytest
from conftest import prose
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.errors import RecipeError
from algok.filters.personal.checks import has_luhn, is_birth
from algok.filters.personal.digits import SPELT
from algok.filters.personal.kinds import KINDS, kind_of
from algok.filters.pii import Pii, PiiOptions
from algok.pipelines.recipe import load_recipe

# Nobody's: unassigned exchange, a birth in 2099, branch 000, a building that does not exist.
FORM = (
    "성명: 배도현, 주민등록번호 991231-3042711, 연락처 010-0423-8891, 계좌 국민은행 000-21-0423-889, "
    "카드 4000-1234-0000-1238, 여권번호 M00012345, 면허 11-00-004231-88, 차량번호 12가3456, "
    "gildong.k@no-such-place.kr, 카톡 아이디: gildong_0423, 주소: 서울특별시 강남구 테헤란로 99152"
)
MASKED = (
    "성명: <이름>, 주민등록번호 <주민등록번호>, 연락처 <전화번호>, 계좌 국민은행 <계좌번호>, "
    "카드 <카드번호>, 여권번호 <여권번호>, 면허 <운전면허번호>, 차량번호 <차량번호>, "
    "<이메일>, 카톡 아이디: <아이디>, 주소: 서울특별시 강남구 테헤란로 <주소>"
)
SURROGATE = {kind: "surrogate" for kind, about in KINDS.items() if about.policy == "mask"}
PARTS = st.sampled_from(
    ["010-0423-8891", "０１０－０４２３－８８９１", "성명: 배도현", "991231-3042711", "gildong.k@no-such-place.kr", "12가3456",
     "주소: 서울 강남구 테헤란로 99152", "계좌 국민 000-21-0423-889", "한글 문장이다.", "\n",
     "é가\u1100\u1161\u11a8", "\U0001f600",
     "&nbsp;", "<br>", "\u200b", "2024-01-15", "1,234,567원", "카드 4000-1234-0000-1238", "공일공-공사이삼-팔팔구일"]
)  # fmt: skip


def batch(*texts: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def edit(text: str, **policies: str) -> tuple[str, list[dict]]:
    edited = Pii(PiiOptions(policies=policies)).edit(batch(text))
    return edited.text[0].as_py(), edited.signals["spans"][0].as_py()


def test_every_kind_is_masked_by_its_token():
    assert edit(FORM)[0] == MASKED


def test_spans_are_places_in_the_text_that_was_given():
    _, spans = edit(FORM)
    assert FORM[spans[0]["start"] : spans[0]["end"]] == "배도현"
    assert [span["kind"] for span in spans] == [
        "person", "rrn", "mobile", "account", "card", "passport", "driver_licence", "plate", "email", "handle", "address"
    ]  # fmt: skip
    assert all(set(span) == {"kind", "start", "end", "score", "rule"} for span in spans)


def test_counts_by_kind_and_of_what_was_masked():
    signals = Pii().edit(batch("대표번호 1588-0423, 담당 010-0423-8891", "없음")).signals
    assert signals["mobile"].to_pylist() == [1, 0] and signals["main_number"].to_pylist() == [1, 0]
    assert signals["masked"].to_pylist() == [1, 0]
    assert signals["spans"].to_pylist()[1] == []


def test_policies_of_a_recipe_decide():
    text = "대표번호 1588-0423, 담당 010-0423-8891, 사업자등록번호 123-45-67891"
    assert edit(text, main_number="mask", mobile="keep", brn="mask")[0] == (
        "대표번호 <대표전화>, 담당 010-0423-8891, 사업자등록번호 <사업자등록번호>"
    )


def test_an_unknown_kind_or_policy_is_refused_before_any_data_is_read():
    with pytest.raises(RecipeError, match="telephone"):
        load_recipe("web", ["steps.pii.policies.telephone=mask"])
    with pytest.raises(RecipeError, match="mask"):
        load_recipe("web", ["steps.pii.policies.mobile=hide"])


def test_surrogates_have_the_form_of_the_value_and_belong_to_nobody():
    text, _ = edit(FORM, **SURROGATE)
    assert "배도현" not in text and "0423" not in text and "99152" not in text
    rrn = re.search(r"주민등록번호 (\d{6}-\d{7})", text)[1].replace("-", "")
    assert not is_birth(rrn)
    card = re.search(r"카드 (\d{4}-\d{4}-\d{4}-\d{4})", text)[1].replace("-", "")
    assert not has_luhn(card)
    assert re.search(r"연락처 010-0000-\d{4}", text) and re.search(r"면허 00-\d\d-\d{6}-\d\d", text)
    assert re.search(r"user\d{4}@example\.com", text) and re.search(r"차량번호 00가\d{4}", text)


@pytest.mark.parametrize(
    "value, words",
    [
        ("공공사구육팔사오오육이구구", "농협 계좌 {} 로"),
        ("구구일이삼일-삼공사이칠일일", "주민번호 {} 입니다"),
        ("99l23l-3O427ll", "주민번호 {} 맞나요"),
        ("4OOO-1234-OOOO-1238", "카드번호 {} 요"),
        ("11.OO.004231.88", "면허 {} 갱신"),
    ],
)
def test_a_surrogate_keeps_no_digit_of_a_disguised_value_but_by_chance(value, words):
    masked, spans = edit(words.format(value), **SURROGATE)
    assert spans and value not in masked
    before, after = (text.translate(SPELT) for text in (value, masked))
    digits = re.findall(r"[0-9]{4,}", before)
    assert digits and not any(run in after for run in digits if run != "0000")


def test_the_same_value_has_one_surrogate_in_a_document_however_it_is_spaced():
    text, _ = edit("010-0423-8891 또는 010 0423 8891, 급하면 010-0519-7723", mobile="surrogate")
    first, again, other = re.findall(r"010-0000-\d{4}", text)
    assert first == again != other


def test_a_surrogate_does_not_follow_from_the_value():
    # The same number in two documents has two surrogates: nobody can find the value by trying all numbers.
    one, two = (edit(f"{words} 010-0423-8891", mobile="surrogate")[0][-4:] for words in ("물건 문의", "상담 예약"))
    assert one != two


@pytest.mark.parametrize("policies", [{}, SURROGATE], ids=["mask", "surrogate"])
@given(st.lists(PARTS, min_size=1, max_size=8).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_masking_twice_changes_nothing_and_text_outside_spans_stays(policies, text):
    text = text.encode("utf-8", "ignore").decode()
    masked, spans = edit(text, **policies)
    kept, at = [], 0
    for span in spans:
        if {**{k: a.policy for k, a in KINDS.items()}, **policies}[span["kind"]] != "keep":
            kept.append(text[at : span["start"]])
            at = span["end"]
    kept.append(text[at:])
    rest = masked
    for part in kept:
        assert part in rest
        rest = rest[rest.index(part) + len(part) :]
    assert edit(masked, **policies)[0] == masked


def test_offsets_are_code_points_whatever_the_text_around():
    for before in ("", "\U0001f600 ", "e\u0301 ", "\u1112\u1161\u11ab ", "가나다 " * 3000):
        text = before + "연락처 010-0423-8891"
        [span] = edit(text)[1]
        assert text[span["start"] : span["end"]] == "010-0423-8891"


def test_clean_prose_is_untouched_byte_for_byte():
    texts = [prose(number) for number in range(20)]
    edited = Pii().edit(batch(*texts))
    assert edited.text.to_pylist() == texts and sum(edited.signals["masked"].to_pylist()) == 0


@pytest.mark.parametrize(
    "unit",
    [
        "010-",
        "1 ",
        "0-1.",
        "a@",
        "a@b.",
        "성명: 김",
        "서울시 강남구 로 1",
        "계좌 000-",
        "(",
        "&#49;",
        "<b>1",
        "가1",
        "이름 ",
        "12가",
        "Kim A",
        "a at b",
        "카톡 a_",
        "[배도현] [오후",
        "\n배도현|",
        "1-ro, ",
        "2001:abcd:",
        "주민 9 ",
        "<a@",
        "성명: 배도현, ",
        "명단 배도현 ",
        "생년월일 900101 ",
        "학번 2022",
        "김서현 어머니 ",
        "1학년 2반 배도현 ",
        "저는 배도현 ",
        "본인 이름 ",
    ],
)
def test_hostile_text_takes_linear_time(unit):
    edit("성명: 배도현")  # loads what is loaded once
    seconds = []
    for size in (30_000, 120_000):
        text = (unit * size)[:size]
        tries = []
        for _ in range(3):  # one alone may meet the collection of another test's garbage
            start = time.process_time()
            edit(text)
            tries.append(time.process_time() - start)
        seconds.append(min(tries))
    assert seconds[1] < 8 * seconds[0] + 0.5


def test_names_of_kinds_in_labelled_sets():
    assert kind_of("PHONE") == "mobile" and kind_of("BANK_ACCOUNT") == "account" and kind_of("rrn") == "rrn"
    assert kind_of("colour") is None


def test_nothing_is_looked_up_on_the_network(monkeypatch):
    from algok.filters.personal import contact

    def refuse(*_, **__):
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    contact._suffixes.cache_clear()
    contact._has_suffix.cache_clear()
    assert edit("gildong.k@no-such-place.co.kr")[0] == "<이메일>"
    assert edit("gildong.k@no-such-place.nosuchsuffix")[0] == "gildong.k@no-such-place.nosuchsuffix"
