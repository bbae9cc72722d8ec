"""Numbers of persons: registration, passport, licence, card, account, telephone, number plate.

Every expression has bounded repeats and looks around at digits, since Hangul is a word character. Scores: 1 with a check
digit or a context word, less by shape alone; docs/privacy.md tells each rule.
"""

import re
from collections.abc import Callable, Iterator

from algok.filters.personal.checks import (
    has_brn_check,
    has_crn_check,
    has_luhn,
    has_rrn_check,
    is_birth,
    is_placeholder,
)
from algok.filters.personal.finding import Finding

Recogniser = Callable[[str], Iterator[Finding]]

_NOT_DIGITS = re.compile(r"[^0-9]")
_SEP = r"[ .\-\n]{0,3}"  # between the groups of a number
# Looking back comes behind the first digit, since an expression that begins with a character is searched for much faster.
_FIRST = r"[0-9](?<![0-9][0-9])"
_LEFT, _RIGHT = rf"{_FIRST}(?<![0-9][-.,][0-9])", r"(?![0-9])(?![-.][0-9])"


def digits_of(value: str) -> str:
    return _NOT_DIGITS.sub("", value)


def _before(text: str, at: int, length: int = 30) -> str:
    return text[max(0, at - length) : at]


_CODE = re.compile(r"[A-Za-z_=/%][0-9A-Za-z_]{0,30}$")
_CODE_BEHIND = re.compile(r"[A-Za-z_]")
_FIELD = re.compile(r"[=:]$")


def _in_code(text: str, match: re.Match[str]) -> bool:
    """A number without separators is a part of a file name, a key or a digest."""
    if not match[0].isdigit():
        return False
    before = _before(text, match.start(), 12)
    if len(match[0]) == 11 and _FIELD.search(before):  # to=01012345678
        return False
    return bool(_CODE_BEHIND.match(text, match.end()) or (_CODE.search(before) and not _CALL.search(before)))


# --- registration numbers -------------------------------------------------------------------------------------------

_THIRTEEN = re.compile(
    rf"({_FIRST}(?<![0-9]-[0-9])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))([ \-~./\n]{{0,3}})([0-9])"
    r"([0-9*xX●○◯■□ㅇ]{6})(?![0-9*])(?!-[0-9])"
)
_MASKED_ALL = re.compile(rf"{_FIRST}\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?-\s?[*xX●○■]{{6,8}}(?![*xX●○■])")
_HALVES = re.compile(rf"({_FIRST}\d{{5}})[^0-9\n]{{0,10}}뒷?\s?자리[^0-9\n]{{0,5}}(\d{{7}})(?![0-9])")
# 6 7 0 3 1 4 - 2 1 6 0 9 9 9
_THIRTEEN_APART = re.compile(
    rf"({_FIRST}(?<![0-9] [0-9]) (?:\d ){{4}}\d) {{0,2}}[\-~./]? {{0,2}}((?:\d ){{6}}\d)(?! ?[0-9])"
)
# Spelt with letters or in Hangul, after _SPELT.
_THIRTEEN_SPELT = re.compile(rf"({_FIRST}\d{{5}})[ \-~./]{{0,3}}(\d{{7}})(?![0-9*])(?!-[0-9])")
_REGISTRATION = re.compile(r"주\s?민|등록\s?번호|외국인|RRN|resident|생년|신분증|번호|민번|신상|주번", re.IGNORECASE)
_RESIDENT = re.compile(r"주\s{0,2}민|외국인|RRN|[Rr]esident|신분증|민번|생년|주번|세대[주원]\s?[가-힣]{2,4}\s?(?=\d|$)")
_CORPORATE = re.compile(r"법\s?인|corporate", re.IGNORECASE)


