"""Templates of Wikipedia whose words belong to the sentence: what stands in their place. All others leave a gap.

Names are those of the Korean Wikipedia and their English forms; a table, so that a name is added without code.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from algok.pipelines.extraction.wiki.gaps import GAP
from algok.pipelines.extraction.wiki.scripts import lowered, raised
from algok.pipelines.extraction.wiki.words import COUNTRIES, LANGUAGES, RANGES

_NUMBER = re.compile(r"[-+−]?[0-9][0-9,]*(?:\.[0-9]+)?(?:/[0-9]+)?")
_WHOLE = re.compile(r"([-+−]?)([0-9]{1,15})(\.[0-9]{1,15})?")
_DAY = re.compile(r"([0-9]{1,4})-([0-9]{1,2})-([0-9]{1,2})")
_KEY = re.compile(r"\s*([\w -]{1,40}?)\s*=")
_MOST = 200  # arguments; what follows is dropped


class Arguments(NamedTuple):
    """The arguments of a template: those without a name in their order, and the others by their names."""

    plain: list[str]
    named: dict[str, str]

    def at(self, place: int) -> str:
        return self.plain[place] if place < len(self.plain) else ""

    @classmethod
    def of(cls, body: str) -> "Arguments":
        """The arguments behind a template's name, the first bar included or not."""
        plain: list[str] = []
        named: dict[str, str] = {}
        for part in body.split("|", _MOST)[:_MOST]:
            key = _KEY.match(part) if "=" in part else None
            if key is None:
                plain.append(part.strip())
            elif key[1].isdigit() and int(key[1]) == len(plain) + 1:
                plain.append(part[key.end() :].strip())
            else:
                named[key[1].lower()] = part[key.end() :].strip()
        return cls(plain, named)


Rule = Callable[[Arguments], str]


def known(name: str) -> Rule | str | None:
    """What stands in the place of a template, or makes it of its arguments; None for one that leaves a gap.

    >>> known("convert")(Arguments.of("10|km")), known("!"), known("웹 인용")
    ('10 km', '|', None)
    """
    key = name.strip().lower()
    if "_" in key:
        key = key.replace("_", " ")
    found = _KNOWN.get(key)
    if found is not None or (":" not in key and not key.startswith("lang-")):
        return found
    if key.startswith("lang-"):
        return lambda arguments: _labelled(key[5:], arguments.at(0))
    head, _, tail = name.strip().partition(":")
    if head in ("formatnum", "숫자형식"):
        return lambda arguments: tail.strip() if arguments.at(0).lower() == "r" else _grouped(tail)
    return tail.strip() if head in ("lc", "uc", "lcfirst", "ucfirst") else None


def _first(arguments: Arguments) -> str:
    return arguments.at(0) or GAP


def _second(arguments: Arguments) -> str:
    return arguments.at(1) or GAP


def _last(arguments: Arguments) -> str:
    return arguments.plain[-1] if arguments.plain and arguments.plain[-1] else GAP


def _all(arguments: Arguments) -> str:
    return "".join(arguments.plain) or GAP


def _labelled(language: str, text: str) -> str:
    """`영어: apple`, as the reader of the page sees it."""
    if not text:
        return GAP
    label = LANGUAGES.get(language.strip().lower())
    return f"{label}: {text}" if label else text


def _of_language(arguments: Arguments) -> str:
    return _labelled(arguments.at(0), arguments.at(1))


def _hanja(arguments: Arguments) -> str:
    return _labelled("ko-hani", arguments.at(0))


def _nihongo(arguments: Arguments) -> str:
    korean, *others = [*arguments.plain[:3]] or [""]
    foreign = " ".join(other for other in others if other)
    if korean and foreign:
        return f"{korean}(일본어: {foreign})"
    return korean or foreign or GAP


def _date(arguments: Arguments) -> str:
    """`2020년 1월 2일` of year, month and day, or of a date in one argument."""
    parts = [part for part in arguments.plain if part]
    if parts and (day := _DAY.fullmatch(parts[0])):
        parts = list(day.groups())
    found = []
    for part, unit in zip(parts, "년월일"):
        if not part.isdigit():
            break
        found.append(f"{int(part)}{unit}")
    return " ".join(found) or (parts[0] if parts else GAP)


def _measure(arguments: Arguments) -> str:
    """Numbers and units as they are given; the conversion is not computed."""
    words: list[str] = []
    numbers, plain = 0, arguments.plain
    for place, part in enumerate(plain):
        if _NUMBER.fullmatch(part):
            words.append(_grouped(part))
            numbers += 1
        elif part in RANGES and place + 1 < len(plain) and _NUMBER.fullmatch(plain[place + 1]):
            words.append(RANGES[part])
        elif part and numbers:
            words.append(part)
            if place + 2 >= len(plain) or not _NUMBER.fullmatch(plain[place + 1]):
                break
        else:
            break
    return " ".join(words) or _first(arguments)


