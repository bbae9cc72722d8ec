"""Payment cards and bank accounts."""

import re
from collections.abc import Iterator

from algok.filters.personal.checks import has_luhn, is_birth
from algok.filters.personal.digits import FIRST, LEFT, RIGHT, SPELT, before, digits_of, in_code
from algok.filters.personal.finding import Finding

_CARD = re.compile(
    rf"{LEFT}(?:\d{{3}}([ .\-\n]{{0,3}})\d{{4}}\1\d{{4}}\1\d{{4}}|(?<=3)[47]\d{{2}}[ \-]?\d{{6}}[ \-]?\d{{5}}){RIGHT}"
)
# Behind the word: signs that differ, digits apart, O and l.
_CARD_LOOSE = re.compile(
    r"[2-9](?<![0-9A-Za-z][2-9])(?:(?:[ .\-\n\t]{0,3}| ?[|/] ?)[\dOol]){15}(?![0-9A-Za-z])(?![-.][0-9])"
)
_CARD_MASKED = re.compile(r"[0-9](?<![0-9*][0-9])\d{3}[ -]?[\d*xX]{4}[ -]?[\d*xX]{4}[ -]?[\d*xX]{3,4}(?![0-9*])")
# Of UnionPay and of debit cards: up to 19 digits, behind the word.
_CARD_LONG = re.compile(rf"{LEFT}\d{{3}}([ \-]?)\d{{4}}\1\d{{4}}\1\d{{4}}\1\d{{2,3}}{RIGHT}")
_TEST_CARDS = frozenset(("1234567890123456", "1234567812345678", "4111111111111111", "4242424242424242"))
_CARD_WORD = re.compile(
    r"카\s?드|card|visa|master|비자|결제|승인|(?<![A-Za-z])(?:valid|pan)(?![A-Za-z])", re.IGNORECASE
)


def card(text: str) -> Iterator[Finding]:
    """Card numbers: in groups with a valid check digit, or behind the word."""
    for match in _CARD.finditer(text):
        digits = digits_of(match[0])
        told = _CARD_WORD.search(before(text, match.start()))
        if len(set(digits)) <= 2 or digits.startswith("0000") or digits in _TEST_CARDS:
            yield Finding("placeholder", *match.span(), 0.9, "card")
        elif has_luhn(digits) and (told or (digits[0] in "34569" and not match[0].isdigit())):
            yield Finding("card", *match.span(), 1.0 if told else 0.85, "checked")
        elif told and not match[0].isdigit():
            yield Finding("card", *match.span(), 0.8, "context")
    for match in _CARD_LONG.finditer(text):
        if _CARD_WORD.search(before(text, match.start())) and not digits_of(match[0]).startswith("0000"):
            yield Finding("card", *match.span(), 0.95, "context")
    for match in _CARD_LOOSE.finditer(text):
        if has_luhn(digits_of(match[0].translate(SPELT))) and _CARD_WORD.search(before(text, match.start(), 40)):
            yield Finding("card", *match.span(), 0.9, "checked")
    for match in _CARD_MASKED.finditer(text):
        stars = sum(not char.isdigit() and char not in " -" for char in match[0])
        if 4 <= stars <= 10 and _CARD_WORD.search(before(text, match.start())):
            yield Finding("card", *match.span(), 0.85, "partly-masked")


# Names that 은행 or 뱅크 can follow.
BANK = (
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
_HOLDER = re.compile(
    rf"[\s(\[,/]{{0,4}}(?:예금주|은행|{_SHORT_BANK}|국민(?!신문고|청원|연금|건강)|신한|우리|하나|기업|입금|(?:{BANK})\s?은행)"
)
_ACCOUNT = re.compile(
    rf"{FIRST}(?<![0-9][-.,/][0-9])(?:\d{{1,5}}(?:[ ]?-{{1,2}}[ \n]?\d{{1,7}}){{1,4}}(?![0-9])(?!-)|\d{{9,15}}(?![0-9])|"
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
        plain = match[0].isdigit() and _NO_ACCOUNT.search(before(text, match.start(), 12))
        if plain or in_code(text, match) or (not told and not _HOLDER.match(text, match.end())):
            continue
        if _BIRTH_SHAPE.fullmatch(match[0]) and (is_birth(digits) or digits[2:6] == "0000"):  # or our surrogate of one
            continue
        is_mobile = re.match(r"01[016789]", digits) and len(digits) in (10, 11) and not _near(words, match.start(), 12)
        if not is_mobile:
            yield Finding("account", *match.span(), 0.92 if told else 0.82, "context" if told else "holder")
    for match in _ACCOUNT_LOOSE.finditer(text):
        hangul, stars = match[0][0] > "9", match[0].count("*")
        shown = len(digits_of(match[0].translate(SPELT)))
        enough = 10 <= shown <= 16 if not stars else stars >= 2 and shown >= 6
        if enough and (hangul or stars or match[1]) and _near(words, match.start(), 15):
            particle = hangul and match[0][-2] == " "  # … 구구 이고
            yield Finding("account", match.start(), match.end() - 2 * particle, 0.8, "spelt" if hangul else "context")


def _near(words: list[int], at: int, distance: int) -> bool:
    return any(0 <= at - word <= distance for word in words)


RECOGNISERS = (card, account)