def registration(text: str) -> Iterator[Finding]:
    """Resident, foreigner and corporate registration numbers, which share one shape."""
    for match in _THIRTEEN.finditer(text):
        front, separator, seventh, rest = match.groups()
        before = _before(text, match.start())
        digits = front + seventh + rest
        corporate = _CORPORATE.search(before)
        if corporate and not re.search(r"주\s?민", before[corporate.end() :]):
            yield Finding("crn", *match.span(), 0.95, "corporate-context")
            continue
        if not is_birth(front + seventh):
            continue
        kind = "frn" if seventh in "5678" else "rrn"
        told = (_REGISTRATION if separator.strip() else _RESIDENT).search(before) is not None
        if not digits.isdigit():
            if separator or told:
                yield Finding(kind, *match.span(), 0.95, "partly-masked")
            continue
        checked = has_rrn_check(digits)
        if separator.strip() or told:
            score = 1.0 if checked and told else 0.95 if told else 0.9 if checked else 0.8
            yield Finding(kind, *match.span(), score, "checked" if checked else "context" if told else "shape")
        elif checked and not has_crn_check(digits) and not digits.startswith("880"):  # 880…: bar codes of Korea
            yield Finding(kind, *match.span(), 0.7, "checked")
    for match in _THIRTEEN_APART.finditer(text):
        digits = digits_of(match[0])
        if is_birth(digits) and (has_rrn_check(digits) or _RESIDENT.search(_before(text, match.start()))):
            yield Finding("frn" if digits[6] in "5678" else "rrn", *match.span(), 0.9, "digits-apart")
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
        if len(_HANGUL_DIGIT.findall(original, match.start(), match.end())) in (0, 13):
            kind = "frn" if match[2][0] in "5678" else "rrn"
            yield Finding(kind, low + match.start(), low + match.end(), 0.9, "spelt")


_BRN = re.compile(rf"{_LEFT}\d{{2}}[ ]?-[ ]?\d{{2}}[ ]?-[ ]?\d{{5}}{_RIGHT}")
_BRN_PLAIN = re.compile(r"(?:사업자|등록)[^0-9\n]{0,12}(\d{10})(?!\d)")


def business(text: str) -> Iterator[Finding]:
    """Business registration numbers."""
    for match in _BRN.finditer(text):
        told = "사업자" in _before(text, match.start()) or "등록" in _before(text, match.start())
        if told or has_brn_check(digits_of(match[0])):
            yield Finding("brn", *match.span(), 0.95 if told else 0.7, "context" if told else "checked")
    for match in _BRN_PLAIN.finditer(text):
        yield Finding("brn", *match.span(1), 0.95, "context")


# --- documents ------------------------------------------------------------------------------------------------------

_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z][ \-]?(?:[\dOl]{8}|\d{3}[A-Z][\dOl]{4}|\d{4} \d{4}|\d{4}\*{4})|[A-Z]{1,2}\d{7})(?![A-Za-z0-9*])",
    re.IGNORECASE,
)
_PASSPORT_WORD = re.compile(r"여\s?권|passport", re.IGNORECASE)
_PASSPORT_SHAPE = re.compile(r"(?<![A-Za-z0-9])[MSRGD](?:\d{3}[A-Z]\d{4}|\d{8})(?![A-Za-z0-9])")
# A name in capitals, or a registration number, right before it: a row of a list of travellers.
_TRAVELLER = re.compile(r"(?:[A-Z]{2,}[ /,][A-Z]{2,}(?: [A-Z]{2,})?|\d{6}-\d{7})\s{0,2}[|/,\t]?\s{0,2}$")


def passport(text: str) -> Iterator[Finding]:
    """Passport numbers behind or before the word, and in lists behind a name in capitals."""
    told = _PASSPORT_WORD.search(text) is not None
    for match in _PASSPORT.finditer(text) if told else ():
        if not digits_of(match[0]).startswith("0000") and _PASSPORT_WORD.search(
            _before(text, match.start(), 40) + " " + text[match.end() : match.end() + 15]
        ):
            yield Finding("passport", *match.span(), 1.0, "context")
    for match in _PASSPORT_SHAPE.finditer(text):
        if _TRAVELLER.search(_before(text, match.start(), 40)):
            yield Finding("passport", *match.span(), 0.8, "list")


