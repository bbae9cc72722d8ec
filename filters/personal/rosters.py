"""Names in lists of private persons: behind the head of a list (명단, 수료자, 헌금 …), as items and not in sentences.

A name is an item where it touches a sign, a digit or a line's end. A list goes on until a sentence (but for guest
books) or three lines without a name. Lists of persons of public life (선수 명단, 출연) are none of ours.
"""

import re
from collections.abc import Callable, Iterator

from algok.filters.personal.context import PUBLIC
from algok.filters.personal.name_shapes import could_be
from algok.kernels.personal import DOUBLE, ROSTER_REACH, SURNAMES

# Few and rare first syllables: a search for more takes as long as all other rules for names.
_HEAD = re.compile(
    r"명단|수(?:료[자생]|험번호)|당(?:첨자?|직)|장학생|기부자|후원[자인금]|성금|방명록|헌금|십일조|축의금|찬조금|미납자|근무표|좌석|예약\s?(?:현황|자)|봉사자|회원명부|학번"
)
_ITEM_NAME = rf"(?:(?:{DOUBLE})[가-힣]{{1,2}}|[{SURNAMES}][가-힣]{{2}})"
_HONOUR = "님|씨|군|양|학생|어린이|할머니|할아버지|어르신|여사|교사|선생님?"
_MARK = r"[\n\t,:;()|/\[\]*\-\d·ㆍ▶▷■□○●※→、：，（）]"
_ITEM = re.compile(
    rf"(?<![가-힣A-Za-z0-9])(?:(?<={_MARK})|(?<={_MARK} )|(?<={_MARK}  ))({_ITEM_NAME})(?:\s?(?:{_HONOUR}))?(?=$|[^가-힣A-Za-z])|"
    rf"(?<![가-힣A-Za-z0-9])({_ITEM_NAME})(?:\s?(?:{_HONOUR}))?(?=\s{{0,2}}(?:$|{_MARK}))"
)
_INTRO = re.compile(r"(?:[은는]\s[^\n.:]{0,20})?(?:다음과 같습니다|아래와 같습니다|입니다)[.:]?")
_SENTENCE = re.compile(
    r"[가-힣](?:다|요|죠|까|음|함|됨)[.!?]|(?:니다|세요|습니까|는다|었다|았다|했다|된다|한다|이다|있다)(?![가-힣])"
)
_WALL = "\x01"
_MOST = 0.6
_EMPTY = 3  # lines without a name that end a list
_LINE = 400  # characters of a line that is no prose
_NO_ITEM = re.compile(r"[동리읍면로길]\s?(?:산\s?)?\d|[초중고대]\s?(?:\d|\))")  # 마전리 481, (한빛초 4)


def roster(text: str, is_name: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    """Places of names in lists; `is_name(start, end)` says whether characters of the text could be one."""
    done = 0
    for head in _HEAD.finditer(text):
        if head.end() < done:
            continue
        items, done = _items(text, head.end(), head[0] == "방명록")
        marked = text[head.end() : head.end() + 1] in (":", "：", "\n", "(")
        if len(items) < 2 and not marked:
            continue
        known = [span for span in items if is_name(*span)]
        # Lists are of one kind: where most items are names, those that Kiwi knows as words are names too.
        items = items if len(known) > 1 and len(known) >= _MOST * len(items) else known
        # One item alone needs a mark behind the head: 수상자: 조막례
        if len(items) > 1 or marked:
            yield from items


def _items(text: str, begin: int, guests: bool) -> tuple[list[tuple[int, int]], int]:
    """The items behind a head, and where the list ends; between `guests` stands what they wrote."""
    first = text.rfind("\n", 0, begin) + 1
    stop = min(len(text), begin + ROSTER_REACH // 3)
    items: list[tuple[int, int]] = []
    intro = _INTRO.match(text, begin)
    at, empty = intro.end() if intro else begin, 0
    if PUBLIC.search(text, first, begin):
        return [], begin
    while at < stop and empty < _EMPTY:
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        prose = _SENTENCE.search(line) is not None
        if _WALL in line or (prose and not guests) or len(line) > _LINE or PUBLIC.search(line):
            break
        own = [] if prose else [match.span(match.lastindex or 0) for match in _ITEM.finditer(text, at, end)]
        own = [span for span in own if could_be(text[slice(*span)]) and not _NO_ITEM.match(text, span[1] - 1)]
        items += own
        empty = 0 if own else empty + 1
        at = end
    return items, at
