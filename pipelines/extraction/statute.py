"""Law as the Ministry of Legislation gives it in XML, to text: statutes, ordinances, administrative rules and judgements.

Statutes hold articles (조) of paragraphs (항), items (호) and sub-items (목); each keeps its number, the one of an inserted
article (제7조의2) too. Tables that are drawn with lines become cells a tab apart; forms (별지 서식) are only named.
"""

import html
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from algok.pipelines.extraction.charset import decode
from algok.pipelines.extraction.office.xml import walk
from algok.pipelines.extraction.page import ExtractError
from algok.pipelines.extraction.tidy import tidy

ROOTS = ("법령", "AdmRulService", "LawService", "PrecService")
_DEEPEST = 64  # elements inside of each other; the format has nine
_TAG = re.compile(r"</?(?:img|br|p|div|span|a|b|table|tr|td|th|font)\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr)\b[^<>]*>", re.IGNORECASE)
_BORDER = re.compile(r"[\s─━│┃┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋┠┨┯┷┿┝┥┰┸╂═║╔╗╚╝╠╣╦╩╬|+-]+")
_BARS = re.compile(r"[ \t]*[│┃║][ \t]*")
_NUMBERED = re.compile(r"제\s*[0-9]+\s*(?:조|장|절|편|관)")
_SPACES = re.compile(r"[ \t\xa0\u3000]+")
_XML = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})\.?")

# What a document is called and when it was issued, by the kind of document; the first that is there.
_TITLES = ("법령명_한글", "법령명한글", "행정규칙명", "자치법규명", "사건명")
_DATES = ("공포일자", "발령일자", "선고일자")
_META = {
    "법령ID": "law", "법령일련번호": "serial", "행정규칙일련번호": "serial", "자치법규ID": "law", "판례정보일련번호": "serial",
    "공포번호": "number", "발령번호": "number", "시행일자": "in_force", "소관부처": "ministry", "소관부처명": "ministry",
    "법종구분": "kind", "행정규칙종류": "kind", "자치법규종류": "kind", "지자체기관명": "ministry", "제개정구분": "change",
    "제개정구분명": "change", "법원명": "court", "사건번호": "case", "사건종류명": "kind", "판결유형": "judgement",
}  # fmt: skip
_PARTS_OF_JUDGEMENT = ("판시사항", "판결요지", "참조조문", "참조판례", "판례내용")


class Statute(NamedTuple):
    """A document of law: its title, text, and what it says of itself."""

    title: str
    text: str
    date: str | None
    meta: dict[str, Any]


def statute(data: bytes) -> Statute:
    """Reads one document. Raises ExtractError for broken XML, and for a document that is of no known kind.

    >>> article = "<조문번호>1</조문번호><조문여부>조문</조문여부><조문내용>제1조(목적) 이 법은 …</조문내용>"
    >>> statute(f"<법령><조문><조문단위>{article}</조문단위></조문></법령>".encode()).text
    '제1조(목적) 이 법은 …'
    """
    reading = _Reading()
    text = _XML.sub("", decode(data, None).text.removeprefix("\ufeff"), count=1)  # expat knows no CP949
    walk([text.encode("utf-8", "replace")], reading.start, reading.end, reading.text)
    if reading.root not in ROOTS:
        raise ExtractError("not_text", "its first element is none of the Ministry of Legislation")
    title = _line(next((reading.found[name] for name in _TITLES if reading.found.get(name)), ""))
    date = next((day for name in _DATES if (day := iso_date(reading.found.get(name, "")))), None)
    meta: dict[str, Any] = {}
    for name, key in _META.items():
        if key not in meta and (value := _line(reading.found.get(name, ""))):
            meta[key] = iso_date(value) or value if key == "in_force" else value
    if reading.forms:
        meta["forms"] = reading.forms
    return Statute(title, tidy("\n".join(reading.lines)), date, meta)


def iso_date(value: str) -> str | None:
    """`20240102` or `2024.01.02` as `2024-01-02`."""
    day = _DATE.fullmatch(value.strip())
    return "-".join(day.groups()) if day else None


class _Reading:
    """The walk through a document: `found` are the values of its single elements, `lines` its text."""

    def __init__(self) -> None:
        self.root = ""
        self.found: dict[str, str] = {}
        self.lines: list[str] = []
        self.forms: list[str] = []
        self._depth = 0
        self._texts: list[str] = []
        self._unit: dict[str, str] = {}  # values since the last unit (article, item, appendix) began

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExtractError("too_deep", f"more than {_DEEPEST} elements inside of each other")
        self._texts = []

    def text(self, piece: str) -> None:
        self._texts.append(piece)

    def end(self, name: str) -> None:
        self._depth -= 1
        value, self._texts = "".join(self._texts), []
        if name in _CONTENTS:
            if value.strip():
                self.lines += _CONTENTS[name](self._unit, _plain(value), self.forms)
        elif name in _NUMBERS:
            self._unit[name] = value.strip()
        elif name in _UNITS:
            self._unit.clear()
        elif value.strip():
            self.found.setdefault(name, value.strip())
            if name in _PARTS_OF_JUDGEMENT:
                self.lines += ["", *([] if name == "판례내용" else [name]), *_plain(value)]


