"""Names behind the labels of forms (성명: …, 예금주 …): one expression per way of filling in, and where a label begins."""

import re

from algok.filters.personal.name_shapes import APART, END, FULL_NAME, NAME, TITLE
from algok.kernels.personal import SURNAMES

_APPLICANTS = (
    "주문자", "신청자", "신청인", "대표자", "보호자", "수령인", "수령자", "학생", "입금자", "고객", "회원", "참가자", "당사자",
    "환자",
)  # fmt: skip
_WHOSE = "|".join(rf"{who}\s?{what}" for who in _APPLICANTS for what in ("성명", "성함", "이름"))
# Labels that can hardly be anything else need no mark behind them.
_STRICT = (
    rf"{_WHOSE}|"
    r"성\s{0,3}명|예\s?금\s?주명?|담\s?당\s?자|작성자|글쓴이|신청인|신청자|청구인|민원인|진정인|고소인|고발인|의뢰인|제보자|보호자|수취인|수령인|"
    r"받는\s?(?:분|사람|이)|보내는\s?(?:분|사람|이)|주문자|주문인|구매자|계약자|입금자명?|임차인|임대인|매도인|매수인|피해자|참가자명?|응모자|당첨자|"
    r"수신인|발신인|청원인|청원자|제안자|세대주|본인|성\s?함|존함|접수자|등록자|지원자|응시자|수험자|피보험자|수익자|송금인|발송인|인솔자|"
    r"받으시는\s?분|보내시는\s?분"
)
_OPEN = (
    r"사원명|아동명|원아명|가입자명|대여자|카드주|주인장|이\s{0,3}름|담\s?당|환자명?|학생명?|고객명?|회원명?|보험자|문의자?|문의처|연락처|상담|"
    r"name|contact|FN"
)
_OFFICE = (
    r"발행인|편집인|청소년보호책임자|개인정보(?:관리|보호)?책임자|담임\s?목사|OWNER|CEO|C\.P\.O|CPO|"
    r"대\s?표\s?(?:자|이사|원장|변호사)?(?:명|\s?성명)?|원\s?장|센터장|책임자|관리자|보호\s?책임자"
)
_MARK = r"\s{0,3}(?:\([가-힣A-Za-z]{1,8}\))?[ ]{0,3}[:=\-|/()\[\]>·\t]{1,2}\s{0,3}"
_MARK_IN_LINE = _MARK.replace(r"\s", r"[ ]").replace(r"·\t", "·")
FORM = re.compile(rf"(?<![가-힣])(?:{_STRICT}){_MARK}({NAME}){END}", re.IGNORECASE)
FORM_OPEN = re.compile(rf"(?<![가-힣])(?:{_OPEN}){_MARK_IN_LINE}({FULL_NAME}){END}", re.IGNORECASE)
FORM_OFFICE = re.compile(rf"(?<![가-힣])(?:{_OFFICE})(?:{_MARK_IN_LINE}|[ ]{{1,3}})({FULL_NAME}){END}")
# In running text as well: only with contact data near.
_OTHERS = (
    r"소유[자주]|명의자|공시송달\s?대상|운전자|대상자|영업자|서명자|예약자|탑승자|체납자|채무자|근로자|이민자|상\s?주|카드\s?소유주|교신저자|회계책임자|"
    r"세대[주원]|담임(?:교사)?|상대방|예약|환자명|점장|총무|고객님|참석자|담당|위임인|원고|피고인?|피진정인|아동명|원아명|학생명|고객명|피의자|채권자|이름|성함|수임인|피고소인|소송대리인|농장주|소지자|탑승객|송달받을\s?자|대표자명"
)
# Before nouns as well as names.
_SPACED = _STRICT.replace("|본인", "").replace("|피해자", "")
FORM_SPACED = re.compile(
    rf"(?<![가-힣])(?:{_SPACED})\s{{1,12}}({FULL_NAME}|{APART})(?=$|[^가-힣]|{TITLE}|입니다|이고|이며|에게|께|한테|으로|로|이에요|예요|이요)"
)
FORM_OTHERS = re.compile(
    rf"(?<![가-힣<])(?:{_OTHERS})(?:{_MARK}|\s{{1,4}})({FULL_NAME}|{APART}|[{SURNAMES}][가-힣](?![가-힣])){END}"
)
FORM_GLUED = re.compile(
    rf"(?:이름|성명|예금주명?|입금자명?|수령인|총무|회장)(?:({FULL_NAME})(?=$|[^가-힣])|(?:(?<=예금주)|(?<=예금주명))\s{{1,2}}([{SURNAMES}][가-힣])(?![가-힣]))"
)
# What stands there is a name even if it looks like a word (예금주: 황산).
SURE = re.compile(
    rf"(?<![가-힣])(?:성\s{{0,3}}명|예\s?금\s?주명?|입금자명?|성\s?함)[ ]{{0,3}}[:=|\t]"
    rf"\s{{0,3}}({NAME}|[{SURNAMES}] [가-힣]{{2}})(?=$|[^가-힣])"
)
LIST = re.compile(rf"\s?[,·/]\s?(?:(?:子|女|婦|婿|부|모)\s)?({NAME})(?=$|[^가-힣])")
# A name in another alphabet, or of another country in Hangul, in a form.
_LATIN = r"(?:[A-Z]{2,}(?:(?:, ?| |/|<<?)[A-Z]\.?[A-Z]*){1,2}|[A-Z][a-z]+(?:-[a-z]+)?(?: [A-Z][a-z]+(?:-[a-z]+)?){1,2})"
LATIN_FORM = re.compile(
    r"(?:성\s{0,3}명|이\s?름|영문\s?(?:성|이)?\s?명?|이름은|신청인|탑승자명?|예약자명?|대상자|구매자명?|예금주|담당자?|게스트|"
    r"강사|호스트|튜터|수취인|수강생|세입자|받는\s?(?:사람|분)|보내는\s?(?:사람|분)|(?:(?<![A-Za-z])(?:[Rr]egards|[Ss]incerely|NAME|Name|name|Attn\.?|holder|FN|N|"
    r"From|Author|Contact|CONTACT|OWNER)))"
    rf"\s{{0,3}}(?:\([가-힣A-Za-z]{{1,8}}\))?\s{{0,3}}[:=|(\",]{{0,3}}\s{{0,3}}"
    rf"[\"']?(?:M[rs]s?\.? |Dr\.? )?({_LATIN})(?![A-Za-z])"
)
FOREIGN = re.compile(
    r"(?<![가-힣])(?:성\s{0,3}명|이\s?름|신청[인자]|근로자|이민자|대표자|배우자|직원|초청인)\s{0,3}[:=|)]{0,2}\s{1,3}"
    r"(?!외국인|여권|등록|국적)((?:[가-힣]{1,7} ?){1,4}?)"
    r"(?=\s{0,3}(?:$|[,|/(:\t\n]|씨\s?\(|외국인|여권|국적|등록|생년|체류))"
)


def _by_first(*expressions: str) -> str:
    """The ways of expressions that begin with a literal each and have no brackets in brackets, by their first character: with
    as many ways as there are first characters an expression is searched for three times as fast."""
    ways: dict[str, list[str]] = {}
    for way in re.split(r"\|(?![^(]*\))", "|".join(expressions)):
        ways.setdefault(way[0], []).append(way[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in ways.items())


# Where a label begins. It is looked for first: all its words begin with a literal, so that it is searched for fast.
LABELS = re.compile(
    _by_first(
        _STRICT,
        _OPEN,
        _OFFICE,
        _OTHERS,
        "영문|배우자|직원|초청인|강사|호스트|수강생|Regards|regards|Sincerely|sincerely|N:|Name|NAME|Attn|holder|FN|From|Author|Contact|CONTACT",
    )
)
