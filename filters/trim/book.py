"""Books and textbooks: what printing adds, and keys of answers without their questions."""

from algok.filters.trim.printed import CONTENTS, HYPHENS, RUNNING
from algok.filters.trim.rules import lines

_ANSWER = r"[0-9]{1,3}[ \t]*[.):번]?[ \t]*[①②③④⑤⑥ⓐ-ⓔ㉠-㉤OX○×]"

BOOK = (*CONTENTS, *RUNNING, *HYPHENS)
TEXTBOOK = (lines("answers", "", rf"(?:{_ANSWER}[ \t,;|/]*){{3,60}}"), *BOOK)
