"""Wikitext to text: prose, lists and tables stay; templates, notes, captions and categories go.

Passes follow each other, each of them linear in the page whatever it holds: what is no markup is set aside, then templates
from the inside out, links, tags, and at last the lines. Nothing is expanded, since a dump's templates are programs; the
templates whose words belong to a sentence are known by name (`templates.py`).
"""

import html
import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from algok.pipelines.extraction.tidy import tidy
from algok.pipelines.extraction.wiki.gaps import BREAK, GAP, Aside, close_gaps, one_space, without_marks
from algok.pipelines.extraction.wiki.links import resolved
from algok.pipelines.extraction.wiki.rows import Tables
from algok.pipelines.extraction.wiki.scripts import lowered, raised
from algok.pipelines.extraction.wiki.sections import Sections
from algok.pipelines.extraction.wiki.templates import Arguments, known
from algok.pipelines.extraction.wiki.words import CATEGORIES, DISAMBIGUATION, FILES, LANGUAGES, NO_PROSE, OTHER_WIKIS

_DEEPEST = 40  # templates inside of each other, as MediaWiki has it
_REDIRECT = re.compile(r"\s*#(?:redirect|넘겨주기)\s*:?\s*\[\[", re.IGNORECASE)
_HINTS = ("동음이의", "동명이인", "isambig", "ndis", "eodis")  # of which one is in each of their names
_DISAMBIGUATION = re.compile(rf"\{{\{{\s*(?:틀:)?(?:{'|'.join(DISAMBIGUATION)})\s*[|}}]", re.IGNORECASE)

# Elements that are looked for first: in some of them markup means nothing, of the others nothing is kept.
_RAW = frozenset({"math", "chem", "ce", "nowiki", "pre", "syntaxhighlight", "source"})
_ELEMENT = re.compile(
    r"<(/?)(ref|references|math|chem|ce|nowiki|pre|syntaxhighlight|source|gallery|timeline|imagemap|score|graph|mapframe|maplink"
    r"|hiero|templatedata|templatestyles|rt|rp|includeonly|indicator|categorytree|inputbox)\b([^<>]*)>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(
    r"</?(?:br|p|div|center|blockquote|poem|table|tr|td|th|ul|ol|li|dl|dt|dd|h[1-6]|hr|section)\b[^<>]*>", re.IGNORECASE
)
_INLINE_TAG = re.compile(
    r"</?(?:span|small|big|b|i|u|s|em|strong|del|ins|strike|sub|sup|code|tt|kbd|samp|var|font|abbr|cite|dfn|mark|ruby|rb|rbc|rtc|q"
    r"|bdi|bdo|data|time|wbr|caption|tbody|thead|nowiki|ref|references|noinclude|onlyinclude|includeonly|rt|rp|gallery|section|math|pre"
    r"|syntaxhighlight|source|templatestyles|img|a|link|meta)\b[^<>]*>",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<(sup|sub)>([^<>]{1,5})</su[pb]>", re.IGNORECASE)
_BRACES = re.compile(r"(\{\{|\}\})")
_ADDRESS = re.compile(
    r"\[(?:(?:https?|ftps?|news|irc|mailto|git|svn):|//)[^\s\[\]<>\"]*[ \t]*([^\[\]\n]*)\]", re.IGNORECASE
)
_QUOTES = re.compile(r"''+")
_SWITCH = re.compile(r"__(?:[A-Z]{3,20}|목차|목차숨김|편집숨김|넘겨주기)__")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,10})?|simple")
_MARKERS = re.compile(r"[*#:;]+")
_MARKS = frozenset("=*#:;{|!- \t\0")  # with which a line of some meaning begins
_LEFT_FILE = re.compile(r"\[\[\s*(?:파일|그림|File|Image)\s*:[^\n]*", re.IGNORECASE)


class WikiText(NamedTuple):
    """A page's text and its categories, in their order."""

    text: str
    categories: list[str]


def is_redirect(source: str) -> bool:
    """Whether a page only leads to another one."""
    return _REDIRECT.match(source) is not None


def is_disambiguation(source: str) -> bool:
    """Whether a page only tells apart what has the same name."""
    return any(word in source for word in _HINTS) and _DISAMBIGUATION.search(source) is not None