Write = Callable[[dict[str, str], list[str], list[str]], list[str]]


def _article(unit: dict[str, str], lines: list[str], forms: list[str]) -> list[str]:
    """An article, or the title of a chapter."""
    number, branch = unit.get("조문번호", ""), unit.get("조문가지번호", "")
    if len(number) == 6:  # ordinances write 000702 for 제7조의2
        number, branch = number[:4], number[4:]
    number, branch = _digits(number), _digits(branch)
    if unit.get("조문여부") in ("전문", "N") or not lines or not number or _NUMBERED.match(lines[0]):
        return ["", *lines]
    title = _line(unit.get("조문제목") or unit.get("조제목") or "")
    head = f"제{number}조{f'의{branch}' if branch else ''}{f'({title})' if title else ''}"
    return ["", f"{head} {lines[0]}", *lines[1:]]


def _numbered(kind: str) -> Write:
    """A paragraph or item, with its number where the text does not begin with it."""

    def write(unit: dict[str, str], lines: list[str], forms: list[str]) -> list[str]:
        number = unit.pop(f"{kind}번호", "").rstrip(". ")
        branch = _digits(unit.pop(f"{kind}가지번호", ""))
        if not lines or not number:
            return lines
        if kind == "항":  # a sign such as ①, which begins nothing else
            return lines if lines[0].startswith(number) else [f"{number} {lines[0]}", *lines[1:]]
        if re.match(rf"{re.escape(number)}(?:의 ?[0-9]+)?[.)]", lines[0]):
            return lines
        return [f"{number}{f'의{branch}' if branch else ''}. {lines[0]}", *lines[1:]]

    return write


def _supplement(unit: dict[str, str], lines: list[str], forms: list[str]) -> list[str]:
    """Supplementary provisions (부칙); their text begins with that word, as a rule."""
    named = lines and lines[0].replace(" ", "").startswith("부칙")
    return ["", *([] if named else ["부칙"]), *lines]


def _appendix(unit: dict[str, str], lines: list[str], forms: list[str]) -> list[str]:
    """A table of the appendix; a form is only named, in meta."""
    number, branch = _digits(unit.get("별표번호", "")), _digits(unit.get("별표가지번호", ""))
    title, kind = _line(unit.get("별표제목", "")), unit.get("별표구분") or "별표"
    name = f"{kind} {number}{f'의{branch}' if branch else ''} {title}".strip()
    if kind in ("서식", "별지"):
        forms.append(name[:200])
        return []
    named = lines and lines[0].lstrip("[ ■").startswith(kind)
    return ["", *([] if named else [name]), *lines]


def _reference(unit: dict[str, str], lines: list[str], forms: list[str]) -> list[str]:
    return lines


_CONTENTS: dict[str, Write] = {
    "조문내용": _article, "조내용": _article, "항내용": _numbered("항"), "호내용": _numbered("호"), "목내용": _numbered("목"),
    "조문참고자료": _reference, "부칙내용": _supplement, "별표내용": _appendix,
}  # fmt: skip
_NUMBERS = frozenset({
    "조문번호", "조문가지번호", "조문여부", "조문제목", "조제목", "항번호", "호번호", "호가지번호", "목번호",
    "별표번호", "별표가지번호",
    "별표구분", "별표제목",
})  # fmt: skip
_UNITS = frozenset({"조문단위", "별표단위", "부칙단위"})


def _plain(text: str) -> list[str]:
    """The lines of a text: pictures and tags gone, drawn tables as cells a tab apart."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    lines = []
    for line in text.split("\n"):
        line = _SPACES.sub(" ", line).strip("\r\xa0\u3000 ")
        if _BORDER.fullmatch(line):
            continue
        if "│" in line or "┃" in line or "║" in line:
            line = "\t".join(cell for cell in _BARS.split(line) if cell)
        if line:
            lines.append(line)
    return lines


def _line(text: str) -> str:
    return " ".join(text.split())


def _digits(text: str) -> str:
    """A number without zeros before it; nothing for zero."""
    return text.strip().lstrip("0") if text.strip().isdigit() else ""