_LICENCE = re.compile(
    r"[12](?<![0-9][12])(?<![0-9]-[12])(?:(?<=1)[1-9]|(?<=2)[0-8])([ \-]{0,3})\d{2}\1\d{6}\1\d{2}(?![0-9])(?!-[0-9])"
)
_CITIES = "서울|부산|경기|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산"
_LICENCE_OLD = re.compile(rf"(?:{_CITIES})[ \-]?\d{{2}}[ \-]{{1,3}}\d{{6}}[ \-]{{1,3}}\d{{2}}(?![0-9])")
# Behind the word only: dots, line breaks, stars, O and l.
_LICENCE_LOOSE = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:1[1-9]|2[0-8])|(?:{_CITIES})[ ]?\(?\d{{2}}\)?)[ .\-\n]{{1,3}}(?:[\dOol]{{2}}[ .\-\n]{{1,3}})?"
    r"[\d*Ool]{6}[ .\-\n]{1,3}[\dOol]{2}(?![0-9A-Za-z])"
)
_LICENCE_WORD = re.compile(r"면\s?허|licen[cs]e", re.IGNORECASE)


def licence(text: str) -> Iterator[Finding]:
    """Driver's licence numbers: of the shape with hyphens anywhere, of others behind the word."""
    for expression in (_LICENCE, _LICENCE_OLD):
        for match in expression.finditer(text):
            told = _LICENCE_WORD.search(_before(text, match.start(), 40))
            if told:
                yield Finding("driver_licence", *match.span(), 1.0, "context")
            elif "-" in match[0]:
                yield Finding("driver_licence", *match.span(), 0.75, "shape")
    for match in _LICENCE_LOOSE.finditer(text):
        if _LICENCE_WORD.search(_before(text, match.start(), 30)):
            yield Finding("driver_licence", *match.span(), 0.9, "context")


# --- money ----------------------------------------------------------------------------------------------------------

_CARD = re.compile(
    rf"{_LEFT}(?:\d{{3}}([ .\-\n]{{0,3}})\d{{4}}\1\d{{4}}\1\d{{4}}|(?<=3)[47]\d{{2}}[ \-]?\d{{6}}[ \-]?\d{{5}}){_RIGHT}"
)
# Behind the word: signs that differ, digits apart, O and l.
_CARD_LOOSE = re.compile(r"[3-6](?<![0-9A-Za-z][3-6])(?:[ .\-\n]{0,3}[\dOol]){15}(?![0-9A-Za-z])(?![-.][0-9])")
_CARD_MASKED = re.compile(r"[0-9](?<![0-9*][0-9])\d{3}[ -]?[\d*xX]{4}[ -]?[\d*xX]{4}[ -]?[\d*xX]{3,4}(?![0-9*])")
_TEST_CARDS = frozenset(("1234567890123456", "1234567812345678", "4111111111111111", "4242424242424242"))
_CARD_WORD = re.compile(r"카\s?드|card|visa|master|비자|결제|(?<![A-Za-z])(?:valid|pan)(?![A-Za-z])", re.IGNORECASE)


def card(text: str) -> Iterator[Finding]:
    """Card numbers: in groups with a valid check digit, or behind the word."""
    for match in _CARD.finditer(text):
        digits = digits_of(match[0])
        told = _CARD_WORD.search(_before(text, match.start()))
        if len(set(digits)) <= 2 or digits.startswith("0000") or digits in _TEST_CARDS:
            yield Finding("placeholder", *match.span(), 0.9, "card")
        elif has_luhn(digits) and (told or (digits[0] in "34569" and not match[0].isdigit())):
            yield Finding("card", *match.span(), 1.0 if told else 0.85, "checked")
        elif told and not match[0].isdigit():
            yield Finding("card", *match.span(), 0.8, "context")
    for match in _CARD_LOOSE.finditer(text):
        if has_luhn(digits_of(match[0].translate(_SPELT))) and _CARD_WORD.search(_before(text, match.start(), 40)):
            yield Finding("card", *match.span(), 0.9, "checked")
    for match in _CARD_MASKED.finditer(text):
        stars = sum(not char.isdigit() and char not in " -" for char in match[0])
        if 4 <= stars <= 10 and _CARD_WORD.search(_before(text, match.start())):
            yield Finding("card", *match.span(), 0.85, "partly-masked")