def wikitext(source: str, title: str = "") -> WikiText:
    """The text of a page in MediaWiki's markup; `title` stands for `{{PAGENAME}}`. Takes any string.

    >>> wikitext("'''봄'''({{llang|en|Spring}})은 [[계절|철]]이다.<ref>책</ref>\\n[[분류:계절]]")
    WikiText(text='봄(영어: Spring)은 철이다.', categories=['계절'])
    """
    aside, categories = Aside(), dict[str, None]()

    def shown(link: re.Match[str]) -> str:
        target, label = link.groups()
        return _shown(target, label, categories) if ":" in target else label or target

    text = _without_comments(without_marks(source).replace("\r\n", "\n"))
    text = _without_elements(text, aside)
    text = resolved(text, shown)
    text = _without_templates(text, title, shown)
    text = resolved(text, shown)
    if "[" in text:
        text = _LEFT_FILE.sub("", text)
        text = _ADDRESS.sub(lambda link: link[1] or GAP, text)
        text = text.replace("[[", "").replace("]]", "")
    if "<" in text:
        text = _SCRIPT.sub(_script, text)
        text = _INLINE_TAG.sub("", _BLOCK_TAG.sub(BREAK, text))
    text = _QUOTES.sub("", text)
    if "__" in text:
        text = _SWITCH.sub("", text)
    text = _lines(text)
    if "&" in text:
        text = html.unescape(text)
    text = one_space(close_gaps(text.replace("\xa0", " ").replace(BREAK, "\n")))
    return WikiText(tidy(aside.restore(text)), list(categories))


def _without_comments(text: str) -> str:
    """The text without comments; one that is not closed goes to the end, as in MediaWiki. A comment alone on its line takes
    the line with it."""
    if "<!--" not in text:
        return text
    first, *others = text.split("<!--")
    kept = [first]
    for other in others:
        _, end, rest = other.partition("-->")
        if not end:
            break
        if rest.startswith("\n") and kept[-1].endswith("\n"):
            rest = rest[1:]
        kept.append(rest)
    return "".join(kept)


def _without_elements(text: str, aside: Aside) -> str:
    """Sets code and formulas aside, and drops notes, galleries and their like."""
    found = list(_ELEMENT.finditer(text)) if "<" in text else []
    if not found:
        return text
    ends: defaultdict[str, list[int]] = defaultdict(list)  # places in `found` of closing tags, the last first
    for place in range(len(found) - 1, -1, -1):
        if found[place][1]:
            ends[found[place][2].lower()].append(place)
    kept, done, place = [], 0, 0
    while place < len(found):
        tag = found[place]
        name, closers = tag[2].lower(), ends[tag[2].lower()]
        kept.append(text[done : tag.start()])
        done = tag.end()
        if not tag[1] and not tag[3].rstrip().endswith("/"):
            while closers and closers[-1] < place:
                closers.pop()
            if closers:
                end = found[closers[-1]]
                if name in _RAW:
                    kept.append(_raw(name, tag[3], text[tag.end() : end.start()], aside))
                done, place = end.end(), closers[-1]
        place += 1
    return "".join([*kept, text[done:]])


def _raw(name: str, attributes: str, content: str, aside: Aside) -> str:
    """What is kept of an element without markup."""
    if name == "math":
        sign = "$$" if "block" in attributes else "$"
        return aside.put(f"{sign}{content.strip()}{sign}") if content.strip() else ""
    if name in ("chem", "ce", "nowiki"):
        return aside.put(html.unescape(content)) if content else ""
    if name == "pre":
        content = html.unescape(content)
    if "inline" in attributes:
        return aside.put(content)
    return f"\n{aside.put(content.strip(chr(10)))}\n"


def _without_templates(text: str, title: str, shown: Callable[[re.Match[str]], str]) -> str:
    """Templates from the inside out. Braces without a partner go alone, what stands behind them stays."""
    if "{{" not in text and "}}" not in text:
        return text
    first, *others = _BRACES.split(text)
    out, opened = [first], list[int]()
    for brace, piece in zip(others[::2], others[1::2]):
        if brace == "{{":
            opened.append(len(out))
            out.append(piece)
            continue
        if opened:
            start = opened.pop()
            head, bar, _ = out[start].partition("|")
            found = known(head) if bar or start + 1 == len(out) else None
            if callable(found) and len(opened) < _DEEPEST:
                body = "".join(out[start:])[len(head) + 1 :]
                found = found(Arguments.of(resolved(body, shown)))
            del out[start:]
            out.append(found if isinstance(found, str) else title if head.strip() == "PAGENAME" else GAP)
        out.append(piece)
    return "".join(out)


