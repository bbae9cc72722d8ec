"""Numbers of persons and firms: registration, passport, driver's licence.

Every expression has bounded repeats and looks around at digits, since Hangul is a word character. Scores: 1 with a check
digit or a context word, less by shape alone; docs/privacy.md tells each rule.
"""

import re
from collections.abc import Iterator

from algok.filters.personal.checks import has_brn_check, has_rrn_check, is_birth
from algok.filters.personal.digits import FIRST, HANGUL_DIGIT, LEFT, RIGHT, SPELT, any_case, before, digits_of
from algok.filters.personal.finding import Finding

_THIRTEEN = re.compile(
    rf"({FIRST}(?<![0-9]-[0-9])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))([ \-~./\n]{{0,3}}|_|\s?\|\s?)([0-9])"
    r"([0-9*xX●○◯■□ㅇ]{6})(?![0-9*])(?!-[0-9])"
)
_MASKED_ALL = re.compile(rf"{FIRST}\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?-\s?[*xX●○■]{{6,8}}(?![*xX●○■])")
_HALVES = re.compile(rf"({FIRST}\d{{5}})[^0-9\n]{{0,10}}뒷?\s?자리[^0-9\n]{{0,5}}(\d{{7}})(?![0-9])")
# 6 7 0 3 1 4 - 2 1 6 0 9 9 9
_THIRTEEN_APART = re.compile(
    rf"({FIRST}(?<![0-9] [0-9]) (?:\d ){{4}}\d) {{0,2}}[\-~./]? {{0,2}}((?:\d ){{6}}\d)(?! ?[0-9])"
)
# 45.02.27-1044842
_THIRTEEN_DATED = re.compile(
    rf"{FIRST}(?<![0-9][.\-][0-9])\d[.](?:0[1-9]|1[0-2])[.](?:0[1-9]|[12]\d|3[01])\s?-\s?[0-9]\d{{6}}(?![0-9])"
)
# Spelt with letters or in Hangul, after SPELT.
_THIRTEEN_SPELT = re.compile(rf"({FIRST}\d{{5}})[ \-~./]{{0,3}}(\d{{7}})(?![0-9*])(?!-[0-9])")
_REGISTRATION = re.compile(r"주\s?민|등록\s?번호|외국인|RRN|resident|생년|신분증|번호|민번|신상|주번", re.IGNORECASE)
_RESIDENT = re.compile(
    r"주\s{0,2}민|jumin|외국인|RRN|[Rr]esident|신분증|민번|생년|주번|세대[주원]\s?[가-힣]{2,4}\s?(?=\d|$)"
)
_SPELT_IN_FORMS = SPELT | {ord("|"): "|"}
_CORPORATE = re.compile(r"법\s?인|corporate", re.IGNORECASE)


def registration(text: str) -> Iterator[Finding]:
    """Resident, foreigner and corporate registration numbers, which share one shape."""
    for match in _THIRTEEN.finditer(text):
        front, separator, seventh, rest = match.groups()
        preceding = before(text, match.start())
        digits = front + seventh + rest
        corporate = _CORPORATE.search(preceding)
        if corporate and not re.search(r"주\s?민", preceding[corporate.end() :]):
            yield Finding("crn", *match.span(), 0.95, "corporate-context")
            continue
        if not is_birth(front + seventh):
            continue
        kind = "frn" if seventh in "5678" else "rrn"
        told = (_REGISTRATION if separator.strip() else _RESIDENT).search(preceding) is not None
        if not digits.isdigit():
            if separator or told:
                yield Finding(kind, *match.span(), 0.95, "partly-masked")
            continue
        # Thirteen digits in a row with nothing said of them are a time stamp or a product's number in most texts.
        if separator.strip() or told:
            checked = has_rrn_check(digits)
            score = 1.0 if checked and told else 0.95 if told else 0.9 if checked else 0.8
            yield Finding(kind, *match.span(), score, "checked" if checked else "context" if told else "shape")
    for match in _THIRTEEN_APART.finditer(text):
        digits = digits_of(match[0])
        if is_birth(digits) and (has_rrn_check(digits) or _RESIDENT.search(before(text, match.start()))):
            yield Finding("frn" if digits[6] in "5678" else "rrn", *match.span(), 0.9, "digits-apart")
    for match in _THIRTEEN_DATED.finditer(text):
        digits = digits_of(match[0])
        if is_birth(digits):
            yield Finding("frn" if digits[6] in "5678" else "rrn", *match.span(), 0.9, "dated")
    yield from _spelt_registration(text)
    for match in _HALVES.finditer(text):
        if is_birth(match[1] + match[2][0]):
            yield Finding("rrn", match.start(1), match.end(2), 0.9, "halves")
    for match in _MASKED_ALL.finditer(text):
        yield Finding("rrn", *match.span(), 0.9, "partly-masked")


def _spelt_registration(text: str) -> Iterator[Finding]:
    """Behind a word for them; with O and l for digits, or all in Hangul."""
    for word in _RESIDENT.finditer(text):
        low = word.end()
        original = text[low : low + 60]
        spelt = original.translate(_SPELT_IN_FORMS)
        match = _THIRTEEN_SPELT.search(spelt) if spelt != original else None
        if not match or not is_birth(match[1] + match[2][0]) or original[match.start() : match.end()] == match[0]:
            continue
        if len(HANGUL_DIGIT.findall(original, match.start(), match.end())) in (0, 13):
            kind = "frn" if match[2][0] in "5678" else "rrn"
            yield Finding(kind, low + match.start(), low + match.end(), 0.9, "spelt")


