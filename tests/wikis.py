"""Small dumps of wikis and a statute, written for the tests."""

# ruff: noqa: E501

from xml.sax.saxutils import escape

import orjson

HEAD = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ko">\n  <siteinfo>\n'
    "    <sitename>위키백과</sitename>\n    <base>https://ko.wikipedia.org/wiki/%EB%8C%80%EB%AC%B8</base>\n  </siteinfo>\n"
)
TAIL = "</mediawiki>\n"


def page(number: int, title: str, text: str, space: int = 0, more: str = "") -> str:
    """A page as MediaWiki exports it."""
    return (
        f"  <page>\n    <title>{escape(title)}</title>\n    <ns>{space}</ns>\n    <id>{number}</id>\n{more}    <revision>\n"
        f"      <id>{900 + number}</id>\n      <timestamp>2024-01-02T03:04:05Z</timestamp>\n      <contributor>\n"
        "        <username>누군가</username>\n        <id>77</id>\n      </contributor>\n      <model>wikitext</model>\n"
        f'      <text bytes="{len(text.encode())}" xml:space="preserve">{escape(text)}</text>\n    </revision>\n  </page>\n'
    )


def wikipedia(count: int = 6) -> str:
    """A dump of so many articles, with a redirect, a disambiguation and a template among them."""
    articles = [
        page(n, f"마을 {n}", f"'''마을 {n}'''은 [[산]] & 들에 있다.<ref>책</ref>\n[[분류:마을]]") for n in range(count)
    ]
    others = [
        page(50, "동네", "#넘겨주기 [[마을]]", more='    <redirect title="마을" />\n'),
        page(51, "샘", "{{동음이의}}\n* [[샘 (물)]]"),
        page(52, "틀:상자", "{{{1}}}", 10),
    ]
    return HEAD + "".join(articles[:2] + others + articles[2:]) + TAIL


def cirrussearch(count: int = 6) -> bytes:
    """Pairs of lines: what names a page, and the page."""
    lines = []
    for number in range(count):
        page = {
            "title": f"마을 {number}", "namespace": 0, "text": f"마을 {number}은 산과 들에 있다.", "category": ["마을"],
            "timestamp": "2024-01-02T03:04:05Z", "version": 900 + number, "wiki": "kowiki", "template": ["틀:각주"],
        }  # fmt: skip
        lines += [{"index": {"_type": "page", "_id": str(number)}}, page]
    lines += [{"index": {"_type": "page", "_id": "50"}}, {**page, "template": ["틀:동음이의"]}]
    lines += [{"index": {"_type": "page", "_id": "51"}}, {**page, "namespace": 10}]
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def namuwiki(count: int = 6) -> bytes:
    """An array of pages, with a redirect, a disambiguation and a template among them."""
    pages = [
        {
            "namespace": "0",
            "title": f"마을 {n}",
            "text": f"== 개요 ==\n[[산]]과 ~~바다~~ 들에 있다.[* 주 {n}.]\n[[분류:마을]]",
        }
        for n in range(count)
    ]
    pages += [
        {"namespace": "0", "title": "동네", "text": "#redirect 마을"},
        {"namespace": "0", "title": "샘", "text": "[[분류:동음이의어]]\n * [[샘(물)]]"},
        {"namespace": "1", "title": "틀:상자", "text": "@a@"},
    ]
    return orjson.dumps([{**page, "contributors": ["R:누군가", "192.0.2.7"]} for page in pages])


STATUTE = """<?xml version="1.0" encoding="UTF-8"?>
<법령 법령키="0000012024010200001">
<기본정보><법령ID>000001</법령ID><공포일자>20240102</공포일자><공포번호>00012</공포번호><법종구분 법종구분코드="A0002">법률</법종구분>
<법령명_한글><![CDATA[마을 나무 보호법]]></법령명_한글><시행일자>20240301</시행일자><소관부처 소관부처코드="1">산림청</소관부처></기본정보>
<조문>
<조문단위 조문키="0001000"><조문번호>1</조문번호><조문여부>전문</조문여부><조문내용><![CDATA[          제1장 총칙]]></조문내용></조문단위>
<조문단위 조문키="0001001"><조문번호>1</조문번호><조문여부>조문</조문여부><조문제목><![CDATA[목적]]></조문제목>
<조문내용><![CDATA[제1조(목적)  이 법은 마을 나무를 보호함을 목적으로 한다. <개정 2023.1.2>]]></조문내용></조문단위>
<조문단위 조문키="0007021"><조문번호>7</조문번호><조문가지번호>2</조문가지번호><조문여부>조문</조문여부>
<조문제목><![CDATA[보호]]></조문제목><조문내용><![CDATA[제7조의2(보호)]]></조문내용>
<항><항번호><![CDATA[①]]></항번호><항내용><![CDATA[①  시장은 다음 각 호의 나무를 보호한다.]]></항내용>
<호><호번호><![CDATA[1.]]></호번호><호내용><![CDATA[1.  느티나무]]></호내용>
<목><목번호><![CDATA[가.]]></목번호><목내용><![CDATA[가.  백 년이 넘은 것]]></목내용></목>
<목><목번호>나.</목번호><목내용>나이를 모르는 것</목내용></목></호>
<호><호번호><![CDATA[1.]]></호번호><호가지번호>2</호가지번호><호내용><![CDATA[은행나무]]></호내용></호></항>
<항><항내용>항이 하나뿐인 글<![CDATA[<img id="123"></img>]]></항내용></항>
<조문참고자료><![CDATA[[본조신설 2024.1.2]]]></조문참고자료></조문단위>
<조문단위 조문키="0008001"><조문번호>8</조문번호><조문여부>조문</조문여부><조문제목>벌칙</조문제목><조문내용>나무를 벤 자는 벌한다.</조문내용></조문단위>
</조문>
<부칙><부칙단위 부칙키="1"><부칙공포일자>20240102</부칙공포일자><부칙공포번호>12</부칙공포번호>
<부칙내용><![CDATA[부칙  <제12호,2024.1.2>]]><![CDATA[
이 법은 공포한 날부터 시행한다.]]></부칙내용></부칙단위></부칙>
<별표><별표단위 별표키="000102E"><별표번호>0001</별표번호><별표가지번호>02</별표가지번호><별표구분>별표</별표구분>
<별표제목><![CDATA[수수료(제7조의2 관련)]]></별표제목><별표내용><![CDATA[┌────┬────┐
│ 나무  │ 원     │
├────┼────┤
│ 소나무│ 1,000  │
└────┴────┘]]></별표내용></별표단위>
<별표단위 별표키="0003"><별표번호>0003</별표번호><별표가지번호>00</별표가지번호><별표구분>서식</별표구분>
<별표제목><![CDATA[신청서]]></별표제목><별표내용><![CDATA[[ ] 접수  [ ] 처리]]></별표내용></별표단위></별표>
</법령>
"""
STATUTE_TEXT = """제1장 총칙

제1조(목적) 이 법은 마을 나무를 보호함을 목적으로 한다. <개정 2023.1.2>

제7조의2(보호)
① 시장은 다음 각 호의 나무를 보호한다.
1. 느티나무
가. 백 년이 넘은 것
나. 나이를 모르는 것
1의2. 은행나무
항이 하나뿐인 글
[본조신설 2024.1.2]

제8조(벌칙) 나무를 벤 자는 벌한다.

부칙 <제12호,2024.1.2>
이 법은 공포한 날부터 시행한다.

별표 1의2 수수료(제7조의2 관련)
나무\t원
소나무\t1,000"""
