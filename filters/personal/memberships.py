"""Numbers that an institution or a shop knows a person by: students, staff, members, patients, examinees, orders, reservations.

Behind their labels, and in the first column of a list of names. A number alone tells nobody who is meant; beside a name or
contact data it tells the institution's people, and whoever has its list, more than the name does. So a number is found only
where a name or contact data stands with it, and is masked then. A shop's documentation has its numbers alone.
"""

import re
from collections.abc import Iterator

from algok.filters.personal.context import CONTACT, NAMELIKE_FULL, around
from algok.filters.personal.digits import digits_of
from algok.filters.personal.finding import Finding

# 번호 and 학번 are searched for first, since few words begin like them; what may stand before 번호.
_WORD = re.compile("번호|[학사군교]번")
_WHOSE = re.compile(r"(?:회원|고객|주문|예약|수험|접수|환자|차트|직원|사원|학생|등록|진료(?:카드)?|조합원|가입자)\s?$")
_JOINED = re.compile("[가-힣<]")
_VALUE = r"[A-Za-z]{0,4}-?\d(?:[0-9A-Za-z]|-(?=[0-9A-Za-z])){2,22}"
_LABELLED = re.compile(
    r"(?:번호|.번)(?!>)(?:는|은)?\s{0,2}(?:\([^()\n]{1,10}\)\s?)?[:：=|\-#)\]]{0,2}\s{0,2}"
    rf"({_VALUE})(?![0-9A-Za-z*])"
)
# 접수번호 and 등록번호 are those of papers and cars as often: only of patients and with a name right before.
_VAGUE = ("등록", "접수")
_WHO = re.compile(
    rf"(?:성\s?명|이\s?름|[자인]|담당|고객|회원|환자명?|학생|학과|전공|학부)\s?[:：]?\s?{NAMELIKE_FULL}(?![가-힣])|(?:병장|상병|일병|이병|하사|중사|상사|소위|중위|대위)\s{NAMELIKE_FULL}|{NAMELIKE_FULL}\s?(?:님|고객|회원|학생|환자|씨)"
)
_BESIDE = re.compile(rf"[\s,/|(]{{1,4}}{NAMELIKE_FULL}(?=$|[^가-힣])")
_BEFORE = re.compile(rf"(?<![가-힣]){NAMELIKE_FULL}(?:님|씨)?[\s,/|(]{{1,4}}$")
_SAMPLE = re.compile(r"홍길동|예시|예\s?[:)]|아무개|샘플|INSERT|SELECT|VALUES|테스트")
_LEAST = 4  # digits
# 학번/이름: 2022130447 연제하
_BOTH = re.compile(
    rf"(?:번호|.번)\s?[/,·]\s?(?:성\s?명|이\s?름)\s?[:：)\]|]?\s{{0,2}}({_VALUE})[\s,/|]{{1,3}}{NAMELIKE_FULL}(?![가-힣])"
)
# A row of a list: a number and a name, under a head that names both.
_HEAD = re.compile(r"(?:번호|.번)[^\n]{0,20}(?:성\s?명|이\s?름)[^\n]{0,40}\n")
_ROW = re.compile(rf"[|\s]{{0,4}}([A-Za-z]{{0,3}}\d{{4,12}})[\s,/|]{{1,4}}{NAMELIKE_FULL}(?![가-힣])[^\n]*(?:\n|$)")


def member_number(text: str) -> Iterator[Finding]:
    """Such numbers where a name or contact data stands with them."""
    for word in _WORD.finditer(text):
        whose = _WHOSE.search(text, max(0, word.start() - 6), word.start()) if word[0] == "번호" else word
        if whose is None or _JOINED.match(text[whose.start() - 1 : whose.start()]):
            continue
        match = _LABELLED.match(text, word.start()) or _BOTH.match(text, word.start())
        if match and _is_of_person(text, whose.start(), match):
            yield Finding("member_number", *match.span(1), 0.85, "label")
        head = _HEAD.match(text, word.start())
        if head:
            yield from _in_rows(text, head.end())


def _is_of_person(text: str, start: int, match: re.Match[str]) -> bool:
    """A number of enough digits, none of an example, with a name or contact data beside its label or itself."""
    digits, near = digits_of(match[1]), around(text, start, match.end(), 60)
    if len(digits) < _LEAST or digits.startswith("0000") or _SAMPLE.search(near):
        return False
    if _BESIDE.match(text, match.end(1)) or _BEFORE.search(text[max(0, start - 8) : start]):
        return True
    return not text.startswith(_VAGUE, start) and bool(_WHO.search(near) or CONTACT.search(near))


def _in_rows(text: str, at: int) -> Iterator[Finding]:
    """The rows under a head, as long as each has a number and a name."""
    row = _ROW.match(text, at)
    while row and not _SAMPLE.search(row[0]):
        if not digits_of(row[1]).startswith("0000"):
            yield Finding("member_number", *row.span(1), 0.75, "column")
        row = _ROW.match(text, row.end())


RECOGNISERS = (member_number,)
