"""What pages put around an article as text of its own: a title that stands twice, warnings of old browsers, links to the
posts before and behind. Only the first and last lines are looked at, and only whole lines go."""

import re

from algok.pipelines.extraction.tidy import tidy

_EDGE = 4  # lines at both ends that are looked at
_LONGEST = 160  # characters of a line that can be such a thing

_WARNING = re.compile(
    r"브라우저(?:를|는|가|에서는|의|로는)?[^.]{0,60}(?:지원하지 않|지원되지 않|업데이트|업그레이드|오래된|구형)"
    r"|(?:오래된|구형|낡은|지원하지 않는|지원되지 않는) (?:버전의 )?(?:웹 ?)?브라우저"
    r"|(?:자바 ?스크립트|JavaScript)[^.]{0,40}(?:활성화|켜 ?주|허용해|사용하도록|꺼져|비활성|지원하지 않)"
    r"|JavaScript[^.]{0,40}(?:enable|required|disabled)"
    r"|(?:enable|requires?) JavaScript|(?:outdated|old|unsupported|does not support) (?:browser|frames)",
    re.IGNORECASE,
)
_NEIGHBOUR = re.compile(
    r"[\s←→«»‹›<>❮❯◀▶•·|-]*(?:이전|다음|앞|뒷)\s?(?:글|포스트|기사|게시물|게시글|문서|페이지)(?:\s*[:：|›»→-].*|\s.*)?"
    r"|[\s←→«»‹›<>❮❯•·|-]*(?:Previous|Prev|Next|Older|Newer)(?:\s(?:Post|Article|Page|Entry)s?)?(?:\s*[:：›»→].*)?",
    re.IGNORECASE | re.DOTALL,
)


def trim_edges(text: str) -> str:
    """The text without such lines at its ends.

    >>> trim_edges("봄\\n\\n봄\\n\\n꽃이 피었다.\\n\\n이전 글: 겨울\\n다음 글: 여름")
    '봄\\n\\n꽃이 피었다.'
    """
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    gone = {n for n in (*filled[:_EDGE], *filled[-_EDGE:]) if len(lines[n]) <= _LONGEST and _WARNING.search(lines[n])}
    left = [number for number in filled if number not in gone]
    if len(left) > 2 and lines[left[0]].strip() == lines[left[1]].strip() and len(lines[left[0]].strip()) > 1:
        gone.add(left[1])
    for number in reversed(left[-_EDGE:]):
        if number == left[0] or len(lines[number]) > _LONGEST or not _NEIGHBOUR.fullmatch(lines[number]):
            break
        gone.add(number)
    if not gone:
        return text
    return tidy("\n".join(line for number, line in enumerate(lines) if number not in gone))
