"""What tells that a place of a text is about private persons: contact data beside it, labels of a form, the head of a list;
and what tells that a person of public life is spoken of."""

import re

from algok.kernels.personal import DOUBLE, SURNAMES

_WALL = "\x01"  # stands between pieces of different places, see scan.py
# A telephone, a registration number or an e-mail address. Each opens a window by its shape.
CONTACT = re.compile(
    r"01[016789][ .)\-]{0,2}\d{3,4}[ .\-]{0,2}[\d*]{4}|0\d{1,2}[ .)\-]{1,2}\d{3,4}[ .\-]\d{4}|"
    r"\d{6}-[\d*]{7}|(?<![A-Za-z0-9])[MSRGD]\d{8}(?!\d)|[A-Za-z0-9]@[A-Za-z0-9]"
)
_FORM = re.compile(
    r"(?<!<)(?:성\s?명|이\s?름|연락처|휴대폰|휴대전화|핸드폰|전화(?:번호)?\s?[:：]|주\s?소\s?[:：]|이메일|보호자|신청[인자]|수험번호|학번|사번|환자|예약자|접수|"
    r"성별|주민등록|위임|수임|수취인|세대주|주거|거주|여권|영문명|담임|어린이|원아|출생신고|(?<![A-Za-z])[Nn]ame|NAME)"
)
PUBLIC = re.compile(
    r"선수|배우(?!자)|가수|소설가|작가|(?<![가-힣])시인|감독(?!관)|정치인|(?<![병한])의원|대통령|장관|총리|장군|국왕|"
    r"황제|교황|화가|작곡가|방송인|아이돌|멤버|데뷔|포지션|소속사|소속팀|등번호|"
    r"본명|출연|주연|저자|지음|역자|옮김|은 대한민국|는 대한민국|학자|사상가|독립운동|연예|캐스팅|앨범|위키|"
    r"후보|투수|타자|구단|엔트리|"
    r"국가대표|대표팀|골키퍼|수비수|공격수|미드필더|(?<![A-Z])(?:GK|DF|MF|FW)(?![A-Z])|주연상|감독상|연기상|신인상|작사|작곡|소설|시집"
)
NAMELIKE_FULL = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{2}})"
NAMELIKE = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{1,2}})"


def around(text: str, start: int, end: int, reach: int) -> str:
    """So many characters before and behind a place, as far as they belong to it."""
    before = text[max(0, start - reach) : start].rpartition(_WALL)[2]
    return before + text[start:end] + text[end : end + reach].partition(_WALL)[0]


def has_contact(text: str, start: int, end: int, reach: int) -> bool:
    """Contact data within reach of a place."""
    return CONTACT.search(around(text, start, end, reach)) is not None


def is_private(text: str, start: int, end: int, reach: int = 120) -> bool:
    """Contact data or labels of a form stand around, and nobody of public life is spoken of nearer by."""
    near = around(text, start, end, reach)
    if CONTACT.search(near) is None and _FORM.search(near) is None:
        return False
    return PUBLIC.search(around(text, start, end, reach // 2)) is None