_BANK = (
    "국민|기업|우리|신한|하나|농협|수협|신협|산업|외환|제일|씨티|한국씨티|대구|부산|광주|전북|경남|제주|"
    "새마을|우체국|카카오|토스|케이"
)
# Of those that nothing else is called by, and of all right before a number or a name.
_SHORT_BANK = "농협|수협|신협|우체국|카카오뱅크|케이뱅크|토스뱅크|카뱅|케뱅|새마을금고|SC제일|토스"
_BEFORE_DIGITS = (
    "국민|기업|신한|하나|우리|카카오|토스|제일|부산|대구|광주|전북|경남|산업|"
    "KB(?<![A-Za-z]..)|IBK(?<![A-Za-z]...)|NH(?<![A-Za-z]..)|SC(?<![A-Za-z]..)"
)
_ACCOUNT_WORD = re.compile(
    "계\\s?좌|통\\s?장|입\\s?금|송\\s?금|예금주|뱅크|금고|신협|농협|수협|우체국|카뱅|케뱅|은행|account|Account|ACCOUNT|"
    + "|".join(rf"{name}(?=[\s:|,/]{{1,3}}\d)" for name in _BEFORE_DIGITS.split("|"))
)
_HOLDER = re.compile(rf"[\s(\[,/]{{0,4}}(?:예금주|은행|{_SHORT_BANK}|국민|신한|우리|하나|기업|입금|(?:{_BANK})\s?은행)")
_ACCOUNT = re.compile(
    rf"{_FIRST}(?<![0-9][-.,/][0-9])(?:\d{{1,5}}(?:[ ]?-{{1,2}}[ \n]?\d{{1,7}}){{1,4}}(?![0-9])(?!-)|\d{{9,15}}(?![0-9])|"
    r"\d{2,5}(?: \d{2,6}){1,3} \d{2,7}(?![0-9]))"
)
# Right behind the word: other signs, stars, digits in Hangul.
_ACCOUNT_LOOSE = re.compile(
    r"[0-9공영빵일이삼사오육륙칠팔구](?<![0-9./가-힣].)(?:(?<=[0-9])(?:\d{2,5}([./])\d{2,6}\1\d{2,7}(?:\1\d{1,5})?(?![0-9./])|"
    r"\d{1,5}-(?:\d{2,6}-)?[\d*]{2,7}(?:-[\d*]{2,7}){0,2}(?![0-9*\-]))|"
    r"(?<![0-9])(?:[ \-]?[공영빵일이삼사오육륙칠팔구]){9,15}(?![공영빵일이삼사오육륙칠팔구]))"
)
_DATE = re.compile(r"(?:19|20)\d\d\s?-\s?(?:0?[1-9]|1[0-2])\s?-\s?(?:0?[1-9]|[12]\d|3[01])(?:$|\D)")
_BIRTH_SHAPE = re.compile(r"\d{6}-\d{7}")
_NO_ACCOUNT = re.compile("주문|소포|송장|접수|등기|예약|승인|사업자|관리번호|바코드|문서|코드")
_UNIT = re.compile(r"\s?(?:원|만|억|천|명|건|개|%|년|월|회|주)")


def account(text: str) -> Iterator[Finding]:
    """Bank accounts: ten to sixteen digits behind a bank or an account word, or before the holder."""
    words = [match.end() for match in _ACCOUNT_WORD.finditer(text)]
    if not words:
        return
    for match in _ACCOUNT.finditer(text):
        digits = digits_of(match[0])
        if (
            not 10 <= len(digits) <= 16
            or digits.startswith("00000")
            or _DATE.match(match[0])
            or _UNIT.match(text, match.end())
        ):
            continue
        told = any(0 <= match.start() - word <= 30 for word in words)
        plain = match[0].isdigit() and _NO_ACCOUNT.search(_before(text, match.start(), 12))
        if plain or _in_code(text, match) or (not told and not _HOLDER.match(text, match.end())):
            continue
        if _BIRTH_SHAPE.fullmatch(match[0]) and (is_birth(digits) or digits[2:6] == "0000"):  # or our surrogate of one
            continue
        is_mobile = re.match(r"01[016789]", digits) and len(digits) in (10, 11) and not _near(words, match.start(), 12)
        if not is_mobile:
            yield Finding("account", *match.span(), 0.92 if told else 0.82, "context" if told else "holder")

    for match in _ACCOUNT_LOOSE.finditer(text):
        hangul, stars = match[0][0] > "9", match[0].count("*")
        shown = len(digits_of(match[0].translate(_SPELT)))
        enough = 10 <= shown <= 16 if not stars else stars >= 2 and shown >= 6
        if enough and (hangul or stars or match[1]) and _near(words, match.start(), 15):
            yield Finding("account", *match.span(), 0.8, "spelt" if hangul else "context")


