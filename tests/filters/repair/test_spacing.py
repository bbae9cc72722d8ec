"""Word spaces restored where a sentence lost them, and only there."""

import pytest

from algok.filters.repair import spacing
from algok.filters.repair.spacing import join_syllables, restore_spaces


def test_lost_spaces():
    text, count = restore_spaces("머리말\n어제저녁에친구와함께강가를천천히걸었습니다.\n끝")
    assert text == "머리말\n어제 저녁에 친구와 함께 강가를 천천히 걸었습니다.\n끝" and count == 1
    assert restore_spaces(text) == (text, 0)


def test_every_character_but_spaces_stays():
    source = "이상품은배송도빠르고포장도꼼꼼해서다음에도꼭구매하고싶어요ㅋㅋ!!"
    text, count = restore_spaces(source)
    assert count == 1 and text.replace(" ", "") == source and text.count(" ") >= 4


@pytest.mark.parametrize(
    "text",
    [
        "어제 저녁에 친구와 함께 강가를 천천히 걸었습니다.",
        "부칙(정부부처명칭등의변경에따른건축법등의정비에관한법률) <제1호>",
        "「대한민국임시정부수립기념사업추진위원회설치규정」에 따른다.",
        "아버지가방에들어가신다",
    ],
)
def test_long_names_and_short_lines_stay(text):
    assert restore_spaces(text) == (text, 0)


def test_spaced_out():
    text, count = join_syllables("제목\n오 늘 은 날 씨 가 참 좋 습 니 다\n본문")
    assert text == "제목\n오늘은 날씨가 참 좋습니다\n본문" and count == 1
    assert join_syllables(text) == (text, 0)


def test_marks_and_numbers_between_the_syllables():
    text = "오 늘 은 3 월 1 일 이 다 . 날 씨 가 참 좋 습 니 다 !"
    assert join_syllables(text)[0] == "오늘은 3월 1일이다. 날씨가 참 좋습니다!"


def test_wide_blanks_are_word_boundaries():
    assert join_syllables("계 약 서 에   서 명 하 였 다")[0] == "계약서에 서명하였다"


@pytest.mark.parametrize(
    "text",
    [
        "가 나 다 라 마 바 사 아 자",
        "도 레 미 파 솔 라 시 도",
        "할 수 있을 때 그 세 사람",
        "목 차",
        "월 화 수 목 금 토 일",
    ],
)
def test_lists_and_short_rows_stay(text):
    assert join_syllables(text) == (text, 0)


def test_too_much_is_left_alone():
    text = "오늘은날씨가참좋아서산책을나갔다왔습니다.\n" * (spacing.MAX_BYTES // 60 + 60)
    assert restore_spaces(text) == (text, 0)
