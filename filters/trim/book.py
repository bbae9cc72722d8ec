"""Books and textbooks: what printing adds, and keys of answers without their questions."""

from algok.filters.trim.printed import CONTENTS, HYPHENS, RUNNING
from algok.filters.trim.rules import lines

_ANSWER = r"[0-9]{1,3}[ \t]*[.):번]?[ \t]*[①②③④⑤⑥ⓐ-ⓔ㉠-㉤OX○×]"

BOOK = (*CONTENTS, *RUNNING, *HYPHENS)
TEXTBOOK = (
    lines("answers", rf"(?:{_ANSWER}[ \t,;|/]*){{3,60}}"),
    lines("answers", r"(?:정답[ \t]*(?:및|과|와)[ \t]*(?:해설|풀이)|정답표|빠른 정답|답안)(?=[ \t]*\n\s*\Z)"),
    *BOOK,
)
