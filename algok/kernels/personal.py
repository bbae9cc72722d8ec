"""Where personal data could stand: windows of bytes around numbers, addresses and words that announce a person.

One pass over the UTF-8 buffer. It decides nothing: what could be personal is flagged, and the recognisers of
`algok.filters.personal` read the windows only. Flagged are

* stretches of digits with at most GAP signs or spaces between two of them, a part of which has the shape of a number that
  is sought, and any of nine digits or more that is disguised: full-width and circled digits, Hangul digits (공일공), O and l
  beside digits, stars and other signs for hidden digits; tags, entities and characters of no width between digits do not
  count;
* dotted quads; number plates; numbers of flats behind those of their buildings;
* an `@` between letters or digits, spaces beside it or none, or alone in brackets; 앳 behind a letter;
* a road, district or village name with a number behind it and a city, district or county before it; a village and a lot
  where it says that someone lives there;
* the words `passport`, `address`, `ID`, `name` and ` at ` and roads in Latin letters with what must follow or precede them;
* words of WORDS, each under its condition; behind the head of a list (명단, 수료자) all of it as far as names follow one
  another.

Every candidate widens by MARGIN bytes on both sides; windows that touch are one.

An example: `전화 010-0423-8891` (20 bytes). 전 and 화 break every stretch. 0, 1, 0 begin a stretch at byte 7: group
3, its first two digits 01. `-` is a sign (gap 1), 0423 the next group, `-`, 8891. The document's end closes the
stretch: groups 4, 4, 3 with the lead 01 have the shape of a telephone number, so bytes 7 to 20 are a hit. With MARGIN
on both sides, cut at the document's ends, the window is [0, 20].

What it promises: personal data as forms and people write it (`FILES` in tests/kernels/reference/texts.py) has a window, or
no recogniser finds it either (tests/filters/test_gates.py). No promise is given for numbers whose digits are entities or
have characters of no width between them, for services of messengers in Latin letters, and for shapes that only chance makes.
"""

import numpy as np

from algok.kernels import kernel, part
from algok.korean.districts import CITIES, COUNTIES, DISTRICTS

MARGIN = 160
GAP = 3
_STAR = 42

# Conditions under which a word opens a window.
_LABEL = 1  # of a form: a mark and a name-like run of Hangul follow
_STRICT = 2  # of a form, and hardly anything else: a mark and a name-like run follow, or spaces and a whole name
_PERSON = 3  # the same, with a syllable for a person (신청인, 예금주) behind it
_CLOSING = 4  # a name-like run stands before it
_CUSTOMER = 5  # the same, and 님 follows
_MESSENGER = 6  # letters or digits follow
_ADDRESS = 7  # a colon follows, and a digit within PLACE_REACH bytes
_PASSPORT = 8  # a digit within REACH bytes
_MONEY = 9  # ACCOUNT_DIGITS digits within REACH bytes behind it
_AT = 11  # always
_CLOCK = 12  # a bracket before it, as in records of chats
_PROVINCE = 10  # opens no window, but makes a place of the name of a road
_ROSTER = 13  # heads a list: names that touch a sign, a digit or a line's end follow
_BIRTH = 14  # BIRTH_DIGITS digits within REACH bytes behind it
_LEFT = 15  # 님이 or 님을 before it, and a name before that, as chats say who comes and goes
_CLASS = 16  # a name-like run within CLASS_REACH bytes behind it
_SELF = 18  # the writer's own: a name follows within SELF_REACH bytes, and 입니다 or 라고 behind it
_NUMBERED = 17  # behind it 번 (if the word has none) and NUMBER_DIGITS digits within NUMBER_REACH bytes
# Names of a list lie not farther apart than ROSTER_GAP bytes, and the last not farther from its head than ROSTER_REACH.
ROSTER_GAP, ROSTER_REACH, BIRTH_DIGITS, CLASS_REACH, NUMBER_REACH, NUMBER_DIGITS = 150, 2000, 4, 40, 40, 4
SELF_REACH = 184
REACH, PLACE_REACH, DISTRICT_REACH, ACCOUNT_DIGITS = 60, 190, 180, 10
WORDS = {
    _LABEL: "이름 대표 문의 연락 환자 학생 고객 회원 담당 주문 구매 원장 센터 책임 관리 상담 보험 참석 "
    "사원 아동 원아 가입 대여 카드 주인 본인",
    _STRICT: "성명 담당 예금 받는 받으 보내 세대 성함 존함 배우 상주",
    _SELF: "저는 본인 이름",
    _PERSON: "작성 글쓴 신청 청구 민원 진정 고소 고발 의뢰 제보 보호 수취 수령 입금 임차 임대 매도 매수 "
    "피해 수신 발신 주문 구매 계약 참가 응모 당첨 청원 제안 접수 등록 지원 응시 수험 수익 송금 발송 인솔 피보 보험 "
    "소유 명의 운전 영업 서명 예약 탑승 서류 체납 채무 근로 대상 이민",
    _CLOSING: "드림 올림 배상",
    _AT: "골뱅 뒷자",
    _CLOCK: "오전 오후",
    _CUSTOMER: "고객 회원 환자 학부 수강 입주 가입",
    _MESSENGER: "카톡 카카 텔레 위챗 인스 인별 아이 아디 스카 라인 디스 디코 트위 스레 페북 페이 틱톡 오픈 네이",
    _ADDRESS: "주소 소재 배송 본적 거주 위치 본사 지번 도로 오시 지사 공장 사업 찾아",
    _PASSPORT: "여권 주민",
    _ROSTER: "명단 수료 당첨 장학 기부 후원 성금 방명 당직 부고 빈소 신랑 신부 학번 사번 수험 헌금 "
    "십일 축의 예약 봉사 찬조 미납 좌석",
    _BIRTH: "생년 생일 출생",
    _LEFT: "입장 나갔 들어 초대",
    _CLASS: "학년 담임",
    _NUMBERED: "학번 사번 군번 교번 회원 고객 주문 예약 수험 접수 환자 차트 직원 사원 학생 등록 진료 조합 가입",
    _MONEY: "카드 계좌 통장 은행 농협 뱅크 카뱅 케뱅 신협 입금 송금 금고",
    _PROVINCE: "서울 부산 대구 인천 광주 대전 울산 세종 경기 강원 충청 충북 충남 전라 전북 전남 경상 경북 경남 제주",
}  # fmt: skip
_PASSPORTS = tuple(ord(letter) for letter in "msrgdo")
_PLATE_USES = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호국합육해공"
_NUMERALS = "공영빵일이삼사오육륙칠팔구"
_ROADS = "로길가리동읍면"
# With these every Korean name begins that has not more than a few hundred bearers.
SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변염여추도소석"
    "선설마길연위표명기반라왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동온호범좌팽승간상시갈견당독황제"
)
# Surnames of two syllables.
DOUBLE = "남궁|황보|제갈|선우|독고|사공|서문|동방|어금|강전|망절|소봉"
# Where no mark stands between a label and a name: the last syllables of labels of more than two, and how titles, particles and
# ends of sentences behind the name begin.
LABEL_ENDS = "자주명는인원"
BEHIND_NAMES = (
    "님씨군양선교과대부차사팀실이원장회목전변기간주계국소총매연조박코감강집권스신통반중담점센본위학어아"
    "은는가을를와의에께한고며입라으로예드올배"
)
SAID = "이라입예"  # 이라고, 라고, 입니다, 이에요, 예요
# What a syllable can be.
_NUMERAL, _PLATE, _ROAD, _SURNAME, _CITY, _COUNTY, _DISTRICT, _SINGLE = (1 << bit for bit in range(8))
_STIRRING = _NUMERAL | _PLATE | _SINGLE


def _code(syllable: str) -> int:
    return ord(syllable) - 0xAC00


