"""Dialogues: marks of transcription go, and speakers have short names in the order in which they speak."""

import re

from algok.filters.trim.rules import Change, Rule, lines, spans

# Names that a corpus gives to speakers: SD2001234, P01, speaker_1, 화자2, HS01; not those of people, nor bare numbers.
_SPEAKER = re.compile(
    r"^[ \t]*\[?((?:SD|SE|SB|MD|P|S|U|HS|SS|spk|speaker|user|화자|참여자|발화자)[ _-]?[0-9]{1,9})\]?[ \t]*[:：][ \t]*(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERED = re.compile(r"^[A-Z]: ", re.MULTILINE)


def _speakers(text: str) -> Change:
    """`A: ` and `B: ` for the names that a corpus gave; nothing where one speaks, or more than the alphabet has."""
    names: dict[str, str] = {}
    for found in _SPEAKER.finditer(text):
        names.setdefault(found[1].lower(), "")
    if not 2 <= len(names) <= len(_LETTERS) or _LETTERED.search(text):
        return text, []
    names = dict(zip(names, _LETTERS))
    taken: list[str] = []

    def put(found: re.Match[str]) -> str:
        taken.append(found[0].strip())
        return f"{names[found[1].lower()]}: "

    return _SPEAKER.sub(put, text), taken


DIALOGUE = (
    spans(
        "marks",
        "{",
        r"[ \t]?\{(?:laughing|clearing|singing|applauding|emoji|share:[a-z]{1,12}|system:?[^{}\n]{0,40}|웃음|박수|기침)\}",
    ),
    spans("marks", "((", r"[ \t]?\(\((?:안 들림|불명|xx+|)\)\)"),
    spans("marks", "((", r"\(\(([가-힣 .,?!~]{1,80})\)\)", r"\1"),
    spans("marks", ")/(", r"\(([^()\n]{1,40})\)/\([가-힣 ]{1,40}\)", r"\1"),
    spans("marks", "n/ b/ o/ l/ u/", r"(?:(?<=\s)|^)[nbolu]/[ \t]+(?=\S)"),
    Rule("speakers", _speakers, (":", "：")),
)

_CLICK = r"(?:추천|비추천|조회|댓글|공감|스크랩|신고|답글|좋아요)"  # alone and without a number it may be a heading
_CLICKED = rf"{_CLICK}[ \t]*:?[ \t]*[0-9,]{{0,9}}"
THREAD = (
    lines(
        "notices",
        "추천 조회 댓글 공감 스크랩 신고 답글 좋아요",
        rf"{_CLICK}[ \t]*:?[ \t]*[0-9][0-9,]{{0,8}}|{_CLICKED}(?:[ \t]*[|·/][ \t]*{_CLICKED}){{1,6}}",
    ),
    lines(
        "notices",
        "게시물 글은 댓글은",
        r"\[?이[ \t]?(?:글|게시물|댓글)은[^\n]{0,80}(?:수정|이동|삭제|신고)(?:되었|됐|된)[^\n]{0,40}",
    ),
    lines(
        "notices",
        "Sent 보냄 작성",
        r"(?:-{2,3}[ \t]*)?(?:Sent from|iPhone에서 보냄|나의 [^\n]{1,30}에서 보냄|모바일에서 작성)[^\n]{0,40}",
    ),
)
