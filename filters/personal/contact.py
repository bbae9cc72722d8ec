"""Addresses of the network: e-mail, messenger and account ids, IP."""

import ipaddress
import re
from collections.abc import Iterator
from functools import cache

from algok.filters.personal.finding import Finding

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-/:])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63} ?@ ?"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})(?: ?\. ?|(?<=[A-Za-z0-9])\.)){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
# name [at] daum (dot) net, 이름 골뱅이 네이버 닷컴
_SPELT = re.compile(
    r"(?<![A-Za-z0-9._%+\-])([A-Za-z0-9][A-Za-z0-9._%+\-]{1,63})\s?(?:[\[({<]\s?(?:at|@|골뱅이)\s?[\])}>]|골뱅이|앳|\sat\s)\s?"
    r"((?:[A-Za-z0-9\-]{2,63}|네이버|다음|한메일|지메일|구글|네이트|핫메일)(?:\s?(?:[\[({<]\s?(?:dot|\.|점|닷)\s?[\])}>]|\.|닷|점|\sdot\s)\s?"
    r"(?:[A-Za-z]{2,24}|컴|넷|케이알|씨오)){1,3})",
    re.IGNORECASE,
)
_DOCUMENTED = re.compile(
    r"(?:^|[.@])(?:example|test|domain|sample|yourdomain|mydomain|mail|email|company|yoursite|mysite|yourcompany|mycompany|contoso|fabrikam|admin|site|host|abc|foo|bar|xxx+|aaa+)"
    r"\.(?:com|org|net|co\.kr|kr|edu)$|\.(?:example|test|invalid|localhost|local|internal)$",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"(?:([A-Za-z])\1*@|.*@([A-Za-z])\2*\.[A-Za-z.]+$)")
_NOBODY = frozenset(
    re.findall(
        r"\S+",
        "git user username user1 user2 root test tester foo bar name yourname your.name your-email youremail "
        "your_email email example sample id userid noreply no-reply donotreply hg svn ubuntu ec2-user someone "
        "somebody abc xxx aaa",
    )
)


@cache
def _suffixes():
    """The public suffixes from the copy that comes with tldextract: nothing is ever fetched."""
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None)


@cache
def _has_suffix(ending: str) -> bool:
    return bool(_suffixes()("name." + ending).suffix)


def email(text: str) -> Iterator[Finding]:
    """E-mail addresses with a known suffix; those of documentation are placeholders."""
    for match in _EMAIL.finditer(text):
        value = match[0].replace(" ", "")
        local, _, domain = value.rpartition("@")
        if not _has_suffix(".".join(domain.lower().split(".")[-2:])) and not _has_suffix(
            domain.rpartition(".")[2].lower()
        ):
            continue
        nobody = local.lower() in _NOBODY or _DOCUMENTED.search(domain) or _REPEATED.match(value)
        yield Finding("placeholder" if nobody else "email", *match.span(), 0.98, "email")
    for match in _SPELT.finditer(text):
        yield Finding("email", *match.span(), 0.85, "spelt")


