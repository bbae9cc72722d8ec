"""Addresses of the network: e-mail, messenger and account ids, IP."""

import ipaddress
import re
from collections.abc import Iterator
from functools import cache

from algok.filters.personal.finding import Finding

_EMAIL = re.compile(
    r"[A-Za-z0-9](?<![A-Za-z0-9._%+\-].)[A-Za-z0-9._%+\-]{0,63}\*{0,10} ?(?:@|%40)[ \n]?"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})(?: ?\. ?|(?<=[A-Za-z0-9])\.)){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_APART, _USUAL = re.compile(r"[ \n]@|@[ \n]"), re.compile(r"\.(?:com|net|kr|org|edu)$", re.IGNORECASE)
# https://user:pass@host, https://user@host; but not mailto://name@host
_CREDENTIALS = re.compile(r"//[^\s/@]{0,64}:$|(?<!mailto)://$", re.IGNORECASE)
# name [at] daum (dot) net, 이름 골뱅이 네이버 닷컴, name_at_daum.net
_DOT = r"(?:\s?(?:[\[({<]\s?(?:dot|\.|점|닷)\s?[\])}>]|\.|닷|점|\sdot\s)\s?(?:[A-Za-z]{2,24}|컴|넷|케이알|씨오))"
# Names and domains in Hangul: 홍보팀@한빛.한국, help@한빛.com, 홍보@hanbit.co.kr
_INTERNATIONAL = re.compile(
    r"[A-Za-z0-9가-힣](?<![A-Za-z0-9가-힣._%+\-].)[A-Za-z0-9가-힣._%+\-]{0,40}@(?:[A-Za-z0-9가-힣\-]{1,40}\.){1,3}"
    r"(?:한국|닷컴|닷넷|[A-Za-z]{2,12}(?![A-Za-z0-9]))"
)
_HANGUL = re.compile("[가-힣]")
_SPELT = re.compile(
    r"([A-Za-z0-9](?<![A-Za-z0-9._%+\-].)[A-Za-z0-9._%+\-]{1,63}?)\s?(?:[\[({<]\s?(?:at|@|골뱅이)\s?[\])}>]|골뱅이|앳|\sat\s|_at_|@(?=[A-Za-z0-9\-]{2,63}\s?[\[({<]))\s?"
    rf"((?:[A-Za-z0-9\-]{{2,63}}|네이버|다음|한메일|지메일|구글|네이트|핫메일){_DOT}{{1,3}})",
    re.IGNORECASE,
)
# English says "see you at pytorch.org".
_AT_MAIL = re.compile(
    r"\.\s?kr$|(?<![A-Za-z0-9_.])(?=[^ ]*[A-Za-z])[A-Za-z0-9_.]*[0-9_.][A-Za-z0-9_.]* at "
    r"|(?:naver|daum|hanmail|gmail|nate|hotmail|outlook|yahoo|kakao|korea)\s?\.",
    re.IGNORECASE,
)
# name#daum.net (#을 @로)
_HASH = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{1,63}#(?:[A-Za-z0-9\-]{1,63}\.){1,3}[A-Za-z]{2,24}"
)
_HASH_TOLD = re.compile(r"#[을를은]\s?@|@\s?대신\s?#")
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


# Logins of examples.
_SAMPLE = re.compile(
    r"(?:admin|root|user|users|test|tester|testuser|demo|guest|sample|example|dummy|hong[_.]?gil[_.]?dong|"
    r"my_?id|your_?id|userid|user_?name|login_?id)[_.\-]?(?:id)?\d{0,4}",
    re.IGNORECASE,
)
_BOT = re.compile(r".*[_.\-]?bots?[0-9]{0,2}", re.IGNORECASE)


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
        if _CREDENTIALS.search(text[max(0, match.start() - 70) : match.start()]):
            continue
        value = re.sub(r"\s", "", match[0]).replace("%40", "@")
        local, _, domain = value.rpartition("@")
        if _APART.search(match[0]) and not _USUAL.search(domain):
            continue
        if not _has_suffix(".".join(domain.lower().split(".")[-2:])) and not _has_suffix(
            domain.rpartition(".")[2].lower()
        ):
            continue
        nobody = (
            local.lower() in _NOBODY or _SAMPLE.fullmatch(local) or _DOCUMENTED.search(domain) or _REPEATED.match(value)
        )
        yield Finding("placeholder" if nobody else "email", *match.span(), 0.98, "email")
    for match in _INTERNATIONAL.finditer(text) if "@" in text else ():
        if _HANGUL.search(match[0]) and _has_suffix(match[0].rpartition(".")[2].lower()):
            yield Finding("email", *match.span(), 0.9, "international")
    for match in _SPELT.finditer(text):
        if " at " not in match[0] or _AT_MAIL.search(match[0]):
            yield Finding("email", *match.span(), 0.85, "spelt")
    for match in _HASH.finditer(text) if "#" in text and _HASH_TOLD.search(text) else ():
        yield Finding("email", *match.span(), 0.8, "spelt")


