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
_LATIN_WORDS = ("DOB", "D.O.B", "irth", "BIRTH")
_LATIN = re.compile(
    rf"(?<![A-Za-z])(?:DOB|D\.O\.B\.?|[Dd]ate of [Bb]irth|DATE OF BIRTH|[Bb]irth ?(?:day|date))\W{{1,4}}({_DATE})"
)
# What could begin a date, found fast; and what stands right before one: 강태민 (, 위서준(남, , 자녀 봉시하
_NUMBER = re.compile(r"[0-9](?<![0-9.\-/].)(?:\d{1,3}\s?[.\-/년]|\d{5}(?!\d)|\d{7}(?!\d))")
_DATE_HERE = re.compile(_DATE)
_BORN = re.compile(r"\.?\s?생(?:으로|이|입|\)|,|\s|$)")
_BESIDE = re.compile(rf"(?<![가-힣]){NAMELIKE}(?:님|씨|군|양)?\s?[(\[/]\s?(?:[남여]\s?[,/·]?\s?)?$")
_CLOSED = re.compile(r"\.?\s?[생)\],/·]")
_CHILD = re.compile(
    r"(?:자녀|아기|아이|아들|딸|배우자|신생아|신청인|보호자|세대원|피보험자|환자)\s?[:：]?"
    rf"\s{NAMELIKE}\s?[/|,(]?\s?$"
)
# A row of a form or list: a name, a date and contact data.
_ROW = re.compile(rf"(?<![가-힣]){NAMELIKE}[\s|,/]{{1,4}}$")
_TELEPHONE = re.compile(r"[\s|,/]{1,4}(?:[남여]\s{1,3})?(?:01[016789]|0\d{1,2}[-)])")
_PRIVATE = re.compile(r"생년|명단|신청|주거|거주|주소|출생신고|세대주|등본")
_HEAD = re.compile(r"생년월일|생일|생년")
_COLUMN = re.compile(rf"(?<![0-9.\-/])({_DATE})")
_DATED = re.compile(r"\d{2,4}[.\-/]\s?\d{1,2}[.\-/]\s?\d{1,2}")
_NAME_IN_LINE = re.compile(rf"(?<![가-힣<]){NAMELIKE}(?![가-힣])")
_ROWS = 60  # of a list


def birth_date(text: str) -> Iterator[Finding]:
    """Dates of birth in private surroundings, by label, beside a name, and in columns."""
    for match in _LABELLED.finditer(text):
        if _is_day(match[1]) and is_private(text, match.start(), match.end()):
            yield Finding("birth_date", *match.span(1), 0.85, "label")
    for match in _LATIN.finditer(text) if any(word in text for word in _LATIN_WORDS) else ():
        if _is_day(match[1]) and has_contact(text, match.start(), match.end(), 120):
            yield Finding("birth_date", *match.span(1), 0.8, "label")
    for number in _NUMBER.finditer(text):
        match = _DATE_HERE.match(text, number.start())
        if match and _is_beside(text, *match.span()) and _is_day(match[0]) and _is_personal(text, *match.span()):
            yield Finding("birth_date", *match.span(), 0.75, "name")
    for head in _HEAD.finditer(text):
        yield from _in_columns(text, head)


def _is_beside(text: str, start: int, end: int) -> bool:
    """A name right before a date or 생 behind it."""
    if _BORN.match(text, end):
        return True
    before = text[max(0, start - 24) : start]
    closed, called = _CLOSED.match(text, end) is not None, _TELEPHONE.match(text, end) is not None
    return bool((closed and _BESIDE.search(before)) or _CHILD.search(before) or (called and _ROW.search(before)))


def _is_personal(text: str, start: int, end: int) -> bool:
    """Beside a name a date needs contact data, or the words of a form; a label alone does not do."""
    if not is_private(text, start, end):
        return False
    return has_contact(text, start, end, 120) or _PRIVATE.search(around(text, start, end, 120)) is not None


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
        first = _DATED.search(line)
        hidden = "<생일>" in line or (first is not None and not _is_day(first[0]))  # what we wrote ourselves
        if hidden or not dates or not _NAME_IN_LINE.search(line):
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
