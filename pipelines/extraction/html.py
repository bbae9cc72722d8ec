"""HTML to its main text: markup safety, main content with a measured fallback.

The parser and the main-content rules are resiliparse's. Around them stand corrections, found by reading pages:

* Its icon-font rule also drops every text node of one Hangul syllable, that is the particles after inline markup
  (`<code>x</code>를 <b>y</b>`): such nodes are marked before parsing and unmarked afterwards.
* Its rules believe every list near the root to be a menu, and look for menus by their links only deeper down: the
  content of <body> is wrapped in three <div>, so that one set of rules holds for shallow and for deep pages.
* Its rules can lose the article: when they keep too little of the body, the body without its landmarks is taken.
* It drops every <figure>, and with it the code, tables and quotations that stand in one: those become <div>.
* It knows no formulas: the TeX that KaTeX, MathJax and MathML carry along takes the place of what they draw.
* It reads ruby into the words, counts every list from 1, and drops the head of an article with its title.
* Pages without text: the article may stand in the JSON that the page carries (`data.py`), or in a frame.
* Markup that would cost the parser more than linear time is simplified first (see `kernels/markup.py`).
"""

import re
from functools import partial

import numpy as np
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from algok.filters.personal.coarse import excerpt
from algok.kernels.markup import NAME_KINDS, scan
from algok.pipelines.extraction.data import article_body
from algok.pipelines.extraction.edges import trim_edges
from algok.pipelines.extraction.numbering import mark_numbers, put_numbers
from algok.pipelines.extraction.page import Body, ExtractError, ExtractLimits, Page
from algok.pipelines.extraction.tidy import tidy

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

_HTML_ROOT = re.compile(
    r"<(?:!doctype\s+html|html|head|body|meta|title|div|p|br|a|b|ul|table|script|font|center|span|h[1-6])(?=[\s>/])",
    re.IGNORECASE,
)
_XHTML_ROOT = re.compile(r"<html(?=[\s>])", re.IGNORECASE)


class Html:
    """What is declared as HTML, XML with <html> in its beginning, and markup under a vague type."""

    types = HTML_TYPES

    def recognises(self, body: Body) -> bool:
        if body.mime in HTML_TYPES:
            return True
        xml = body.mime.endswith(("xml", "+html"))
        return (body.is_vague or xml) and bool((_XHTML_ROOT if xml else _HTML_ROOT).search(body.head))

    def extract(self, body: Body) -> Page:
        body.check_decoded()
        text, title = _page(body.decoded.text, body.limits)
        return body.page(trim_edges(tidy(text)), title)


# --- HTML ------------------------------------------------------------------------------------------------------------

# Estimated cost in elementary steps of the parser and of the main-content rules, above which markup is simplified and
# the rules are left out. A step takes about 50 ns, so each stays near a second; real pages stay below 1 % of both.
_PARSE_STEPS = 20_000_000
_RULE_STEPS = 20_000_000

# The least share of the body's text that the main content must keep: few pages lie between 0.3 and 0.6
# (`bench/extract.py fallback`); below are lists of posts, wiped articles and pages that are all menu.
MIN_KEPT = 0.4

# Line numbers beside code, as the common highlighters mark them: Hexo, Rouge, Pygments, Chroma, Prism.
_LINE_NUMBERS = ["td.gutter", "td.rouge-gutter", ".linenos", ".lineno", ".lnt", ".line-numbers-rows"]
# What themes put around an article beyond the landmarks: scroll position (NexT), licence box with title and address
# (Icarus, NexT), how to cite the page (Distill), formulas as drawn beside their TeX (KaTeX).
_FURNITURE = [
    ".back-to-top", ".article-licensing", ".post-copyright", ".appendix-bottom", ".katex-html",
    ".author-box", ".author-bio", ".author-info", ".author-profile", ".author-card", ".about-author", ".post-author-box",
    ".post-nav", ".post-navigation", ".posts-navigation", ".nav-links", ".article-nav", ".article-navigation", ".prev-next",
    ".pagination-nav", ".post-pagination", ".browserupgrade", ".browsehappy", ".ie-warning",
]  # fmt: skip
# Readings beside the words (ruby), and what browsers show in place of frames and scripts.
_UNSEEN = ["rt", "rp", "rtc", "noscript", "noframes"]
_LANDMARKS = [
    *_LINE_NUMBERS, *_FURNITURE, *_UNSEEN,
    "nav", "footer", "aside", "header", "form", "button", "select", "dialog", "[role=navigation]", "[role=banner]",
    "[role=contentinfo]", "[role=search]", "[role=menu]", "[role=menubar]", "[hidden]", "[aria-hidden=true]",
]  # fmt: skip

