"""The rules of each source, before and after; and what they leave alone."""

import pyarrow as pa
import pytest
from conftest import prose
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.trim.step import KINDS, RULES, Trim, TrimOptions, trimmed
from algok.testing import documents

CASES = [
    ("news", "bylines", "(서울=가나통신) 홍길동 김철수 기자 = 비가 온다.", "비가 온다."),
    ("news", "bylines", "제목\n[나라경제=홍길동 기자] 값이 올랐다.", "제목\n값이 올랐다."),
    ("news", "bylines", "【세종=다라뉴스】 정부는 오늘 밝혔다.", "정부는 오늘 밝혔다."),
    ("news", "bylines", "제목\n홍길동 기자 hong@example.com\n비가 온다.\n/사진=김철수 기자", "제목\n비가 온다."),
    ("news", "bylines", "입력 2024.03.05 10:20 | 수정 2024.03.05 11:00\n비가 온다.", "비가 온다."),
    ("news", "notices", "비가 온다.\n<저작권자 ⓒ 가나통신, 무단 전재 및 재배포 금지>", "비가 온다."),
    ("news", "notices", "비가 온다.\nCopyright ⓒ 가나통신. All rights reserved.\nⓒ 가나통신", "비가 온다."),
    ("news", "notices", "비가 온다.\n▶ 제보는 카카오톡 가나\n[관련기사] 눈이 온다", "비가 온다."),
    ("news", "captions", "▲ 비가 오는 거리 (사진=가나시 제공)\n비가 온다.(사진=가나시)", "비가 온다."),
    ("news", "captions", "비 오는 거리./사진=가나통신\n비가 온다. [가나시 제공=가나통신]", "비가 온다."),
    ("law", "amendments", "제1조(목적) 이 법은 … 한다. <개정 2008.1.15, 2020.2.4>\n[전문개정 2008.1.15]",
        "제1조(목적) 이 법은 … 한다."),
    ("statute", "amendments", "② 삭제 <2020.2.4>\n③ 값은 <표>에 있다.", "② 삭제\n③ 값은 <표>에 있다."),
    ("judgement", "running", "상고를 기각한다.\n- 3 -\n이유는 다음과 같다.", "상고를 기각한다.\n이유는 다음과 같다."),
    ("paper", "hyphens", "The trans-\nformer는 구조다. 20-\n30번", "The transformer는 구조다. 20-\n30번"),
    ("paper", "notices", "제목\n접수일: 2020년 3월 1일, 게재확정일: 2020년 5월 1일\nISSN 1234-5678\n본문이다.",
        "제목\n본문이다."),
    ("paper", "contents", "목차\nⅠ. 서론 ········ 1\nⅡ. 방법 . . . . . . 12\n본문이다.", "목차\n본문이다."),
    ("patent", "running", "【0001】 본 발명은 장치에 관한 것이다.\n[0002] 장치는 …", "본 발명은 장치에 관한 것이다.\n장치는 …"),
    ("textbook", "answers", "문제를 풀자.\n1. ③ 2. ④ 3. ① 4. ②\n1. ③ 옳다.", "문제를 풀자.\n1. ③ 옳다."),
    ("dialogue", "speakers", "SD2001: 밥 먹었어?\nSD2002: 응.\nSD2001: 뭐 먹었어?", "A: 밥 먹었어?\nB: 응.\nA: 뭐 먹었어?"),
    ("dialogue", "marks", "n/ 나는 (3)/(세) 시에 ((갔어)) {laughing} 그래 ((안 들림))", "나는 3 시에 갔어 그래"),
    ("qa", "notices", "글이다.\n조회 120\n추천 | 댓글", "글이다."),
    ("community", "notices", "글이다.\n추천 3 | 조회 120 | 댓글 5\n이 글은 홍길동에 의해 수정되었습니다", "글이다."),
    ("government", "notices",
        "보도시점\t2024. 6. 21.(금) 11:00\n정책을 밝혔다.\n담당 부서\t산림과\t책임자\t(044-123-4567)", "정책을 밝혔다."),
    ("government", "forms", "제1조 신청한다.\n[별지 제1호서식] 신청서\n접수번호\n성명\n210mm×297mm[백상지]\n제2조 처리한다.",
     "제1조 신청한다.\n제2조 처리한다."),
    ("encyclopedia", "marks", "역사[편집]\n조선은[1] 1392년에[주 2] 섰다.[출처 필요] [1] 번호",
        "역사\n조선은 1392년에 섰다. [1] 번호"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "before", "after"), CASES)
def test_what_surrounds_a_text_goes(source, kind, before, after):
    text, found = trimmed(before, RULES[source])
    assert text == after and kind in found


