"""Dates of birth: behind their label in a form, beside a name with contact data, in the columns of a list.

A date of birth in running text stays: authors, players and kings have one in every encyclopedia. So a label alone is not
enough; contact data or labels of a form must stand within 120 characters, and no word of public life (선수, 배우, 소설가 …)
within 60. Dates are those of the calendar from 1900 on.
"""

import re
from collections.abc import Iterator
from datetime import date

from algok.filters.personal.context import NAMELIKE, PUBLIC, around, has_contact, is_private
from algok.filters.personal.finding import Finding

_MONTH, _DAY = "(?:0?[1-9]|1[0-2])", "(?:3[01]|[12][0-9]|0?[1-9])"
_DATE = (
    rf"(?:(?:(?:19|20)\d\d|'?\d\d)\s?(?:[.\-/]\s?{_MONTH}\s?[.\-/]\s?{_DAY}(?:\.(?=\s?생))?|년\s?{_MONTH}월\s?{_DAY}일)|"
    r"(?:(?:19|20)\d\d|\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?![0-9])(?!\s?[~∼])(?!-[0-9])"
)
_LABELLED = re.compile(
    r"(?:생\s?년\s?월\s?일|출\s?생(?:\s?(?:일자?|년월일|연월일))?|생\s?일|생년)(?<![가-힣<]생일)(?!>)\s{0,3}"
    rf"(?:\([가-힣A-Za-z0-9/ ]{{1,10}}\))?\s{{0,3}}(?:[:：=|\-/·()\]▶]|은|는){{0,2}}\s{{0,3}}(?:\(?[양음]력?\)?\s?)?({_DATE})"
)
_LATIN = re.compile(
    rf"(?<![A-Za-z])(?:DOB|D\.O\.B\.?|[Dd]ate of [Bb]irth|DATE OF BIRTH|[Bb]irth ?(?:day|date))\W{{1,4}}({_DATE})"
)
# 강태민 (1998.04.17), 위서준(남, 92.08.15), 정만식 (1971. 9. 2.생)
_BESIDE = re.compile(
    rf"(?<![가-힣]){NAMELIKE}(?:님|씨|군|양)?\s?[(\[/]\s?(?:[남여]\s?[,/·]?\s?)?({_DATE})(?=\.?\s?생|\s?[)\],/·])"
)
_BORN = re.compile(rf"(?<![0-9.\-])({_DATE})(?=\.?\s?생(?:으로|이|입|\)|,|\s|$))")
_CHILD = re.compile(
    rf"(?:자녀|아기|아이|아들|딸|배우자|신생아|신청인|보호자|세대원|피보험자|환자)\s?[:：]?\s{NAMELIKE}\s?[/|,(]?\s?({_DATE})"
)
# A row of a form or list: a name, a date and contact data.
_ROW = re.compile(
    rf"(?<![가-힣]){NAMELIKE}[\s|,/]{{1,4}}({_DATE})[\s|,/]{{1,4}}(?:[남여]\s{{1,3}})?(?=01[016789]|0\d{{1,2}}[-)])"
)
_HEAD = re.compile(r"생년월일|생일|생년")
_COLUMN = re.compile(rf"(?<![0-9.\-/])({_DATE})")
_NAME_IN_LINE = re.compile(rf"(?<![가-힣]){NAMELIKE}(?![가-힣])")
_ROWS = 60  # of a list


def birth_date(text: str) -> Iterator[Finding]:
    """Dates of birth in private surroundings, by label, beside a name, and in columns."""
    for match in _LABELLED.finditer(text):
        if _is_day(match[1]) and is_private(text, match.start(), match.end()):
            yield Finding("birth_date", *match.span(1), 0.85, "label")
    for match in _LATIN.finditer(text):
        if _is_day(match[1]) and has_contact(text, match.start(), match.end(), 120):
            yield Finding("birth_date", *match.span(1), 0.8, "label")
    for expression in (_BESIDE, _BORN, _CHILD, _ROW):
        for match in expression.finditer(text):
            if _is_day(match[1]) and is_private(text, *match.span(1)) and _has_reach(text, match):
                yield Finding("birth_date", *match.span(1), 0.75, "name")
    for head in _HEAD.finditer(text):
        yield from _in_columns(text, head)


def _has_reach(text: str, match: re.Match[str]) -> bool:
    """Beside a name a date needs contact data, or a form with it; a roster says so itself."""
    near = around(text, *match.span(1), 120)
    return (
        has_contact(text, *match.span(1), 120)
        or re.search(r"생년|명단|신청|주거|거주|주소|출생신고|세대주|등본", near) is not None
    )


def _in_columns(text: str, head: re.Match[str]) -> Iterator[Finding]:
    """Rows with a name and a date under a row that names both columns."""
    first = text.rfind("\n", 0, head.start()) + 1
    at = text.find("\n", head.end()) + 1
    columns = text[first:at]
    if not at or re.search(r"성\s?명|이\s?름", columns) is None or _COLUMN.search(columns) or PUBLIC.search(columns):
        return
    for _ in range(_ROWS):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        dates = [match for match in _COLUMN.finditer(line) if _is_day(match[1])]
        if not dates or not _NAME_IN_LINE.search(line):
            return
        yield Finding("birth_date", at + dates[0].start(1), at + dates[0].end(1), 0.75, "column")
        if end < 0:
            return
        at = end + 1


def _is_day(value: str) -> bool:
    """A day of the calendar from 1900 to 2029; two digits for the year may be of either century."""
    parts = re.findall(r"\d+", value)
    if len(parts) == 1:
        parts = [value[:-4], value[-4:-2], value[-2:]]
    year = int(parts[0]) + (1900 if len(parts[0]) == 2 else 0)
    try:
        return (
            1900
            <= date(year + (100 if len(parts[0]) == 2 and year < 1930 else 0), int(parts[1]), int(parts[2])).year
            < 2030
        )
    except ValueError:
        return False


RECOGNISERS = (birth_date,)
