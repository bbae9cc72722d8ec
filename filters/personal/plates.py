"""Number plates of cars and motorcycles."""

import re
from collections.abc import Iterator

from algok.filters.personal.digits import before, digits_of
from algok.filters.personal.finding import Finding

_USES = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호"
_PROVINCES = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = re.compile(
    r"(?:[0-9](?<![0-9.][0-9])\d{1,2}|" + "|".join(rf"{name}\s?\d{{1,3}}" for name in _PROVINCES.split("|")) + ")"
    rf"[ .~\-]?[{_USES}국합육해공][ .\-]{{0,2}}(?:\d{{4}}|\d{{2}}\*\*)(?![0-9])(?![.,]\d)"
)
# 45 러 91 02: only where traffic is spoken of
_APART = re.compile(
    rf"[0-9](?<![0-9.][0-9])\d{{1,2}}[ .~\-]?[{_USES}][ .\-]{{0,2}}\d{{2}}[ .\-]\d{{2}}(?![0-9])(?![.,]\d)"
)
_WITH_PROVINCE = re.compile(rf"(?:{_PROVINCES})\d{{2}}[{_USES}]\d{{4}}")
# Motorcycles: province, town, use, number.
_MOTORCYCLE = re.compile(rf"(?:{_PROVINCES}) [가-힣]{{2,3}} ?[{_USES}] ?\d{{4}}(?![0-9])")
_PLATE_WORD = re.compile(
    r"차량|번호판|차주|차번|번호|주차|자동차|승용차|운전|트럭|택시|블랙박스|뺑소니|견인|등록|방치|"
    r"과태료|렌터?카|렌트|반납|블박|(?:제|내|앞|옆) ?차(?![가-힣])|오토바이|이륜"
)
_TRAFFIC = re.compile(
    r"차량|번호판|차주|차번|주차|승용차|운전|트럭|택시|블랙박스|블박|뺑소니|견인|렌터?카|오토바이|사고"
)
_CELL = (re.compile(r"(?:^|[,|;\t\n\"'])\s?$"), re.compile(r"\s?(?:$|[,|;\t\n\"'])"))
_CASE = re.compile(r"선고|판결|사건|결정|대법|법원|헌재|참조|재판|호$")
_COUNTED = re.compile(r"\s?(?:억|만|천|명|개(?!인)|원|년|월|일|번(?! 차)|호|세대|가구|여|%|m|km|㎡|톤|t|편|장)")


def plate(text: str) -> Iterator[Finding]:
    """Number plates: beside a word of traffic, or by shape without spaces and far from the law."""
    for match in _PLATE.finditer(text):
        around = before(text, match.start(), 25) + " " + text[match.end() : match.end() + 15]
        if digits_of(match[0]).startswith("00") or _CASE.search(around) or _COUNTED.match(text, match.end()):
            continue
        if _PLATE_WORD.search(around):
            yield Finding("plate", *match.span(), 0.95, "context")
        elif re.fullmatch(r"(?:[가-힣]{2}\s?)?\d{2,3}[가나다라마거너더러머버서어저고노두루무허하]\d{4}", match[0]):
            yield Finding("plate", *match.span(), 0.93 if match[0][0] > "9" else 0.7, "shape")
        elif _WITH_PROVINCE.fullmatch(match[0]):
            yield Finding("plate", *match.span(), 0.93, "shape")
        elif _CELL[0].search(before(text, match.start(), 3)) and _CELL[1].match(text, match.end()):
            yield Finding("plate", *match.span(), 0.7, "cell")
    for match in _APART.finditer(text):
        around = before(text, match.start(), 25) + " " + text[match.end() : match.end() + 15]
        if _TRAFFIC.search(around) and not digits_of(match[0]).startswith("00") and not _CASE.search(around):
            yield Finding("plate", *match.span(), 0.9, "context")
    for match in _MOTORCYCLE.finditer(text):
        if _PLATE_WORD.search(before(text, match.start(), 25) + " " + text[match.end() : match.end() + 15]):
            yield Finding("plate", *match.span(), 0.95, "context")


RECOGNISERS = (plate,)