_SERVICE = (
    r"(?<![A-Za-z가-힣])(?:카카오\s?(?:톡|페이)|카\s?톡|카카오|ㅋㅌ|ㅋㅏ톡|텔레\s?그램|텔레|텔ㄹㅔ|텔|위챗|인스타\s?그램|인스타|인별그램|인별|디스코드|디코|"
    r"오픈\s?채팅|스카이프|네이트온|페이팔|(?:kakao\s?talk|kakao|telegram|wechat|instagram|insta|discord|skype|paypal)(?![A-Za-z]))"
)
# Where persons of public life write too: with a word of asking only.
_PUBLIC_SERVICE = (
    r"(?<![A-Za-z가-힣])(?:라인|트위터|스레드|페이스북|페북|틱톡|(?:line|twitter|threads|facebook|tiktok)(?![A-Za-z]))"
)
_ASKS = re.compile(
    r"디엠|dm|멘션|맞팔|친추|친구|추가|문의|연락|상담|주세요|아이디|아디|(?<![A-Za-z])id(?![A-Za-z])", re.IGNORECASE
)
# Where the name of a service begins: all literals, so that it is searched for fast.
_LATIN_SERVICES = (
    "kakao", "telegram", "wechat", "insta", "discord", "skype", "paypal", "line", "twitter", "threads", "facebook", "tiktok",
)  # fmt: skip
_SERVICES = re.compile(
    "카카오|카\\s?톡|ㅋㅌ|ㅋㅏ톡|텔|위챗|인스타|인별|디스코드|디코|오픈\\s?채팅|스카이프|네이트온|페이팔|라인|트위터|스레드|페이스북|페북|틱톡|"
    + "|".join(f"{name}|{name.title()}|{name.upper()}" for name in _LATIN_SERVICES)
    + "|WeChat|PayPal|KakaoTalk|TikTok"
)
_ID = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{2,29}"
_BOUND = r"(?![A-Za-z0-9@/])"
_ID_WORD = r"(?:아이디|아디|계정|id|wx|친구\s?추가|친추|주소|디엠|dm)"
# 카톡 아이디: abc12, 텔레 @abc, LINE ID: abc
_HANDLE = re.compile(
    rf"{_SERVICE}[\s_]?(?:{_ID_WORD}\s?(?:는|은)?\s?[:=\-)\]→▷>]{{0,2}}|[:=→▷>]|(?=@))\s{{0,2}}(@?\s?(?:live:)?{_ID}(?:#\d{{4}})?){_BOUND}",
    re.IGNORECASE,
)
# 카톡으로 해주세요 ㅎㅎ abc12 입니다, 톡(abc_12): words between, so the id must have a digit or an underscore
_LOOSELY = re.compile(
    r"(?:카카오\s?톡|카\s?톡|텔레\s?그램|텔레|위챗|라인|인스타|디코|톡(?<![가-힣]톡)|디엠(?<![가-힣]디엠)|DM|dm|쪽지(?<![가-힣]쪽지))"
    r"(?:으로|로|은|는|이나|나|도)?[ (~!ㄱ-ㅎ:,.▶→>☞]{1,4}(?:[가-힣]{1,5}[ (~!ㄱ-ㅎ:,.▶→>☞]{1,4}){0,3}"
    r"((?=[A-Za-z0-9._]*[a-z])(?=[A-Za-z0-9._]*(?:[A-Za-z][0-9]|_[A-Za-z0-9]))[A-Za-z][A-Za-z0-9_.]{4,24})"
    r"(?=\s?(?:입니다|이에요|예요|이요|으로|로|에|[)\s~!,]|$))"
)
# 작성자: 차은성 (chacha0912)
_WRITER_ID = re.compile(
    r"(?:작성자|글쓴이|등록자|닉네임|올린이|게시자|신청자)\s?[:：|]?\s?[가-힣]{2,4}\s?\(([a-z][a-z0-9_]{3,19})\)"
)
# 카톡 abc12, [카톡] abc12, 카톡abc12
_CHAT = re.compile(rf"{_SERVICE}[\])]?\s{{0,2}}(@?[A-Za-z_][A-Za-z0-9_.\-]{{2,29}}(?:#\d{{4}})?){_BOUND}")
_PUBLIC_HANDLE = re.compile(
    rf"{_PUBLIC_SERVICE}(?:\s?\(X\))?\s?(?:{_ID_WORD}\s?(?:는|은)?\s?[:=]?|(?=@))\s{{0,2}}(@?{_ID}){_BOUND}",
    re.IGNORECASE,
)
_NEAR_AT = re.compile(rf"{_SERVICE}(?![a-z])[^\n@]{{1,12}}(@{_ID})(?![A-Za-z0-9@/.])", re.IGNORECASE)
_LINK = re.compile(rf"(?:t\.me/(?<![A-Za-z0-9.\-].....)|open\.kakao\.com/o/)({_ID})(?![A-Za-z0-9/])")
_OWN_ID = re.compile(
    rf"(?:아이디|아디|계정(?<![가-힣]계정)(?=\s?[:=])|ID(?<![A-Za-z_]..)(?![A-Za-z_])|id(?<![A-Za-z_]..)(?![A-Za-z_]))(?:는|은)?(?:\s?([:=→])\s{{0,2}}|\s{{1,2}})(@?{_ID}){_BOUND}"
)
_NO_HANDLE = re.compile(
    r"https?|www\.|(?:admin|root|user|test|guest|password|username|email)$|.*\.(?:com|net|kr|org|io|me|co|js|py|json|md|html|png|jpg)$|[0-9.\-]+$|(?:api|sdk|bot|login|talk|channel|story|pay|messenger|plus|works|messaging|notify)$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"비번|비밀번호|패스워드|PW|성명|이름|연락처|휴대폰|이메일|e-mail|닉네임|작성자|글쓴이|회원|네이버|다음|\d{4}-\d{4}|문의|계좌|입금|뱅킹|이용자|전번|송금|친추|카페|거래|당첨|접속|구매|수령|[톡챗]",
    re.IGNORECASE,
)