def _near(words: list[int], at: int, distance: int) -> bool:
    return any(0 <= at - word <= distance for word in words)


# --- telephones -----------------------------------------------------------------------------------------------------

_ABROAD = r"82\)?[ .\-)\n]{0,3}\(?0?\)?[ .\-]{0,2}"
_ALONE = r"(?<![0-9].)(?<![0-9][-.,].)"
_PLUS = (
    rf"(?:\({_ALONE}(?:\+?\s?(?:00)?{_ABROAD}|0\s?)|\+{_ALONE}\s?(?:00)?{_ABROAD}|"
    rf"0{_ALONE}(?:0{_ABROAD}|\s?)|8{_ALONE}{_ABROAD[1:]})"
)
_MOBILE = re.compile(rf"{_PLUS}1[016789]\)?[ .\-)/~_\n]{{0,3}}(\d{{3,4}})[ .\-/~_\n]{{0,3}}(\d{{4}})(?![0-9])")
_RELEASE = re.compile(r"버[전젼]|펌웨어|빌드|version|ver|build|firmware", re.IGNORECASE)
# One sign that is not usual, twice; and behind a comma of a list.
_MOBILE_SIGNS = re.compile(
    r"0(?<![0-9]0)1[016789](?:([,=*+:_])\d{3,4}\1\d{4}(?![0-9])|(?<=[0-9],01[0-9])-\d{3,4}-\d{4}(?![0-9]))"
)
_MOBILE_SPACED = re.compile(
    r"0(?<![0-9]0)(?<![0-9][ .\-]0)[ .\-]{1,2}1[ .\-]{1,2}[016789](?:[ .\-]{1,3}\d){7,8}(?![0-9])(?![ .\-]\d)"
)
_MOBILE_MASKED = re.compile(r"0(?<![0-9]0)1[016789][ .\-]{0,3}[\d*xX]{3,4}[ .\-]{1,3}[\d*xX]{4}(?![0-9*])")
_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d?)"
_LINES = re.compile(r"\s?~\s?\d{1,4}(?![0-9\-])")
_LANDLINE = re.compile(
    rf"{_PLUS}{_AREA}\)?([ .\-)/~\n]{{0,3}})(\d{{3,4}})([ .\-/~\n]{{0,3}})(\d{{4}})(?![0-9])(?!-[0-9])"
)
_LOCAL = re.compile(
    r"(?:전\s?화(?:번호)?|전송|팩\s?스|☎|☏|연락처|T(?<![A-Za-z].)(?:EL|el)?|t(?<![A-Za-z].)(?:el)?|F(?<![A-Za-z].)(?:AX|ax)?|f(?<![A-Za-z].)(?:ax)?)\s?[.:)]?\s{0,2}(?!(?:19|20)\d\d-)(\d{3,4})-(\d{4})(?![0-9A-Za-z\-])"
)
_YEARS = re.compile(r"1[568]\d\d.{1,3}(?:1[5-9]|20)\d\d")  # 1835-1909
_JOINT = re.compile(r"[.\-)]")
_CALL = re.compile(
    r"전\s?화|연\s?락|팩\s?스|문\s?의|상\s?담|예\s?약|휴\s?대|핸드폰|번호|☎|℡|📞|☏|tel|fax|phone|mobile|call|h\.?p|(?<![A-Za-z])[TFMtfm](?![A-Za-z])",
    re.IGNORECASE,
)
_MAIN = re.compile(
    rf"(?:1{_ALONE}[568]\d{{2}}[ .\-]{{1,2}}\d{{4}}|\({_ALONE}080\)?[ .\-]{{1,2}}\d{{3,4}}[ .\-]{{1,2}}\d{{4}}|"
    rf"0{_ALONE}80\)?[ .\-]{{1,2}}\d{{3,4}}[ .\-]{{1,2}}\d{{4}})(?![0-9])(?!-[0-9])"
)
# Digits that letters and Hangul stand for; one character for one, so that places stay.
_SPELT = str.maketrans("공영빵일이삼사오육륙칠팔구OoIl|○〇Øㅇ", "0001234566789001110000")
_BETWEEN = r"(?:[ .\-,~/\n]{0,3}|에 ?| ?다시 ?)"
_SPELT_IN_FORMS = _SPELT | {ord("|"): "|"}
_SPELT_MOBILE = re.compile(rf"0(?<![0-9]0)1[016789]{_BETWEEN}(?:[ .\-]?\d){{3,4}}{_BETWEEN}(?:\d[ .\-]?){{3}}\d")
_SPELT_BEGINS = re.compile(
    r"[0공영빵OoØ○〇ㅇ][ .\-,~/\n]{0,3}[1일Il|][ .\-,~/\n]{0,3}[0공영빵OoØ○〇ㅇ일1육륙칠팔구6-9]"
)
_HANGUL_DIGIT = re.compile("[공영빵일이삼사오육륙칠팔구]")