_EU, _JI, _HA, _SI, _GUN, _GU, _NIM, _IN, _SEO, _MYEONG, _SAN, _E = map(_code, "으지하시군구님인서명산에")
_DONG, _HO, _BEON, _AET, _TEL, _RE, _TOK, _DOT, _POINT, _I, _EUL = map(_code, "동호번앳텔레톡닷점이을")
# What follows a lot of a village that no district stands before (번지, 근처, 인근, 앞, 뒤, 에 사는), and the names of services
# of mail in Hangul begin so (네이버, 다음, 한메일, 지메일, 구글, 핫메일).
_HERE = tuple(map(_code, "번근인앞뒤에"))
_MAILS = tuple(map(_code, "네다한지구핫"))
_ENDINGS = tuple(map(_code, "컴넷케씨"))  # of domains: 컴, 넷, 케이알, 씨오
# First syllables of words that forms draw out: 성  명, 이 름, 예 금 주, 담 당, 주 소, 카 톡.
_DRAWN = tuple(map(_code, "성이예담주카"))
# What follows the word in names of persons (신청인, 예금주, 작성자, 글쓴이) and of services (아이디, 인스타, 텔레그램).
_PERSONS, _SERVICES = "인자주이험", "디타그오이코터드북는로톡트팔채스계친주"