# A text node of one character of three UTF-8 bytes that is not private use (U+E000..F8FF), and the noncharacter U+FDD0
# that is put behind it.
_SPACE = rb"[ \t\r\n\f]*"
_LONE = re.compile(rb"(>" + _SPACE + rb"(?:[\xe0-\xed][\x80-\xbf]|\xef[\xa4-\xbf])[\x80-\xbf])(?=" + _SPACE + rb"<)")
_MARK = "\ufdd0"
_FEW = 40  # characters, below which a page is looked through for the article that a script draws
_LONE_MARKED = rb"\1" + _MARK.encode()
_NOTHING = np.empty(0, np.uint8)
_WRAP = b"<div><div><div>"
# What the rules drop at depth 1 and 2 before wrapping.
_PAGE_FOOTERS = ["body > div > div > div > footer", "body > div > div > div > * > footer"]


def _page(markup: str, limits: ExtractLimits) -> tuple[str, str]:
    """Main text and title of an HTML page."""
    tree, rules, visible = _parse(markup, limits)
    try:
        title = tree.title or ""
        text = _main_text(tree) if rules else ""
        # `visible` is cheap and only ever too high, so most pages need no second extraction.
        if _size(text) < MIN_KEPT * visible:
            body = _body_text(tree)
            if _size(text) < MIN_KEPT * _size(body):
                text = body
        frame = "" if _size(text) else _frame(tree)
    except Exception as error:
        raise ExtractError("parser", f"{type(error).__name__} in the extractor") from error
    if _size(text) < _FEW:
        text = _from_data(markup, limits) or text
    if frame and not _size(text):
        raise ExtractError("frame_only", f"no text of its own; it shows the frame {excerpt(frame, 200)}")
    return _unmark(text), _unmark(title)


def _from_data(markup: str, limits: ExtractLimits) -> str:
    """The article that stands in the page's JSON only, as text."""
    article = article_body(markup.encode("utf-8", "replace"))
    return fragment_text(article, limits) if _TAG.search(article.encode("utf-8", "replace")) else article


def _frame(tree: HTMLTree) -> str:
    """Address of the first frame of a page, "" where there is none."""
    root = tree.document
    for frame in root.query_selector_all("frame[src], iframe[src]") if root else ():
        address = frame.getattr("src") or ""
        if address and not address.startswith(("about:", "javascript:", "data:")):
            return address
    return ""


def _parse(markup: str, limits: ExtractLimits) -> tuple[HTMLTree, bool, int]:
    """The parsed page, whether the main-content rules are affordable on it, and its characters outside tags."""
    data = _LONE.sub(_LONE_MARKED, _rewrite(markup.encode("utf-8", "replace")))
    depth, parse_steps, rule_steps, visible, content, _ = scan(_view(data), _NOTHING, NAME_KINDS)
    if parse_steps > _PARSE_STEPS or depth > limits.depth:
        simple = np.empty(len(data), np.uint8)
        *_, length = scan(_view(data), simple, NAME_KINDS)
        data = simple[:length].tobytes()
        depth, _, rule_steps, visible, content, _ = scan(_view(data), _NOTHING, NAME_KINDS)
    if depth > limits.depth:
        raise ExtractError("too_deep", f"elements nested {depth} deep, limit {limits.depth}")
    if content:
        data = b"".join((data[:content], _WRAP, data[content:]))
    try:
        return HTMLTree.parse(data.decode("utf-8")), rule_steps <= _RULE_STEPS, visible
    except Exception as error:
        raise ExtractError("parser", f"{type(error).__name__} in the HTML parser") from error