def _id(value: str, start: int, score: float) -> Finding:
    return Finding("handle", start, start + len(value.rstrip(".-")), score, "messenger")


_ASKED = re.compile(r" ?(?:으?로 ?)?(?:톡|문의|연락|추가|친추|주세)")
_PHONE_BEFORE = re.compile(r"[0-9]{4}\s?[/,|]\s?$")


def _is_nobody(value: str) -> bool:
    """The login of an example, or the name of a bot."""
    plain = value.lstrip("@ ")
    return _SAMPLE.fullmatch(plain) is not None or _BOT.fullmatch(plain) is not None


def _is_private(text: str, match: re.Match[str], expression: re.Pattern[str]) -> bool:
    """An id and not a word, and neither official nor public."""
    value = match[1].rstrip(".-")
    if _is_nobody(value):
        return False
    plain = value.isalpha() and not value.islower() and value[0] != "@"
    beside = (
        _ASKED.match(text, match.end()) is not None
        or _PHONE_BEFORE.search(text, max(0, match.start() - 12), match.start()) is not None
    )
    needs_mark = expression is _CHAT and not beside and not re.search(r"[0-9_@#.]", value)
    official = "공식" in text[max(0, match.start() - 8) : match.start()]
    asks = expression is not _PUBLIC_HANDLE or _ASKS.search(text, match.start(), match.end() + 15)
    return bool(
        asks and value.strip("_@ ") and not (_NO_HANDLE.match(value.lstrip("@ ")) or plain or needs_mark or official)
    )


_ACCOUNT_OF = re.compile("네이버|다음|카페|회원|구매|당첨|경품")


def handle(text: str) -> Iterator[Finding]:
    """Ids behind the name of a messenger; ids alone only in a form or beside a number to call."""
    for service in _SERVICES.finditer(text):
        for expression, score in ((_HANDLE, 0.85), (_CHAT, 0.75), (_PUBLIC_HANDLE, 0.75), (_NEAR_AT, 0.75)):
            match = expression.match(text, service.start())
            if match and _is_private(text, match, expression):
                yield _id(match[1], match.start(1), score)
    for match in _LOOSELY.finditer(text):
        if not (_NO_HANDLE.match(match[1]) or _is_nobody(match[1])):
            yield _id(match[1], match.start(1), 0.7)
    for match in _WRITER_ID.finditer(text):
        if not _is_nobody(match[1]):
            yield Finding("handle", *match.span(1), 0.75, "writer")
    for match in _LINK.finditer(text):
        if not (_NO_HANDLE.match(match[1]) or _is_nobody(match[1])):
            yield _id(match[1], match.start(1), 0.75)
    for match in _OWN_ID.finditer(text):
        value = match[2].rstrip(".-")
        around = text[max(0, match.start() - 40) : match.start()] + text[match.end() : match.end() + 40]
        told = re.search(r"[0-9]", value) and re.search(r"[A-Za-z]{2}", value)
        told = told or (match[0][0] > "z" and value.islower() and len(value) > 4 and _ACCOUNT_OF.search(around))
        if (
            (told or (re.search("[_.]", value) and (not match[1] or match[0][0] > "z")))
            and _FORM.search(around)
            and not (_NO_HANDLE.match(value.lstrip("@")) or _is_nobody(value))
        ):
            yield Finding("handle", match.start(2), match.start(2) + len(value), 0.7, "form")


