"""Texts that kernels are compared with their twins on: fragments that damage is made of, Korean prose, and any characters."""

from hypothesis import strategies as st

from algok.filters.personal.name_shapes import GIVEN
from algok.kernels.personal import SURNAMES
from algok.korean.districts import CITIES, COUNTIES, DISTRICTS

ANY = st.characters(exclude_categories=["Cs"])
# Every block in which a repair finds work, at its borders, and the neighbours that make it keep or remove a character.
CHARACTERS = st.one_of(
    st.sampled_from(
        "\u115f\u1160\u3164\uffa0\u200b\u200c\u200d\u200e\u202e\u2066\u2060\ufeff\u180e\xad\x1b\x0e\x0f\x07\x85"
    ),
    st.sampled_from("\U0001f3f4\U000e0067\U000e007f\U0001f468\u2764\ufe0f\ufff9\U000e0001"),
    st.sampled_from("\r\n\t \xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\x0b\x0c"),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0x3130, max_codepoint=0x318F),
    st.characters(min_codepoint=0xA960, max_codepoint=0xA97F),
    st.characters(min_codepoint=0xD7B0, max_codepoint=0xD7FF),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFFDC),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.characters(min_codepoint=0x80, max_codepoint=0x17F),
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.characters(min_codepoint=0x600, max_codepoint=0x1AFF),
    ANY,
)
ESCAPES = st.sampled_from(
    [
        "&",
        "&#",
        "&amp;",
        "&nbsp",
        "&#50504;",
        "\\u",
        "\\uac00",
        "\\uD83D",
        "%",
        "%EA%B0%80",
        "+",
        "+xUix-",
        "\x1b$)C",
        "?",
        "¾È³ç",
        "ì•ˆ",
        "ë…•",
        "Ã«",
        "?덈",
        "뀞?",
        "섏꽭",
        "안 녕 ",
        "ㅇㅏㄴ",
        "\x1b[0m",
        "\\x",
        "$)C",
    ]
)
DAMAGED = st.lists(st.one_of(CHARACTERS, ESCAPES), max_size=24).map("".join)

# Words and marks of ordinary text, with all that a kernel may know of them, and spaces and line ends between.
_WORDS = (
    "천문대에서 한다 했어요 그럴까? 도서관, 가 나 다 씨 발 고객님 Python abc K-pop 3.14 2024 007 ㅋㅋㅋ ㅠㅠ 漢字 カナ é "
    "… · — “따옴표” (괄호) [1] 한다. 합니다! ?? ??? ? \ufffd\u0153 # * - : ; 끝."
)
WORDS = st.sampled_from(_WORDS.split())
BLANKS = st.sampled_from([" ", " ", "", "\n", "  ", "\t", "\n\n", "\xa0", "\u3000", "\u2028", "\r\n"])
PROSE = st.lists(st.tuples(WORDS, BLANKS).map("".join), max_size=40).map("".join)
TEXTS = st.one_of(DAMAGED, PROSE, st.text(ANY, max_size=60), st.tuples(PROSE, DAMAGED, PROSE).map("".join))


# Personal data that nobody has, in the ways that forms and people write it.
def _one(choices: str, sep: str = "~") -> st.SearchStrategy[str]:
    return st.sampled_from(choices.split(sep))


def _row(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """Parts of a text, one behind the other."""
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts)).map("".join)


def _digits(least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most or least)


