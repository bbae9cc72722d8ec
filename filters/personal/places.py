"""Addresses: the building or lot number behind a road or a village, and what belongs to it."""

import re
from collections.abc import Iterator

from algok.filters.personal.context import has_contact
from algok.filters.personal.finding import Finding
from algok.korean.districts import CITIES, COUNTIES, DISTRICTS

_NUMBER = r"(?:지하\s?|산\s?)?\d{1,5}"
_COUNTERS = (
    r"년|월|일|시간|시(?![가-힣])|분|초|명|개|원|억|만|천|%|％|호선|번|도|차|위|점|회|대|㎞|km|킬로|미터|m|㎡|"
    r"평|층|세|살|인|가지|배|주|장|권|쪽|조|항|표|박|곳|건|종|단계|편|부|승|패|골|학년|㎜|cm|℃|가(?![가-힣])|번?길|로|[∼~]|"
    r"가구|세대|동(?!\s?\d{1,4}호)|\.\d|,\d{3}|:\d"
)
# Behind a space it is a counter only if no word begins with it: 12 대를, but 119 대명빌딩.
_NOT_COUNTED = rf"(?![0-9])(?!{_COUNTERS})(?! (?:{_COUNTERS})(?![가-힣]{{2}}))"
_WHOLE = rf"({_NUMBER}(?:\s?-\s?\d{{1,4}}(?![0-9])(?:번지)?|번지|{_NOT_COUNTED}))"
_ROAD = re.compile(
    rf"[로리길가](?<=[가-힣0-9].)(?:(?<!리)|(?<=거리))(?:\s?\d{{1,4}}(?:번?길|가))?(?:\s?[가-힣]{{1,3}}길)?[ \n]{{0,2}}"
    rf"{_WHOLE}"
)
_LOT = re.compile(rf"[동리가읍면](?<=[가-힣0-9].)[ \n]{{0,2}}(?:\d{{1,3}}통 ?\d{{1,3}}반 ?)?{_WHOLE}")
_PROVINCE = (
    r"서울(?:특별시|시)?|부산(?:광역시|시)?|대구(?:광역시|시)?|인천(?:광역시|시)?|광주(?:광역시|시)?|대전(?:광역시|시)?|울산(?:광역시|시)?|"
    r"세종(?:특별자치시|시)?|경기도?|강원(?:특별자치도|도)?|충청[북남]도|충[북남]|전라[북남]도|전북특별자치도|전[북남]|경상[북남]도|경[북남]|제주(?:특별자치도|도)?"
)
_CITY = "|".join(
    sorted(
        {*(n + "시" for n in CITIES), *(n + "군" for n in COUNTIES), *(n + "구" for n in DISTRICTS)},
        key=len,
        reverse=True,
    )
)
# The districts before the road or village, nearest last; what lies between them and the number is the road's own name.
_BEFORE = re.compile(
    rf"(?:(?<![가-힣])|(?<=[는은]))(?:(?:{_PROVINCE})[\s,]{{0,2}}(?:(?:{_CITY}|[가-힣]{{1,4}}[시군구])[\s,]{{0,2}}){{0,3}}|(?:(?:{_CITY})\s{{0,2}}){{1,3}})"
    r"(?:[가-힣0-9]{1,7}[읍면동리가]\s{0,2}){0,2}(?:[가-힣0-9·.]{1,12}\s?)?(?:\d{1,4}번?길\s?)?$"
)
_LABEL = re.compile(
    r"(?:주\s{0,4}소(?:지)?|소재지|배송지|본적|거주지|사업장|본사|지사|공장|오시는\s?길|찾아가는\s?길|address|도로명|지번)\s?(?:는|은)?\s?[:：=\]|]{1,2}\s{0,3}"
    r"[가-힣0-9A-Za-z()\[\]., ]{0,40}$",
    re.IGNORECASE,
)
_NEAR = 60  # characters before the number in which a district or a label is looked for
_BUILDING = (
    "아파트|APT|apt|빌딩|빌라|타워|오피스텔|맨션|센터|상가|하이츠|파크|캐슬|자이|푸르지오|래미안|힐스테이트|"
    "아이파크|연립|주택|건물|프라자|플라자|회관|빌|하우스|타운|팰리스|펠리스|맨숀|주공|휴먼시아|스테이|원룸"
)
_DETAIL = re.compile(
    r"(?:[\s,]{0,3}(?:(?:[본별신]관\s?)?(?:지하\s?|B)?\d{1,3}층|\d{1,4}\s?-\s?\d{1,4}호|\d{1,4}동(?![가-힣])|[가-힣A-Za-z]?동\s?\d{1,4}호|[가-힣A-Za-z0-9·]{2,12}(?=\s\d{1,4}동\s?\d{1,4}호)|\d{1,5}호(?!선)|"
    rf"[가-힣A-Za-z0-9·&]{{1,14}}(?:{_BUILDING})(?=[\s,)0-9]|$)(?:\s?\d{{1,2}}[차단]지?)?(?:\s?\d{{1,4}}-\d{{1,4}}(?!\d))?|\(?우\s?\)?\s?\d{{5}}(?!\d)|\([가-힣0-9A-Za-z,.·\s]{{2,30}}\)))"
    r"{0,6}"
)
_UNIT = re.compile(r"[0-9](?<![0-9][0-9])\d{0,3}동\s{0,2}\d{3,4}호(?![선])")
_ESTATE = re.compile(
    r"[가-힣](?:\d{1,2}단지|\d{1,2}차|아파트|빌라|마을|주택|맨션|타운|빌|캐슬|하이츠|빌리지|스테이트)\s?$|"
    r"(?:래미안|자이|푸르지오|힐스테이트|아이파크|편한세상|더샵|휴먼시아|주공|데시앙|센트레빌|위브|스위첸|꿈에그린|베르디움|호반|반도유보라|리슈빌|우미린)\s?(?:[가-힣A-Za-z0-9]{1,10}\s)?$"
)
_HOME = re.compile(
    r"배달|택배|문고리|사는|살고|입주|거주|경비실|우리\s?집|저희\s?집|집주인|방문|이사|초인종|공동현관|층간"
)
_SURROGATE = re.compile(r"(?<![0-9])0{2,5}[ ,\n][^\n]{0,20}$")  # a number that no building has, with its estate
_FLAT = re.compile(r"\d{1,4}(?:동|호|층)")
# In Latin letters the numbers come first: 101-1203, 34, Saebyeok-ro, Gangnam-gu.
_LATIN = re.compile(
    r"(?<![0-9A-Za-z\-])#?(?:[0-9A-Z]{1,5}(?:-[0-9]{1,4})?(?:ho|-ho|F)?, ?){0,3}[0-9]{1,5}(?:-[0-9]{1,4})?,? "
    r"[A-Z][A-Za-z]{1,20}(?:[0-9]{1,4}(?:beon)?)?-(?:daero|ro|gil|dong)(?: ?[0-9]{1,4}(?:beon)?-gil)?"
    r"(?=[, ]{1,2}(?:[A-Z][A-Za-z]{1,20}-(?:dong|gu|si|gun|eup|myeon)|"
    r"Seoul|Busan|Daegu|Incheon|Gwangju|Daejeon|Ulsan|Sejong|Jeju))"
)


