"""Papers and patents: references, dates of submission, numbers of paragraphs; and what printing adds."""

import re

from algok.filters.trim.printed import CONTENTS, HYPHENS, RUNNING
from algok.filters.trim.rules import Change, Rule, lines, spans

_REFERENCES = re.compile(
    r"^[ \t]*+[\[<【〈]?[ \t]*+(?:[0-9ⅠⅡⅢⅣⅤⅥⅦⅧIVX]{1,4}[.)]?[ \t]*)?"
    r"(?:참[ \t]?고[ \t]?문[ \t]?헌|인용[ \t]?문헌|참고[ \t]?자료|references?|bibliography|works cited)"
    r"(?:[ \t]*\([A-Za-z ]{1,20}\))?[ \t]*[\]>】〉]?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_BEHIND = re.compile(
    r"^[ \t]*+[\[<【■●]?[ \t]*+(?:부[ \t]?록|별[ \t]?첨|appendix|abstract"
    r"|국문[ \t]?초록|영문[ \t]?초록|국문[ \t]?요약|감사의 글|저자[ \t]?소개)",
    re.IGNORECASE | re.MULTILINE,
)
_ENTRY = re.compile(
    r"(?:19|20)[0-9]{2}[a-z]?|\bpp?\.|\bVol\b|\bdoi\b|https?://|학위논문|출판|Press|Journal|학회|[0-9]권", re.IGNORECASE
)
_EARLIEST = 0.3  # share of the text before the list of references, at least: a survey's contents name it too
_TITLES = 3  # of them, from the end, that are looked at
_ENTRIES = 0.5  # share of the lines below that look like entries


def _references(text: str) -> Change:
    """The last list of references, up to what stands behind it (an appendix, the abstract in English)."""
    for title in reversed(list(_REFERENCES.finditer(text))[-_TITLES:]):
        if title.start() < _EARLIEST * len(text):
            break
        behind = _BEHIND.search(text, title.end())
        end = behind.start() if behind else len(text)
        entries = [line for line in text[title.end() : end].split("\n") if line.strip()]
        if entries and sum(_ENTRY.search(line) is not None for line in entries) >= _ENTRIES * len(entries):
            rest = f"\n\n{text[end:]}" if behind else ""
            return text[: title.start()].rstrip("\n") + rest, [text[title.start() : end].strip()]
    return text, []


PAPER = (
    Rule("references", _references),
    *CONTENTS,
    *RUNNING,
    *HYPHENS,
    lines(
        "notices",
        "19 20",
        r"[^\n]{0,30}(?:접수일?|투고일?|심사일?|수정일?|게재[ \t]?확정일?|received|accepted|revised)"
        r"[ \t]*[:：]?[ \t]*(?:19|20)[0-9]{2}"
        r"[^\n]{0,120}",
        re.IGNORECASE,
    ),
    lines("notices", "ISSN issn doi DOI", r"(?:p?-?e?ISSN|DOI|https?://(?:dx\.)?doi\.org)[^\n]{0,80}", re.IGNORECASE),
    lines(
        "notices",
        "저자 author Author",
        r"[*†‡]?[ \t]*(?:교신저자|corresponding author|제1저자|주저자)[ \t]*[:：(][^\n]{0,150}",
        re.IGNORECASE,
    ),
)

PATENT = (
    spans("running", "【0 [0", r"(?:【0[0-9]{3}】|\[0[0-9]{3}\](?=[ \t]*[가-힣\n]))[ \t]*\n?"),
    lines("running", "특허 공개번호", r"(?:공개|등록)특허 ?(?:10-)?[0-9-]{5,20}|\(?[0-9]{2}\)? ?공개번호[^\n]{0,40}"),
    *RUNNING,
)
