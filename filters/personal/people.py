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
_APART = rf"[{SURNAMES}] {{1,3}}[가-힣] {{1,3}}[가-힣](?![가-힣])"
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
# In running text as well: only with contact data near.
_OTHERS = (
    r"소유[자주]|명의자|운전자|대상자|영업자|서명자|예약자|탑승자|체납자|채무자|근로자|이민자|상\s?주|카드\s?소유주|교신저자|회계책임자|"
    r"세대[주원]|담임(?:교사)?|상대방|예약|환자명|점장|총무"
)
# Before nouns as well as names.
_SPACED = _STRICT.replace("|본인", "").replace("|피해자", "")
_FORM_SPACED = re.compile(
    rf"(?<![가-힣])(?:{_SPACED})\s{{1,4}}({_FULL_NAME}|{_APART})(?=$|[^가-힣]|{_TITLE}|입니다|이고|이며|에게|께|한테)"
)
_FORM_OTHERS = re.compile(
    rf"(?<![가-힣])(?:{_OTHERS})(?:{_MARK}|\s{{1,4}})({_FULL_NAME}|{_APART}|[{SURNAMES}][가-힣](?![가-힣])){_END}"
)
# What stands there is a name even if it looks like a word (예금주: 황산).
_SURE = re.compile(
    rf"(?<![가-힣])(?:성\s{{0,3}}명|예\s?금\s?주|입금자명?|성\s?함)[ ]{{0,3}}[:=|\t]\s{{0,3}}({_NAME})(?=$|[^가-힣])"
)
_LIST = re.compile(rf"\s?[,·/]\s?(?:(?:子|女|婦|婿|부|모)\s)?({_NAME})(?=$|[^가-힣])")
# A name in another alphabet, or of another country in Hangul, in a form.
_LATIN = r"(?:[A-Z]{2,}(?:(?:, ?| |/|<<?)[A-Z]{2,}){1,2}|[A-Z][a-z]+(?: [A-Z][a-z]+){1,2})"
_LATIN_FORM = re.compile(
    r"(?:성\s{0,3}명|이\s?름|영문\s?(?:성|이)?\s?명?|신청인|탑승자|예약자|예금주|(?:(?<![A-Za-z])(?:NAME|Name|name|Attn\.?|holder|FN|N|From|Author)))"
    rf"\s{{0,3}}(?:\([가-힣A-Za-z]{{1,8}}\))?\s{{0,3}}[:=|(\"]{{0,3}}\s{{0,3}}({_LATIN})(?![A-Za-z])"
)
_LATIN_NEAR = 90  # characters to contact data
# Surnames as passports spell them.
_ROMAN = (
    "KIM|LEE|YI|RHEE|PARK|BAK|CHOI|CHOE|JUNG|JEONG|CHUNG|KANG|GANG|CHO|JO|YOON|YUN|JANG|CHANG|LIM|IM|RIM|HAN|OH|SEO|SUH|SHIN|SIN|"
    "KWON|GWON|HWANG|AHN|AN|SONG|RYU|YOO|YU|YOU|HONG|JEON|JUN|CHUN|KO|GO|KOH|MOON|MUN|YANG|SON|SOHN|BAE|BAEK|PAIK|HEO|HUR|NAM|"
    "SIM|SHIM|NOH|ROH|HA|KWAK|GWAK|SUNG|SEONG|CHA|JOO|JU|WOO|WU|KOO|GU|MIN|JIN|NA|RA|JI|UM|EOM|CHAE|WON|CHEON|BANG|GONG|KONG|HYUN|"
    "HAM|BYUN|BYEON|YEOM|YEO|CHOO|DO|SEOK|SUN|SEOL|MA|GIL|KIL|YEON|WEE|PYO|MYUNG|KI|BAN|WANG|GEUM|OK|YOOK|IN|MAENG|JE|MO|TAK|"
    "NAMGUNG|HWANGBO|SEONWOO|SUNWOO|BONG|DOKGO|SAGONG|PI|PYEON"
)
_LATIN_BEFORE = re.compile(
    rf"(?<![A-Za-z])((?:{_ROMAN})(?:, ?| |/)[A-Z]{{2,}}(?: [A-Z]{{2,}})?)(?:\s(?:MR|MS|MRS))?[\s/|,()]{{1,4}}$"
)
_LATIN_AFTER = re.compile(rf"[\s/|,(]{{1,4}}((?:{_ROMAN})(?:, ?| |/)[A-Z]{{2,}}(?: [A-Z]{{2,}})?)(?![A-Za-z])")
_FOREIGN = re.compile(
    r"(?<![가-힣])(?:성\s{0,3}명|이\s?름|신청[인자]|근로자|이민자|대표자)\s{0,3}[:=|)]{0,2}\s{1,3}((?:[가-힣]{1,7} ?){1,4})"
    r"(?=\s{0,3}(?:$|[,|/(:\t\n]))"
)
_FOREIGN_STOP = re.compile(r"\s(?:외국인|여권|국적|등록|생년)")
# Members of a family, beside a registration number or an account.
_FAMILY = re.compile(
    rf"(?<![가-힣])(?:부|모|처|자|子|女|婦|배우자|자녀|신랑|신부|혼주|故|이름|님)(?:\s?[:：]\s?|\s{{1,2}})({_NAME})(?=$|[^가-힣]|님)"
)
_FAMILY_NEAR = 60
_ADDRESSED = re.compile(rf"(?<![가-힣])({_FULL_NAME}|[{SURNAMES}][가-힣](?=\s))\s?님(?=$|[^가-힣]|께|의|은|이|을)")
_CHAT = re.compile(rf"(?:^|\n)\s?\[({_NAME})\]\s?\[(?:오전|오후)")
_SPEAKER = re.compile(rf"(?:(?:^|\n)[ ]{{0,3}}|[0-9]\]\s)({_FULL_NAME})\s{{0,2}}:\s")
_CELL = re.compile(
    rf"(?:^|[\t|,;\"'>▶])[ ]{{0,3}}({_FULL_NAME}|[{SURNAMES}][가-힣](?=[\t|;\"']))[ ]{{0,3}}(?=$|[\t|,;\"'<▶])"
)
_CELL_REACH = 60
_CLOSING = re.compile(
    rf"(?:^|\n|[.!?]\s)[ ]{{0,20}}(?:[가-힣]{{1,10}}\s)?({_NAME})\s{{0,2}}(?:드림|올림|배상|拜上|拜)(?![가-힣])"
)
_SEAL = re.compile(rf"(?<![가-힣])({_FULL_NAME}|{_APART})\s{{0,3}}\((?:인|印|서명)\)")
_CUSTOMER = re.compile(rf"(?<![가-힣])({_NAME})\s?(?:고객|회원|환자|학부모|수강생|입주민|가입자)\s?님")
_MYSELF = re.compile(
    rf"(?<![가-힣])(?:저는|제\s이름은|본인은)\s[^.!?\n]{{0,60}}?(?<![가-힣])({_FULL_NAME})(?:이?라고\s(?:합니다|하는|해요)|입니다|이에요|예요)(?![가-힣])"
)
# Right before or behind contact data.
_ROLE = "회장|총무|대장|점장|실장|팀장|원장|소장|사장|부장|과장|대표|간사|담당|고객|상주|이사"
_BEHIND_ROLE = "".join(f"|(?<={role})" for role in _ROLE.split("|"))
_SMALL_BANK = (
    "국민|신한|우리|하나|기업|농협|카카오|수협|신협|우체국|케이|토스|카|케|새마을|제일|부산|대구|광주|전북|경남|산업"
)
_BEFORE = re.compile(
    rf"(?:(?<![가-힣]){_BEHIND_ROLE})({_NAME})(?:\s?(?:{_TITLE})(?:님)?)?(?:\s?(?:의|은|는))?[\s(\[<,:/|·\-.\"']{{0,4}}"
    r"(?:(?:의\s)?(?:직통|내선|교무실|사무실|번호|연락처|전화(?:번호)?|휴대폰|휴대전화|핸드폰|이메일|메일|e-?mail|tel|h\.?p|mobile|m|t|c\.?p|☎|☏|📞|📱|계좌(?:번호)?|카드|주민(?:등록)?번호)\.?\s{0,2}[:)\-.]{0,2}\s{0,2})?$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"[\s)\],:/|·.\-]{{0,4}}(?:에\s(?:사는|거주하는)\s|\(?예금주\s?:?\s?|\(|성명\s?:?\s?|\(?담당(?:자)?\s?:?\s?|이름\s?|(?:{_ROLE})\s|"
    rf"\(?(?:{_SMALL_BANK})(?:은행|뱅크|금고)?[\s,]{{1,2}})?({_FULL_NAME}|[{SURNAMES}][가-힣](?=\)|\s(?:앞|으로|에게))){_END}"
)
_CONTACT = frozenset(
    (
        "mobile",
        "landline",
        "email",
        "account",
        "rrn",
        "frn",
        "card",
        "handle",
        "address",
        "passport",
        "plate",
        "driver_licence",
    )
)
_AFTER = frozenset(
    ("account", "mobile", "landline", "email", "rrn", "frn", "address", "plate", "driver_licence")
)  # kinds that a name follows
_NEVER = frozenset(
    re.findall(
        r"\S+",
        "이메일 전화번 연락처 주소지 고객님 담당자 관리자 운영자 대표자 사용자 이용자 신청자 작성자 문의처 이름은 성명은 전화 "
        "주소 이상 이하 이후 이전 정보 조회 안내 문의 예약 상담 기타 한국 서울 전국 지역 주식 회사 우리 국민 신한 기업 하나 "
        "농협 가능 방법 공지 이용 사항 전체 신청 기간 장소 인원 남자 여자 성별 나이 연령 직업 학교 학년 소속 부서 직책 직위 "
        "이력 경력 팩스 모바 핸드 홈페 이런 저런 그런 이것 전송 송금 은행 계좌 이벤 공유 구독 추천 조언 차주분 제가 저희 "
        "저는 경우 고객센 홍길동 아무개 인스타 위챗 신협 여권 구여권 신여권 조의금 민번호 유의사 미상 미정 추후 전원 공란 전체 해당 상동 "
        "전직원 임직원 변경 확인 성명 명의 통장 표시 제목 국적 국가 주민번 등록번 전번 연번 주문번 상품 수량 배송 우편번 우편 구분 비고 도로명 "
        "배송지 거주지 소재지 근무지 목적지 여행지 가나다 태그 출처 명칭 시험 지번 지하 공시 공개 인터넷 전자 주차 차량 장애 상기",
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


_Candidates = Iterator[tuple[tuple[int, int], float, str]]
_WITHOUT_KIWI = ("sure", "latin", "foreign")
_ALWAYS = (
    (_FORM, 0.85, "form"),
    (_FORM_SPACED, 0.85, "form"),
    (_FORM_OPEN, 0.8, "form"),
    (_CLOSING, 0.8, "closing"),
    (_SEAL, 0.8, "seal"),
    (_CUSTOMER, 0.8, "customer"),
    (_CHAT, 0.7, "chat"),
)
# Only with contact data so many characters away at most.
_NEAR_CONTACT = (
    (_FORM_OFFICE, _OFFICE_REACH, 0.75, "office"),
    (_FORM_OTHERS, _FAMILY_NEAR, 0.75, "near"),
    (_LATIN_FORM, _LATIN_NEAR, 0.75, "latin"),
    (_FAMILY, _FAMILY_NEAR, 0.7, "near"),
    (_ADDRESSED, _FAMILY_NEAR, 0.7, "near"),
    (_SPEAKER, _FAMILY_NEAR, 0.7, "chat"),
)


def names(text: str, contacts: Iterable[Finding], is_name: IsName) -> Iterator[Finding]:
    """Names; `is_name(start, end)` says whether Kiwi takes these characters of the text for a name."""
    contacts = [contact for contact in contacts if contact.kind in _CONTACT]
    seen: set[tuple[int, int]] = set()
    for (start, end), score, rule in (*_in_forms(text, contacts), *_beside(text, contacts)):
        while start < end and text[start].isspace():
            start += 1
        value = text[start:end].rstrip()
        place = start, start + len(value)
        if place not in seen and len(value) > 1 and _could_be(value):
            seen.add(place)
            if rule in _WITHOUT_KIWI or is_name(*place):
                yield Finding("person", *place, score, rule)


def _in_forms(text: str, contacts: list[Finding]) -> _Candidates:
    """Behind labels, under letters, before 고객님."""
    for match in _SURE.finditer(text):
        yield match.span(1), 0.85, "sure"
    for expression, score, rule in _ALWAYS:
        for match in expression.finditer(text):
            yield match.span(1), score, rule
            more = _LIST.match(text, match.end()) if rule == "form" else None
            while more:
                yield more.span(1), 0.75, "list"
                more = _LIST.match(text, more.end())
    for match in _MYSELF.finditer(text):
        if not _PUBLIC.search(text, match.start(), match.start(1)):
            yield match.span(1), 0.7, "introduction"
    starts = [contact.start for contact in contacts]
    for expression, reach, score, rule in _NEAR_CONTACT if contacts else ():
        for match in expression.finditer(text):
            if any(_near(text, match.end(), start, reach) for start in starts):
                yield match.span(1), score, rule
    foreigners = [contact.start for contact in contacts if contact.kind in ("frn", "passport")]
    for match in _FOREIGN.finditer(text) if foreigners else ():
        stop = _FOREIGN_STOP.search(text, match.start(1), match.end(1))
        end = stop.start() if stop else match.end(1)
        if any(_near(text, end, start, _FAMILY_NEAR) for start in foreigners):
            yield (match.start(1), end), 0.8, "foreign"


def _beside(text: str, contacts: list[Finding]) -> _Candidates:
    """Right before or behind contact data, and in cells of its row."""
    for contact in contacts:
        low = max(0, contact.start - 40)
        before = text[low : contact.start]
        match = _BEFORE.search(before) if contact.kind != "address" else None
        if match and _could_be(match[1]):
            yield (match.start(1) + low, match.end(1) + low), 0.8, "contact"
        elif contact.kind in _AFTER:
            match = _BEHIND.match(text, contact.end)
            if match and (contact.kind not in ("landline", "email") or "\n" not in match[0]):
                yield match.span(1), 0.75, "contact"
        match = _LATIN_BEFORE.search(before)
        if match:
            yield (match.start(1) + low, match.end(1) + low), 0.7, "latin"
        match = _LATIN_AFTER.match(text, contact.end)
        if match:
            yield match.span(1), 0.7, "latin"
        first = max(text.rfind("\n", 0, contact.start) + 1, contact.start - _CELL_REACH)
        last = text.find("\n", contact.end)
        last = min(len(text) if last < 0 else last, contact.end + _CELL_REACH)
        for cell in _CELL.finditer(text, first, last):
            if cell.end() < last or text[last : last + 1] in ("", "\n"):
                yield cell.span(1), 0.7, "cell"


def _near(text: str, one: int, other: int, reach: int) -> bool:
    """Two places of one piece, not too far from each other."""
    low, high = min(one, other), max(one, other)
    return high - low < reach and _WALL not in text[low:high]
