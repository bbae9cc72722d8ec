"""What a name looks like: Korean ones in Hangul and as passports spell them, and the words that are none."""

import re
from pathlib import Path

from algok.kernels.personal import DOUBLE, SURNAMES
from algok.korean.districts import CITIES, COUNTIES, DISTRICTS

# Syllables of which most given names are made: they tell 이명자 from 주무관 where Kiwi knows the rest as a common noun.
GIVEN = frozenset(
    "가강건경계공광구국권규균근금기길나남녀다달담대덕도동두라란람래려련령례록룡름리린림만말명모무문미민배백범병보복봉분빈상서석선설섭성세소"
    "솔송수숙순슬승시식신심아안애언여연열영예오옥완용우욱운웅원월유윤율은을의이익인일임자장재전점정제조종주준중지진찬창채천철초춘충치"
    "태택평필하학한해향헌혁현형혜호홍화환회효후훈휘희운로온새봄별늘빛결루샘율찬람"
)
APART = rf"[{SURNAMES}] {{1,3}}[가-힣] {{1,3}}[가-힣](?![가-힣])"
# Without looking whether a syllable follows.
NAME_THEN = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{1,2}})"
NAME = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{2}}|{APART}|[{SURNAMES}][가-힣](?![가-힣]))"
FULL_NAME = rf"(?:(?:{DOUBLE})[가-힣]{{2}}|[{SURNAMES}][가-힣]{{2}})"
TITLE = (
    "(?:님|씨|군|양|선생|교수|과장|대리|부장|차장|사원|팀장|실장|대표|이사|원장|사장|회장|목사|전도사|변호사|기자|간사|주무관|사무관|주임|계장|국장|소장|총무|"
    "매니저|연구원|조교|박사|코치|감독|강사|선교사|집사|장로|권사|스님|신부|의원|반장|통장|이장|조합장|중개사|실무관|담당|점장|센터장|본부장|위원|학생|어머니|아버지|차주)"
)
PARTICLE = (
    "은|는|이|가|을|를|과|와|의|에게|께|한테|이고|이며|입니다|이라|라고|이라고|로|으로|이고요|이에요|예요|이다|"
    "드림|올림|배상"
)
END = rf"(?=$|[^가-힣]|(?:{TITLE}|{PARTICLE}))"
# Surnames as passports spell them.
ROMAN = (
    "KIM|LEE|YI|RHEE|PARK|BAK|CHOI|CHOE|JUNG|JEONG|CHUNG|KANG|GANG|CHO|JO|YOON|YUN|JANG|CHANG|LIM|IM|RIM|HAN|OH|SEO|SUH|SHIN|SIN|"
    "KWON|GWON|HWANG|AHN|AN|SONG|RYU|YOO|YU|YOU|HONG|JEON|JUN|CHUN|KO|GO|KOH|MOON|MUN|YANG|SON|SOHN|BAE|BAEK|PAIK|HEO|HUR|NAM|"
    "SIM|SHIM|NOH|ROH|HA|KWAK|GWAK|SUNG|SEONG|CHA|JOO|JU|WOO|WU|KOO|GU|MIN|JIN|NA|RA|JI|UM|EOM|CHAE|WON|CHEON|BANG|GONG|KONG|HYUN|"
    "HAM|BYUN|BYEON|YEOM|YEO|CHOO|DO|SEOK|SUN|SEOL|MA|GIL|KIL|YEON|WEE|PYO|MYUNG|KI|BAN|WANG|GEUM|OK|YOOK|IN|MAENG|JE|MO|TAK|"
    "NAMGUNG|HWANGBO|SEONWOO|SUNWOO|BONG|DOKGO|SAGONG|PI|PYEON"
)
_NEVER = frozenset(
    word
    for line in (Path(__file__).parents[1] / "lexicons/no_names.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
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


# 홍길동 and the like, and titles.
_NO_GIVEN = frozenset(
    (
        "길동", "아무개", "실장", "과장", "부장", "대리", "팀장", "소장", "원장", "사장", "국장", "계장", "선생", "기자", "교수",
        "차장", "회장",
    )
)  # fmt: skip


def could_be(value: str) -> bool:
    """Neither a word that forms are full of, nor a place or an office, nor a surname with a title (정실장), nor a name that
    is hidden already (김모씨)."""
    value = value.replace(" ", "")
    if value[1:] in _NO_GIVEN or value in _NEVER or value[:3] in _NEVER or value in _PLACES or value in _PROVINCES:
        return False
    return (
        value[-1] not in _OFFICES
        and value[-1] != "요"
        and not (len(value) == 3 and value[1] == "모" and value[2] in "씨군양가는의")
    )