def mobile(text: str) -> Iterator[Finding]:
    """Mobile numbers, also spelt with letters or Hangul, or with single digits apart, or partly masked."""
    for match in _MOBILE.finditer(text):
        if _in_code(text, match) or ("." in match[0] and _RELEASE.search(_before(text, match.start(), 12))):
            continue
        digits = "010" + match[1] + match[2]
        yield _telephone("mobile", digits, _bare(match), 0.95, "shape")
    for match in _MOBILE_SIGNS.finditer(text):
        digits = digits_of(match[0])
        yield _telephone("mobile", "010" + digits[3:], match.span(), 0.9, "shape")
    for match in _MOBILE_SPACED.finditer(text):
        yield Finding("mobile", *match.span(), 0.8, "digits-apart")
    for match in _MOBILE_MASKED.finditer(text):
        shown = len(digits_of(match[0]))
        if 6 < shown < 10 or (shown == 10 and "*" in match[0]):  # with all stars it tells nothing any more
            yield Finding("mobile", *match.span(), 0.8, "partly-masked")
    if _SPELT_BEGINS.search(text):
        spelt = text.translate(_SPELT)
        for match in _SPELT_MOBILE.finditer(spelt):
            original = text[match.start() : match.end()]
            if original != match[0] and _is_one_spelling(original) and _ends(spelt, text, match.end()):
                yield Finding("mobile", *match.span(), 0.9, "spelt")


def _ends(spelt: str, text: str, end: int) -> bool:
    """No digit follows, but perhaps a particle that looks like one (…칠이요, …일이에요)."""
    return not spelt[end : end + 1].isdigit() or (text[end] in "이일" and "가" <= text[end + 1 : end + 2] <= "힣")


def _is_one_spelling(original: str) -> bool:
    """Not words that happen to hold syllables of digits: its Hangul is not scattered."""
    hangul = len(_HANGUL_DIGIT.findall(original))
    return hangul == 0 or hangul >= 3 or sum(char.isdigit() for char in original) >= 8


def landline(text: str) -> Iterator[Finding]:
    """Landlines, internet (070) and relay (050x) numbers; without separators only where a call is spoken of."""
    for match in _LANDLINE.finditer(text):
        if _in_code(text, match):
            continue
        bracket = ")" in match[0]
        apart = (match[1] or bracket) and match[3] and (_JOINT.search(match[0]) or _alone(text, match))
        told = _CALL.search(_before(text, match.start(), 25))
        if apart or told or text[match.start()] == "+":
            yield _telephone(
                "landline",
                "000" + match[2] + match[4],
                _bare(match),
                0.93 if told else 0.85,
                "context" if told else "shape",
            )


def local_number(text: str) -> Iterator[Finding]:
    """Landlines without an area code, right behind a word for a call."""
    for match in _LOCAL.finditer(text):
        yield _telephone("landline", "000" + match[1] + match[2], match.span(1)[:1] + match.span(2)[1:], 0.7, "local")