_QUAD = re.compile(
    r"[0-9](?<![0-9.\-/].)\d{0,2}\.\d{1,3}\.(?:\d{1,3}|\*{1,3}|x{1,3})\.(?:\d{1,3}|\*{1,3}|x{1,3})(?![0-9])(?!\.[0-9])(?!/\d)"
)
_SIX = re.compile(
    r"[0-9a-fA-F](?<![0-9A-Za-z:.].)[0-9a-fA-F]{0,3}:(?:[0-9a-fA-F]{1,4}:){1,6}(?::?[0-9a-fA-F]{1,4}){1,6}(?![0-9A-Za-z:])"
)
_WRITER = re.compile(
    r"글쓴이|닉네임|방문자|접속|회원|댓글|등록자|신고|가해자|피의자|아이피|작성|사용자|로그인|해킹|차단|편집|토론|기여|"
    r"login|logged|(?<![A-Za-z])ban(?:ned)?(?![A-Za-z])|client|remote|user|Received: from|failed|"
    r"스팸|(?<![A-Za-z])IP(?:\s?[:=]|\W{0,4}$|\s(?:목록|주소|대역))",
    re.IGNORECASE,
)
_WRITER_BEHIND = re.compile(
    r"\s?(?:(?: ?이)? ?아이피|\(?(?:토론|기여)| ?님| ?사용자| - - \[|\)?에서 (?:접속|들어)|\]? (?:ㅋ|ㅎ|ㅇ))"
)
_VERSION = re.compile(r"버전|버젼|version|ver\.?|빌드|build|release|릴리스|[A-Za-z]\s?\(?$", re.IGNORECASE)
_SERVER = re.compile(
    r"서버|server|호스트|host|192\.168|127\.0\.0|게이트웨이|gateway|DNS|ping|(?<![A-Za-z])ssh(?![A-Za-z])|curl|예(?:시|를|:)|nameserver|bind|listen",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[가-힣ㄱ-ㅎA-Za-z0-9*]{2,15}\s?[(\[]\s?(?:IP\s?:?\s?)?$|^\s*\[$|\n\[$", re.IGNORECASE)
_KNOWN = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "1.2.3.4", "9.9.9.9", "168.126.63.1", "168.126.63.2"))


# Half of an address behind a name that a board shows: ㅇㅇ(118.235), or any name before a time.
_HALF = re.compile(r"[ㄱ-ㅎ가-힣A-Za-z0-9]\((?P<half>[1-9]\d{0,2}\.\d{1,3})\)")
_TIME = re.compile(r"[\s|]{0,3}(?:(?:20)?\d\d[.\-/]\d\d[.\-/]\d\d \d\d:|\d\d[.\-/]\d\d \d\d:|\d\d:\d\d)")


def _halves(text: str) -> Iterator[Finding]:
    for match in _HALF.finditer(text):
        first, second = map(int, match["half"].split("."))
        named = "ㄱ" <= match[0][0] <= "ㅎ" or (
            first > 9
            and not _VERSION.search(text, max(0, match.start() - 10), match.end("half"))
            and _TIME.match(text, match.end()) is not None
        )
        if named and first < 224 and second < 256 and _is_public(f"{first}.{second}.1.1"):
            yield Finding("ip", *match.span("half"), 0.8, "half")


def ip(text: str) -> Iterator[Finding]:
    """Public addresses of writers and visitors: behind a word for one, or in brackets. Servers in examples stay."""
    for match in _QUAD.finditer(text):
        before, behind = text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 16]
        named = _NAMED.search(before) and behind[:1] in (")", "]")
        if (named or _is_writer(before, behind)) and not (_VERSION.search(before) and not _IP_WORD.search(before)):
            value = re.sub(r"[*x]+", "1", match[0])
            if value not in _KNOWN and len(set(value.split("."))) > 1 and _is_public(value):
                yield Finding("ip", *match.span(), 0.85, "writer")
    yield from _halves(text)
    for match in _SIX.finditer(text):
        before, behind = text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 16]
        if _is_writer(before, behind) and _is_public(match[0]):
            yield Finding("ip", *match.span(), 0.85, "writer")


_IP_WORD = re.compile(r"(?<![A-Za-z])ip\W{0,4}$|from \[?$|remote\W{0,2}$|Ban $", re.IGNORECASE)


def _is_writer(before: str, behind: str) -> bool:
    told = _WRITER.search(before) is not None and not _SERVER.search(before)
    return told or _WRITER_BEHIND.match(behind) is not None


def _is_public(value: str) -> bool:
    try:
        return ipaddress.ip_address(value).is_global
    except ValueError:
        return False


RECOGNISERS = (email, handle, ip)
