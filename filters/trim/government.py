"""Documents of the government: forms to fill in, who answers the telephone, licences; and what printing adds."""

import re

from algok.filters.trim.printed import CONTENTS, RUNNING
from algok.filters.trim.rules import Change, Rule, lines

_FORM = re.compile(
    r"^[ \t]*(?:■[^\n]{0,80})?[\[<〈]?별지[ \t]*제?[ \t]*[0-9]{1,3}[ \t]*호(?:의[ \t]*[0-9]{1,2})?[ \t]*서식[^\n]{0,60}$",
    re.MULTILINE,
)
_SHEET = re.compile(r"^[^\n]{0,40}210[ \t]*(?:mm|㎜)?[ \t]*[×xX*][ \t]*297[^\n]{0,60}$", re.MULTILINE)
_MOST = 8000  # characters from the name of a form to the size of its sheet


def _forms(text: str) -> Change:
    """Forms, from their name to the size of their sheet. A form without that line stays: nobody knows where it ends."""
    taken: list[str] = []
    parts: list[str] = []
    done = 0
    names = [name.start() for name in _FORM.finditer(text)]
    for sheet in _SHEET.finditer(text):
        while len(names) > 1 and names[1] < sheet.start():
            names.pop(0)
        if not names or not max(done, sheet.start() - _MOST) <= names[0] < sheet.start():
            continue
        parts.append(text[done : names[0]].rstrip("\n"))
        taken.append(text[names[0] : sheet.end()].strip())
        done = sheet.end()
    return ("".join([*parts, text[done:]]).lstrip("\n") if taken else text), taken


GOVERNMENT = (
    Rule("forms", _forms, ("별지",)),
    lines(
        "notices",
        "시점 배포 일시 엠바고",
        r"(?:보도[ \t]?시점|배포[ \t]?일시?|보도[ \t]?일시|엠바고)[ \t:]*[^\n]{0,120}",
    ),
    lines(
        "notices",
        "담당 책임자",
        r"[^\n]{0,40}(?:담당[ \t]?(?:부서|자|과|관)|책임자)[^\n]{0,80}\(?0[0-9]{1,2}[-) ][0-9]{3,4}[- ][0-9]{4}[^\n]{0,60}",
    ),
    lines(
        "notices",
        "공공누리 출처표시 자유이용",
        r"[^\n]{0,80}(?:공공누리|출처표시[^\n]{0,10}조건|자유이용[ \t]?허락)[^\n]{0,120}",
    ),
    *CONTENTS,
    *RUNNING,
)