_SERVICE = (
    r"(?<![A-Za-z가-힣])(?:카카오\s?톡|카\s?톡|카카오|텔레\s?그램|텔레|위챗|인스타\s?그램|인스타|디스코드|오픈\s?채팅|스카이프|네이트온|"
    r"kakao\s?talk|kakao|telegram|wechat|instagram|insta|discord|skype)"
)
_HANDLE = re.compile(
    rf"{_SERVICE}\s?(?:(?:아이디|계정|id|친구\s?추가|주소)\s?(?:는|은)?\s?[:=\-)\]]{{0,2}}|[:=]|(?=@))\s{{0,2}}(@?[A-Za-z0-9][A-Za-z0-9_.\-]{{2,29}}(?:#\d{{4}})?)(?![A-Za-z0-9@/])",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"(?:카\s?톡|텔레\s?그램|위챗|인스타(?:그램)?|디스코드)\s{1,2}(@?[A-Za-z][A-Za-z0-9_.\-]{2,29}(?:#\d{4})?)(?![A-Za-z0-9@/])"
)
_NEAR_AT = re.compile(
    rf"{_SERVICE}(?![a-z])[^\n@]{{1,12}}(@[A-Za-z0-9][A-Za-z0-9_.]{{2,29}})(?![A-Za-z0-9@/.])", re.IGNORECASE
)
_LINE = re.compile(r"라인\s?(?:아이디|ID|id)\s?[:=]?\s{0,2}(@?[A-Za-z0-9][A-Za-z0-9_.\-]{2,29})(?![A-Za-z0-9@/])")
_OWN_ID = re.compile(
    r"(?:아이디|(?<![A-Za-z])ID)\s?(?:는|은)?\s?[:=]\s{0,2}(@?[A-Za-z0-9][A-Za-z0-9_.\-]{3,29})(?![A-Za-z0-9@/])",
    re.IGNORECASE,
)
_NO_HANDLE = re.compile(
    r"https?|www\.|.*\.(?:com|net|kr|org|io|me|co|js|py|json|md|html|png|jpg)$|[0-9.\-]+$|(?:api|sdk|bot|login|talk|channel|story|pay|messenger)$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"비번|비밀번호|패스워드|PW|성명|이름|연락처|휴대폰|이메일|e-mail|닉네임|작성자|글쓴이|회원|네이버|다음|비번|비밀번호|패스워드|PW|\d{4}-\d{4}|문의",
    re.IGNORECASE,
)


def handle(text: str) -> Iterator[Finding]:
    """Ids behind the name of a messenger; ids alone only in a form or beside a number to call."""
    for expression, score in ((_HANDLE, 0.85), (_CHAT, 0.75), (_NEAR_AT, 0.75), (_LINE, 0.8)):
        for match in expression.finditer(text):
            value = match[1].rstrip(".-")
            plain = value.isalpha() and value.islower() is False and value[0] != "@"
            needs_mark = expression is _CHAT and not re.search(r"[0-9_@#]", value)
            official = "공식" in text[max(0, match.start() - 8) : match.start()]
            if _NO_HANDLE.match(value.lstrip("@")) or plain or needs_mark or official:
                continue
            yield Finding("handle", match.start(1), match.start(1) + len(value), score, "messenger")
    for match in _OWN_ID.finditer(text):
        value = match[1].rstrip(".-")
        around = text[max(0, match.start() - 40) : match.start()] + text[match.end() : match.end() + 40]
        if (
            _FORM.search(around)
            and re.search(r"[0-9]", value)
            and re.search(r"[A-Za-z]{2}", value)
            and not _NO_HANDLE.match(value.lstrip("@"))
        ):
            yield Finding("handle", match.start(1), match.start(1) + len(value), 0.7, "form")


_QUAD = re.compile(r"(?<![0-9.\-/])(?:\d{1,3}\.){3}(?:\d{1,3}|\*{1,3}|x{1,3})(?![0-9])(?!\.[0-9])(?!/\d)")
_WRITER = re.compile(
    r"작성자|글쓴이|닉네임|방문자|접속자|회원|댓글|등록자|신고|가해자|피의자|아이피|작성|접속\s?(?:기록|IP|아이피)"
)
_VERSION = re.compile(r"버전|버젼|version|ver\.?|빌드|build|release|릴리스|[A-Za-z]\s?\(?$", re.IGNORECASE)
_NAMED = re.compile(r"[가-힣A-Za-z0-9*]{2,15}\s?[(\[]\s?(?:IP\s?:?\s?)?$")


def ip(text: str) -> Iterator[Finding]:
    """Public addresses of writers: behind a word for one, or in brackets behind a name. Servers in examples stay."""
    for match in _QUAD.finditer(text):
        before = text[max(0, match.start() - 30) : match.start()]
        if _VERSION.search(before):
            continue
        named = (
            _NAMED.search(before) and text[match.end() : match.end() + 1] in (")", "]") and re.search("[가-힣]", before)
        )
        if not (named or _WRITER.search(before)):
            continue
        value = re.sub(r"[*x]+", "1", match[0])
        try:
            public = ipaddress.ip_address(value).is_global
        except ValueError:
            continue
        if public and value not in ("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.2.3.4"):
            yield Finding("ip", *match.span(), 0.85, "writer")


RECOGNISERS = (email, handle, ip)
