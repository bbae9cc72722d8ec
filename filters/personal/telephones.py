"""Telephone numbers: mobile, landline, those without area code, and those that firms are called by."""

import re
from collections.abc import Iterator

from algok.filters.personal.checks import is_placeholder
from algok.filters.personal.digits import ALONE, CALL, HANGUL_DIGIT, SPELT, before, digits_of, in_code
from algok.filters.personal.finding import Finding
from algok.filters.personal.kinds import KindName

_ABROAD = r"82\)?[ .\-)\n]{0,3}\(?0?\)?[ .\-]{0,2}"
_PLUS = (
    rf"(?:\({ALONE}(?:\+?\s?(?:00)?{_ABROAD}|0\s?)|\+{ALONE}\s?(?:00)?{_ABROAD}|"
    rf"0{ALONE}(?:0{_ABROAD}|\s?)|8{ALONE}{_ABROAD[1:]})"
)
_MOBILE = re.compile(rf"{_PLUS}1[016789]\)?[ .\-)/~_\n]{{0,3}}(\d{{3,4}})[ .\-/~_\n]{{0,3}}(\d{{4}})(?![0-9])")
_RELEASE = re.compile(r"버[전젼]|펌웨어|빌드|version|ver|build|firmware", re.IGNORECASE)
# One sign that is not usual, twice; and behind a comma of a list.
_MOBILE_SIGNS = re.compile(
    r"0(?<![0-9]0)1[016789](?:([^0-9A-Za-z가-힣\s.\-/~)])\d{3,4}\1\d{4}(?![0-9])|\(\d{3,4}\)\d{4}(?![0-9])|(?<=[0-9],01[0-9])-\d{3,4}-\d{4}(?![0-9]))"
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
_MAIN = re.compile(
    rf"(?:1{ALONE}[568]\d{{2}}[ .\-]{{1,2}}\d{{4}}|\({ALONE}080\)?[ .\-]{{1,2}}\d{{3,4}}[ .\-]{{1,2}}\d{{4}}|"
    rf"0{ALONE}80\)?[ .\-]{{1,2}}\d{{3,4}}[ .\-]{{1,2}}\d{{4}})(?![0-9])(?!-[0-9])"
)
_BETWEEN = r"(?:[ .\-,~/\n]{0,3}|에 ?| ?다시 ?)"
_SPELT_MOBILE = re.compile(rf"0(?<![0-9]0)1[016789]{_BETWEEN}(?:[ .\-]?\d){{3,4}}{_BETWEEN}(?:\d[ .\-]?){{3}}\d")
_SPELT_REACH = 60  # characters; no such number is longer
_SPELT_BEGINS = re.compile(r"[0공영빵OoØ○〇ㅇ][1일Il|][0공영빵OoØ○〇ㅇ1일Il|6육륙7칠8팔9구]")


def mobile(text: str) -> Iterator[Finding]:
    """Mobile numbers, also spelt with letters or Hangul, or with single digits apart, or partly masked."""
    for match in _MOBILE.finditer(text):
        if in_code(text, match) or ("." in match[0] and _RELEASE.search(before(text, match.start(), 12))):
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
    yield from _spelt_mobile(text)


def _spelt_mobile(text: str) -> Iterator[Finding]:
    """With letters or Hangul for digits."""
    done = 0
    for begin in _SPELT_BEGINS.finditer(text):
        low = max(0, begin.start() - 1)  # the character before is looked at too
        spelt = text[low : low + _SPELT_REACH].translate(SPELT)
        match = _SPELT_MOBILE.match(spelt, begin.start() - low) if begin.start() >= done else None
        if match:
            start, done = low + match.start(), low + match.end()
            original = text[start:done]
            if (
                original != match[0]
                and _is_one_spelling(original)
                and _ends(spelt[match.end() :], text[done : done + 2])
            ):
                yield Finding("mobile", start, done, 0.9, "spelt")


def _ends(spelt: str, original: str) -> bool:
    """No digit follows, but perhaps a particle that looks like one (…칠이요, …일이에요)."""
    return not spelt[:1].isdigit() or (original[0] in "이일" and "가" <= original[1:2] <= "힣")


def _is_one_spelling(original: str) -> bool:
    """Not words that happen to hold syllables of digits: its Hangul is not scattered."""
    hangul = len(HANGUL_DIGIT.findall(original))
    return hangul == 0 or hangul >= 3 or sum(char.isdigit() for char in original) >= 8


def landline(text: str) -> Iterator[Finding]:
    """Landlines, internet (070) and relay (050x) numbers; without separators only where a call is spoken of."""
    for match in _LANDLINE.finditer(text):
        if in_code(text, match):
            continue
        bracket = ")" in match[0]
        apart = (match[1] or bracket) and match[3] and (_JOINT.search(match[0]) or _alone(text, match))
        told = CALL.search(before(text, match.start(), 25))
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
        re.search(r"[0-9][ \t]?$", before(text, match.start(), 2)) or re.match(r"[ \t][0-9]", text[match.end() :])
    )


def main_number(text: str) -> Iterator[Finding]:
    """Numbers that a firm is called by."""
    for match in _MAIN.finditer(text):
        if _YEARS.fullmatch(match[0]) and not CALL.search(before(text, match.start(), 25)):
            continue
        yield Finding("main_number", *match.span(), 0.9, "shape")


def _telephone(kind: KindName, digits: str, span: tuple[int, int], score: float, rule: str) -> Finding:
    return Finding("placeholder", *span, score, kind) if is_placeholder(digits) else Finding(kind, *span, score, rule)


RECOGNISERS = (mobile, landline, local_number, main_number)
