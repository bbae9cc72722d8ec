"""Namumark, the markup of Namuwiki, to text: folded text, tables, lists and notes stay; includes, pictures and styles go.

Passes follow each other, each of them linear in the page whatever it holds: code and formulas are set aside, then triple
braces from the inside out, links, macros and notes, marks of style, and at last the lines.
"""

import re
from operator import itemgetter
from typing import NamedTuple

from algok.pipelines.extraction.office.story import table_lines
from algok.pipelines.extraction.tidy import tidy
from algok.pipelines.extraction.wiki.gaps import BREAK, GAP, Aside, close_gaps, one_space, without_marks
from algok.pipelines.extraction.wiki.links import resolved
from algok.pipelines.extraction.wiki.notes import Notes
from algok.pipelines.extraction.wiki.rows import plain_cell
from algok.pipelines.extraction.wiki.scripts import lowered, raised
from algok.pipelines.extraction.wiki.sections import Sections
from algok.pipelines.extraction.wiki.words import NAMU_NO_PROSE

_DEEPEST = 40  # braces inside of each other; of deeper ones only the braces go
_REDIRECT = re.compile(r"\s*#(?:redirect|넘겨주기)\s", re.IGNORECASE)
_DISAMBIGUATION = re.compile(r"\[\[분류:동음이의어|\[include\(틀:동음이의어?[,)]")
_COMMENT = re.compile(r"^##[^\n]*\n?", re.MULTILINE)
_ESCAPED = re.compile(r"\\([^\w\s])")
_COLOURED = re.compile(r"\{\{\{(?:#[A-Za-z0-9]{1,20}(?:, ?#?[A-Za-z0-9]{1,20})?|[+-][1-5])[ \n]([^{}]*)\}\}\}")
_STYLE = re.compile(r"(?:#[A-Za-z0-9]{1,20}(?:, ?#?[A-Za-z0-9]{1,20})?|[+-][1-5])(?=[ \n]|$)")
_WIKI = re.compile(r'(?:[ \t]*+(?:dark-|word-)?\w{1,20}="[^"\n]*+")*+[ \t]*+')
_FOLD = re.compile(r"펼치기|접기|펼쳐|열기|닫기|보기|클릭|open|close|show|hide", re.IGNORECASE)
_BRACES = re.compile(r"(\{\{\{|\}\}\})")
_MACRO = re.compile(
    r"\[(?:include|목차|tableofcontents|toc|각주|footnote|youtube|kakaotv|nicovideo|navertv|tvpot|vimeo|anchor|date|datetime"
    r"|pagecount|clearfix|pagebreak|widget|새문서|attachment|wikicommons|pagevar)(?:\([^\[\]]*\))?\]",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\[(?:age|dday)\([^\[\]]*\)\]'*(?:일|주년|세|살|년|개월)?'*(?:째|차)?", re.IGNORECASE
)  # changes every day
_RUBY = re.compile(r"\[ruby\(([^,\[\]]*)(?:,[^\[\]]*)?\)\]", re.IGNORECASE)
_BREAK = re.compile(r"\[br\]", re.IGNORECASE)
_BRACKETS = re.compile(r"(\[\*[^\s\[\]]*|\[|\])")
_STRUCK = re.compile(r"~~[^~\n]+(?:~[^~\n]+)*~~|(?<!-)--[^-\n]+(?:-[^-\n]+)*--(?!-)")
_STRUCK_MARKS = re.compile(r"~~|(?<!-)--(?!-)(?=\S[^\n]*?\S--)|(?<=\S)--(?!-)")
_QUOTES = re.compile(r"''+")
_UNDERLINED = re.compile(r"__([^_\n]+)__")
_RAISED = re.compile(r"\^\^([^^\n]+)\^\^")
_LOWERED = re.compile(r",,([^,\n]+),,")
_HEADING = re.compile(r"(={1,6})#? ([^\n]*?) #?(={1,6})[ \t]*")
_ITEM = re.compile(r"( +)(?:(\*)|(?:[1-9]|[aAiI])\.(?:#[0-9]+)?)[ ]?(.*)")
_OPTIONS = re.compile(
    r"(?<=\|\|)[ ]*+(?:<(?:[-|^v:()]*[0-9]*|#[A-Za-z0-9,# ]+|(?:table|row|col)?[ ]?(?:bg|border|dark-)?"
    r"(?:bgcolor|color|width|height|align"
    r"|style|class|keepall|nopad|sortable|bordercolor)[^<>\n]*)>)+",
    re.IGNORECASE,
)
_MARKS = frozenset("=|> -#\0")  # with which a line of some meaning begins
_LINE_MARKS = ("||", " ", "=", ">", "{", "\n")
_NO_OPTIONS = "\x06"  # in their place: a line that ends with a cell's options does not end its row
_BROKEN_LINK = re.compile(r"\[\[[^\[\]\n|]*\]?\|?")
_CAPTION = re.compile(r"\|([^|\n]+)\|(?!\|)")
_ADDRESS = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_OTHER_WIKIS = frozenset({"위키백과", "wikipedia", "wiki", "구스위키", "리그베다위키"})
_SPACES = frozenset({"파일", "file", "그림", "attachment", "이미지", "동영상"})
_inside = itemgetter(1)  # of a match: what its marks surround