_BRN = re.compile(rf"{LEFT}\d{{2}}[ ]?-[ ]?\d{{2}}[ ]?-[ ]?\d{{5}}{RIGHT}")
_BRN_PLAIN = re.compile(r"(?:사업자|등록)[^0-9\n]{0,12}(\d{10})(?!\d)")


def business(text: str) -> Iterator[Finding]:
    """Business registration numbers."""
    for match in _BRN.finditer(text):
        told = "사업자" in before(text, match.start()) or "등록" in before(text, match.start())
        if told or has_brn_check(digits_of(match[0])):
            yield Finding("brn", *match.span(), 0.95 if told else 0.7, "context" if told else "checked")
    for match in _BRN_PLAIN.finditer(text):
        yield Finding("brn", *match.span(1), 0.95, "context")


_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z][ \-]?(?:[\dOl]{8}|\d(?: \d){2} [A-Z](?: \d){4}|\d{3} [A-Z]\d{4}|\d{3}\*{5}|"
    r"\d{3}[A-Z][\dOl]{4}|\d{4} \d{4}|\d{4}\*{4})|[A-Z]{1,2}\d{7})(?![A-Za-z0-9*])",
    re.IGNORECASE,
)
_PASSPORT_WORD = re.compile(rf"여\s?권|{any_case('passport')}")
_PASSPORT_SHAPE = re.compile(r"[MSRGD](?<![A-Za-z0-9].)(?:\d{3}[A-Z]\d{4}|\d{8})(?![A-Za-z0-9])")
# Behind the number of a foreigner.
_PASSPORT_BEHIND = re.compile(r"[0-9]{6}-[5-8][0-9]{6}[\t /|,]{1,3}([A-Z]{1,2}[0-9]{7,8})(?![0-9])")
# A name of another manner, where travel is spoken of.
_NAMED, _TRAVEL = (
    re.compile(r"[A-Z][a-z]+[ ,/]{1,2}[A-Z][a-z]+\s{0,2}$|[가-힣]{2,4}\s?[/|,\t]\s?$"),
    re.compile("여권|출국|탑승|여행|명단|일행|비자|passport"),
)
# A name in capitals, or a registration number, right before it: a row of a list of travellers.
_TRAVELLER = re.compile(r"(?:[A-Z]{2,}[ /,][A-Z]{2,}(?: [A-Z]{2,})?|\d{6}-\d{7})\s{0,2}[|/,\t]?\s{0,2}$")


def passport(text: str) -> Iterator[Finding]:
    """Passport numbers behind or before the word, and in lists behind a name in capitals."""
    told = _PASSPORT_WORD.search(text) is not None
    for match in _PASSPORT.finditer(text) if told else ():
        if not digits_of(match[0]).startswith("0000") and _PASSPORT_WORD.search(
            before(text, match.start(), 40) + " " + text[match.end() : match.end() + 15]
        ):
            yield Finding("passport", *match.span(), 1.0, "context")
    for match in _PASSPORT_BEHIND.finditer(text):
        yield Finding("passport", *match.span(1), 0.8, "list")
    for match in _PASSPORT_SHAPE.finditer(text):
        preceding = before(text, match.start(), 100)
        if _TRAVELLER.search(preceding) or (_NAMED.search(preceding) and _TRAVEL.search(preceding)):
            yield Finding("passport", *match.span(), 0.8, "list")


_LICENCE = re.compile(
    r"[12](?<![0-9][12])(?<![0-9]-[12])(?:(?<=1)[1-9]|(?<=2)[0-8])([ \-]{0,3})\d{2}\1\d{6}\1\d{2}(?![0-9])(?!-[0-9])"
)
_CITIES = "서울|부산|경기|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산"
_LICENCE_OLD = re.compile(rf"(?:{_CITIES})[ \-]?\d{{2}}[ \-]{{1,3}}\d{{6}}[ \-]{{1,3}}\d{{2}}(?![0-9])")
# Behind the word only: dots, line breaks, stars, O and l.
_LICENCE_LOOSE = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:1[1-9]|2[0-8])|\(?(?:{_CITIES})\)?[ ]?\(?\d{{2}}\)?)[ .\-\n/|]{{1,3}}"
    r"(?:[\dOol]{2}[ .\-\n/|]{1,3})?[\d*Ool]{6}[ .\-\n/|]{1,3}[\dOol]{2}(?![0-9A-Za-z])"
)
_LICENCE_WORD = re.compile(rf"면\s?허|{any_case('licence', 'license')}")


def licence(text: str) -> Iterator[Finding]:
    """Driver's licence numbers: of the shape with hyphens anywhere, of others behind the word."""
    for expression in (_LICENCE, _LICENCE_OLD):
        for match in expression.finditer(text):
            told = _LICENCE_WORD.search(before(text, match.start(), 40))
            if told:
                yield Finding("driver_licence", *match.span(), 1.0, "context")
            elif "-" in match[0]:
                yield Finding("driver_licence", *match.span(), 0.75, "shape")
    for match in _LICENCE_LOOSE.finditer(text) if _LICENCE_WORD.search(text) else ():
        if _LICENCE_WORD.search(before(text, match.start(), 30)):
            yield Finding("driver_licence", *match.span(), 0.9, "context")


RECOGNISERS = (registration, business, passport, licence)