def _value(arguments: Arguments) -> str:
    text = _grouped(arguments.at(0))
    if arguments.at(1):
        text += f"±{arguments.at(1)}"
    if power := arguments.named.get("e"):
        text += f"×10^{power}"
    unit = arguments.named.get("u") or arguments.named.get("ul") or ""
    return f"{text} {unit}".strip() or GAP


def _fraction(arguments: Arguments) -> str:
    parts = arguments.plain[:3]
    if len(parts) == 3:
        return f"{parts[0]} {parts[1]}/{parts[2]}"
    return "/".join(parts if len(parts) == 2 else ["1", *parts]) if parts else GAP


def _grouped(number: str) -> str:
    """`1234567.5` as `1,234,567.5`; what is no plain number as it is."""
    whole = _WHOLE.fullmatch(number.strip())
    if whole is None or len(whole[2]) < 4 or whole[2].startswith("0"):
        return number.strip()
    return f"{whole[1]}{int(whole[2]):,}{whole[3] or ''}"


def _number(arguments: Arguments) -> str:
    return _grouped(arguments.at(0)) or GAP


def _joined(separator: str) -> Rule:
    return lambda arguments: separator.join(part for part in arguments.plain if part) or GAP


def _money(sign: str) -> Rule:
    return lambda arguments: sign + _grouped(arguments.at(0)) if arguments.at(0) else GAP


def _block(arguments: Arguments) -> str:
    text = arguments.at(0) or arguments.named.get("text") or arguments.named.get("인용문") or ""
    return f"\n{text}\n" if text else GAP


def _address(arguments: Arguments) -> str:
    return arguments.at(1) or GAP


_NAMES: tuple[tuple[Rule, str], ...] = (
    (
        _first,
        "nowrap nobr nowrap줄바꿈 small smaller big larger 작은글씨 작게 큰글씨 크게 굵게 strong em sic math 수학 mvar"
        " var code tt kbd 키 key mono abbr 설명 tooltip 툴팁 ruby 루비 후리가나 ruby-ja ja-r ill llink 임시링크"
        " 국기 국기나라 국기국가 flag"
        " flagcountry flagu 나라 ipa noitalic 기울임 기울임없음 smallcaps resize 글자크기 s del u 밑줄 취소선"
        " dfn 보이기 bdi bdo rtl-lang"
        " unicode 옛한글 유니코드 emoji 한글 as of",
    ),
    (lambda arguments: raised(arguments.at(0)) or GAP, "sup 위첨자"),
    (lambda arguments: lowered(arguments.at(0)) or GAP, "sub 아래첨자"),
    (_second, "lang lang2 언어 font"),
    (_last, "color colour 색 글씨색 글자색 font_color background 배경색 배경 transl transliteration"),
    (_all, "chem chem2 화학식 ce"),
    (_of_language, "llang 언어표기"),
    (_hanja, "한자 hanja"),
    (_nihongo, "nihongo 일본어표기 일본어 nihongo2"),
    (
        _date,
        "날짜 출생일 생년월일 birth_date birth_date_and_age birth-date 출생일과_나이 출생일과나이"
        " 생년월일과_나이 시작_날짜 시작날짜 시작일"
        " 시작_날짜와_나이 종료_날짜 종료날짜 start_date start_date_and_age end_date 사망일 사망일과_나이 사망일과나이 death_date"
        " death_date_and_age film_date dts release_date 발매일 출시일 개봉일 date",
    ),
    (_measure, "convert cvt 변환 단위변환 단위_변환 환산"),
    (_value, "val 값 숫자값"),
    (_fraction, "frac sfrac fraction 분수"),
    (_number, "nts ntsh number 숫자 수 num formatnum"),
    (_joined(", "), "ubl unbulleted_list bulleted_list 줄바꿈_목록 ubli"),
    (_joined(" · "), "hlist 가로_목록 가로목록 flatlist"),
    (_block, "인용문 인용문2 인용구 quote blockquote plainlist 목록 평범한_목록 시 poem cquote 큰따옴표 인용"),
    (_address, "url official_website"),
    (_money("₩"), "₩ krw 원"),
    (_money("US$"), "us$ usd 미국_달러"),
    (_money("¥"), "¥ jpy"),
    (_money("€"), "€ eur"),
    (_money("£"), "£ gbp"),
    (_first, "출처_필요_범위 출처필요_범위 citation_needed_span 언제_범위 누가_범위 disputed-inline_span 모호한_범위"),
)
_SIGNS: dict[str, str] = {
    "!": "|", "=": "=", "·": " · ", "•": " · ", "ㆍ": "·", ",": ", ", "--": "–", "ndash": "–", "snd": " – ",
    "mdash": "—", "spaced ndash": " – ",
    "nbsp": " ", "공백": " ", "space": " ", "'": "'", '"': '"', "(": "{", ")": "}", "!(": "[", ")!": "]", "증가": "", "감소": "",
    "자동 줄바꿈": "", "-": "", "clear": "", "국기그림": "", "flagicon": "",
    **COUNTRIES,
}  # fmt: skip
_KNOWN: dict[str, Rule | str] = {
    **_SIGNS,
    **{name.replace("_", " "): rule for rule, names in _NAMES for name in names.split()},
}
