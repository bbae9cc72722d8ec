"""Documents of law.go.kr: numbers of every level, supplements, tables, forms; and the other kinds of documents."""

import pytest
from reading import read, write
from wikis import STATUTE, STATUTE_TEXT

RULE = """<AdmRulService><행정규칙기본정보><행정규칙명><![CDATA[마을 운영 규정]]></행정규칙명><행정규칙종류>훈령</행정규칙종류>
<발령일자>20230405</발령일자><소관부처명>산림청</소관부처명></행정규칙기본정보>
<조문내용><![CDATA[제1조(목적) 이 규정은 운영을 정한다.]]></조문내용><조문내용><![CDATA[제2조(위원) 위원은 다섯이다.]]></조문내용>
<부칙><부칙공포일자>20230405</부칙공포일자><부칙내용><![CDATA[이 훈령은 발령한 날부터 시행한다.]]></부칙내용></부칙>
</AdmRulService>"""
ORDINANCE = """<LawService><자치법규기본정보><자치법규명>마을 조례</자치법규명><공포일자>20230405</공포일자></자치법규기본정보>
<조문><조 조문번호="000702"><조문번호>000702</조문번호><조문여부>Y</조문여부><조제목>지원</조제목>
<조내용><![CDATA[마을을 지원한다.<br/>다만 …]]></조내용></조></조문></LawService>"""
JUDGEMENT = """<PrecService><사건명><![CDATA[손해배상]]></사건명><사건번호>2020다1</사건번호>
<선고일자>20210506</선고일자><법원명>대법원</법원명>
<판시사항><![CDATA[[1] 나무의 주인]]></판시사항><판결요지><![CDATA[[1] 나무는 땅에 속한다.]]></판결요지>
<판례내용><![CDATA[【주 문】<br/>상고를 기각한다.<br/>【이 유】<br/>나무는 땅에 속한다.]]></판례내용></PrecService>"""


@pytest.mark.parametrize("charset", ["utf-8", "cp949"])
def test_a_statute_keeps_its_numbers(tmp_path, charset):
    found = read(write(tmp_path / "a.xml", STATUTE.replace("UTF-8", charset).encode(charset)))
    assert found.texts == [STATUTE_TEXT]
    assert found.documents[0]["source"] == "law" and found.documents[0]["date"] == "2024-01-02"
    expected = {
        "title": "마을 나무 보호법", "law": "000001", "number": "00012", "kind": "법률", "ministry": "산림청",
        "in_force": "2024-03-01",
        "forms": ["서식 3 신청서"], "date": "2024-01-02", "file_name": "a.xml",
    }  # fmt: skip
    assert found.meta == [expected]


@pytest.mark.parametrize(("data", "title", "date", "text"), [
    (RULE, "마을 운영 규정", "2023-04-05",
     "제1조(목적) 이 규정은 운영을 정한다.\n\n제2조(위원) 위원은 다섯이다.\n\n부칙\n이 훈령은 발령한 날부터 시행한다."),
    (ORDINANCE, "마을 조례", "2023-04-05", "제7조의2(지원) 마을을 지원한다.\n다만 …"),
    (JUDGEMENT, "손해배상", "2021-05-06",
     "판시사항\n[1] 나무의 주인\n\n판결요지\n[1] 나무는 땅에 속한다.\n\n【주 문】\n상고를 기각한다.\n【이"
     " 유】\n나무는 땅에 속한다."),
])  # fmt: skip
def test_other_documents_of_law(tmp_path, data, title, date, text):
    found = read(write(tmp_path / "a.xml", data))
    assert found.texts == [text] and found.meta[0]["title"] == title and found.documents[0]["date"] == date


@pytest.mark.parametrize(("data", "reason"), [
    ("<법령><조문>", "corrupt"),
    ("<법령><기본정보/></법령>", "no_text"),
    ("<법령>" + "<항>" * 100 + "</항>" * 100 + "</법령>", "too_deep"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><법령>&b;</법령>', "corrupt"),
    ("<rss></rss>", "no_law"),
])  # fmt: skip
def test_what_is_no_law_is_quarantined_with_its_reason(tmp_path, data, reason):
    found = read(write(tmp_path / "a.xml", data), format="law")
    assert found.reasons == [reason] and not found.documents
