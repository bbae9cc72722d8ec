"""Names of private persons: in a form, beside contact data or an account, under a letter, before 고객님.

A name in running text stays, whoever bears it. What is taken for a name: a surname with one or two further syllables that
Kiwi does not know as a common noun.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from algok.filters.personal.finding import Finding
from algok.kernels.districts import CITIES, COUNTIES, DISTRICTS
from algok.kernels.personal import SURNAMES

# Syllables of which most given names are made: they tell 이명자 from 주무관 where Kiwi knows the rest as a common noun.
GIVEN = frozenset(
    "가강건경계공광구국권규균근금기길나남녀다달담대덕도동두라란람래려련령례록룡름리린림만말명모무문미민배백범병보복봉분빈상서석선설섭성세소"
    "솔송수숙순슬승시식신심아안애언여연열영예오옥완용우욱운웅원월유윤율은을의이익인일임자장재전점정제조종주준중지진찬창채천철초춘충치"
    "태택평필하학한해향헌혁현형혜호홍화환회효후훈휘희"
)
DOUBLE = "남궁|황보|제갈|선우|독고|사공|서문|동방"
_APART = rf"[{SURNAMES}] [가-힣] [가-힣](?![가-힣])"
_NAME = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{2}}|{_APART}|[{SURNAMES}][가-힣](?![가-힣]))"
_FULL_NAME = rf"(?:(?:{DOUBLE})[가-힣]{{2}}|[{SURNAMES}][가-힣]{{2}})"
_TITLE = (
    "(?:님|씨|군|양|선생|교수|과장|대리|부장|차장|사원|팀장|실장|대표|이사|원장|사장|회장|목사|전도사|변호사|기자|간사|주무관|사무관|주임|계장|국장|소장|총무|"
    "매니저|연구원|조교|박사|코치|감독|강사|선교사|집사|장로|권사|스님|신부|의원|반장|통장|이장|조합장|중개사|실무관|담당|점장|센터장|본부장|위원|학생|어머니|아버지|차주)"
)
_PARTICLE = (
    "은|는|이|가|을|를|과|와|의|에게|께|한테|이고|이며|입니다|이라|라고|이라고|로|으로|이고요|이에요|예요|이다|"
    "드림|올림|배상"
)
_PUBLIC = re.compile(
    r"(?:배우|가수|방송인|개그맨|코미디언|아나운서|의원|장관|총리|대통령|시장|지사|감독|작가|선수|앵커|기자|PD|피디|모델|성우|시인)\s?$"
)
_END = rf"(?=$|[^가-힣]|(?:{_TITLE}|{_PARTICLE}))"
# Labels that can hardly be anything else need no mark behind them.
_STRICT = (
    r"성\s{0,3}명|예\s?금\s?주|담\s?당\s?자|작성자|글쓴이|신청인|신청자|청구인|민원인|진정인|고소인|고발인|의뢰인|제보자|보호자|수취인|수령인|"
    r"받는\s?(?:분|사람|이)|보내는\s?(?:분|사람|이)|주문자|주문인|구매자|계약자|입금자명?|임차인|임대인|매도인|매수인|피해자|참가자명?|응모자|당첨자|"
    r"수신인|발신인|청원인|청원자|제안자|세대주|본인|성\s?함|존함|접수자|등록자|지원자|응시자|수험자|피보험자|수익자|송금인|발송인|인솔자|"
    r"(?:받으|보내)시는\s?분"
)
_OPEN = r"이\s{0,3}름|담\s?당|환자명?|학생명?|고객명?|회원명?|보험자|문의자?|문의처|연락처|상담|name|contact"
_OFFICE = r"대\s?표\s?(?:자|이사|원장|변호사)?(?:명|\s?성명)?|원\s?장|센터장|책임자|관리자|보호\s?책임자"
_MARK = r"\s{0,3}(?:\([가-힣A-Za-z]{1,8}\))?[ ]{0,3}[:=\-|/()\[\]>·\t]{1,2}\s{0,3}"
_MARK_IN_LINE = _MARK.replace(r"\s", r"[ ]")
_FORM = re.compile(rf"(?<![가-힣])(?:{_STRICT}){_MARK}({_NAME}){_END}", re.IGNORECASE)
_FORM_OPEN = re.compile(rf"(?<![가-힣])(?:{_OPEN}){_MARK_IN_LINE}({_FULL_NAME}){_END}", re.IGNORECASE)
_FORM_OFFICE = re.compile(rf"(?<![가-힣])(?:{_OFFICE})(?:{_MARK_IN_LINE}|[ ]{{1,3}})({_FULL_NAME}){_END}")
_SPACED = (
    r"성\s{0,3}명|예\s?금\s?주|담\s?당\s?자|작성자|글쓴이|신청인|민원인|청구인|수취인|수령인|"
    r"받는\s?(?:분|사람)|보내는\s?(?:분|사람)|입금자명?|청원인|청원자|제안자|성\s?함|지원자|(?:받으|보내)시는\s?분"
)
_FORM_SPACED = re.compile(
    rf"(?<![가-힣])(?:{_SPACED})\s{{1,4}}({_FULL_NAME}|{_APART})(?=$|[^가-힣]|{_TITLE}|입니다|이고|이며)"
)
_CLOSING = re.compile(
    rf"(?:^|\n|[.!?]\s)[ ]{{0,20}}(?:[가-힣]{{1,10}}\s)?({_NAME})\s{{0,2}}(?:드림|올림|배상|拜上|拜)(?![가-힣])"
)
_SEAL = re.compile(rf"(?<![가-힣])({_FULL_NAME}|{_APART})\s{{0,3}}\((?:인|印|서명)\)")
_CUSTOMER = re.compile(rf"(?<![가-힣])({_NAME})\s?(?:고객|회원|환자|학부모|수강생|입주민|가입자)\s?님")
_MYSELF = re.compile(
    rf"(?<![가-힣])(?:저는|제\s이름은|본인은)\s[^.!?\n]{{0,60}}?(?<![가-힣])({_FULL_NAME})(?:이?라고\s(?:합니다|하는|해요)|입니다|이에요|예요)(?![가-힣])"
)
# Right before or behind contact data.
_BEFORE = re.compile(
    rf"(?<![가-힣])({_NAME})(?:\s?(?:{_TITLE})(?:님)?)?(?:\s?(?:의|은|는))?[\s(\[<,:/|·\-.]{{0,4}}"
    r"(?:(?:의\s)?(?:연락처|전화(?:번호)?|휴대폰|휴대전화|핸드폰|이메일|메일|e-?mail|tel|h\.?p|mobile|m|t|c\.?p|☎|☏|📞|📱|계좌(?:번호)?|카드|주민(?:등록)?번호)\.?\s{0,2}[:)\-.]{0,2}\s{0,2})?$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"[\s)\],:/|·.\-]{{0,4}}(?:에\s(?:사는|거주하는)\s|\(?예금주\s?:?\s?|\(|성명\s?:?\s?|\(?담당(?:자)?\s?:?\s?|\(?(?:국민|신한|우리|하나|기업|농협|카카오)(?:은행|뱅크)?\s)?({_FULL_NAME}){_END}"
)
_CONTACT = frozenset(("mobile", "landline", "email", "account", "rrn", "frn", "card", "handle", "address", "passport"))
_AFTER = frozenset(("account", "mobile", "landline", "email", "rrn", "frn", "address"))  # kinds that a name follows
_NEVER = frozenset(
    re.findall(
        r"\S+",
        "이메일 전화번 연락처 주소지 고객님 담당자 관리자 운영자 대표자 사용자 이용자 신청자 작성자 문의처 이름은 성명은 전화 "
        "주소 이상 이하 이후 이전 정보 조회 안내 문의 예약 상담 기타 한국 서울 전국 지역 주식 회사 우리 국민 신한 기업 하나 "
        "농협 가능 방법 공지 이용 사항 전체 신청 기간 장소 인원 남자 여자 성별 나이 연령 직업 학교 학년 소속 부서 직책 직위 "
        "이력 경력 팩스 모바 핸드 홈페 이런 저런 그런 이것 전송 송금 은행 계좌 이벤 공유 구독 추천 조언 차주분 제가 저희 "
        "저는 경우 고객센 홍길동 아무개",
    )
)

_OFFICE_REACH = 120  # characters between the head of an office and the number or address it is called by

# Offices, shops and places: 총무과, 가곡면.
_OFFICES = "면읍과팀실점처청"
_PLACES = frozenset(
    name + end
    for names, ends in ((CITIES, "시"), (COUNTIES, "군"), (DISTRICTS, "구"))
    for name in names
    for end in ("", ends)
)
_PROVINCES = frozenset(
    re.findall(
        r"\S+",
        "경기도 강원도 충청도 충북 충남 전라도 전북 전남 경상도 경북 경남 제주도 이기도 여기도",
    )
)


def _could_be(value: str) -> bool:
    """Neither a word that forms are full of, nor a place or an office, nor a name that is hidden already (김모씨)."""
    if (
        value[1:] in ("길동", "아무개")
        or value in _NEVER
        or value[:3] in _NEVER
        or value in _PLACES
        or value in _PROVINCES
    ):
        return False
    return (
        value[-1] not in _OFFICES
        and value[-1] != "요"
        and not (len(value) == 3 and value[1] == "모" and value[2] in "씨군양가는의")
    )


_WALL = "\x01"  # stands between pieces of different places, see scan.py

IsName = Callable[[int, int], bool]


def names(text: str, contacts: Iterable[Finding], is_name: IsName) -> Iterator[Finding]:
    """Names; `is_name(start, end)` says whether Kiwi takes these characters of the text for a name."""
    candidates: list[tuple[tuple[int, int], float, str]] = []
    candidates += ((match.span(1), 0.85, "form") for match in _FORM.finditer(text))
    candidates += ((match.span(1), 0.85, "form") for match in _FORM_SPACED.finditer(text))
    candidates += ((match.span(1), 0.8, "form") for match in _FORM_OPEN.finditer(text))
    candidates += ((match.span(1), 0.8, "closing") for match in _CLOSING.finditer(text))
    candidates += ((match.span(1), 0.8, "seal") for match in _SEAL.finditer(text))
    candidates += ((match.span(1), 0.8, "customer") for match in _CUSTOMER.finditer(text))
    for match in _MYSELF.finditer(text):
        if not _PUBLIC.search(text, match.start(), match.start(1)):
            candidates.append((match.span(1), 0.7, "introduction"))
    contacts = [contact for contact in contacts if contact.kind in _CONTACT]
    for match in _FORM_OFFICE.finditer(text):
        if any(_near(text, match.end(), contact.start) for contact in contacts):
            candidates.append((match.span(1), 0.75, "office"))
    for contact in contacts:
        before = text[max(0, contact.start - 36) : contact.start]
        match = _BEFORE.search(before) if contact.kind != "address" else None
        if match and _could_be(match[1]):
            shift = contact.start - len(before)
            candidates.append(((match.start(1) + shift, match.end(1) + shift), 0.8, "contact"))
        elif contact.kind in _AFTER:
            match = _BEHIND.match(text, contact.end)
            if match and (contact.kind not in ("landline", "email") or "\n" not in match[0]):
                candidates.append((match.span(1), 0.75, "contact"))
    seen = set()
    for (start, end), score, rule in candidates:
        while start < end and text[start].isspace():
            start += 1
        value = text[start:end].rstrip()
        if (start, len(value)) in seen or len(value) < 2 or not _could_be(value):
            continue
        seen.add((start, len(value)))
        if is_name(start, start + len(value)):
            yield Finding("person", start, start + len(value), score, rule)


def _near(text: str, one: int, other: int) -> bool:
    """Two places of one piece, not too far from each other."""
    low, high = min(one, other), max(one, other)
    return high - low < _OFFICE_REACH and _WALL not in text[low:high]