class NamuText(NamedTuple):
    """A page's text and its categories, in their order."""

    text: str
    categories: list[str]


def is_redirect(source: str) -> bool:
    """Whether a page only leads to another one."""
    return _REDIRECT.match(source) is not None


def is_disambiguation(source: str) -> bool:
    """Whether a page only tells apart what has the same name."""
    return _DISAMBIGUATION.search(source) is not None


def namumark(source: str, struck: bool = False, notes: bool = True) -> NamuText:
    """The text of a page of Namuwiki; `struck` keeps text that is struck through (most of it jokes), `notes` keeps
    footnotes, each behind its line. Takes any string.

    >>> namumark("'''봄'''은 ~~춥다~~ [[계절|철]]이다.[* 3월부터.]\\n[[분류:계절]]")
    NamuText(text='봄은 철이다.\\n3월부터.', categories=['계절'])
    """
    aside, categories, footnotes = Aside(), dict[str, None](), Notes(notes)

    def shown(link: re.Match[str]) -> str:
        return _shown(link[1], link[2], categories)

    text = without_marks(source).replace("\r\n", "\n")
    text = _without_formulas(text, aside)
    if "##" in text:
        text = _COMMENT.sub("", text)
    if "\\" in text:
        text = _ESCAPED.sub(lambda escaped: aside.put(escaped[1]), text)
    text = _without_braces(text, aside)
    text = resolved(text, shown)
    if "[" in text:
        text = _BROKEN_LINK.sub("", resolved(_without_macros(text), shown))
    text = _without_styles(text, struck)
    if "[*" in text:
        text = _without_notes(text, footnotes)
    text = text.replace("]]", "")  # of a link that was not opened
    if "||" in text:
        text = _OPTIONS.sub(_NO_OPTIONS, text)
    text = one_space(close_gaps("\n".join(_lines(text)))).replace(BREAK, "\n")
    return NamuText(tidy(aside.restore(footnotes.behind_lines(text))), list(categories))


def _without_formulas(text: str, aside: Aside) -> str:
    """Formulas set aside, as the extraction of pages shows them: between dollar signs."""
    for begin, end in (("[math(", ")]"), ("<math>", "</math>")):
        if begin not in text:
            continue
        first, *others = text.split(begin)
        kept = [first]
        for other in others:
            formula, closed, rest = other.partition(end)
            kept += [aside.put(f"${formula.strip()}$"), rest] if closed else [begin, other]
        text = "".join(kept)
    return text


def _without_braces(text: str, aside: Aside) -> str:
    """Triple braces from the inside out. Braces without a partner go alone, what stands behind them stays."""
    if "{{{" not in text and "}}}" not in text:
        return text
    text = _COLOURED.sub(_inside, _COLOURED.sub(_inside, text))
    first, *others = _BRACES.split(text)
    out, opened = [first], list[int]()
    for brace, piece in zip(others[::2], others[1::2]):
        if brace == "{{{":
            opened.append(len(out))
            out.append(piece)
            continue
        if opened:
            start = opened.pop()
            if len(opened) < _DEEPEST:
                body = "".join(out[start:])
                del out[start:]
                out.append(_block(body, aside))
        out.append(piece)
    return "".join(out)


def _block(body: str, aside: Aside) -> str:
    """What stands in the place of triple braces."""
    if style := _STYLE.match(body):
        return body[style.end() + 1 :]
    if not body.startswith("#!"):
        return aside.put(body.strip("\n")) if body.strip() else ""
    head, line, rest = body.partition("\n")
    kind = head[2:].split(" ", 1)[0].lower()
    if kind == "wiki":
        begins = _WIKI.match(head, 6)
        assert begins is not None
        return head[begins.end() :] + (line if rest.startswith(_LINE_MARKS) else BREAK) + rest
    if kind == "folding":
        title = head[9:].strip(" []")
        return f"\n{'' if _FOLD.search(title) else title}\n{rest}"
    if kind in ("syntax", "source"):
        return f"\n{aside.put(rest.strip(chr(10)))}\n"
    return "" if kind in ("html", "style", "css", "latex") else rest


def _shown(target: str, label: str | None, categories: dict[str, None]) -> str:
    """What a link shows."""
    if ":" in target:
        space, _, name = target.partition(":")
        space = space.strip().lower()
        if not space:
            return label or name
        if space in _SPACES:
            return ""
        if space == "분류":
            categories[name.partition("#")[0].strip()] = None
            return ""
        if space in _OTHER_WIKIS:
            return label or name
    outside = _ADDRESS.match(target) is not None
    if label is not None and label.strip("#*0123456789 " if outside else " "):
        return label
    if outside or label is not None:  # a bare address, the number of a source, a picture that leads somewhere
        return GAP
    page, _, anchor = target.partition("#")
    return (page if page and anchor else target if page else GAP).lstrip("/")