def _bare(match: re.Match[str]) -> tuple[int, int]:
    """The span without a bracket that opens before the number and closes behind it, and with further lines (~4)."""
    more = _LINES.match(match.string, match.end())
    return match.start() + (match[0][0] == "(" and ")" not in match[0]), more.end() if more else match.end()


def _alone(text: str, match: re.Match[str]) -> bool:
    """Neither a digit nor a sign between digits stands before or behind, a space away: not a row of a table."""
    return not (
        re.search(r"[0-9][ \t]?$", _before(text, match.start(), 2)) or re.match(r"[ \t][0-9]", text[match.end() :])
    )


def main_number(text: str) -> Iterator[Finding]:
    """Numbers that a firm is called by."""
    for match in _MAIN.finditer(text):
        if _YEARS.fullmatch(match[0]) and not _CALL.search(_before(text, match.start(), 25)):
            continue
        yield Finding("main_number", *match.span(), 0.9, "shape")


def _telephone(kind: str, digits: str, span: tuple[int, int], score: float, rule: str) -> Finding:
    return Finding("placeholder", *span, score, kind) if is_placeholder(digits) else Finding(kind, *span, score, rule)


# --- number plates --------------------------------------------------------------------------------------------------

_USES = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호"
_PROVINCES = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = re.compile(
    r"(?:[0-9](?<![0-9.][0-9])\d{1,2}|" + "|".join(rf"{name}\s?\d{{1,3}}" for name in _PROVINCES.split("|")) + ")"
    rf"\s?[{_USES}국합육해공]\s?-?\d{{4}}(?![0-9])(?![.,]\d)"
)
# Motorcycles: province, town, use, number.
_MOTORCYCLE = re.compile(rf"(?:{_PROVINCES}) [가-힣]{{2,3}} ?[{_USES}] ?\d{{4}}(?![0-9])")
_PLATE_WORD = re.compile(
    r"차량|번호판|차주|차번|번호|주차|자동차|승용차|운전|트럭|택시|블랙박스|뺑소니|견인|등록|방치|"
    r"과태료|렌터?카|(?:제|내|앞|옆) ?차(?![가-힣])|오토바이|이륜"
)
_CELL = (re.compile(r"(?:^|[,|;\t\n\"'])\s?$"), re.compile(r"\s?(?:$|[,|;\t\n\"'])"))
_CASE = re.compile(r"선고|판결|사건|결정|대법|법원|헌재|참조|재판|호$")
_COUNTED = re.compile(r"\s?(?:억|만|천|명|개(?!인)|원|년|월|일|번|호|세대|가구|여|%|m|km|㎡|톤|t|편|장)")


def plate(text: str) -> Iterator[Finding]:
    """Number plates: beside a word of traffic, or by shape without spaces and far from the law."""
    for match in _PLATE.finditer(text):
        around = _before(text, match.start(), 25) + " " + text[match.end() : match.end() + 15]
        if digits_of(match[0]).startswith("00") or _CASE.search(around) or _COUNTED.match(text, match.end()):
            continue
        if _PLATE_WORD.search(around):
            yield Finding("plate", *match.span(), 0.95, "context")
        elif re.fullmatch(r"(?:[가-힣]{2}\s?)?\d{2,3}[가나다라마거너더러머버서어저고노두루무허하]\d{4}", match[0]):
            yield Finding("plate", *match.span(), 0.93 if match[0][0] > "9" else 0.7, "shape")
        elif _CELL[0].search(_before(text, match.start(), 3)) and _CELL[1].match(text, match.end()):
            yield Finding("plate", *match.span(), 0.7, "cell")
    for match in _MOTORCYCLE.finditer(text):
        if _PLATE_WORD.search(_before(text, match.start(), 25) + " " + text[match.end() : match.end() + 15]):
            yield Finding("plate", *match.span(), 0.95, "context")


RECOGNISERS: tuple[Recogniser, ...] = (
    registration, business, passport, licence, card, account, mobile, landline, local_number, main_number, plate
)  # fmt: skip