_LATIN_END = re.compile("-(?:daero|ro|gil|dong)")  # a literal first, so that it is searched for fast

# A lot of a village that no district stands before: 노형동 573-56 근처.
_HERE = re.compile(r"\s?(?:번지|근처|인근|앞|뒤|에\s?사는|에\s?거주|에\s?살)")
_DISTRICT_END = re.compile(r"[가-힣][시군구] [가-힣]{2,8}가\s?$")
_NAMED_ROAD = re.compile(r"[가-힣]{2,}(?:대로|로|길)(?:\s?\d{1,4}번?길)?\s?$")


# Before a lot or number that contact data tells to be an address: 대학로 12길 8-3, 문호리 655-2.
_BESIDE = re.compile(r"(?<![가-힣])(?:[가-힣]{2,}(?:대로|로)\s?(?:\d{1,4}번?길\s?)?|[가-힣]{2,}[리동]\s?)$")
_CONTACT_NEAR = 60
_NUMBER_BEGIN = re.compile(r"\D{0,4}0")  # no building has such a number


def address(text: str) -> Iterator[Finding]:
    """Building and lot numbers with a district before them or behind a label of an address, with building, floor and flat."""
    for expression, is_road in ((_ROAD, True), (_LOT, False)):
        for match in expression.finditer(text):
            start, end = match.span(1)
            if _NUMBER_BEGIN.match(match[1]):
                continue
            before = text[max(0, start - _NEAR) : start].replace("\n", " ")
            districts, label = _BEFORE.search(before), _LABEL.search(before)
            exact = "-" in match[1] or "번지" in match[1]
            if match[0][0] == "가" and not text[match.start() - 1].isdigit() and not _DISTRICT_END.search(before):
                continue
            detail = _DETAIL.match(text, end)
            beside = exact and _BESIDE.search(before) is not None and has_contact(text, start, end, _CONTACT_NEAR)
            place = beside or (not is_road and exact and match[0][0] == "동" and _HERE.match(text, end) is not None)
            if districts:
                flat = detail is not None and _FLAT.search(detail[0])
                says = is_road or exact or label or flat or (len(match[1]) > 1 and match[0][0] == "리")
            else:
                says = place or (
                    label is not None
                    and (exact or (is_road and match[0][0] != "가" and _NAMED_ROAD.search(before) is not None))
                )
            if says:
                stop = max(end, detail.end()) if detail else end
                yield Finding("address", start, stop, 0.9 if districts else 0.75, "road" if is_road else "lot")
    for match in _UNIT.finditer(text):
        before = text[max(0, match.start() - _NEAR) : match.start()]
        if match[0][0] == "0" or _SURROGATE.search(before):
            continue
        behind = text[match.end() : match.end() + 40]
        if (
            has_contact(text, *match.span(), _NEAR)
            or _HOME.search(before[-40:] + " " + behind)
            or _LABEL.search(before)
            or _ESTATE.search(before)
            or _BEFORE.search(before.replace("\n", " "))
        ):
            yield Finding("address", *match.span(), 0.75, "flat")
    for match in _LATIN.finditer(text) if _LATIN_END.search(text) else ():
        yield Finding("address", *match.span(), 0.85, "latin")


RECOGNISERS = (address,)
