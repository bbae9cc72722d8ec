"""Statutes and judgements: when a provision was changed; nothing that is in force goes."""

from algok.filters.trim.rules import lines, spans

_CHANGED = (
    r"(?:개정|신설|전문개정|본조신설|제목개정|전부개정|일부개정|본장신설|본절신설|종전|삭제|시행일|번호변경|이동|타법개정"
    r"|단순위헌|헌법불합치|위헌)"
)
_DAY = r"(?:19|20)?[0-9]{2,4}\. ?[0-9]{1,2}\. ?[0-9]{1,2}"

STATUTE = (
    spans("amendments", "<", rf"[ \t]?<(?:{_CHANGED}[^<>\n]{{0,12}}|{_DAY})[^<>\n]{{0,400}}>"),
    lines("amendments", "[", rf"\[[^\[\]\n]{{0,40}}{_CHANGED}[^\[\]\n]{{0,200}}\]"),
    spans("amendments", "[", rf"[ \t]?\[{_CHANGED}[ \t]*:?[ \t]*{_DAY}[^\[\]\n]{{0,80}}\]"),
)

JUDGEMENT = (
    lines(
        "running", "- 판례공보 종합법률정보", r"-[ \t]*[0-9]{1,3}[ \t]*-|판례공보[^\n]{0,40}|종합법률정보[^\n]{0,40}"
    ),
    lines("notices", "비실명 위변조 위·변조 열람용", r"[^\n]{0,20}(?:비실명|위·?변조|열람용)[^\n]{0,60}"),
)