def _wide(text: str) -> str:
    """Digits of full width."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in text)


HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=4)
NAMES = _row(st.sampled_from(SURNAMES), *[st.sampled_from(sorted(GIVEN))] * 2)
_CITIES = st.one_of(
    st.sampled_from(CITIES).map("{}시".format),
    st.sampled_from(COUNTIES).map("{}군".format),
    st.sampled_from(DISTRICTS).map("{}구".format),
)
_PROVINCES = _one(
    "서울~서울특별시~부산~대구광역시~인천~광주~대전~울산~세종~경기~경기도~강원~충북~충청남도~전북~전라남도~경북~경상남도~제주~제주도"
)
_AREA = st.one_of(_CITIES, _row(_PROVINCES, _one("~ ~, "), _CITIES), _PROVINCES)
_STREET = _row(HANGUL, _one("로~길~대로~로 12길~로12번길~로3가~동~리~읍~면~동 3통 2반"))
_LOT = _one("152~152-3~12번지~12-3번지~산 12-3~산12~지하 152~지하152")
_LABEL = _one("주소~주 소~소재지~배송지~본적~거주지~사업장~본사~지사~공장~오시는 길~찾아가는길~도로명~지번~address")
ADDRESSES = st.one_of(
    _row(
        _AREA,
        _one("~ ~\n~, "),
        _STREET,
        _one("~ ~  ~\n"),
        st.one_of(_LOT, _LOT.map(_wide)),
        _one("~ 3층~번지~ 101동 1203호"),
    ),
    _row(_LABEL, _one(":~: ~ : ~=~]~|~는: "), _STREET, _one("~ "), _LOT),
    _row(HANGUL, _one("1단지~2차~아파트~빌라~마을"), _one("~ "), _digits(1, 3), "동", _one("~ "), _digits(3, 4), "호"),
    _row(HANGUL, "동 ", _one("573-56~12번지"), _one("~ "), _one("근처~앞~인근~에 사는")),
    _row(_digits(1, 3), _one(" ~, ~-3, "), "Saebyeok-", _one("daero~ro~gil~dong"), _one(", Seoul~, Gangnam-gu~ Busan")),
)
_FIELDS = _one(
    "성명~성  명~성함~예금주~예 금 주~담당자~작성자~신청인~보호자~수령인~받는 분~보내는 사람~"
    "주문자~구매자~입금자명~임차인~피해자~세대주~"
    "이름~환자명~학생명~고객명~회원명~문의처~사원명~원아명~가입자명~대여자~카드주~주인장~name~contact~FN~피보험자"
)
FORMS = st.one_of(
    _row(_FIELDS, _one(":~: ~ : ~ - ~|~ = ~/~]~["), NAMES, _one("~ ~님~\n~ 010-")),
    _row(NAMES, _one(" ~"), _one("(인)~(印)~(서명)~드림~올림~배상")),
    _row(NAMES, _one(" ~"), _one("고객님~회원님~환자님~입주민님")),
)
_BIRTH = st.dates().map("{:%y%m%d}".format)
_NUMBERS = st.one_of(
    _row(_BIRTH, _one("-~ ~ - ~~"), st.sampled_from("12345678"), _digits(6)),
    _row(_BIRTH, "-", st.sampled_from("12345678"), _one("******~XXXXXX~xxxxxx~●●●●●●~○○○○○○~1*****~1■■■■■")),
    _row(st.dates().map("{:%y.%m.%d}".format), "-", st.sampled_from("1234"), _digits(6)),
    _row(
        _one("010~011~019~02~031~064~070~0505~+82 10~+82-2"), _one("-~ ~.~"), _digits(3, 4), _one("-~ ~.~"), _digits(4)
    ),
    _row(_one("(02)~(031) ~02)~010)"), _digits(3, 4), _one("-~ "), _digits(4)),
    _row(_one("1588~1544~1600~1833"), _one("-~ "), _digits(4)),
    _row(_one("전화 ~T.~☎ ~연락처: "), _digits(3, 4), "-", _digits(4)),
    _row(_one("계좌~농협~국민은행~입금~카뱅"), _one(" ~: "), _digits(3, 6), "-", _digits(2, 6), "-", _digits(5, 6)),
    _row(_digits(4), *[_one("-~ "), _digits(4)] * 3),
    _row(_digits(3), "-", _digits(2), "-", _digits(5)),
    _row(st.sampled_from("12"), _digits(1), "-", _digits(2), "-", _digits(6), "-", _digits(2)),
    _row(
        _one("여권 ~여권번호: ~passport no "),
        st.sampled_from("MSRGD"),
        st.one_of(_digits(8), _row(_digits(3), "A", _digits(4))),
    ),
    _row(
        _one("차량 ~번호 ~서울~경기 ~"),
        _digits(2, 3),
        _one("~ "),
        st.sampled_from("가나다라마거허호"),
        _one("~ ~-"),
        _digits(4),
    ),
)
NUMBERS = st.one_of(_NUMBERS, _NUMBERS, _NUMBERS.map(_wide))
_LOCAL = _one("abc12~id.name~a~garam_k")
CONTACTS = st.one_of(
    _row(_LOCAL, _one("@~ @ ~@ ~＠~%40"), _one("daum.net~naver.com~korea.ac.kr")),
    _row(
        _LOCAL,
        _one("(at)~ (at) ~[at]~( at )~골뱅이~ 골뱅이 ~앳~ 앳 ~_at_~(@)~ at ~ AT "),
        _one("daum~naver~네이버"),
        _one(".net~(dot)com~닷컴~점com~.컴"),
    ),
    _row(
        _one(
            "카카오톡~카톡~카 톡~ㅋㅌ~ㅋㅏ톡~텔레그램~텔~위챗~인스타~디코~오픈채팅~스카이프~네이트온~페이팔~라인~트위터~페이스북"
        ),
        _one("~ ~ 아이디~아이디~ id~ 친추"),
        _one(": ~ : ~:~ @"),
        _one("abc12~garam_k~garam.kim~x_1"),
    ),
    _row(_one("t.me/~open.kakao.com/o/"), _one("abc12~_garam")),
    _row(
        _one("글쓴이 ~접속 IP: ~로그인 "),
        _one("118.90.xxx.33~39.7.36.*~39.7.36.x~203.0.114.7~2001:db8:1:2::3~2a01:4f8:c2c:1::1"),
    ),
)
PERSONAL = st.one_of(ADDRESSES, FORMS, NUMBERS, CONTACTS)
# Such data in running text, beside each other or cut.
_AROUND = st.one_of(st.just(""), _one(" ~\n~그는 ~ 에서 ~, ~/ ~\t"), HANGUL)
FILES = st.lists(_row(_AROUND, PERSONAL, _AROUND), min_size=1, max_size=2).map("".join)

# Pieces of what opens a window, in any order: nearly right ones as well.
_DETAILS = st.one_of(
    st.sampled_from("0123456789-. ~|:()[]{}@*xXOoIl%&#;<>/_\n\t,?●ㅇ공일이에영로길동산가마님앳텔시군구M０１①²"),
    _one("<br>~&nbsp;~&#64;~\u200b~地~一~印~서울~강남구~대구 달서 마 6550~12가3456~지하~번지~호~사는~가가가"),
    _one("이름~성  명~예금주~김민수~배 도 현~고객님~드림~카톡~ㅋㅌ~주소~여권~주 민~농협~[오전~골뱅이~서명~(인)"),
    _one("at~dot~daum.net~네이버~id~ID~passport~address~name~fn~t.me/~open.kakao.com/o/~2a01:~-ro~_at_"),
    st.sampled_from(["82", "010", "1234", "5678", "9012345", "가" * 60, "a" * 170]),
)
DETAILS = st.lists(_DETAILS, max_size=12).map("".join)