@pytest.mark.parametrize(("source", "text"), [
    ("news", "교육참석 대기자\n▲ 1장에는 사진을 실었다.\n홍길동 기자는 비가 온다고 썼다.\n무단 횡단이 늘었다."),
    ("news", "(서울=수도) 라는 등식이 있다.\n▲ 서비스 제공 확대 ▲ 값 인하"),
    ("law", "제2조 값 < 10이고 [별표 1]에 따른다.\n<표 1> 개정 현황"),
    ("paper", "참고문헌은 뒤에 있다.\n1. 서론 … 3장에서 본다."),
    ("dialogue", "A: 안녕.\nB: 그래.\n1: 하나\n2: 둘"),
    ("community", "쓸 만한 곳이 넷이다.\n추천\n가게 하나\n댓글:\n좋다."),
    ("dialogue", "철수: 안녕.\n영희: 그래."),
    ("government", "[별지 제1호서식] 신청서\n끝을 알 수 없는 서식"),
    ("encyclopedia", "values[1]과 f()[0], 3.[2] 번호"),
    ("textbook", "1. ③ 옳다.\n1. ① 2. ②"),
])  # fmt: skip
def test_what_only_looks_alike_stays(source, text):
    assert trimmed(text, RULES[source]) == (text, {})


def test_references_go_up_to_the_appendix_and_only_where_they_are_entries():
    entries = "\n".join(f"홍길동, 나무의 역사, 가나출판, {2000 + n}." for n in range(9))
    body = "나무는 오래 산다.\n" * 30
    text, found = trimmed(f"{body}참고문헌\n{entries}\n부록 1\n표 하나", RULES["paper"])
    assert text == f"{body.rstrip()}\n\n부록 1\n표 하나" and list(found) == ["references"]
    assert trimmed(f"{body}References\n{entries}", RULES["paper"])[0] == body.rstrip()
    kept = f"{body}참고자료\n나무를 심는 법을 적는다.\n물을 준다.\n{body}"
    assert trimmed(kept, RULES["paper"]) == (kept, {})


def test_running_heads_and_numbers_of_pages_go_but_the_first_head():
    pages = [
        "\n".join([f"나무학회 논문집 {n}", *[f"{n}쪽의 {line}째 문장이다." for line in range(14)], f"- {n} -"])
        for n in range(3, 9)
    ]
    text, found = trimmed("\n".join(pages), RULES["paper"])
    assert len(found["running"]) == 5 + 6 and text.startswith("나무학회 논문집 3\n")
    assert "논문집 4" not in text and "- 5 -" not in text and "8쪽의 13째" in text
    rows = "\n".join(f"나무 {n}" for n in range(20))
    assert trimmed(rows, RULES["paper"]) == (rows, {})
    headings = "\n".join(f"모듈 목표\n{prose(n)}" for n in range(9))
    assert trimmed(headings, RULES["book"]) == (headings, {})


@pytest.mark.parametrize("source", RULES)
def test_prose_is_left_alone(source):
    for number in range(20):
        assert trimmed(prose(number), RULES[source]) == (prose(number), {})


PIECES = [piece for _, _, before, _ in CASES for piece in before.split("\n")] + [
    "",
    "참고문헌",
    "나무, 2001.",
    "가나 3",
    "- 1 -",
    "- 2 -",
    "- 3 -",
]


@given(st.sampled_from(sorted(RULES)), st.lists(st.sampled_from(PIECES) | st.text(max_size=9), max_size=14))
def test_twice_changes_nothing_more(source, lines):
    once = trimmed("\n".join(lines), RULES[source])[0]
    assert trimmed(once, RULES[source])[0] == once


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "(",
        "<",
        "((",
        "{",
        "ⓒ",
        "▲",
        "별지 제1호서식\n",
        "210×297\n",
        "참고문헌\n",
        "1. ③ ",
        "(가=",
        "- 1 -\n",
        "가나다라 3\n",
        " ",
        ".... ",
    ],
)
def test_hostile_repetition_ends(piece):
    for rules in RULES.values():
        trimmed(piece * 3000, rules)


def test_the_step_goes_by_the_source_that_was_given_or_told():
    text = "(서울=가나통신) 홍길동 기자 = 비가 온다."
    batch = documents([text] * 4)
    batch = batch.set_column(batch.schema.get_field_index("source"), "source", pa.array(["news", "web", None, "law"]))
    edited = Trim().edit(batch)
    assert edited.text.to_pylist() == ["비가 온다.", text, text, text]
    assert edited.signals["bylines"].to_pylist() == [1, 0, 0, 0] == edited.signals["edits"].to_pylist()
    assert (
        edited.signals["removed_ratio"][0].as_py() == pytest.approx(1 - 6 / len(text))
        and edited.samples[0][0] == "bylines"
    )
    told = batch.append_column("source.label", pa.array(["blog", "news", "web", "news"]))
    assert Trim().edit(told).text.to_pylist() == ["비가 온다.", "비가 온다.", text, text]


def test_documents_of_other_sources_go_by_the_option():
    text = "(서울=가나통신) 홍길동 기자 = 비가 온다."
    edited = Trim(TrimOptions(otherwise="news")).edit(documents([text, text]))
    assert edited.text.to_pylist() == ["비가 온다."] * 2
    offered = set(TrimOptions.model_json_schema()["properties"]["otherwise"]["enum"])
    assert offered == {"none", *RULES}


def test_every_rule_counts_for_a_signal():
    assert {rule.kind for rules in RULES.values() for rule in rules} == set(KINDS)
