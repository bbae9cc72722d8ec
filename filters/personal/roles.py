"""Names beside titles and relations (김서현 어머니, 마동식 과장, 신랑 한승우), where the surroundings are private.

Such words stand beside ministers and authors too. So contact data must be near, or the words must be those of a school class, a
wedding, a bereavement or a chat. Titles of public life are not among them.
"""

import re
from collections.abc import Iterable, Iterator

from algok.filters.personal.context import PUBLIC
from algok.filters.personal.name_shapes import NAME
from algok.kernels.personal import DOUBLE, SURNAMES

_RELATION = (
    "어머니|어머님|아버지|아버님|엄마|아빠|할머니|할아버지|학부모|보호자|학생|어린이|남편|아내|"
    "손자|손녀|군|양|씨|고객|회원|님|귀하|앞(?![가-힣])"
)
_RANK = (
    "과장|대리|부장|차장|사원|팀장|실장|주임|계장|소장|총무|매니저|간사|선생님?|교사|강사|원장|점장|기사|코치|집사|권사|장로|전도사|사장|대표|이사|"
    "담당|중개사|조장|반장|통장|이장|여사|언니|오빠|누나|형님|이모|삼촌"
)
_NAME3 = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{2}})"
_BEHIND_NAME = re.compile(
    rf"(?<![가-힣])({_NAME3})(?:이?네?\s|이|\s?)(?:{_RELATION}|{_RANK})(?:님|께서|께|이|가|에게|한테|은|는|의|과|와|였|예|이에|입니|으로|을|를|도)?"
)
_BEFORE_NAME = re.compile(
    r"(?<![가-힣0-9<])(?:반장|부반장|회장|부회장|총무|교사|선생님|강사|기사님?이?|집주인|주인|건물주|임대인|담임|원장|실장|팀장|과장|대리|조장|대표|신랑|신부|"
    r"아들|딸|사위|며느리|손자|손녀|자부|아이|아기|자녀|배우자|남편|아내|부인|아버지|어머니|부|모|보호자|호스트|판매자|구매자|봉사자|이름|성함|이름은|환자|"
    r"피해학생|가해학생|피해자|가해자|목격자|수강생|세입자|임차인|담당자?|친구|알바생|사장님?|점주|작성자|예금주|입금자명?|보낸이|받는이|주문자|쌤|과외쌤|습득자|신고자|강습생|경비원|경작자|소유자|관리인|기사|간병인|이장님?|병장|상병|일병|이병|하사|중사|상사|소위|중위|대위|게스트|당직|교대)"
    rf"(?:\s?[:：(\]]\s?|\s{{1,2}})({_NAME3}|{NAME}(?=[\s,)]))(?=$|[^가-힣]|(?:님|씨|군|양|이|가|은|는|의|과|와|으로|로|에게|한테|입니다|이고|이에요|예요|이라고)(?![가-힣]))"
)
_MORE = re.compile(rf"\s?[,·、/&]\s?(?:(?:아들|딸|사위|며느리|자부|손자|손녀|부반장)\s)?({_NAME3})(?=$|[^가-힣]|의\s)")
_CELL_AGE = re.compile(rf"(?<![가-힣])({_NAME3})\s?\((?:[남여]|만\s?)?,?\s?(?:\d{{1,2}}세|[남여][,/·)])")
# First words of frequent names of other countries; two words at least, since some are words or Korean names too.
_FOREIGN = re.compile(
    r"(?<![가-힣])((?:응우옌|응웬|쩐|모하메드|무함마드|모하마드|압둘|알리|라흐만|이브라힘|하산|후세인|아흐메드|쿠마르|샤르마|안드레이|세르게이|알렉산드르|알렉세이|"
    "드미트리|블라디미르|나탈리아|올가|엘레나|마리아|예카테리나|타티아나|제임스|마이클|데이비드|로버트|윌리엄|크리스토퍼|다니엘|매튜|앤드류|조셉|토마스|피터|스티븐|"
    "사라|엠마|제니퍼|제시카|에밀리|소피아|산토스|호세|후안|카를로스|왕웨이|장웨이|간바트|바트|체렝|솜차이|구룽|타망|셰르파|나카무라|스즈키|다나카|사토|야마다)"
    r"(?: [가-힣]{1,6}){1,2}?)(?=$|[^가-힣 ]| (?:씨|님|군|양|선생|강사|대리|과장|\())"
)
# A class, a teacher, a flat's bell.
_CLASS = re.compile(
    rf"(?:학년\s?\d{{1,2}}\s?반\s?(?:\d{{1,2}}번\s?)?(?<=[\s번])|담임\s?(?:교사|선생님|쌤)?(?:\s?[:：]\s?|\s))({_NAME3})(?=$|[^가-힣]|(?:학생|어린이|님|교사|선생|학부모|이|은|는|의)(?![가-힣]{{2}}))"
)
_LEFT = re.compile(rf"(?<![가-힣])({_NAME3})님[이을] (?={_NAME3}님을 초대|입장|나가|나갔|들어|퇴장|초대)")
_CLOCK = re.compile(
    rf"(?:^|\n)({_NAME3}) \[(?:오전|오후)|(?:오전|오후) ?\d{{1,2}}:\d\d, ({_NAME3}) ?:|"
    rf"\[(?:오전|오후) ?\d{{1,2}}:\d\d\] ?({_NAME3}) ?:|(?<![가-힣])({_NAME3}), (?:오전|오후) ?\d{{1,2}}:\d\d"
)
_CHAT_WORD = re.compile("님이 |님을 |오전|오후")  # literals, so that it is searched for fast
# Weddings and bereavements: their words, and the names of the family.
_EVENT = re.compile("부고|별세|빈소|발인|상주|신랑|신부|출생신고|세대주")
_FAMILY = re.compile(
    r"(?<![가-힣0-9])(?:故|고|상주(?=\s?[:：])|아들|딸|사위|며느리|자부|손자|손녀|장남|차남|삼남|장녀|차녀|삼녀|미망인|배우자|남편|부인|자녀|아기|신생아|자|녀|신랑|신부|혼주|아버지|어머니|부|모)"
    rf"(?:\s?[:：]\s?|\s{{1,2}}|(?<=故))({_NAME3})(?=$|[^가-힣]|(?:님|씨|군|양)(?:께서|의|이|은)?(?![가-힣]))"
)
_GROOM = re.compile(rf"(?<![가-힣])({_NAME3})\s(?:군|양)(?:과|와|의|이|은)?(?![가-힣])")
_PARENTS = re.compile(rf"(?<![가-힣])({_NAME3})(?=\s?[·,&]\s?{_NAME3}의\s?(?:장남|차남|아들|딸|장녀|차녀|삼남|삼녀))")
_EVENT_REACH = 200
_EVENT_TELLS = re.compile(
    r"訃告|부고|빈소|발인|상주|결혼식|화촉|혼인|예식|신랑측|신부측|마음 전하|청첩|신랑[^\n]{2,20}신부|장지|출생신고|세대주"
)