def _without_macros(text: str) -> str:
    return _MACRO.sub(GAP, _AGE.sub(GAP, _BREAK.sub(BREAK, _RUBY.sub(_inside, text))))


def _without_notes(text: str, notes: Notes) -> str:
    """Footnotes move behind their line. Brackets that are not closed are left as they are."""
    first, *others = _BRACKETS.split(text)
    out, opened = [first], list[tuple[int, bool]]()
    for bracket, piece in zip(others[::2], others[1::2]):
        if bracket == "]":
            start, is_note = opened.pop() if opened else (0, False)
            if is_note:
                note = "".join(out[start:]).replace("\n", " ")
                del out[start:]
                out += [notes.put(close_gaps(note).replace(BREAK, " ")), piece]
            else:
                out.append(bracket + piece)
            continue
        opened.append((len(out), bracket != "["))
        out.append(piece if bracket != "[" else bracket + piece)
    return "".join(out)


def _without_styles(text: str, struck: bool) -> str:
    """Marks of bold, italic, underlined, raised, lowered and struck text."""
    if "~~" in text or "--" in text:
        text = _STRUCK.sub(lambda piece: piece[0][2:-2], text) if struck else _STRUCK.sub(GAP, text)
    text = _QUOTES.sub("", text)
    if "__" in text:
        text = _UNDERLINED.sub(_inside, text)
    if "^^" in text:
        text = _RAISED.sub(lambda piece: raised(piece[1]), text)
    if ",," in text:
        text = _LOWERED.sub(lambda piece: lowered(piece[1]), text)
    return text


def _lines(text: str) -> list[str]:
    """The lines of a page without the marks of lists, headings and tables."""
    sections, row, numbers = Sections(NAMU_NO_PROSE), list[str](), dict[int, int]()
    for line in text.split("\n"):
        first = line[:1]
        if row and (first != "=" or not _HEADING.fullmatch(line)):
            row.append(line)
            if line.rstrip(" \0").endswith("||"):
                sections.extend(_row("\n".join(row)))
                row.clear()
            continue
        if row:  # it was not closed
            sections.extend(_unclosed(row))
            row.clear()
        if first not in _MARKS:  # nearly all lines
            if numbers:
                numbers.clear()
            sections.add(line)
        elif first == "=" and (heading := _HEADING.fullmatch(line)):
            numbers.clear()
            sections.heading(min(len(heading[1]), len(heading[3])), close_gaps(heading[2].strip()).strip())
        elif (bare := line.strip(" \0")).startswith("||") or (first == "|" and "||" in line):
            if len(bare) > 3 and bare.endswith("||"):
                sections.extend(_row(bare))
            else:
                row.append(bare)
        else:
            sections.add(_marked(line, numbers))
    sections.extend(_unclosed(row))
    return sections.lines


def _unclosed(row: list[str]) -> list[str]:
    """The lines of a row that nothing ends."""
    return [line.replace("||", " ").replace(_NO_OPTIONS, "").strip(" ") for line in row]


def _marked(line: str, numbers: dict[int, int]) -> str:
    """A line that begins with a mark: an item, a quotation, a rule."""
    if line[0] == ">":
        line = line.lstrip("> ")
    if line[:1] == "-":
        return "" if line.startswith("----") and not line.strip("- ") else line
    if line[:1] == "#":
        return "" if line.startswith(("#!", "#title", "#noindex")) else line
    item = _ITEM.fullmatch(line) if line[:1] == " " else None
    if item is None:
        return line.strip(" ")
    spaces, star, text = item.groups()
    depth = min(len(spaces), 20)
    if star:
        numbers.clear()
    else:
        numbers[depth] = numbers.get(depth, 0) + 1
    text = text.strip(" ")
    if not text.strip("\0"):
        return ""
    return f"{'  ' * (depth - 1)}{'-' if star else f'{numbers[depth]}.'} {text}"


def _row(text: str) -> list[str]:
    """The lines of a table's row."""
    if _NO_OPTIONS in text:
        text = text.replace(_NO_OPTIONS, "")
    text = text.strip(" \0")
    found: list[str] = []
    if not text.startswith("||") and (caption := _CAPTION.match(text)):
        found.append(caption[1].strip())
        text = "||" + text[caption.end() :]
    if "\n" not in text:
        if BREAK in text:
            text = text.replace(BREAK, " ")
        cells = [close_gaps(cell).strip() if GAP in cell else cell.strip() for cell in text.strip("|").split("||")]
        return [*found, "\t".join([cell for cell in cells if cell])]
    cells = text.strip("|").split("||")
    return found + table_lines([[[_cell_line(line) for line in cell.split("\n")] for cell in cells]])


def _cell_line(line: str) -> str:
    """A line of a cell that has several."""
    return plain_cell(_marked(line, {}) if line[:1] in _MARKS and line else line)
