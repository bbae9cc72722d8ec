"""Names of private persons: in a form, beside contact data or an account, under a letter, before 고객님.

A name in running text stays, whoever bears it. What is taken for a name: a surname with one or two further syllables that
Kiwi does not know as a common noun, or whose syllables are those of names where hardly anything else stands; and names in
Latin letters or of other countries beside a number of a person. docs/privacy.md, "Persons".
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from algok.filters.personal import name_forms as forms
from algok.filters.personal import roles
from algok.filters.personal.finding import Finding
from algok.filters.personal.money import BANK
from algok.filters.personal.name_shapes import APART, END, FULL_NAME, GIVEN, NAME, NAME_THEN, ROMAN, TITLE, could_be
from algok.filters.personal.rosters import roster
from algok.kernels.personal import SURNAMES

# How far, in characters, contact data may be: from the head of an office, from a name in Latin letters, from others.
_OFFICE_REACH, _LATIN_NEAR = 120, 90
_PUBLIC = re.compile(
    r"(?:배우|가수|방송인|개그맨|코미디언|아나운서|의원|장관|총리|대통령|시장|지사|감독|작가|선수|앵커|기자|PD|피디|모델|성우|시인)\s?$"
)
_LATIN_BEFORE = re.compile(
    rf"(?<![A-Za-z])((?:{ROMAN})(?:, ?| |/)[A-Z]{{2,}}(?: [A-Z]{{2,}})?)(?:\s(?:MR|MS|MRS))?[\s/|,()]{{1,4}}$"
)
_LATIN_AFTER = re.compile(rf"[\s/|,(]{{1,4}}((?:{ROMAN})(?:, ?| |/)[A-Z]{{2,}}(?: [A-Z]{{2,}})?)(?![A-Za-z])")
# The same beside a passport or registration number, where names of any country stand.
_ANY_LATIN = (
    r"(?!PASSPORT|Passport|NO|No|NAME|Name|ID|TEL|DATE)"
    r"[A-Z][A-Za-z]+(?:-[a-z]+)?(?:[ ,/]{1,2}[A-Z][A-Za-z]*\.?(?:-[a-z]+)?){1,3}"
)
_TRAVELLER = re.compile(
    rf"(?<![A-Za-z])({_ANY_LATIN})(?:\s(?:MR|MS|MRS))?[\s/|,(]{{1,4}}(?:여권(?:번호)?|외국인등록번호|passport)?\s?$"
)
_RESIDENT = re.compile(r"\s{0,2}[/|,\t]\s{0,2}([가-힣]{1,6}(?: [가-힣]{1,6}){0,3})\s{0,2}(?=[/|,\t\n])")
_LATIN_WORDS = re.compile(
    r"(?<![^\W_])[A-Z][^\W\d_A-Z가-힣]{1,14}(?:[ -][A-Za-z][^\W\d_A-Z가-힣]{0,14}){1,2}(?![^\W_])"
)
_SIGNED = re.compile(
    rf"(?:^|\n)\s{{0,3}}\d{{1,3}}[.)]?[ \t]{{1,3}}({FULL_NAME}|[{SURNAMES}][가-힣])[ \t]{{1,3}}"
    r"(?=[가-힣]{2,7}[시군구도] |서울|부산|대구|인천|광주|대전|울산|세종|경기|제주)"
)
_INTRODUCED = re.compile(rf"(?<![가-힣])({FULL_NAME})\s?(?:입니다|이에요|예요|이었습니다|이고요)")
_BYLINE = re.compile(rf"(?<![가-힣])({FULL_NAME})\s?(?:선임|수습|인턴|객원)?기자(?![가-힣])")
# Members of a family, beside a registration number or an account.
_FAMILY = re.compile(
    rf"(?<![가-힣])(?:부|모|처|자|子|女|婦|배우자|자녀|신랑|신부|혼주|故|이름|이름은|님)(?:\s?[:：]\s?|\s{{1,2}})({NAME})(?=$|[^가-힣]|님|이었|입니다|이고)"
)
_FAMILY_NEAR = 60
_ADDRESSED = re.compile(rf"(?<![가-힣])({FULL_NAME}|[{SURNAMES}][가-힣](?=\s))\s?님(?=$|[^가-힣]|께|의|은|이|을)")
_CHAT = re.compile(rf"\[({NAME})\]\s?\[(?:오전|오후)")
_SPEAKER = re.compile(rf"(?:(?:^|\n)[ ]{{0,3}}(?:[└ㄴ>\-] ?)?|[0-9]\]\s)({FULL_NAME})\s{{0,2}}:\s")
_CELL = re.compile(
    rf"[\n\t|,;\"'>▶=/]\s{{0,3}}({FULL_NAME}|[{SURNAMES}][가-힣](?=[\t|;\"']))[ ]{{0,3}}(?=$|[\n\t|,;\"'<▶&\\/])"
)
# 남궁가람(NAMGUNG GARAM): both.
_BOTH = re.compile(rf"(?<![가-힣])({FULL_NAME})\s?\(\s?(?:{ROMAN})[ ,/][A-Z]{{2,}}")
_BOTH_LATIN = re.compile(rf"[가-힣]\s?\(\s?((?:{ROMAN})[ ,/][A-Z]{{2,}}(?: [A-Z]{{2,}})?)\)")
_CELL_REACH = 60
# Words behind a name, and the name before them.
_CLOSING_WORD = re.compile("(?:드림|올림|배상|拜上|拜)(?![가-힣])")
_CLOSING = re.compile(rf"(?:^|\n|[.!?]\s)[ ]{{0,20}}(?:[가-힣]{{1,10}}\s)?({NAME})\s{{0,2}}$")
_SEAL_WORD = re.compile(r"\((?:인|印|서명)\)")
_SEAL = re.compile(rf"(?<![가-힣])({FULL_NAME}|{APART})\s{{0,3}}$")
_CUSTOMER_WORD = re.compile(r"고객\s?님|회원\s?님|환자\s?님|학부모\s?님|수강생\s?님|입주민\s?님|가입자\s?님")
_CUSTOMER = re.compile(rf"(?<![가-힣])({NAME_THEN})\s?$")
_MYSELF = re.compile(
    r"(?:저는(?<![가-힣]..)|제\s이름은(?<![가-힣].....)|본인은(?<![가-힣]...))\s[^.!?\n]{0,60}?"
    rf"(?<![가-힣])({FULL_NAME})(?:이?라고\s(?:합니다|하는|해요)|입니다|이에요|예요)(?![가-힣])"
)
# Right before or behind contact data.
_ROLE = "주인장|회장|총무|대장|점장|실장|팀장|원장|소장|사장|부장|과장|대표|간사|담당|고객|상주|이사"
_BEHIND_ROLE = "".join(f"|(?<={role})" for role in _ROLE.split("|"))
_BEFORE = re.compile(
    rf"(?:(?<![가-힣]){_BEHIND_ROLE})({NAME})(?:\s?(?:{TITLE})(?:님)?)?(?:\s?(?:의|은|는))?[\s(\[<,:/|·\-.\"']{{0,4}}"
    r"(?:(?:의\s)?(?:모\s|부\s|본인|보호자|직통|내선|교무실|사무실|번호|연락처|전화(?:번호)?|휴대폰|휴대전화|핸드폰|이메일|메일|e-?mail|tel|h\.?p|mobile|m|t|c\.?p|☎|☏|📞|📱|계좌(?:번호)?|카드|주민(?:등록)?번호|여권(?:번호)?|면허(?:번호)?|외국인등록번호)\.?\s{0,2}[:)\-.]{0,2}\s{0,2})?$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"[\s)\],:/|·.\-]{{0,4}}(?:에\s(?:사는|거주하는)\s|\(?예금주\s?:?\s?|\(|성명\s?:?\s?|\(?담당(?:자)?\s?:?\s?|이름\s?|\(?(?:[가-힣]{{2,5}}\s)?(?:{_ROLE})\s|"
    rf"\(?(?:{BANK}|카|케)(?:은행|뱅크|금고)?[\s,]{{1,2}})?({FULL_NAME}|[{SURNAMES}][가-힣](?=\)|\s(?:앞|으로|에게))){END}"
)
_HELD = re.compile(rf"\s?\(\s?(?:예금주\s?:?\s?)?({NAME})\s?\)")
_CONTACT = frozenset(
    (
        "mobile", "landline", "email", "account", "rrn", "frn", "card", "handle", "address", "passport", "plate",
        "driver_licence", "birth_date", "member_number",
    )
)  # fmt: skip
# What offices have too: a title beside them is more often that of a person who speaks for one.
_OFFICIAL = frozenset(("email", "plate", "card"))
_ROLE_NEAR = 80
_AFTER = _CONTACT - {"card"}  # kinds that a name follows
_WALL = "\x01"  # stands between pieces of different places, see scan.py

IsName = Callable[[int, int], bool]
# A surname and two syllables of given names; not those that end words and nouns with particles as often.
_IS_GIVEN = re.compile(rf".[{''.join(sorted(GIVEN))}][{''.join(sorted(GIVEN - set('자인한의을은이')))}]")
_OF_FAMILY = re.compile(rf".[{''.join(sorted(GIVEN))}][{''.join(sorted(GIVEN - set('자을의')))}]")
_Candidates = Iterator[tuple[tuple[int, int], float, str]]
_WITHOUT_KIWI = ("sure", "latin", "foreign")
_BEHIND_LABELS = (
    (forms.SURE, 0.85, "sure"),
    (forms.FORM, 0.85, "form"),
    (forms.FORM_SPACED, 0.85, "label"),
    (forms.FORM_OPEN, 0.8, "form"),
)
# Only if contact data lies within this many characters.
_BEHIND_LABELS_NEAR = (
    (forms.FORM_OFFICE, _OFFICE_REACH, 0.75, "office"),
    (forms.FORM_OTHERS, _FAMILY_NEAR, 0.75, "near"),
    (forms.FORM_GLUED, _FAMILY_NEAR, 0.7, "sure"),
    (forms.LATIN_FORM, _LATIN_NEAR, 0.75, "latin"),
)
_BEFORE_WORDS = (
    (_CLOSING_WORD, _CLOSING, 0.8, "closing"),
    (_SEAL_WORD, _SEAL, 0.8, "seal"),
    (_CUSTOMER_WORD, _CUSTOMER, 0.8, "customer"),
)
_AROUND_CONTACT = (
    (_FAMILY, "near"),
    (_ADDRESSED, "near"),
    (_SPEAKER, "chat"),
    (_INTRODUCED, "near"),
    (_BYLINE, "near"),
    (_BOTH, "near"),
    (_BOTH_LATIN, "latin"),
)


# What stands around the name of a firm or of a bot.
_FIRM_BEFORE = re.compile(
    r"(?:주식회사|유한회사|합자회사|㈜|\(주\)|\(유\)|법무법인|세무법인|회계법인|재단법인|사단법인|상호(?:명)?\s?:?|업체명?\s?:?|회사명?\s?:?|법인명\s?:?)\s?$"
)
_FIRM_BEHIND = re.compile(
    r"\s?(?:주식회사|유한회사|㈜|\(주\)|\(유\))|(?:전자|산업|물산|상사|건설|제약|식품|화학|중공업|은행|증권|보험|그룹|컴퍼니|코퍼레이션|엔터|미디어|출판사|병원|의원|"
    r"한의원|치과|약국|학원|부동산|법률사무소|마트|문고|서점)(?![가-힣])"
)
_BOT_BEFORE = re.compile(
    r"(?:챗봇|로봇|(?<![가-힣])봇|인공지능|(?<![A-Za-z])AI|비서|캐릭터|가상\s?인간)\s?(?:인|이름은|의)?\s?[‘'\"“「]?$"
)
_BOT_BEHIND = re.compile(r"\s?(?:챗|로|알림)?봇(?![가-힣]{3})|\s?bot(?![a-z])", re.IGNORECASE)
_SURROUNDINGS = 14


def _is_no_person(text: str, start: int, end: int) -> bool:
    """The name of a firm or of a bot, by the words around it."""
    before = text[max(0, start - _SURROUNDINGS) : start]
    if _FIRM_BEFORE.search(before) or _BOT_BEFORE.search(before):
        return True
    return _FIRM_BEHIND.match(text, end) is not None or _BOT_BEHIND.match(text, end) is not None


def names(text: str, contacts: Iterable[Finding], is_name: IsName) -> Iterator[Finding]:
    """Names; `is_name(start, end)` says whether Kiwi takes these characters of the text for a name."""
    contacts = sorted((contact for contact in contacts if contact.kind in _CONTACT), key=lambda contact: contact.start)
    seen: set[tuple[int, int]] = set()
    candidates = (
        _in_forms(text, contacts),
        _before_words(text),
        _beside(text, contacts),
        _among_others(text, contacts, is_name),
    )
    for (start, end), score, rule in chain(*candidates):
        while start < end and text[start].isspace():
            start += 1
        value = text[start:end].rstrip()
        place = start, start + len(value)
        if place not in seen and len(value) > 1 and could_be(value) and not _is_no_person(text, *place):
            # 배 상 호; and a name whose syllables are those of names, behind a label and a mark
            certain = rule in ("form", "mobile", "role", "near") and (" " in value or _IS_GIVEN.fullmatch(value))
            certain = certain or (rule in ("family", "class") and _OF_FAMILY.fullmatch(value))
            if certain or rule in _WITHOUT_KIWI or is_name(*place):
                seen.add(place)
                yield Finding("person", *place, score, rule)


def _in_forms(text: str, contacts: list[Finding]) -> _Candidates:
    """Behind labels."""
    starts = [contact.start for contact in contacts]
    foreigners = [contact.start for contact in contacts if contact.kind in ("frn", "passport")]
    for label in forms.LABELS.finditer(text):
        for expression, score, rule in _BEHIND_LABELS:
            match = expression.match(text, label.start())
            if match:
                yield match.span(1), score, rule
                yield from _continued(text, match.end())
        for expression, reach, score, rule in _BEHIND_LABELS_NEAR if contacts else ():
            match = expression.match(text, label.start())
            if match and _any_near(text, match.end(), starts, reach):
                yield match.span(match.lastindex or 0), score, rule
                yield from _continued(text, match.end())
        match = forms.FOREIGN.match(text, label.start()) if foreigners else None
        if match and _any_near(text, match.end(1), foreigners, _FAMILY_NEAR):
            yield match.span(1), 0.8, "foreign"


def _continued(text: str, at: int) -> _Candidates:
    """Further names of a list."""
    more = forms.LIST.match(text, at)
    while more:
        yield more.span(1), 0.75, "list"
        more = forms.LIST.match(text, more.end())


def _before_words(text: str) -> _Candidates:
    """Under letters, before 고객님, in records of chats; and who says 저는 … 입니다."""
    for words, expression, score, rule in _BEFORE_WORDS:
        for word in words.finditer(text):
            match = expression.search(text, max(0, word.start() - 50), word.start())
            if match:
                yield match.span(1), score, rule
    for match in _CHAT.finditer(text):
        yield match.span(1), 0.7, "chat"
    for match in _MYSELF.finditer(text):
        if not _PUBLIC.search(text, match.start(), match.start(1)):
            yield match.span(1), 0.7, "introduction"


def _among_others(text: str, contacts: list[Finding], is_name: IsName) -> _Candidates:
    """In lists, beside titles and relations, in classes, chats and notices of families."""
    for span in roster(text, is_name):
        yield span, 0.7, "roster"
    for span in roles.of_classes_and_chats(text):
        yield span, 0.7, "class"
    for span in roles.of_events(text):
        yield span, 0.7, "family"
    private = [contact for contact in contacts if contact.kind not in _OFFICIAL]
    for span, rule in roles.named(text, _united((max(0, c.start - _ROLE_NEAR), c.end + _ROLE_NEAR) for c in private)):
        yield span, 0.7, rule


def _beside(text: str, contacts: list[Finding]) -> _Candidates:
    """Right before or behind contact data, near it, and in cells of its row."""
    for contact in contacts:
        yield from _adjoining(text, contact)
    areas = [(max(0, contact.start - _FAMILY_NEAR), contact.end + _FAMILY_NEAR) for contact in contacts]
    for low, high in _united(areas):
        for expression, rule in _AROUND_CONTACT:
            for match in expression.finditer(text, low, high):
                yield match.span(1), 0.7, rule
    for low, high in _united(_row(text, contact) for contact in contacts):
        for match in _CELL.finditer(text, low, high):
            if match.end() < high or high == len(text):
                yield match.span(1), 0.7, "cell"


def _adjoining(text: str, contact: Finding) -> _Candidates:
    low = max(0, contact.start - 40)
    before = text[low : contact.start]
    match = _BEFORE.search(before) if contact.kind not in ("address", "plate") else None
    inquiry = match and match[1][-1] == "문" and before[match.end(1) : match.end(1) + 1] == "의"  # 상담문의
    named = match is not None and could_be(match[1]) and not inquiry
    if match and named:
        yield (match.start(1) + low, match.end(1) + low), 0.8, "mobile" if contact.kind == "mobile" else "contact"
    public = contact.kind in ("landline", "email")  # what follows them is less often a name
    if contact.kind in _AFTER and not (named and public):
        match = _BEHIND.match(text, contact.end)
        if match and not (public and "\n" in match[0]):
            yield match.span(1), 0.75, "contact"
    match = _HELD.match(text, contact.end) if contact.kind == "account" else None
    if match:
        yield match.span(1), 0.8, "sure"
    match = _SIGNED.search(text, max(0, contact.start - 50), contact.start) if contact.kind == "address" else None
    if match and "\n" not in text[match.end() : contact.start]:
        yield match.span(1), 0.75, "sure"
    match = _RESIDENT.match(text, contact.end) if contact.kind in ("frn", "passport") else None
    if match:
        yield match.span(1), 0.7, "foreign"
    match = (_TRAVELLER if contact.kind in ("frn", "rrn", "passport") else _LATIN_BEFORE).search(before)
    if match:
        yield (match.start(1) + low, match.end(1) + low), 0.7, "latin"
    if contact.kind == "email":
        yield from _mailing(text, contact)
    match = _LATIN_AFTER.match(text, contact.end)
    if match:
        yield match.span(1), 0.7, "latin"


def _is_local(words: list[str], local: str) -> bool:
    """Whether a mail address is made of a name: one of its words, or an initial or all of the first and the last word."""
    first, last = words[0], words[-1].replace("-", "")
    parts = re.split(r"[._\-0-9]+", local)
    made = {first[0] + last, first + last, last + first, first + last[0], last + first[0]}
    return any(len(part) > 3 and (part in words or part in made) for part in parts)


def _mailing(text: str, contact: Finding) -> _Candidates:
    """A name in Latin letters near an e-mail address that is made of it: Minji Kwon … minji.kwon@…"""
    local = text[contact.start : contact.end].partition("@")[0].lower()
    low = max(text.rfind("\n\n", 0, contact.start), contact.start - _LATIN_NEAR, 0)
    for match in _LATIN_WORDS.finditer(text, low, min(len(text), contact.end + 40)):
        if _WALL not in text[match.start() : contact.start] and _is_local(match[0].lower().split(), local):
            yield match.span(), 0.7, "latin"


def _row(text: str, contact: Finding) -> tuple[int, int]:
    """What lies within reach of contact data in its line, with the line breaks."""
    first = max(text.rfind("\n", 0, contact.start), contact.start - _CELL_REACH, 0)
    last = text.find("\n", contact.end) + 1
    return first, min(last or len(text), contact.end + _CELL_REACH)


def _united(areas: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Areas in order of their beginning, those that overlap as one: a page of numbers is read once."""
    begin, end = 0, 0
    for low, high in areas:
        if low > end:
            if end:
                yield begin, end
            begin = low
        end = max(end, high)
    if end:
        yield begin, end


def _any_near(text: str, at: int, starts: list[int], reach: int) -> bool:
    return any(
        _near(text, at, start, reach)
        for start in starts[bisect_left(starts, at - reach) : bisect_right(starts, at + reach)]
    )


def _near(text: str, one: int, other: int, reach: int) -> bool:
    """Two places of one piece, not too far from each other."""
    low, high = min(one, other), max(one, other)
    return high - low < reach and _WALL not in text[low:high]