def _script(element: re.Match[str]) -> str:
    return raised(element[2]) if element[1].lower() == "sup" else lowered(element[2])


def _shown(target: str, label: str | None, categories: dict[str, None]) -> str:
    """What a link to another namespace or wiki shows."""
    space, _, name = target.partition(":")
    space = space.strip().lower()
    if not space:  # [[:분류:계절]] shows the link to what would else be done
        return label or name
    if space in FILES:
        return ""
    if space in CATEGORIES:
        categories[name.replace("_", " ").strip()] = None
        return ""
    if space in OTHER_WIKIS:
        return label or name
    if space in LANGUAGES or _LANGUAGE.fullmatch(space):
        return ""
    return label or target


def _lines(text: str) -> str:
    """The lines of a page without the marks of lists, headings and tables."""
    sections, tables, numbers = Sections(NO_PROSE), Tables(), list[int]()
    for line in text.split("\n"):
        first = line[:1]
        if first not in _MARKS and not tables.open:  # nearly all lines
            if numbers:
                numbers.clear()
            sections.add(line)
        elif first == "=" and _heading(line, sections, tables):
            numbers.clear()
        elif (tables.open or "{|" in line[:12]) and _table_line(line, sections, tables):
            pass
        elif first and first in "*#:;":
            sections.add(_item(line, numbers))
        else:
            numbers.clear()
            if first != "|" and not line.startswith("----"):  # of a template or table that was not opened; a rule
                sections.add(line.strip(" "))
    sections.extend(tables.end_all())
    return "\n".join(sections.lines)


def _heading(line: str, sections: Sections, tables: Tables) -> bool:
    """Takes a line that is a heading; one inside of a table shows that the table was not closed."""
    line = line.strip("\0 \t")
    level = min(len(line) - len(line.lstrip("=")), len(line) - len(line.rstrip("=")), 6)
    text = close_gaps(line[level:-level]).strip() if level else ""
    if not level or not text or len(line) <= 2 * level:
        return False
    sections.extend(tables.end_all())
    sections.heading(level, text)
    return True


def _table_line(line: str, sections: Sections, tables: Tables) -> bool:
    """Takes a line of a table; False for one that belongs to none."""
    bare = line.strip(" \t:*\0")
    if bare.startswith("{|"):
        tables.begin()
    elif not tables.open:
        return False
    elif bare.startswith("|}"):
        sections.extend(tables.end())
        if not tables.open and (rest := bare[2:].strip("\0 }")):
            sections.add(rest)
    elif bare.startswith("|-"):
        tables.row()
    elif bare.startswith("|+"):
        tables.row()
        tables.cell(_cell(bare[2:]))
        tables.row()
    elif bare.startswith(("|", "!")):
        parts = bare[1:].replace("!!", "||").split("||") if bare[0] == "!" else bare[1:].split("||")
        for part in parts:
            tables.cell(_cell(part))
    else:
        tables.more(_item(line, []) if line[:1] in ("*", "#", ":", ";") else line)
    return True


def _cell(part: str) -> str:
    """A cell without its attributes."""
    attributes, bar, text = part.partition("|")
    return text if bar else attributes


def _item(line: str, numbers: list[int]) -> str:
    """An item of a list with its mark as plain text: a dash, or its number. `numbers` counts the open numbered lists."""
    marks = _MARKERS.match(line)
    assert marks is not None
    text, depth = line[marks.end() :].strip(" "), marks.end()
    del numbers[depth:]
    numbers += [0] * (min(depth, 20) - len(numbers))
    if not text.strip("\0"):
        return ""
    kind, indent = marks[0][-1], "  " * (min(depth, 20) - 1)
    if kind == "*":
        return f"{indent}- {text}"
    if kind == "#":
        numbers[-1] += 1
        return f"{indent}{numbers[-1]}. {text}"
    return text