# --- Markup that the rules misread ------------------------------------------------------------------------------------
# Every pattern stops at the next tag of its kind and so is linear.

# Links that are no text, if they lead to a place in the page: the anchor sign beside a heading, the way back from a
# footnote, and "skip to content".
_ANCHOR = re.compile(
    rb"<a\b([^<>]*+)>(?:[ \t\r\n]|<(?:span|i|b)\b[^<>]*+>){0,3}+"
    rb"(?:#|\xc2\xb6|\xc2\xa7|\xe2\x86\xa9(?:\xef\xb8\x8e)?|[Ss]kip (?:to|navigation)\b[^<>]{0,40}+"
    + "|[^<>]{1,80}+(?:(?<=바로가기)|(?<=바로 가기)|(?<=건너뛰기))".encode()
    + rb")(?:[ \t\r\n]|</(?:span|i|b)>){0,4}+</a>"
)
# An icon drawn between two pieces of text separates them.
_ICON_GAP = re.compile(rb"</svg>(?=[^\s<])")
# A cell of line numbers, one a line, beside a cell of code.
_GUTTER_CELL = re.compile(
    rb"<td\b[^<>]*+>((?:[\s\d]|<(?!/?t[dr]\b)[^<>]*+>)++)</td>"
    rb"(?=\s*+<td\b[^<>]*+>\s*+(?:<div\b[^<>]*+>\s*+)?<(?:pre|code)\b)",
    re.IGNORECASE,
)
_TAG = re.compile(rb"<[^<>]*+>")
_SCRIPT = re.compile(rb"<script\b([^<>]*+)>((?:[^<]++|<(?!/?script\b))*+)</script>", re.IGNORECASE)
_MATHML = re.compile(
    rb"<math\b([^<>]*+)>(?:[^<]++|<(?!/?math\b|annotation encoding))*+"
    rb"<annotation encoding=[\"']application/x-tex[\"'][^<>]*+>([^<>]*+)</annotation>"
    rb"(?:[^<]++|<(?!/?math\b))*+</math>",
    re.IGNORECASE,
)
_MATHJAX_SVG = re.compile(rb"<svg\b[^<>]*+>\s*+<title id=[\"']MathJax[^<>]*+>([^<>]*+)</title>")
_TEX_COMMENT = re.compile(rb"^\s*+%[^\n]*+", re.MULTILINE)


# The sign before a subtitle that is no link.
_HEADING_SIGN = re.compile(
    rb"(<h[1-6]\b[^<>]*+>(?:\s|<(?:span|i|b|a|strong)\b[^<>]*+>){0,4}+)#{1,6}+(?=[ \t\r\n<]|&nbsp;)", re.IGNORECASE
)
# Brackets around an e-mail address that is hidden from robots: a link without text, or what a script writes.
_HIDDEN_MAIL = re.compile(
    rb"(?:\(|\[|&lt;)\s*+(?:<script\b[^<>]*+>[^<]{0,400}+</script>"
    rb"|<(a|span)\b[^<>]*+>(?:\[?email(?:&#160;|&nbsp;|\xc2\xa0| )protected\]?|\s*+)</\1>)\s*+(?:\)|\]|&gt;)"
)
_ARTICLE_HEAD = re.compile(rb"<(/?)(article|header)\b", re.IGNORECASE)
_HEADING = re.compile(rb"<h[12]\b[^<>]*+>(?:[^<]++|<(?!/?h[12]\b))*+</h[12]\s*+>", re.IGNORECASE)


def _rewrite(data: bytes) -> bytes:
    """The markup with what the parser's rules would drop or garble in a form that they keep."""
    data = _ANCHOR.sub(lambda m: b"" if b"#" in m[1] else m[0], data)
    data = _HEADING_SIGN.sub(rb"\1", data)
    data = _HIDDEN_MAIL.sub(b"", data)
    if b"<ol" in data or b"<OL" in data:
        data = mark_numbers(data)
    if b"<article" in data and b"<header" in data:
        data = _keep_titles(data)
    if b"<figure" in data:
        data = _open_figures(data)
    if b"<td" in data and b"<pre" in data:
        data = _GUTTER_CELL.sub(_without_numbers, data)
    if b"math/tex" in data:
        data = _SCRIPT.sub(_tex_of_script, data)
    if b"application/x-tex" in data:
        data = _MATHML.sub(lambda m: _tex(m[2], m[1]), data)
    if b"MathJax-SVG" in data:
        data = _MATHJAX_SVG.sub(lambda m: _tex(m[1], b"") + m[0], data)
    elif b"</svg>" in data:
        data = _ICON_GAP.sub(b"</svg> ", data)
    return data