def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each syllable can be, and the words: numbers of first and second syllables, and the conditions by both."""
    attributes = np.zeros(11172, np.uint8)
    parts = (
        (_NUMERAL, _NUMERALS), (_PLATE, _PLATE_USES), (_ROAD, _ROADS), (_SURNAME, SURNAMES),
        (_CITY, (name[-1] for name in CITIES)), (_COUNTY, (name[-1] for name in COUNTIES)),
        (_DISTRICT, (name[-1] for name in DISTRICTS)), (_SINGLE, "앳텔톡"),
    )  # fmt: skip
    for bit, syllables in parts:
        for syllable in syllables:
            attributes[_code(syllable)] |= bit
    numbers = np.zeros((2, 11172), np.uint8)
    words = [(word, condition) for condition, text in WORDS.items() for word in text.split()]
    for place in (0, 1):
        for number, syllable in enumerate(sorted({word[place] for word, _ in words}), 1):
            numbers[place, _code(syllable)] = number
    conditions = np.zeros(numbers.max(axis=1) + 1, np.uint32)
    for word, condition in words:
        conditions[numbers[0, _code(word[0])], numbers[1, _code(word[1])]] |= 1 << condition
    return attributes, numbers, conditions


_ATTRIBUTES, _NUMBERS, _CONDITIONS = _tables()
# The signs that _at_sign knows, and the pairs of letters that _at_letter knows: a call costs more than looking them up.
_TELLING = np.zeros(256, np.bool_)
_TELLING[[ord(sign) for sign in "*:-(%&#_"]] = True
_PAIRS = np.zeros((128, 128), np.bool_)
for _pair in ["at", "ad", "co", "fn", "id", "na", "op", "pa", "t."]:
    for _first in (_pair[0], _pair[0].upper()):
        _PAIRS[ord(_first), [ord(_pair[1]), ord(_pair[1].upper())]] = True
_PAIRS[[ord("x"), ord("X")]] = True
# Bytes that begin nothing where no stretch goes on, and letters that begin nothing without the second of their pair.
_QUIET, _QUIET_ALONE = 1, 2
_CALM = np.full(256, _QUIET, np.uint8)
_CALM[np.frombuffer(b"0123456789@<OoIl", np.uint8)] = 0
_CALM[_TELLING] = 0
_CALM[[letter for letter in range(128) if _PAIRS[letter].any() and _CALM[letter]]] = _QUIET_ALONE
_CALM[[0xC2, 0xE2, 0xE3, 0xEA, 0xEB, 0xEC, 0xED, 0xEF, 0xF0]] = 0
_PERSON_CODES, _SERVICE_CODES = (np.array([_code(s) for s in text], np.int64) for text in (_PERSONS, _SERVICES))


def _syllables(text: str) -> np.ndarray:
    """True (bool, 11,172) for the syllables of a text."""
    table = np.zeros(11172, np.bool_)
    table[list(map(_code, text))] = True
    return table


_LABEL_ENDS, _BEHIND_NAMES, _SAID = map(_syllables, (LABEL_ENDS, BEHIND_NAMES, SAID))
_DOUBLE = tuple(_code(name[0]) * 11172 + _code(name[1]) for name in DOUBLE.split("|"))


@kernel
def _hangul(data, i, end):
    """The number of the precomposed syllable at i, or -1."""
    if i < 0 or i + 2 >= end or data[i] < 0xEA or data[i] > 0xED:
        return -1
    code = ((np.int64(data[i]) & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | np.int64(data[i + 2]) & 63) - 0xAC00
    return code if 0 <= code < 11172 else -1


@kernel
def _at(data, i, start, end):
    """The byte at i, or 0 outside the document."""
    return data[i] if start <= i < end else np.uint8(0)


@kernel
def _is_white(byte):
    """White space of ASCII and the controls that Python counts as such."""
    return byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F


@kernel
def _is_word_at(data, i, end, word):
    """The letters (and signs) of a word stand at i, in whatever case."""
    same = i + len(word) <= end
    for k in range(len(word) if same else 0):
        same &= data[i + k] | 32 == word[k] | 32
    return same


@kernel
def _bracketed(data, i, behind, start, end):
    """What stands from i to `behind` is alone in brackets, perhaps with a space on each side."""
    if _is_white(_at(data, i - 1, start, end)):
        i -= 1
    if _is_white(_at(data, behind, start, end)):
        behind += 1
    closing = _at(data, behind, start, end)
    return _at(data, i - 1, start, end) in (0x28, 0x5B, 0x7B, 0x3C) and closing in (0x29, 0x5D, 0x7D, 0x3E)


@kernel
def _is_digit(byte):
    return 0x30 <= byte <= 0x39


@kernel
def _is_word(byte):
    return _is_digit(byte) or 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A


@kernel
def _is_alike(byte):
    """O, o, I and l, which stand for digits."""
    return byte == 0x4F or byte == 0x6F or byte == 0x49 or byte == 0x6C


@kernel
def _run(data, i, end):
    """Syllables, up to twelve, that follow one another from i."""
    length = 0
    while length < 12 and _hangul(data, i + 3 * length, end) >= 0:
        length += 1
    return length


@kernel
def _syllable_apart(data, i, end):
    """Behind one syllable that follows one to three spaces from i; 0 if none does."""
    k = i
    while k < end and k < i + 3 and data[k] == 0x20:
        k += 1
    return k + 3 if k > i and _run(data, k, end) == 1 else 0


@kernel
def _name_length(data, k, end):
    """Syllables of a whole name that begins with the surname at k."""
    first, second = _hangul(data, k, end), _hangul(data, k + 3, end)
    return 4 if first >= 0 and second >= 0 and first * 11172 + second in _DOUBLE else 3


@kernel
def _is_followed(data, k, length, end, following):
    """A whole name that begins with the surname at k, in a run of `length` syllables, ends it or has one of a table behind it."""
    for syllables in range(3, _name_length(data, k, end) + 1):
        if length == syllables or (length > syllables and following[_hangul(data, k + 3 * syllables, end)]):
            return True
    return False


@kernel
def _is_apart(data, k, end):
    """A name whose first syllable at k stands alone: 배 상 호, 배 상호."""
    second = _syllable_apart(data, k + 3, end)
    if second > 0 and _syllable_apart(data, second, end) > 0:
        return True
    return k + 3 < end and data[k + 3] == 0x20 and _run(data, k + 4, end) == 2


@kernel
def _name_behind(data, i, end, attributes, marked):
    """Behind the rest of a label and a few signs comes what begins like a name: with a mark among the signs a run of two to
    eight syllables, without one (not if `marked`) a whole name."""
    rest = _run(data, i, end)
    if rest > 3:
        return False
    k = i + 3 * rest
    label = rest == 0 or _LABEL_ENDS[_hangul(data, k - 3, end)]
    for _ in range(2):  # 받는 분: …
        first, mark = k, False
        while k < end and k - first < 16 and _hangul(data, k, end) < 0:
            byte = data[k]
            if byte == 0x2C or byte == 0x2E or byte == 0x3F or byte == 0x3B or _is_word(byte):
                return False
            # : | = / > - ( ) [ ] tab, and full-width signs
            mark |= byte in (0x3A, 0x7C, 0x3D, 0x2F, 0x3E, 0x2D, 0x28, 0x29, 0x5B, 0x5D, 0x09, 0xEF)
            k += 1
        length = _run(data, k, end)
        if k == first or length == 0:
            return False
        if (mark or (label and not marked)) and attributes[_hangul(data, k, end)] & _SURNAME != 0:
            if length == 1 and _is_apart(data, k, end):
                return True
            if 2 <= length <= 8 if mark else _is_followed(data, k, length, end, _BEHIND_NAMES):
                return True
        if length > 2 or marked:
            return False
        k += 3 * length
    return False


@kernel
def _introduction_end(data, i, end, attributes):
    """Behind the name of who says it: … 홍길동입니다, begun within SELF_REACH bytes of i in the same sentence; 0 if none is."""
    limit = min(end, i + SELF_REACH)
    k = _word_end(data, i, limit)
    while k < limit and data[k] not in (0x0A, 0x21, 0x2E, 0x3F):
        length = _run(data, k, end)
        if length > 3 and attributes[_hangul(data, k, end)] & _SURNAME != 0:
            for syllables in range(3, _name_length(data, k, end) + 1):
                if length > syllables and _SAID[_hangul(data, k + 3 * syllables, end)]:
                    return k + 3 * syllables
        k = max(k + 1, _word_end(data, k, limit))
    return 0


@kernel
def _name_before(data, i, start, attributes):
    """Before i, a space between or none, a run of two to four syllables begins like a name."""
    k = i
    while k > start and i - k < 2 and data[k - 1] == 0x20:
        k -= 1
    for length in range(1, 5):
        code = _hangul(data, k - 3 * length, k) if k - 3 * length >= start else -1
        if code < 0:
            return False
        if length > 1 and attributes[code] & _SURNAME:
            before = k - 3 * length - 3
            if before < start or _hangul(data, before, k) < 0 or length == 3:
                return True
    return False


@kernel
def _id_behind(data, i, end):
    """Behind the rest of a word, and up to two more short words with a few signs, comes an ASCII letter, a digit, `@` or `_`."""
    k = i
    for _ in range(3):
        rest = _run(data, k, end)
        if rest > 5:
            return False
        k += 3 * rest
        last = min(end, k + 10)
        while k < last and data[k] < 0xEA:
            if _is_word(data[k]) or data[k] == 0x40 or data[k] == 0x5F:
                return True
            k += 1
        if k >= last:
            return False
    return False


@kernel
def _colon_behind(data, i, end):
    """Behind the rest of a word and a few signs (one of them perhaps &nbsp;) comes a colon or a bar."""
    k = i + 3 * _run(data, i, end)
    for j in range(k, min(end, k + 12)):
        if (
            data[j] == 0x3A
            or data[j] == 0x3D
            or data[j] == 0x7C
            or data[j] == 0x5D
            or (data[j] == 0xEF and j + 2 < end and data[j + 2] == 0x9A)
        ):
            return True
    return False


@kernel
def _nim_behind(data, i, end):
    """님 follows within three syllables and a space."""
    found = False
    for j in range(i, min(end, i + 11)):
        found |= _hangul(data, j, end) == _NIM
    return found


@kernel
def _wide_digit(data, i, end):
    """The bytes of a digit beyond ASCII at i (full-width, circled, superscript, mathematical), 0 if there is none."""
    byte = data[i]
    if byte == 0xEF:
        return 3 if i + 2 < end and data[i + 1] == 0xBC and 0x90 <= data[i + 2] <= 0x99 else 0
    if byte == 0xE2 and i + 2 < end:
        second, third = data[i + 1], data[i + 2]
        circled = second == 0x91 and 0xA0 <= third <= 0xBF
        bold = (second == 0x9E and third <= 0x93) or (second == 0x9D and third >= 0xB6)
        other = second == 0x93 and (third == 0xAA or third >= 0xB5)
        raised = second == 0x81 and (third == 0xB0 or 0xB4 <= third <= 0xB9)
        lowered = second == 0x82 and 0x80 <= third <= 0x89
        return 3 if circled or bold or other or raised or lowered else 0
    if byte == 0xC2:
        return 2 if i + 1 < end and data[i + 1] in (0xB2, 0xB3, 0xB9) else 0
    if byte == 0xF0:
        return 4 if i + 3 < end and data[i + 1] == 0x9D and data[i + 2] == 0x9F and data[i + 3] >= 0x8E else 0
    return 0


@kernel
def _digit_value(data, i):
    """The value of a digit at i, ASCII or full-width; 0 for what else stands for digits."""
    if _is_digit(data[i]):
        return np.int64(data[i]) - 0x30
    return np.int64(data[i + 2]) - 0x90 if data[i] == 0xEF else 0


@kernel
def _digits_behind(data, i, end, least):
    """So many digits stand from i to the end, counted until they are enough."""
    for k in range(i, end):
        least -= _is_digit(data[k]) or _wide_digit(data, k, end) > 0
        if least == 0:
            return True
    return False


@kernel
def _holds(codes, code):
    found = False
    for k in range(len(codes)):
        found |= codes[k] == code
    return found


@kernel
def _is_province(data, k, end, numbers, conditions):
    """The name of a province begins at k."""
    first, second = _hangul(data, k, end), _hangul(data, k + 3, end)
    if first < 0 or second < 0 or numbers[0, first] == 0:
        return False
    return conditions[numbers[0, first], numbers[1, second]] & 1 << _PROVINCE != 0


@kernel
def _district_before(data, i, start, attributes, numbers, conditions):
    """A province, or the end of the name of a city, county or district, in the DISTRICT_REACH bytes before i."""
    for k in range(max(start, i - DISTRICT_REACH), i):
        if 0xEA <= data[k] <= 0xED:
            code = _hangul(data, k, i)
            if code in (_SI, _GUN, _GU):
                before = _hangul(data, k - 3, k) if k - 3 >= start else -1
                needed = _CITY if code == _SI else _COUNTY if code == _GUN else _DISTRICT
                if before >= 0 and attributes[before] & needed:
                    return True
            if code >= 0 and _is_province(data, k, i, numbers, conditions):
                return True
    return False


@kernel
def _without_white(data, i, start, most):
    """Before so many characters of white space, at most, that end before i."""
    k = i
    while k > start and i - k < most and _is_white(data[k - 1]):
        k -= 1
    return k


@kernel
def _number_end(data, i, end):
    """Behind a number of a lot or flat that begins at i: digits, and hyphens and spaces between them."""
    k, last = i, i
    while k < end and k < i + 40:
        wide = _wide_digit(data, k, end)
        if _is_digit(data[k]) or wide:
            last = k + max(wide, 1)
        elif data[k] != 0x2D and not _is_white(data[k]):
            break
        k += max(wide, 1)
    return last


@kernel
def _is_lot_here(data, i, end):
    """Behind the number at i, which has a hyphen or 번지, it says that someone lives or something is there."""
    k = _number_end(data, i, end)
    exact = False
    for j in range(i, k):
        exact |= data[j] == 0x2D
    if _hangul(data, k, end) == _BEON and _hangul(data, k + 3, end) == _JI:
        exact = True
        k += 6
    k += _is_white(_at(data, k, i, end))
    return exact and _hangul(data, k, end) in _HERE


@kernel
def _is_flat(data, k, i, start, end):
    """The number at i is that of a flat (호), and that of its building ends before k (동)."""
    if not _width_before(data, k, start):
        return False
    return _hangul(data, _number_end(data, i, end), end) == _HO


@kernel
def _place_before(data, i, start, end, attributes, numbers, conditions):
    """Where the name of a road or village begins its last syllable, if one stands before the number at i and a district
    before it; or a building of flats. -1 otherwise."""
    k = i
    j = _without_white(data, i, start, 1)
    if j - 6 >= start and _hangul(data, j - 3, j) == _HA and _hangul(data, j - 6, j) == _JI:  # 지하 152
        k = j - 6
    elif j - 3 >= start and _hangul(data, j - 3, j) == _SAN:  # 산 12
        k = j - 3
    k = _without_white(data, k, start, 2) - 3
    code = _hangul(data, k, end) if k >= start else -1
    if code < 0 or attributes[code] & _ROAD == 0 or (k - 3 >= start and _hangul(data, k - 3, end) == _EU):
        return -1
    if code == _DONG and (_is_flat(data, k, i, start, end) or _is_lot_here(data, i, end)):
        return k
    return k if _district_before(data, k, start, attributes, numbers, conditions) else -1


@kernel
def _domain(data, i, end):
    """Letters, a dot and a letter, without a space: name.tld."""
    if i >= end or not _is_word(data[i]):
        return False
    for k in range(i + 1, min(end - 1, i + 40)):
        if data[k] == 0x2E:
            return (_is_word(data[k + 1]) and not _is_digit(data[k + 1])) or _hangul(data, k + 1, end) in _ENDINGS
        if not _is_word(data[k]) and data[k] != 0x2D:
            return False
    return False


@kernel
def _mail_behind(data, i, end):
    """The domain of a mail address at i, as it is spelt: name.tld, name(dot)tld, 네이버닷컴."""
    if _domain(data, i, end) or _hangul(data, i, end) in _MAILS:
        return True
    k = i
    while k < end and k < i + 64 and (_is_word(data[k]) or data[k] == 0x2D):
        k += 1
    if k == i:
        return False
    k += _is_white(_at(data, k, i, end))
    if _at(data, k, i, end) in (0x28, 0x5B, 0x7B, 0x3C) or _is_word_at(data, k, end, b"dot"):
        return True
    return _hangul(data, k, end) in (_DOT, _POINT)


@kernel
def _in_quad(data, i, start):
    """A masked part of a dotted quad begins at i: 118.90.xxx.33, 39.7.36.*."""
    return i >= start + 4 and data[i - 1] == 0x2E and _is_digit(data[i - 2])


@kernel
def _is_six(data, i, start, end):
    """The first colon of an IPv6 address: four hexadecimal digits before it, and another colon soon."""
    if i < start + 4 or (i > start + 4 and (_is_word(data[i - 5]) or data[i - 5] == 0x3A)):
        return False
    for k in range(i - 4, i):
        if not _is_digit(data[k]) and not 0x61 <= (data[k] | 32) <= 0x66:
            return False
    for k in range(i + 1, min(end, i + 6)):
        if data[k] == 0x3A:
            return True
        if not _is_digit(data[k]) and not 0x61 <= (data[k] | 32) <= 0x66:
            return False
    return False


@kernel
def _own_id(data, i, start, end):
    """ID or id as a word, and behind it a few signs and a word with a digit or an underscore."""
    if _at(data, i + 1, start, end) | 32 != 0x64:
        return False
    if _is_word(_at(data, i - 1, start, end)) or _is_word(_at(data, i + 2, start, end)):
        return False
    k = i + 2
    while k < end and k < i + 12 and not _is_word(data[k]) and data[k] != 0x0A:
        k += 1
    if k == i + 2:
        return False
    while k < end and (_is_word(data[k]) or data[k] == 0x5F or data[k] == 0x2E):
        if _is_digit(data[k]) or data[k] == 0x5F:
            return True
        k += 1
    return False


@kernel
def _is_passport(data, i, start, end):
    """The word passport at i, and seven digits near it."""
    word = _is_word_at(data, i + 1, end, b"assport")
    return word and _digits_behind(data, max(start, i - REACH), min(end, i + REACH), 7)


@kernel
def _is_address(data, i, end):
    """The word address at i, a colon behind it and a digit."""
    word = _is_word_at(data, i + 1, end, b"ddress") and _colon_behind(data, i + 7, end)
    return word and _digits_behind(data, i + 7, min(end, i + PLACE_REACH), 1)


@kernel
def _is_street(data, i, start, end):
    """-ro, -gil, -gu, -dong behind a word, and a digit before it: an address in Latin letters."""
    first, second = _at(data, i + 1, start, end) | 32, _at(data, i + 2, start, end) | 32
    road = first == 0x72 and second == 0x6F  # -ro
    road |= first == 0x67 and (second == 0x75 or second == 0x69)  # -gu, -gil
    road |= first == 0x64 and (second == 0x6F or second == 0x61)  # -dong, -daero
    if not road or i == start or not _is_word(data[i - 1]):
        return False
    return _digits_behind(data, max(start, i - 30), i, 1)


@kernel
def _is_mark_of_lists(data, i, start, end):
    """What stands at i, or the end of the text, parts the items of a list: no syllable, letter, space, full stop or quote."""
    if i < start or i >= end or data[i] >= 0x80:
        return True
    byte = data[i]
    letter = 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A
    return not (letter or byte == 0x20 or byte == 0x2E or byte == 0x3F or byte == 0x21 or byte == 0x22 or byte == 0x27)


@kernel
def _touches(data, i, behind, start, end):
    """A mark of lists stands before the run from i to `behind` or behind it, two spaces between at most."""
    low, high = i, behind
    while low > start and i - low < 2 and data[low - 1] == 0x20:
        low -= 1
    while high < end and high - behind < 2 and data[high] == 0x20:
        high += 1
    word = low - 3 >= start and _hangul(data, low - 3, end) >= 0
    if not word and _is_mark_of_lists(data, low - 1, start, end):
        return True
    return _hangul(data, high, end) < 0 and _is_mark_of_lists(data, high, start, end)


@kernel
def _is_name_run(data, k, length, end, attributes):
    """A run of three syllables begins like a name, 님 behind it or not."""
    called = length == 4 and _hangul(data, k + 9, end) == _NIM
    return (length == 3 or called) and attributes[_hangul(data, k, end)] & _SURNAME != 0


@kernel
def _word_end(data, i, end):
    """Behind the syllables that go on from i."""
    while _hangul(data, i, end) >= 0:
        i += 3
    return i


@kernel
def _roster_end(data, i, start, end, attributes):
    """Behind the last name of the list whose head ends before i, or goes on in its syllables; 0 if no name follows."""
    k = min(_word_end(data, i, end), i + ROSTER_GAP)
    found, limit = 0, min(end, i + ROSTER_GAP)
    while k < limit:
        behind = _word_end(data, k, min(end, limit + 18))
        if _is_name_run(data, k, (behind - k) // 3, end, attributes) and _touches(data, k, behind, start, end):
            found = behind
            limit = min(end, i + ROSTER_REACH, found + ROSTER_GAP)
        k = behind if behind > k else k + 1
    return found


@kernel
def _class_behind(data, i, end, attributes):
    """A run of three to five syllables that begins like a name begins within CLASS_REACH bytes behind the word before i."""
    limit = min(end, i + CLASS_REACH)
    k = min(limit, _word_end(data, i, min(end, limit + 18)))
    while k < limit:
        behind = _word_end(data, k, min(end, limit + 18))
        if 9 <= behind - k <= 15 and attributes[_hangul(data, k, end)] & _SURNAME != 0:
            return True
        k = behind if behind > k else k + 1
    return False


@kernel
def _is_numbered(data, i, end):
    """The word that ends before i ends in 번, or 번 follows it, a syllable or white space between or none; and digits follow."""
    told = _hangul(data, i - 3, end) == _BEON or _hangul(data, i, end) == _BEON
    told |= _hangul(data, i, end) >= 0 and _hangul(data, i + 3, end) == _BEON
    told |= _is_white(_at(data, i, i, end)) and _hangul(data, i + 1, end) == _BEON
    return told and _digits_behind(data, i, min(end, i + NUMBER_REACH), NUMBER_DIGITS)


@kernel
def _has_left(data, i, start, attributes):
    """배도현님이 or 배도현님을 before a space before i."""
    if i - 7 < start or data[i - 1] != 0x20:
        return False
    particle = _hangul(data, i - 4, i)
    called = particle in (_I, _EUL) and _hangul(data, i - 7, i) == _NIM
    return called and _name_before(data, i - 7, start, attributes)


@kernel
def _is_clock(data, i, start, end):
    """A bracket before 오전 or 오후, or a comma and a space; or a time and a comma behind it (오후 4:11, 배도현 : …)."""
    if i > start and data[i - 1] == 0x5B:
        return True
    if i - 1 > start and data[i - 1] == 0x20 and data[i - 2] == 0x2C:
        return True
    k = i + 6
    while k < end and k < i + 12 and (_is_digit(data[k]) or data[k] == 0x20 or data[k] == 0x3A):
        k += 1
    return k > i + 9 and data[k - 3] == 0x3A and _at(data, k, i, end) == 0x2C


@kernel
def _opens(data, i, start, end, condition, attributes, persons, services):
    """A word whose two syllables begin at i meets one of its conditions."""
    behind = i + 6
    third = _hangul(data, behind, end)
    if condition & 1 << _STRICT and _name_behind(data, behind, end, attributes, False):
        return True
    if condition & 1 << _PERSON and _holds(persons, third) and _name_behind(data, behind + 3, end, attributes, False):
        return True
    if condition & 1 << _LABEL and _name_behind(data, behind, end, attributes, True):
        return True
    if condition & 1 << _CLOSING and third < 0 and _name_before(data, i, start, attributes):
        return True
    if condition & 1 << _CUSTOMER and _nim_behind(data, behind, end) and _name_before(data, i, start, attributes):
        return True
    if condition & 1 << _MESSENGER and (third < 0 or _holds(services, third)) and _id_behind(data, behind, end):
        return True
    if condition & 1 << _ADDRESS and _colon_behind(data, behind, end):
        return _digits_behind(data, behind, min(end, behind + PLACE_REACH), 1)
    if condition & 1 << _PASSPORT:
        return _digits_behind(data, max(start, i - REACH), min(end, behind + REACH), 7)
    if condition & 1 << _AT or (condition & 1 << _CLOCK and _is_clock(data, i, start, end)):
        return True
    if condition & 1 << _BIRTH and _digits_behind(data, behind, min(end, behind + REACH), BIRTH_DIGITS):
        return True
    if condition & 1 << _NUMBERED and _is_numbered(data, behind, end):
        return True
    if condition & 1 << _CLASS and _class_behind(data, behind, end, attributes):
        return True
    if condition & 1 << _LEFT and _has_left(data, i, start, attributes):
        return True
    return condition & 1 << _MONEY != 0 and _digits_behind(data, behind, min(end, behind + REACH), ACCOUNT_DIGITS)


@kernel
def _is_joint(byte):
    """A sign between the parts of a number plate."""
    return byte == 0x20 or byte == 0x2D or byte == 0x2E


@kernel
def _may_be_digit(data, i):
    """A digit, ASCII or full-width, or a sign that may be followed by one."""
    byte = data[i]
    return _is_digit(byte) or byte == 0xEF or (_is_joint(byte) and (data[i + 1] < 0x3A or data[i + 1] == 0xEF))


@kernel
def _plate_number(data, i, end):
    """Where behind a syllable of use, two signs between at most, a digit may begin, ASCII or full-width; 0 if none can."""
    k = i + 3
    while k < end and k < i + 5 and _is_joint(data[k]):
        k += 1
    return k if k < end and (_is_digit(data[k]) or data[k] == 0xEF) else 0


@kernel
def _width_before(data, i, start):
    """The bytes of the digit, ASCII or full-width, that ends before i; 0 if there is none."""
    if i > start and _is_digit(data[i - 1]):
        return 1
    return 3 if i - 3 >= start and data[i - 3] == 0xEF and _wide_digit(data, i - 3, i) else 0


@kernel
def _has_town(data, k, start, numbers, conditions):
    """A province, a space and a town of two or three syllables end before k, a space behind them or none."""
    k -= _is_white(_at(data, k - 1, start, k))
    for syllables in range(2, 4):
        low = k - 3 * syllables - 7
        if low >= start and data[low + 6] == 0x20 and _is_province(data, low, k, numbers, conditions):
            return True
    return False


@kernel
def _is_plate(data, i, start, end, numbers, conditions):
    """One to three digits before i, four and no more behind its syllable, a few signs between or none; or no digit, but a
    province and a town before it (대구 달서 마 6550)."""
    digits = 0
    k = i
    if k > start and (_is_joint(data[k - 1]) or data[k - 1] == 0x7E):
        k -= 1
    width = _width_before(data, k, start)
    while width and digits < 4:
        digits += 1
        k -= width
        width = _width_before(data, k, start)
    if digits > 3 or (digits == 0 and not _has_town(data, i, start, numbers, conditions)):
        return False
    behind = _plate_number(data, i, end)
    digits = 0
    while (
        behind < end
        and digits < 5
        and (_is_digit(data[behind]) or _wide_digit(data, behind, end) == 3 or (digits > 1 and data[behind] == _STAR))
    ):
        behind += 1 if data[behind] < 0x80 else 3
        digits += 1
        if digits == 2 and behind + 1 < end and _is_joint(data[behind]) and _is_digit(data[behind + 1]):
            behind += 1  # 45 러 91 02
    return digits == 4


@kernel
def _skip(data, i, end):
    """Bytes at i that stand between digits without counting: an entity, a tag, a character of no width; 0 if none."""
    byte = data[i]
    if byte == 0x26:  # &nbsp;
        for k in range(i + 1, min(end, i + 9)):
            if data[k] == 0x3B:
                return k + 1 - i
    elif byte == 0x3C:  # <br>
        if i + 1 < end and (data[i + 1] == 0x2F or _is_word(data[i + 1])):
            digits = 0
            for k in range(i + 1, min(end, i + 40)):
                digits = digits + 1 if _is_digit(data[k]) else digits if data[k] == 0x2D else 0
                if data[k] == 0x40 or digits == 7:  # <blue@daum.net>, <a href="tel:...">
                    return 0
                if data[k] == 0x3E:
                    return k + 1 - i
    elif (byte == 0xE2 and i + 2 < end and data[i + 1] == 0x80 and 0x8B <= data[i + 2] <= 0x8F) or (
        byte == 0xEF and i + 2 < end and data[i + 1] == 0xBB and data[i + 2] == 0xBF
    ):
        return 3
    elif byte == 0xC2 and i + 1 < end and data[i + 1] == 0xAD:
        return 2
    return 0


@kernel
def _is_behind_syllable(data, i):
    """A character beyond ASCII ends before i, or before a space or two."""
    return (
        data[i - 1] >= 0x80
        or data[i - 2] >= 0x80
        or (data[i - 3] >= 0x80 and data[i - 1] <= 0x20 and data[i - 2] <= 0x20)
    )


@kernel
def _is_shape(groups, leads, number, hyphens):
    """The last groups of digits of a stretch could be a number of one of the kinds. `groups`: lengths of the last five, the
    latest first; `leads`: their first two digits; `number`: groups so far; `hyphens`: digits joined by single hyphens."""
    a, b, c, d = groups[0], groups[1], groups[2], groups[3]
    if 9 <= a <= 16 and (a >= 10 or leads[0] < 10):
        return True
    if b >= 2 and 7 <= a <= 8 and (leads[1] < 10 or leads[1] == 82 or b == 6):  # 010 12345678, 900101-1234567
        return True
    if 7 <= a <= 8 and c == 2 and (leads[2] == 82 or (a == 7 and b == 2)):  # +82 10-12345678, 90.01.01-1234567
        return True
    if a == 4 and 5 <= b <= 7 and (leads[1] < 10 or (c == 2 and leads[2] == 82)):  # 010123 4567, +82 10123-4567
        return True
    if a == 9 and b == 2 and leads[1] == 82:  # +82 101234567
        return True
    if a == 4 and (b == 3 or b == 4) and c > 0:  # 02-123-4567, +82 10 1234 5678, 010-1234-5678, cards
        return (
            leads[2] < 10
            or leads[2] == 82
            or (d > 0 and (leads[3] == 82 or leads[3] < 10))
            or (c == 4 and d == 4 and b == 4)
        )
    if a == 4 and c == 0 and hyphens == a + b and (b == 3 or (b == 4 and leads[1] != 19 and leads[1] != 20)):
        return True  # 1588-0000, 3146-1316
    if a == 4 and b == 4 and leads[1] in (15, 16, 18):
        return True
    if (a == 5 and b == 6 and c == 4) or (a == 2 and b == 6 and c == 2) or (a == 5 and b == 2 and c == 3):
        return True
    if a == 6 and b == 1 and c == 6:
        return True
    if a == 1 and b == 1 and c == 1 and d == 1 and groups[4] == 1 and number >= 10:
        return True
    return hyphens >= 10 and hyphens > a and not (c == 4 and b <= 2 and a <= 2)


@kernel
def _is_latin_label(data, i, end, attributes):
    """One of the words name, contact and FN at i, a mark and a Korean name behind it."""
    length = 4 if _is_word_at(data, i, end, b"name") else 7 if _is_word_at(data, i, end, b"contact") else 0
    length = 2 if _is_word_at(data, i, end, b"fn") else length
    return length > 0 and _name_behind(data, i + length, end, attributes, True)


@kernel
def _at_letter(data, i, start, end, attributes):
    """The bytes of what begins with the letter at i and opens a window; 0 if nothing does."""
    letter, second = data[i] | 32, _at(data, i + 1, start, end) | 32
    if letter == 0x61 and second == 0x74:
        if _bracketed(data, i, i + 2, start, end):  # (at), [at]
            return 2
        apart = _is_white(_at(data, i - 1, start, end)) and _is_white(_at(data, i + 2, start, end))
        return 2 if apart and _mail_behind(data, i + 3, end) else 0  # name at daum.net
    if letter == 0x61 and second == 0x64:
        return 7 if _is_address(data, i, end) else 0
    if letter == 0x63 or letter == 0x66 or letter == 0x6E:
        return 2 if _is_latin_label(data, i, end, attributes) else 0
    if letter == 0x69:
        return 2 if _own_id(data, i, start, end) else 0
    if letter == 0x70:
        return 8 if _is_passport(data, i, start, end) else 0
    if letter == 0x74 or letter == 0x6F:  # t.me/name, open.kakao.com/o/name
        length = (
            5 if _is_word_at(data, i, end, b"t.me/") else 17 if _is_word_at(data, i, end, b"open.kakao.com/o/") else 0
        )
        name = _at(data, i + length, start, end)
        return length if length and (_is_word(name) or name == 0x5F) else 0
    if letter == 0x78:  # 118.90.xxx.33
        return 1 if _in_quad(data, i, start) else 0
    return 0


@kernel
def _half_length(data, i, start, end):
    """The bytes of the first half of an IP address in the brackets that open at i, behind a name of consonants only
    (ㅇㅇ(118.235)) or before a time; 0 if it is none."""
    k, dots, digits = i + 1, 0, 0
    while k < end and digits < 4 and (_is_digit(data[k]) or data[k] == 0x2E):
        dots += data[k] == 0x2E
        digits = 0 if data[k] == 0x2E else digits + 1
        k += 1
    if dots != 1 or digits == 0 or digits > 3 or _at(data, k, start, end) != 0x29:
        return 0
    if i - 3 >= start and data[i - 3] == 0xE3 and 0x84 <= data[i - 2] <= 0x86:
        return k + 1 - i
    j = k + 1
    while j < end and j < k + 4 and (_is_white(data[j]) or data[j] == 0x7C):
        j += 1
    return k + 1 - i if _is_digit(_at(data, j, start, end)) and _is_digit(_at(data, j + 1, start, end)) else 0


@kernel
def _at_sign(data, i, start, end):
    """The bytes of what begins with the sign at i and opens a window; 0 if nothing does."""
    byte = data[i]
    if byte == _STAR:  # 39.7.36.*
        return 1 if _in_quad(data, i, start) else 0
    if byte == 0x3A:
        return 1 if _is_six(data, i, start, end) else 0
    if byte == 0x2D:
        return 3 if _is_street(data, i, start, end) else 0
    if byte == 0x28 and _is_digit(_at(data, i + 1, start, end)):
        return _half_length(data, i, start, end)
    if byte == 0x28:  # (인), (印), (서명)
        code = _hangul(data, i + 1, end)
        short = code == _IN or _is_word_at(data, i + 1, end, b"\xe5\x8d\xb0")
        seal = (short and _at(data, i + 4, start, end) == 0x29) or (
            code == _SEO and _hangul(data, i + 4, end) == _MYEONG
        )
        return 4 if seal else 0
    if byte == 0x25:  # %40 is @
        return 3 if _is_word_at(data, i + 1, end, b"40") else 0
    if byte == 0x26:  # &#64; is @
        return 4 if _is_word_at(data, i + 1, end, b"#64") else 0
    if i > start and _is_word(data[i - 1]):
        if byte == 0x23 and _domain(data, i + 1, end):  # name#daum.net
            return 1
        if byte == 0x5F and _is_word_at(data, i + 1, end, b"at_"):  # name_at_daum.net
            return 1 if _mail_behind(data, i + 4, end) else 0
    return 0


@kernel
def _is_international(data, i, start, end):
    """A letter or syllable before the `@` at i, and behind it a domain, in one of them Hangul: 홍보@한빛.한국."""
    hangul = i - 3 >= start and _hangul(data, i - 3, i) >= 0
    if not hangul and not _is_word(_at(data, i - 1, start, end)):
        return False
    k = i + 1
    while k < end and k < i + 64 and data[k] != 0x2E:
        width = 3 if _hangul(data, k, end) >= 0 else 1
        if width == 1 and not _is_word(data[k]) and data[k] != 0x2D:
            return False
        hangul |= width == 3
        k += width
    tail = _is_word(_at(data, k + 1, start, end)) or _hangul(data, k + 1, end) >= 0
    return hangul and k > i + 1 and _at(data, k, start, end) == 0x2E and tail


@kernel
def _at_at(data, i, start, end):
    """The `@` at i stands between letters or digits, perhaps with white space beside it, or alone in brackets."""
    before = i - 2 if i > start and _is_white(data[i - 1]) else i - 1
    behind = i + 2 if i + 1 < end and _is_white(data[i + 1]) else i + 1
    if _is_international(data, i, start, end):
        return True
    named = _is_word(_at(data, before, start, end)) or _at(data, before, start, end) == _STAR
    return (named and _is_word(_at(data, behind, start, end))) or _bracketed(data, i, i + 1, start, end)


@kernel
def _at_single(data, i, start, end):
    """The syllable 앳, 텔 or 톡 at i stands for at or for a messenger."""
    if _hangul(data, i, end) == _AET:
        before = i - 2 if _is_white(_at(data, i - 1, start, end)) else i - 1
        return _is_word(_at(data, before, start, end))
    alone = i - 3 < start or _hangul(data, i - 3, i) < 0
    return alone and _hangul(data, i + 3, end) != _RE and _id_behind(data, i + 3, end)


@kernel
def _mask(data, i, start, end):
    """The bytes of a sign at i that stands for a hidden digit: * x X ● ○ ◯ ■ □ ㅇ; 0 if none does."""
    byte = _at(data, i, start, end)
    if byte == _STAR or byte | 32 == 0x78:
        return 1
    if i + 2 < end and byte == 0xE2:
        second, third = data[i + 1], data[i + 2]
        circle = second == 0x97 and third in (0x8B, 0x8F, 0xAF)
        return 3 if circle or (second == 0x96 and third in (0xA0, 0xA1)) else 0
    return 3 if i + 2 < end and byte == 0xE3 and data[i + 1] == 0x85 and data[i + 2] == 0x87 else 0


@kernel
def _masked(data, i, start, end, total, joined):
    """The bytes of a mask at i behind six digits or more, another mask beside it; `joined`: right behind one of these."""
    width = _mask(data, i, start, end) if total >= 6 else 0
    return width if width and (joined or _mask(data, i + width, start, end)) else 0


@part
def _add_window(data, start, end, hit_start, hit_end, windows, first_of_document, count):
    """Widens a hit to whole characters and joins it with the windows that it touches; gives their new number."""
    low, high = max(start, hit_start - MARGIN), min(end, hit_end + MARGIN)
    while low > start and data[low] & 0xC0 == 0x80:
        low -= 1
    while high < end and data[high] & 0xC0 == 0x80:
        high += 1
    # A window can begin before the one found last, since a stretch is flagged at its end.
    while count > first_of_document and low <= windows[count - 1, 1]:
        low, high = min(low, windows[count - 1, 0]), max(high, windows[count - 1, 1])
        count -= 1
    windows[count, 0], windows[count, 1] = low, high
    return count + 1


@part
def _begin_group(groups, leads):
    for k in range(4, 0, -1):
        groups[k], leads[k] = groups[k - 1], leads[k - 1]
    groups[0], leads[0] = 0, 0


@part
def _is_talk(data, i, end):
    """ㅋㅌ, ㅋㅏ톡, for 카톡, and the name of an account behind."""
    if i + 6 >= end or data[i + 1] != 0x85 or data[i + 2] != 0x8B:
        return False
    talk = data[i + 5] == 0x8C or (data[i + 5] == 0x8F and _hangul(data, i + 6, end) == _TOK)
    return talk and _id_behind(data, i + 6, end)


@part
def _is_mark(data, i, end):
    """A sign beyond ASCII begins at i (dashes, middle dots, spaces), no letter. ー and ㅡ serve as dashes."""
    if data[i] == 0xE3:
        return (i + 1 < end and data[i + 1] == 0x80) or (i + 2 < end and (data[i + 2] == 0xBC or data[i + 2] == 0xA1))
    return data[i] == 0xE2 or data[i] == 0xEF or data[i] == 0xC2


@part
def _alike_beside(data, i, start, end):
    """A digit, or what is alike, before i or behind."""
    if i > start and (_is_digit(data[i - 1]) or _is_alike(data[i - 1])):
        return True
    return i + 1 < end and (_is_digit(data[i + 1]) or _is_alike(data[i + 1]))


@kernel
def _is_number(data, begin, start, groups, leads, number, hyphens, dots):
    """The stretch from `begin` on has, so far, the shape of a number that is sought."""
    if _is_shape(groups, leads, number, hyphens):
        return True
    if dots >= 3 and max(groups[0], groups[1], groups[2], groups[3]) <= 3:
        return True
    return groups[0] == 8 and number == 1 and begin > start and data[begin - 1] | 32 in _PASSPORTS


@kernel
def _number_place(data, i, start, end, attributes, numbers, conditions):
    """Where the place begins whose number begins at i; -1 if no syllable stands before it, or no place."""
    if i > start + 3 and _is_behind_syllable(data, i):
        return _place_before(data, i, start, end, attributes, numbers, conditions)
    return -1


@kernel
def _at_syllable(data, i, start, end, code, attributes, numbers, conditions, persons, services):
    """The hit (start, end; -1 if none) of a number plate, a word or a syllable alone that stands at i."""
    attribute, word = attributes[code], numbers[0, code]
    if word:
        behind = i + 3
        while behind < i + 7 and behind < end and _is_white(data[behind]) and code in _DRAWN:
            behind += 1
        second = _hangul(data, behind, end)
        condition = conditions[word, numbers[1, second]] if second >= 0 else 0
        reach = np.int64(0)
        if condition & 1 << _ROSTER:
            reach = _roster_end(data, behind + 3, start, end, attributes)
        if condition & 1 << _SELF:
            reach = max(reach, _introduction_end(data, behind + 3, end, attributes))
        if reach:
            return i, reach
        if condition and _opens(data, behind - 3, start, end, condition, attributes, persons, services):
            return i, i + 6
    if attribute & _SINGLE and _at_single(data, i, start, end):
        return i, i + 3
    # Calls cost more than looking at the byte that must follow.
    near = attribute & _PLATE and i > start and i + 7 <= end
    if near and _may_be_digit(data, i + 3) and _is_plate(data, i, start, end, numbers, conditions):
        return max(start, i - 4), min(end, i + 8)
    return -1, -1


# What a character beyond ASCII that is no syllable is to a stretch of digits.
_NOTHING, _WIDE, _HIDDEN, _MARK, _BREAK = range(5)


@kernel
def _at_rare(data, i, start, end, total, joined, attributes, numbers, conditions):
    """A character beyond ASCII that is no syllable: its bytes, what it is to a stretch, and its hit (start, end; -1 if none)."""
    byte = data[i]
    second, third = (data[i + 1], data[i + 2]) if i + 2 < end else (np.uint8(0), np.uint8(0))
    skipped = _skip(data, i, end)
    if skipped:
        return skipped, _NOTHING, -1, -1
    digits = _wide_digit(data, i, end)
    if digits:
        place = _number_place(data, i, start, end, attributes, numbers, conditions)
        return digits, _WIDE, place, i if place >= 0 else -1
    hidden = _masked(data, i, start, end, total, joined)
    if hidden:
        return hidden, _HIDDEN, -1, -1
    width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    sort = _MARK if _is_mark(data, i, end) else _BREAK
    if (byte == 0xEF and second == 0xBC and third == 0xA0) or (
        byte == 0xE2 and second == 0x93 and third == 0x90
    ):  # ＠ ⓐ
        return width, sort, i, i + 3
    if byte == 0xE3 and _is_talk(data, i, end):
        return width, sort, i, i + 6
    return width, sort, -1, -1


@part
def _stirs(data, i, end, code, attributes, numbers, conditions):
    """The syllable at i may begin something. A numeral alone before other Hangul does not: 이 글, 일어나."""
    attribute, word = attributes[code] & _STIRRING, numbers[0, code]
    if attribute == 0 and word == 0:
        return False
    if i + 7 > end or attribute & _SINGLE:
        return True
    second = _hangul(data, i + 4 if data[i + 3] == 0x20 else i + 3, end)
    if second >= 0:
        return (attribute & attributes[second] & _NUMERAL) | conditions[word, numbers[1, second]] != 0
    if attribute & _NUMERAL or (attribute & _PLATE and _plate_number(data, i, end) > 0):
        return True
    return word != 0 and _is_white(data[i + 3]) and code in _DRAWN


@kernel
def _next(data, i, end, attributes, numbers, conditions):
    """Where from i on the next character stands that may begin something, no stretch going on."""
    while i + 2 < end:
        byte = data[i]
        if 0xEA <= byte <= 0xED:
            code = _hangul(data, i, end)
            if code >= 0 and _stirs(data, i, end, code, attributes, numbers, conditions):
                break
            i += 3
        else:
            calm = _CALM[byte]
            if calm == 0 or (calm == _QUIET_ALONE and _PAIRS[byte, data[i + 1] & 127]):
                break
            i += 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    return i


@kernel
def _scan(data, start, end, attributes, numbers, conditions, persons, services, groups, leads, windows, count):
    """Adds the windows of one document to `windows` (start, end); gives their new number."""
    first_of_document = count
    i = start
    # The stretch of digits, and its groups (see _is_shape); `shown`: it opens a window.
    begin, last, total, stars, gap, number, hyphens, dots, wide = start, start, 0, 0, 0, 0, 0, 0, 0
    shown, joint, was_spelt = False, np.uint8(0), False
    groups[:] = 0
    while i <= end:
        if total == 0:
            i = _next(data, i, end, attributes, numbers, conditions)
        width, digit, separator, brk, spelt = 1, False, False, False, False
        hit_start, hit_end = -1, -1
        byte = data[i] if i < end else np.uint8(0x41)
        if i == end:
            brk = True
        elif _is_digit(byte):
            digit = True
            # A number begins, and a syllable is before it: a place?
            if i > start and not _is_digit(data[i - 1]):
                place = _number_place(data, i, start, end, attributes, numbers, conditions)
                hit_start, hit_end = place, i if place >= 0 else -1
        elif byte < 0x80:
            if byte == 0x40:
                if _at_at(data, i, start, end):
                    hit_start, hit_end = i, i + 1
                brk = True
            elif _is_word(byte):
                # O and o, I, l: digits where a digit, or another of them, is beside them
                digit = _is_alike(byte) and _alike_beside(data, i, start, end)
                wide += digit
                if byte | 32 == 0x78 and _masked(data, i, start, end, total, last == i and stars > 0):
                    digit = True
                    stars += 1
                brk = not digit
                lettered = total == 3 and last == i and i >= start + 4 and (data[i - 4] | 32) in _PASSPORTS
                if lettered and _digits_behind(data, i + 1, min(end, i + 5), 4):  # M123A4567
                    shown, hit_start, hit_end = True, i - 4, i + 1
                telling = _PAIRS[byte, data[i + 1] & 127 if i + 1 < end else 0]
                length = _at_letter(data, i, start, end, attributes) if telling else 0
                if length:
                    hit_start, hit_end = i, i + length
            elif (
                byte == _STAR
                and total >= 2
                and (_width_before(data, i, start) or data[i - 1] == 0x2D or (last == i and stars > 0))
            ):
                digit = True
                stars += 1
            else:
                separator = True
                if _TELLING[byte]:
                    length = _at_sign(data, i, start, end)
                    if length:
                        hit_start, hit_end = i, i + length
                if byte == 0x26 or byte == 0x3C:
                    skipped = _skip(data, i, end)
                    if skipped:
                        width, separator = skipped, False
        elif byte >= 0xEA and byte <= 0xED and i + 2 < end:
            width = 3
            code = _hangul(data, i, end)
            if code >= 0:
                hit_start, hit_end = _at_syllable(
                    data, i, start, end, code, attributes, numbers, conditions, persons, services
                )
                if attributes[code] & _NUMERAL:
                    digit, spelt = True, True
                    wide += 1
                else:
                    separator = code == _E and total >= 3 and last == i  # 공일공에 1234에 5678
                    brk = not separator
            else:
                brk = True
        else:
            width, sort, hit_start, hit_end = _at_rare(
                data, i, start, end, total, last == i and stars > 0, attributes, numbers, conditions
            )
            digit, separator, brk = sort in (_WIDE, _HIDDEN), sort == _MARK, sort == _BREAK
            wide += sort == _WIDE
            stars += sort == _HIDDEN

        if digit:
            # Hangul beside digits begins a group of its own: 이 and 일 are particles and days more often than digits.
            if total == 0 or gap or spelt != was_spelt:
                was_spelt = spelt
                if total == 0:
                    begin, stars, number, hyphens, dots, shown = i, 0, 0, 0, 0, False
                    groups[:] = 0
                else:
                    shown |= _is_number(data, begin, start, groups, leads, number, hyphens, dots)
                    dots = dots + 1 if gap == 1 and joint == 0x2E else 0
                    if gap and (gap != 1 or joint != 0x2D):
                        hyphens = 0
                _begin_group(groups, leads)
                number += 1
            groups[0] += 1
            if groups[0] <= 2:
                leads[0] = leads[0] * 10 + _digit_value(data, i)
            total += 1
            hyphens += 1
            gap = 0
            last = i + width
        elif total:
            if separator:
                gap += 1
                joint = byte
            if brk or gap > GAP:
                shown |= total >= 9 and (wide >= 3 or stars >= 2)  # disguised
                shown |= _is_number(data, begin, start, groups, leads, number, hyphens, dots)
                if shown:
                    hit_start, hit_end = min(hit_start, begin) if hit_start >= 0 else begin, max(hit_end, last)
                total, gap, wide = 0, 0, 0
        else:
            wide = 0

        if hit_start >= 0:
            count = _add_window(data, start, end, hit_start, hit_end, windows, first_of_document, count)
        i += width
    return count


@kernel
def _windows(data, offsets, attributes, numbers, conditions, persons, services, groups, leads, windows, counts):
    count = 0
    for d in range(len(offsets) - 1):
        counts[d] = count
        count = _scan(
            data,
            offsets[d],
            offsets[d + 1],
            attributes,
            numbers,
            conditions,
            persons,
            services,
            groups,
            leads,
            windows,
            count,
        )
    counts[len(offsets) - 1] = count
    return count


def find(data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows of every document: `windows` (int64, n × 2: first byte and byte behind the last, in `data`, whole characters,
    apart from one another) and `ends` (int64, documents + 1): those of document d are `windows[ends[d]:ends[d + 1]]`.
    """
    # Windows lie MARGIN bytes apart at least, or begin or end with the document.
    most = int((np.diff(offsets) // MARGIN + 1).sum())
    windows, ends = np.empty((most, 2), np.int64), np.zeros(len(offsets), np.int64)
    groups, leads = np.zeros((2, 5), np.int64)
    total = _windows(
        data, offsets, _ATTRIBUTES, _NUMBERS, _CONDITIONS, _PERSON_CODES, _SERVICE_CODES, groups, leads, windows, ends
    )
    return windows[:total], ends


@kernel
def _count_characters(data, offsets, windows, ends, counts):
    for d in range(len(offsets) - 1):
        at, characters = offsets[d], 0
        for w in range(ends[d], ends[d + 1]):
            for i in range(at, windows[w, 0]):
                characters += (data[i] & 0xC0) != 0x80
            at = windows[w, 0]
            counts[w] = characters


def characters_before(data: np.ndarray, offsets: np.ndarray, windows: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How many characters of its document stand before each window of `find` (int64, n)."""
    counts = np.empty(len(windows), np.int64)
    _count_characters(data, offsets, windows, ends, counts)
    return counts
