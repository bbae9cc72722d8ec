"""Marks of transcribers and of de-identification in corpora, and what stays of them in a text.

Each is a function that leaves clean text alone and changes nothing when it is applied again. A shape names those that its
corpus uses; no other text is touched, since `n/` or `(가)/(나)` mean something else elsewhere.
"""

import html
import re
from collections.abc import Callable, Sequence

_MOST_PASSES = 8
# What stands between & and &, or between #@ and #, and the placeholder that the step `pii` writes for it.
_HIDDEN = {
    "name": "<이름>", "이름": "<이름>", "tel-num": "<전화번호>", "전번": "<전화번호>", "전화번호": "<전화번호>",
    "social-security-num": "<주민등록번호>", "card-num": "<카드번호>", "account": "<계좌번호>", "bank-account": "<계좌번호>",
    "금융": "<계좌번호>", "계좌": "<계좌번호>", "address": "<주소>", "주소": "<주소>", "affiliation": "<소속>",
    "company-name": "<소속>", "소속": "<소속>", "online-account": "<계정>", "계정": "<계정>", "num": "<번호>", "번호": "<번호>",
    "url": "<주소>", "URL": "<주소>",
}  # fmt: skip
_OTHER = "<비식별>"

_DUAL = re.compile(r"\(([^()\n]*+)\)[ ]?/[ ]?\(([^()\n]*+)\)")
_NOISE = re.compile(r"(?<![A-Za-z0-9])(?:[bnlou]/)++(?![A-Za-z0-9/])")
_FILLER = re.compile(r"(?<![가-힣A-Za-z0-9/])([가-힣]{1,2})/(?![가-힣A-Za-z0-9/(])")
_STAMMER = re.compile(r"(?<=[가-힣])[+*]++(?=[\s.,?!]|$)")
_BRACES = re.compile(r"\{[^{}\n]{1,60}+\}")
_LOST = re.compile(r"\(\([ \t]*+x*+[ \t]*+\)\)")
_UNCLEAR = re.compile(r"\(\(([^()\n]*+)\)\)")
_AMPERSANDS = re.compile(r"&([a-z]{2,20}+(?:-[a-z]{2,20}+){0,3}+)[0-9]{0,4}+&")
_NUMBERED = re.compile(r"(?<![A-Za-z0-9])(name|address|affiliation|company-name)[0-9]{1,4}+(?![A-Za-z0-9])")
_SYSTEM = re.compile(r"#@(?:시스템#[^#\n]{1,20}+|이모티콘)#")
_HASHES = re.compile(r"#@([가-힣A-Za-z]{1,12}+)[0-9]{0,4}+#")
_BREAK = re.compile(r"<br\s{0,4}/?>|</p>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}+>|<!--.{0,300}?-->", re.DOTALL)
_DOTS = re.compile(r"\.(?: \.){2,}+\s*+")
_SPACES = re.compile(r"[ \t]{2,}+")
_BEFORE_END = re.compile(r"[ \t]++(?=\n|$)|(?<=\n)[ \t]++")


def _hidden(match: re.Match[str]) -> str:
    return _HIDDEN.get(match[1], _OTHER)


# Name -> what a text holds one of if it has such a mark, and the patterns with what takes their place, one after the other.
MARKS: dict[str, tuple[tuple[str, ...], tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str] | str], ...]]] = {
    "dual": (("/",), ((_DUAL, r"\1"),)),  # (철자)/(발음): the spelling stays
    "noise": (("/",), ((_NOISE, ""), (_FILLER, r"\1"))),  # n/ b/ o/ l/ u/, and 음/ for a filler
    "stammer": (("+", "*"), ((_STAMMER, ""),)),  # 그+ 그래서, 알아듣기* 힘든
    "braces": (("{",), ((_BRACES, ""),)),  # {laughing} {emoji} {share:photo}
    "unclear": (("((",), ((_LOST, ""), (_UNCLEAR, r"\1"))),  # ((xx)), ((추정))
    "hidden": (
        ("&", "name", "address", "affiliation"),
        ((_AMPERSANDS, _hidden), (_NUMBERED, _hidden)),
    ),  # &name1&, name1
    "sns": (("#@",), ((_SYSTEM, ""), (_HASHES, _hidden))),  # #@이름#, #@시스템#사진#
    "html": (("<", "&"), ((_BREAK, "\n"), (_TAG, ""))),  # <br/>, tags and entities
    "dots": ((". .",), ((_DOTS, ".\n"),)),  # line ends written as ". . ."
}


def stripped(text: str, names: Sequence[str]) -> str:
    """The text without the marks of these kinds.

    >>> stripped("n/ (3개)/(세 개)는 &name1&이 샀어 {laughing}", ("dual", "noise", "braces", "hidden"))
    '3개는 <이름>이 샀어'
    """
    present = [name for name in names if any(needle in text for needle in MARKS[name][0])]
    if not present:
        return text
    found = text
    for _ in range(_MOST_PASSES):
        before = found
        found = _once(found, present if found is text else names)
        if found == before:
            return found
    return text  # nested to no end: nobody wrote that


def _once(text: str, names: Sequence[str]) -> str:
    before = text
    for name in names:
        for pattern, instead in MARKS[name][1]:
            text = pattern.sub(instead, text)
        if name == "html" and "&" in text:
            text = html.unescape(text)
    if text != before:
        text = _BEFORE_END.sub("", _SPACES.sub(" ", text)).strip(" \t")
    return text