def named(text: str, areas: Iterable[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], str]]:
    """Names beside a title or a relation in areas around contact data, with their rule; names of other countries too."""
    for low, high in areas:
        for expression, rule in ((_BEHIND_NAME, "title"), (_BEFORE_NAME, "role"), (_CELL_AGE, "title")):
            for match in expression.finditer(text, low, high):
                yield match.span(1), rule
                for span in _further(text, match.end(1)):
                    yield span, "title"
        for match in _FOREIGN.finditer(text, low, high):
            yield match.span(1), "foreign"


def of_classes_and_chats(text: str) -> Iterator[tuple[int, int]]:
    """Names that their surroundings alone tell: of a class, of who comes, goes and writes in a chat."""
    for match in _CLASS.finditer(text):
        yield match.span(1)
    for word in _CHAT_WORD.finditer(text):
        for expression in (_LEFT, _CLOCK):
            for match in expression.finditer(text, max(0, word.start() - 12), word.end() + 24):
                yield match.span(match.lastindex or 0)


def of_events(text: str) -> Iterator[tuple[int, int]]:
    """Names of families in notices of weddings and of bereavements."""
    done = 0
    for event in _EVENT.finditer(text):
        low, high = max(done, event.start() - _EVENT_REACH), event.end() + _EVENT_REACH
        low = max(low, text.rfind("\x01", low, event.start()) + 1)
        near = text[low:high].partition("\x01")[0]
        if event.end() < done or not _EVENT_TELLS.search(near) or PUBLIC.search(near):
            continue
        done = low + len(near)
        for expression in (_FAMILY, _GROOM, _PARENTS):
            for match in expression.finditer(text, low, done):
                yield match.span(1)
                yield from _further(text, match.end(1))


def _further(text: str, at: int) -> Iterator[tuple[int, int]]:
    """The names that follow one in a list."""
    more = _MORE.match(text, at)
    while more:
        yield more.span(1)
        more = _MORE.match(text, more.end())