def _keep_titles(data: bytes) -> bytes:
    """A title in the <header> of an <article> is put before it: the rules drop many of these headers whole."""
    parts: list[bytes] = []
    done = articles = start = 0
    for match in _ARTICLE_HEAD.finditer(data):
        if match[2].lower() == b"article":
            articles = max(0, articles + (-1 if match[1] else 1))
        elif not match[1]:
            start = match.start()
        elif articles and start >= done:
            title = _HEADING.search(data, start, match.start())
            if title:
                parts += (data[done:start], title[0], data[start : title.start()])
                done = title.end()
    return b"".join((*parts, data[done:]))


def _tex_of_script(script: re.Match[bytes]) -> bytes:
    if b"math/tex" not in script[1]:
        return script[0]
    return _tex(script[2].replace(b"&", b"&amp;").replace(b"<", b"&lt;"), script[1])


def _tex(source: bytes, attributes: bytes) -> bytes:
    """Escaped TeX without comments, between the dollars of its kind."""
    mark = b"$$" if b"mode=display" in attributes or b'display="block"' in attributes else b"$"
    return b"<span>" + mark + _TEX_COMMENT.sub(b"", source).strip() + mark + b"</span>"


def _without_numbers(cell: re.Match[bytes]) -> bytes:
    numbers = _TAG.sub(b" ", cell[1]).split()
    if len(numbers) < 2 or max(map(len, numbers)) > 6:
        return cell[0]
    first = int(numbers[0])
    return b"" if list(map(int, numbers)) == list(range(first, first + len(numbers))) else cell[0]


_FIGURE_CONTENT = re.compile(rb"<(?:pre|table|blockquote)\b", re.IGNORECASE)


def _open_figures(data: bytes) -> bytes:
    """Every <figure> that holds code, a table or a quotation becomes a <div>; pictures with captions stay figures."""
    parts: list[bytes] = []
    done = content = 0
    while (start := data.find(b"<figure", done)) >= 0:
        end = data.find(b"</figure", start)
        if end < 0:
            break
        if content < start:
            found = _FIGURE_CONTENT.search(data, start)
            if found is None:
                break
            content = found.start()
        if content < end:
            parts += (data[done:start], b"<div", data[start + 7 : end], b"</div")
        else:
            parts.append(data[done : end + 8])
        done = end + 8
    return b"".join((*parts, data[done:]))


def _main_text(tree: HTMLTree) -> str:
    return extract_plain_text(
        tree, preserve_formatting=True, main_content=True, alt_texts=False, comments=False, post_meta=False,
        skip_elements=_PAGE_FOOTERS + _LINE_NUMBERS + _FURNITURE + _UNSEEN,
    )  # fmt: skip


def _body_text(tree: HTMLTree) -> str:
    """All visible text outside the landmarks, or all visible text if that is empty."""
    extract = partial(extract_plain_text, tree, preserve_formatting=True, main_content=False, alt_texts=False)
    return extract(skip_elements=_LANDMARKS) or extract(skip_elements=_UNSEEN)


def _view(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def _size(text: str) -> int:
    """Characters that are not white space."""
    return len(text) - sum(map(text.count, " \n\t\xa0"))


def _unmark(text: str) -> str:
    return put_numbers(text).replace(_MARK, "").replace("\xad", "").replace("\0", "")


def fragment_text(markup: str, limits: ExtractLimits) -> str:
    """The text of an HTML fragment inside a feed."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    tree, *_ = _parse(markup, limits)
    try:
        return _unmark(extract_plain_text(tree, preserve_formatting=True, alt_texts=False, skip_elements=_UNSEEN))
    except Exception as error:
        raise ExtractError("parser", f"{type(error).__name__} in the extractor") from error
