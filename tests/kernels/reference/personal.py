"""What `algok.kernels.personal.find` computes, with patterns over the bytes of a text: slow, and plain enough to be read.

The text is cut into characters and into what does not count between digits (tags, entities, characters of no width).
Each of these may open a window by itself; and digits make stretches, which open one by their shape. Distances are in
bytes, as in the kernel. Texts must be valid UTF-8.
"""

import re
from typing import NamedTuple

from algok.kernels import personal as kernel
from algok.korean.districts import CITIES, COUNTIES, DISTRICTS


def _one_of(characters: str) -> str:
    return "(?:" + "|".join(map(re.escape, sorted(set(characters)))) + ")"


def _like(word: str) -> str:
    """A word in whatever case. The kernel compares without bit 32, so some signs pass for others; this does too."""
    return "".join("[" + "".join(rf"\x{b:02x}" for b in {b & 0xDF, b | 32}) + "]" for b in word.encode())


# Sets of characters, for patterns: <H> stands for the first of them, and so on.
_CIRCLED = "".join(chr(code) for a, b in [(0x2460, 0x247F), (0x2776, 0x2793)] for code in range(a, b + 1))
_RAISED = "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉" + "".join(map(chr, [0x24EA, *range(0x24F5, 0x2500)]))
_BOLD = "".join(map(chr, range(0x1D7CE, 0x1D800)))
_FULLWIDTH = "０１２３４５６７８９"
_DIGITS = set("0123456789" + _FULLWIDTH + _CIRCLED + _RAISED + _BOLD)
_NUMERALS = set(kernel._NUMERALS)  # of Hangul
_NO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\ufeff\xad"
_PROVINCES = "|".join(kernel.WORDS[kernel._PROVINCE].split())
_SETS = {
    "H": r"(?:\xea[\xb0-\xbf][\x80-\xbf]|[\xeb\xec][\x80-\xbf]{2}|\xed[\x80-\x9d][\x80-\xbf]|\xed\x9e[\x80-\xa3])",
    "SURNAME": _one_of(kernel.SURNAMES),
    "A": "[0-9A-Za-z]",
    "W": r"[\t-\r\x1c-\x20]",
    "D": f"(?:[0-9]|{_one_of(_FULLWIDTH + _CIRCLED + _RAISED + _BOLD)})",
    "D3": f"(?:[0-9]|{_one_of(''.join(c for c in _FULLWIDTH + _CIRCLED + _RAISED if len(c.encode()) == 3))})",
    "F": f"(?:[0-9]|{_one_of(_FULLWIDTH)})",
    "ANY": r"(?:[\xc2-\xdf].|[\xe0-\xef]..|[\xf0-\xf4]...)",
    "MASK": "(?:[*xX]|●|○|◯|■|□|ㅇ)",
    "X": "[0-9A-Fa-f]",
}


def _pattern(text: str) -> re.Pattern[bytes]:
    return re.compile(re.sub("<([A-Z]+3?)>", lambda match: _SETS[match[1]], text).encode(), re.DOTALL)


class _Place(NamedTuple):
    """A byte of a text; patterns look at what ends before it, or begins at it."""

    raw: bytes
    at: int

    def begins(self, pattern: re.Pattern[bytes]) -> bool:
        return pattern.match(self.raw, self.at) is not None

    def ends(self, pattern: re.Pattern[bytes]) -> bool:
        """Something that ends before this byte; the pattern has \\Z."""
        return pattern.search(self.raw[: self.at]) is not None

    def on(self, count: int) -> "_Place":
        return _Place(self.raw, self.at + count)

    def syllable(self) -> str:
        """The Hangul syllable that begins here; empty if none does, or before the text."""
        return self.raw[self.at : self.at + 3].decode() if self.at >= 0 and self.begins(_SYLLABLE) else ""

    def digits(self, before: int, behind: int) -> int:
        """Digits in so many bytes before this one and behind."""
        return len(_DIGIT.findall(self.raw[max(0, self.at - before) : self.at + behind]))


_SYLLABLE, _DIGIT = _pattern("<H>"), _pattern("<D>")

# What follows a label: the rest of its word, signs, and a run that begins like a name, or one drawn out (배 상 호, 배 상호).
# Nothing of ordinary sentences stands between; the mark is in the first 16 bytes, as all signs are.
_SIGN = "(?:(?!<H>)[^,.?;0-9A-Za-z])"
_NAME = "(?=<SURNAME>)(?:<H>{2,8}(?!<H>)|<H>(?!<H>)(?: {1,3}<H>(?!<H>)){2}|<H> <H>{2}(?!<H>))"
_APART = "<SURNAME>(?!<H>)(?:(?: {1,3}<H>(?!<H>)){2}| <H>{2}(?!<H>))"
_DOUBLE = "|".join(kernel.DOUBLE.split("|"))
_FULL_NAME = f"(?=<SURNAME>)(?:<H>{{3}}|(?:{_DOUBLE})<H>{{2}})(?:(?!<H>)|{_one_of(kernel.BEHIND_NAMES)})"
_MARKED = rf"(?={_SIGN}{{0,15}}[:|=/>\-()\[\]\t\xef])"
_NAME_BEHIND = _pattern(
    rf"<H>{{0,3}}(?!<H>)(?:{_SIGN}{{1,16}}<H>{{1,2}}(?!<H>))?{_MARKED}{_SIGN}{{1,16}}{_NAME}|"
    rf"(?:<H>{{0,2}}{_one_of(kernel.LABEL_ENDS)})?(?!<H>)(?:{_SIGN}{{1,16}}<H>{{1,2}}(?!<H>))?{_SIGN}{{1,16}}"
    rf"(?:{_FULL_NAME}|{_APART})"
)
_MARKED_NAME = _pattern(rf"<H>{{0,3}}(?!<H>){_MARKED}{_SIGN}{{1,16}}{_NAME}")
_NAME_BEFORE = _pattern(r"(?:(?<!<H>)<SURNAME><H>(?:<H>{2})?|<SURNAME><H>{2}) {0,2}\Z")
# Up to three short words and a few signs, and a letter, digit, @ or _.
_FILLING = r"<H>{0,5}(?!<H>)[^0-9A-Za-z@_\xea-\xff]{0,9}"
_ID_BEHIND = _pattern(rf"(?:{_FILLING}(?=[\xea-\xff])){{0,2}}{_FILLING}[0-9A-Za-z@_]")
_COLON_BEHIND = _pattern(r"<H>{0,12}.{0,11}(?:[:=|\]]|\xef.\x9a)")
_DOMAIN = _pattern(r"<A>[0-9A-Za-z-]{0,38}\.(?:[A-Za-z]|컴|넷|케|씨)")
_SPELT_DOMAIN = _pattern(rf"[0-9A-Za-z-]{{1,64}}+<W>?(?:[(\[{{<]|{_like('dot')}|닷|점)|네|다|한|지|구|핫")
_OPENED, _CLOSED = _pattern(r"[(\[{<]<W>?\Z"), _pattern(r"<W>?[)\]}>]")


def _mail(place: _Place) -> bool:
    """The domain of an e-mail address, as it is or spelt out."""
    return place.begins(_DOMAIN) or place.begins(_SPELT_DOMAIN)


def _bracketed(place: _Place, length: int) -> bool:
    return place.ends(_OPENED) and place.on(length).begins(_CLOSED)


# Words of two syllables. Those that forms draw out may have spaces inside.
_DRAWN = {chr(0xAC00 + code) for code in kernel._DRAWN}
_WORD = _pattern("(<H>)(<W>{0,4})(<H>)")
_CONDITIONS: dict[str, set[int]] = {}
for _condition, _words in kernel.WORDS.items():
    for _two in _words.split():
        _CONDITIONS.setdefault(_two, set()).add(_condition)


# Runs of syllables that begin like a name, in lists and behind a class, and what parts the items of a list.
_SYLLABLES = _pattern("<H>+")
_NAME_RUN = _pattern("(?<!<H>)(?=<SURNAME>)<H>{3}(?:님)?(?!<H>)")
_CLASS_RUN = _pattern("(?<!<H>)(?=<SURNAME>)<H>{3,5}(?!<H>)")
_LIST_MARK = r"[^A-Za-z \x80-\xff.?!\"']"
_LIST_MARK_BEFORE = _pattern(rf"(?:\A|{_LIST_MARK}|(?!<H>)<ANY>) {{0,2}}\Z")
_LIST_MARK_BEHIND = _pattern(rf" {{0,2}}(?:\Z|{_LIST_MARK}|(?!<H>)[\x80-\xff])")
_TIME = _pattern(r"(?=[0-9 :]{4,6},)[0-9 :]{1,3}:[0-9 :]{2},")
_NUMBERED = _pattern("번|<H>(?:<W>|<H>)?번")


def _meets(condition: int, second: _Place) -> bool:
    """Whether a word, whose second syllable is at a place, has beside it what its condition asks for."""
    word, behind = second.on(-3), second.on(3)
    third = behind.syllable()
    match condition:
        case kernel._LABEL:
            return behind.begins(_MARKED_NAME)
        case kernel._STRICT:
            return behind.begins(_NAME_BEHIND)
        case kernel._PERSON:
            return third != "" and third in kernel._PERSONS and behind.on(3).begins(_NAME_BEHIND)
        case kernel._CLOSING:
            return third == "" and word.ends(_NAME_BEFORE)
        case kernel._CUSTOMER:
            return "님".encode() in behind.raw[behind.at : behind.at + 13] and word.ends(_NAME_BEFORE)
        case kernel._MESSENGER:
            return third in kernel._SERVICES and behind.begins(_ID_BEHIND)  # no third syllable is in every string
        case kernel._ADDRESS:
            return behind.begins(_COLON_BEHIND) and behind.digits(0, kernel.PLACE_REACH) > 0
        case kernel._PASSPORT:
            return word.digits(kernel.REACH, 6 + kernel.REACH) >= 7
        case kernel._MONEY:
            return behind.digits(0, kernel.REACH) >= kernel.ACCOUNT_DIGITS
        case kernel._CLOCK:
            return word.ends(_pattern(r"(?:\[|, )\Z")) or behind.begins(_TIME)
        case kernel._BIRTH:
            return behind.digits(0, kernel.REACH) >= kernel.BIRTH_DIGITS
        case kernel._LEFT:
            return word.ends(_pattern(r"님(?:이|을) \Z")) and word.on(-7).ends(_NAME_BEFORE)
        case kernel._CLASS:
            runs = _CLASS_RUN.finditer(behind.raw, _rest(behind))
            return any(run.start() < behind.at + kernel.CLASS_REACH for run in runs)
        case kernel._NUMBERED:
            return second.begins(_NUMBERED) and behind.digits(0, kernel.NUMBER_REACH) >= kernel.NUMBER_DIGITS
        case _:
            return condition == kernel._AT


def _rest(place: _Place) -> int:
    """Behind the syllables that go on from a place."""
    found = _SYLLABLES.match(place.raw, place.at)
    return found.end() if found else place.at


def _roster(behind: _Place) -> int:
    """Behind the last name of the list whose head ends here; 0 if none follows."""
    found, limit = 0, behind.at + kernel.ROSTER_GAP
    for run in _NAME_RUN.finditer(behind.raw, _rest(behind)):
        if run.start() >= limit:
            break
        before, after = _Place(behind.raw, run.start()), _Place(behind.raw, run.end())
        if before.ends(_LIST_MARK_BEFORE) or after.begins(_LIST_MARK_BEHIND):
            found = run.end()
            limit = min(behind.at + kernel.ROSTER_REACH, found + kernel.ROSTER_GAP)
    return found


_SAID = _pattern(f"(?<!<H>)((?=<SURNAME>)(?:<H>{{3}}|(?:{_DOUBLE})<H>{{2}})){_one_of(kernel.SAID)}")


def _introduction(behind: _Place) -> int:
    """Behind the name of who introduces himself in the rest of the sentence; 0 if nobody does."""
    stop = re.search(rb"[\n!.?]", behind.raw[_rest(behind) :])
    limit = min(behind.at + kernel.SELF_REACH, _rest(behind) + stop.start() if stop else len(behind.raw))
    runs = (run for run in _SYLLABLES.finditer(behind.raw, _rest(behind)) if run.start() < limit)
    found = (_SAID.match(behind.raw, run.start()) for run in runs)
    return next((match.end(1) for match in found if match), 0)


def _opens(place: _Place) -> int:
    """How many bytes are flagged of a word of WORDS that begins here and meets one of its conditions, and of a list that
    follows it; 0 if it meets none."""
    found = _WORD.match(place.raw, place.at)
    if found is None or (found[2] and found[1].decode() not in _DRAWN):
        return 0
    second = _Place(place.raw, found.start(3))
    conditions = _CONDITIONS.get((found[1] + found[3]).decode(), set())
    reach = _roster(second.on(3)) if kernel._ROSTER in conditions else 0
    reach = max(reach, _introduction(second.on(3)) if kernel._SELF in conditions else 0)
    if reach:
        return reach - place.at
    return 6 if any(_meets(condition, second) for condition in conditions) else 0


_PLATE_BEFORE = _pattern(r"(?:<F>)*[ .~-]?\Z")
_PLATE_BEHIND = _pattern(r"[ .-]{0,2}(?=<F>)<D3>{2}(?:[ .-](?=[0-9]))?(?:<D3>|\*){2}(?!<D3>|\*)")
_TOWN_BEFORE = _pattern(rf"(?:{_PROVINCES}) (?:.{{6}}|.{{9}})(?:<W>|(?<!<W>))\Z")


def _is_plate(place: _Place) -> bool:
    """A number plate around the syllable of use that stands here."""
    if place.syllable() not in set(kernel._PLATE_USES) or not place.on(3).begins(_PLATE_BEHIND):
        return False
    before = _PLATE_BEFORE.search(place.raw[: place.at])
    digits = len(_DIGIT.findall(before[0])) if before else 0
    return place.ends(_TOWN_BEFORE) if digits == 0 else digits <= 3


_AT_BEFORE, _AT_BEHIND = _pattern(r"[0-9A-Za-z*]<W>?\Z"), _pattern("<W>?<A>")
_WORD_BEFORE = _pattern(r"<A><W>?\Z")
_HANGUL_BEFORE = _pattern(r"<H>\Z")


def _hangul_hit(place: _Place) -> tuple[int, int] | None:
    """The bytes around a Hangul syllable that open a window, counted from its first."""
    syllable, behind = place.syllable(), place.on(3)
    opened = _opens(place)
    if opened:
        return 0, opened
    if syllable == "앳" and place.ends(_WORD_BEFORE):
        return 0, 3
    alone = not place.ends(_HANGUL_BEFORE) and behind.syllable() != "레"
    if syllable in {"텔", "톡"} and alone and behind.begins(_ID_BEHIND):
        return 0, 3
    return (-4, 8) if _is_plate(place) else None


_AT_WORD, _SPACED = _pattern(_like("at")), _pattern(r"<W>\Z")
_ADDRESS_WORD, _PASSPORT_WORD = _pattern(_like("address")), _pattern(_like("passport"))
_ID_WORD = _pattern(r"[Ii][Dd](?!<A>)[^0-9A-Za-z\n]{1,10}+[A-Za-z.]*[0-9_]")
_LETTER_BEFORE = _pattern(r"<A>\Z")
_LINKS = [_pattern(f"[Tt]\\.{_like('me/')}(?=[0-9A-Za-z_])"), _pattern(f"{_like('open.kakao.com/o/')}(?=[0-9A-Za-z_])")]
_QUAD_BEFORE = _pattern(r"..[0-9]\.\Z")  # 118.90.xxx.33


def _letter_hit(place: _Place) -> tuple[int, int] | None:
    """The same for a Latin letter."""
    if place.begins(_AT_WORD):
        spelt = place.ends(_SPACED) and place.on(2).begins(_pattern("<W>")) and _mail(place.on(3))
        return (0, 2) if _bracketed(place, 2) or spelt else None
    if place.begins(_ADDRESS_WORD):
        behind = place.on(7)
        colon = behind.begins(_COLON_BEHIND)
        return (0, 7) if colon and place.digits(0, kernel.PLACE_REACH) else None
    for label in ("name", "contact", "fn"):
        if place.begins(_pattern(_like(label))):
            return (0, 2) if place.on(len(label)).begins(_MARKED_NAME) else None
    if place.begins(_ID_WORD) and not place.ends(_LETTER_BEFORE):
        return 0, 2
    if place.begins(_PASSPORT_WORD) and place.digits(kernel.REACH, kernel.REACH) >= 7:
        return 0, 8
    for link in _LINKS:
        found = link.match(place.raw, place.at)
        if found:
            return 0, found.end() - place.at
    return (0, 1) if place.begins(_pattern("[xX]")) and place.ends(_QUAD_BEFORE) else None


_SIX_BEFORE, _SIX_BEHIND = _pattern(r"(?:\A|[^0-9A-Za-z:])<X>{4}\Z"), _pattern(":<X>{0,4}:")
_WORD_RIGHT_BEFORE, _ANY_DOMAIN = _pattern(r"(?:<A>|<H>)\Z"), _pattern(r"((?:<A>|-|<H>)+)(\.)(?:<A>|<H>)")
_HALF = _pattern(r"\([0-9]{1,3}\.[0-9]{1,3}\)")
_JAMO_BEFORE, _TIME_BEHIND = _pattern(r"\xe3[\x84-\x86].\Z"), _pattern(r"(?:<W>|\|){0,3}[0-9]{2}")
_ROAD = _pattern("-(?:[Rr][Oo]|[Gg][UuIi]|[Dd][OoAa])")
_SEAL = _pattern(rf"\((?:(?:인|{_like('印')})\)|서명)")
_HASH, _UNDERSCORE = _pattern("#"), _pattern(f"_{_like('at_')}")


def _international(place: _Place) -> bool:
    """Hangul right before the @ here, or in the domain behind it, whose last character begins within 63 bytes."""
    domain = _ANY_DOMAIN.match(place.raw, place.at + 1)
    if not domain or not place.ends(_WORD_RIGHT_BEFORE):
        return False
    last = domain.start(2) - len(domain[1].decode()[-1].encode())
    return last < place.at + 64 and (place.ends(_HANGUL_BEFORE) or _SYLLABLE.search(domain[1]) is not None)


def _sign_hit(place: _Place) -> tuple[int, int] | None:
    """The same for a sign of ASCII."""
    sign = chr(place.raw[place.at])
    if sign == "@":
        between = _international(place) or (place.ends(_AT_BEFORE) and place.on(1).begins(_AT_BEHIND))
        return (0, 1) if between or _bracketed(place, 1) else None
    if sign == "*" and place.ends(_QUAD_BEFORE):
        return 0, 1
    if place.begins(_SIX_BEHIND) and place.ends(_SIX_BEFORE):
        return 0, 1
    if place.begins(_ROAD) and place.ends(_LETTER_BEFORE) and place.digits(30, 0):
        return 0, 3
    half = _HALF.match(place.raw, place.at)
    if half:
        length = half.end() - place.at
        return (0, length) if place.ends(_JAMO_BEFORE) or place.on(length).begins(_TIME_BEHIND) else None
    if place.begins(_SEAL):
        return 0, 4
    if place.begins(_pattern("%" + _like("40"))):
        return 0, 3
    if place.begins(_pattern("&" + _like("#64"))):
        return 0, 4
    if place.ends(_LETTER_BEFORE):
        named = place.begins(_HASH) and place.on(1).begins(_DOMAIN)
        return (0, 1) if named or (place.begins(_UNDERSCORE) and _mail(place.on(4))) else None
    return None


_TALK = _pattern(r"ㅋ(?:..\x8c|..\x8f(?=톡))")  # ㅋㅌ, ㅋㅏ톡; the kernel looks at one byte of ㅌ and ㅏ only


def _other_hit(place: _Place) -> tuple[int, int] | None:
    """The same for any other character."""
    if place.begins(_pattern("ⓐ|＠")):
        return 0, 3
    return (0, 6) if place.begins(_TALK) and place.on(6).begins(_ID_BEHIND) else None


# A number that may stand in an address.
_ROAD_BEFORE = _pattern(r"(로|길|가|리|동|읍|면)(?:<W>{0,2}(?:지하|산)<W>?|<W>{0,2})\Z")
_LOT_PARTS = _pattern("<D>|-|<W>")
_HERE = _pattern("번|근|인|앞|뒤|에")


def _lot_end(place: _Place) -> _Place:
    """Behind the last digit of a lot, of which the kernel reads 40 bytes."""
    ends = [place.at]
    for part in _LOT_PARTS.finditer(place.raw, place.at):
        if part.start() != ends[-1] or part.start() >= place.at + 40:
            break
        ends.append(part.end())
    number = place.raw[place.at : ends[-1]]
    return place.on(max(digit.end() for digit in _DIGIT.finditer(number)))


def _is_lot_here(number: _Place) -> bool:
    """A lot (12-3, 12번지), and that someone lives or something is there."""
    behind = _lot_end(number)
    exact = b"-" in number.raw[number.at : behind.at]
    if behind.begins(_pattern("번지")):
        exact, behind = True, behind.on(6)
    if behind.begins(_pattern("<W>")):
        behind = behind.on(1)
    return exact and behind.begins(_HERE)


_AREAS = [
    (_pattern(f"(?={_one_of(''.join(name[-1] for name in names))}{end})"), 3)
    for names, end in [(CITIES, "시"), (COUNTIES, "군"), (DISTRICTS, "구")]
] + [(_pattern(f"(?={_PROVINCES})"), 0)]


def _district_before(road: _Place) -> bool:
    """A province, city, county or district; 시, 군 and 구 must lie within reach, what is before them need not."""
    for area, last in _AREAS:
        starts = [found.start() + last for found in re.finditer(area, road.raw[: road.at])]
        if any(start >= road.at - kernel.DISTRICT_REACH for start in starts):
            return True
    return False


def _place_hit(number: _Place) -> tuple[int, int] | None:
    """The same for a digit: from the road, village or building before it."""
    found = _ROAD_BEFORE.search(number.raw[: number.at])
    if found is None or number.at < 4:
        return None
    road = _Place(number.raw, found.start())
    if road.on(-3).syllable() == "으":
        return None
    flat = road.ends(_pattern(r"<F>\Z")) and _lot_end(number).syllable() == "호"
    if (road.syllable() == "동" and (flat or _is_lot_here(number))) or _district_before(road):
        return road.at - number.at, 0
    return None


class _Group(NamedTuple):
    """Digits of a stretch that stand together."""

    joint: str  # the signs between it and the group before
    spelt: bool  # in Hangul
    digits: str


_LEAD = r"(?<!\d)(?:0\d*|\d|82\d*)"  # of a number that is dialled
_SHAPES = re.compile(
    r"(?<!\d)(?:"
    r"\d{10,16}|0\d{8}"  # of one group
    r"|(?:0\d+|82\d*|\d{6}) \d{7,8}"  # 010 12345678, 900101-1234567
    r"|82 \d+ \d{7,8}|\d\d \d\d \d{7}"  # +82 10-12345678, 90.01.01-1234567
    r"|(?:0\d{4,6}|82 \d{5,7}) \d{4}|82 \d{9}"  # 010123 4567, +82 10123-4567
    r"|\d{4} \d{6} \d{5}|\d\d \d{6} \d\d|\d{3} \d\d \d{5}|\d{6} \d \d{6}"  # accounts, firms
    r")$"
)
_TELEPHONE = re.compile(rf"{_LEAD}(?: \d+)? \d{{3,4}} \d{{4}}$|(?<!\d)\d{{4}}(?: \d{{4}}){{3}}$")
_THREE_GROUPS = re.compile(r"\d \d{3,4} \d{4}$")


class _Stretch:
    """Digits with few signs between them. The kernel looks at its last groups whenever one ends; this, in the end, at all."""

    def __init__(self, begin: _Place) -> None:
        self.begin, self.end = begin, begin.at
        self.groups: list[_Group] = []
        self.joint = ""  # signs since the last digit
        self.wide = self.stars = 0
        self.lettered = False  # a passport's number with a letter inside, M123A4567

    @property
    def total(self) -> int:
        return sum(len(group.digits) for group in self.groups)

    def add(self, digit: str, spelt: bool, end: int) -> None:
        if not self.groups or self.joint or spelt != self.groups[-1].spelt:
            self.groups.append(_Group(self.joint, spelt, ""))
        last = self.groups[-1]
        self.groups[-1] = last._replace(digits=last.digits + digit)
        self.joint, self.end = "", end

    def _chain(self, count: int) -> int:
        """Digits of the last of `count` groups and of those that single hyphens, or nothing, join to it."""
        size = 0
        for group in reversed(self.groups[:count]):
            size += len(group.digits)
            if group.joint not in ("", "-"):
                break
        return size

    def _is_shape(self, count: int) -> bool:
        """The last of the first `count` groups are a number of a kind that is sought."""
        groups = [group.digits for group in self.groups[:count]]
        text, chain = " ".join(groups), self._chain(count)
        if _SHAPES.search(text):
            return True
        if _THREE_GROUPS.search(text):  # 02-123-4567, +82 10 1234 5678, cards
            return _TELEPHONE.search(text) is not None
        if re.fullmatch(r"(?:\d{3}|(?!19|20)\d{4}) \d{4}", text) and chain == len(text) - 1:
            return True  # 3146-1316
        if re.fullmatch(r"1[568]\d\d \d{4}", text):  # 1588 0000
            return True
        if count >= 10 and re.search(r"(?: \d){5}$", text):
            return True
        date = re.search(r"(?<!\d)\d{4} \d\d? \d\d?$", text)
        return chain >= 10 and chain > len(groups[-1]) and not date

    def _is_quad(self, count: int) -> bool:
        """Four groups of three digits at most, with dots between."""
        groups = self.groups[:count][-4:]
        dotted = len(groups) == 4 and all(group.joint == "." for group in groups[1:])
        return dotted and all(len(group.digits) <= 3 for group in groups)

    def opens(self) -> bool:
        counts = range(1, len(self.groups) + 1)
        disguised = self.total >= 9 and (self.wide >= 3 or self.stars >= 2)
        passport = len(self.groups[0].digits) == 8 and self.begin.ends(_PASSPORT_BEFORE)
        shaped = any(self._is_shape(count) or self._is_quad(count) for count in counts)
        return shaped or disguised or passport or self.lettered


_PASSPORT_BEFORE = _pattern(r"[msrgdoMSRGDO]\Z")
_LETTERED_BEFORE, _LETTERED_BEHIND = _pattern(r"[msrgdoMSRGDO]...\Z"), _pattern("[A-Za-z][0-9]{4}")

# What does not count between digits: an entity, a tag (without @ or seven digits, hyphens between or not), no width.
_SKIPPED = _pattern(f"&[^;]{{0,7}};|<(?=[/0-9A-Za-z])(?![^>]*[0-9](?:-*[0-9]){{6}})[^@>]{{1,38}}>|{_one_of(_NO_WIDTH)}")
_ALIKE = _pattern(r"[OoIl](?=[0-9OoIl])|(?<=[0-9OoIl])[OoIl]")
_MASK, _TWO_MASKS = _pattern("<MASK>"), _pattern("<MASK><MASK>")
_STAR_BEFORE = _pattern(r"(?:<F>|-)\Z")
_LETTER, _SIGN_BEYOND_ASCII = _pattern("[A-Za-z]"), _pattern(r"[\xc2\xe2\xef]|\xe3\x80|\xe3.[\xbc\xa1]")


def _hides(place: _Place, stretch: _Stretch | None) -> bool:
    """A star or another sign that stands for a digit of the stretch before."""
    if stretch is None or not place.begins(_MASK):
        return False
    joined = stretch.stars > 0 and stretch.end == place.at
    if place.begins(_pattern(r"\*")):
        return stretch.total >= 2 and (joined or place.ends(_STAR_BEFORE))
    return stretch.total >= 6 and (joined or place.begins(_TWO_MASKS))


def _hit(place: _Place, character: str, is_digit: bool) -> tuple[int, int] | None:
    """The bytes around a character that open a window, counted from its first."""
    if character in _DIGITS:
        return _place_hit(place)
    if place.syllable():
        return _hangul_hit(place)
    if place.begins(_LETTER):
        return _letter_hit(place)
    if is_digit:
        return None
    return _sign_hit(place) if character.isascii() else _other_hit(place)


class _Reader:
    """A scan: the windows so far and the stretch that is open."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.windows: list[tuple[int, int]] = []
        self.stretch: _Stretch | None = None

    def close(self) -> list[int]:
        """Ends the stretch, if one is open; gives its first byte and the one behind its last if it opens a window."""
        stretch, self.stretch = self.stretch, None
        return [stretch.begin.at, stretch.end] if stretch and stretch.opens() else []

    def open_window(self, edges: list[int]) -> None:
        """Around all that a character and the stretch that it ended have flagged."""
        if not edges:
            return
        low, high = max(0, min(edges) - kernel.MARGIN), min(len(self.raw), max(edges) + kernel.MARGIN)
        low, high = _border(self.raw, low, -1), _border(self.raw, high, 1)
        # The window found last may begin behind this one, which then takes it in.
        while self.windows and low <= self.windows[-1][1]:
            before = self.windows.pop()
            low, high = min(low, before[0]), max(high, before[1])
        self.windows.append((low, high))

    def lettered(self, place: _Place) -> bool:
        """The letter inside a passport's number: M123A4567."""
        stretch = self.stretch
        if stretch is None or stretch.total != 3 or stretch.end != place.at or not place.begins(_LETTERED_BEHIND):
            return False
        stretch.lettered = place.ends(_LETTERED_BEFORE)
        return stretch.lettered

    def digit(self, place: _Place, character: str) -> bool:
        """Adds a character to the stretch if it is a digit or stands for one."""
        spelt, hidden = character in _NUMERALS, _hides(place, self.stretch)
        if not (character in _DIGITS or spelt or hidden or place.begins(_ALIKE)):
            return False
        self.stretch = self.stretch or _Stretch(place)
        self.stretch.wide += not hidden and character not in "0123456789"
        self.stretch.stars += hidden
        value = str(_FULLWIDTH.index(character)) if character in _FULLWIDTH else character
        self.stretch.add(value if value in "0123456789" else "0", spelt, place.at + len(character.encode()))
        return True

    def sign(self, place: _Place, character: str) -> list[int]:
        """Adds a sign behind the last digit, or ends the stretch; what `close` gives."""
        if self.stretch is None:
            return []
        with_e = character == "에" and self.stretch.total >= 3 and self.stretch.end == place.at  # 공일공에 1234에 5678
        beyond = place.begins(_SIGN_BEYOND_ASCII) and not place.syllable()
        if not (with_e or beyond or (character.isascii() and not character.isalpha() and character != "@")):
            return self.close()
        self.stretch.joint += character
        return self.close() if len(self.stretch.joint) > kernel.GAP else []

    def character(self, place: _Place, character: str) -> None:
        edges = [place.at - 4, place.at + 1] if self.lettered(place) else []
        is_digit = self.digit(place, character)
        hit = _hit(place, character, is_digit)
        if hit:  # of several, the kernel keeps the last
            edges = [place.at + hit[0], place.at + hit[1]]
        self.open_window(edges + ([] if is_digit else self.sign(place, character)))


def _border(raw: bytes, k: int, step: int) -> int:
    """The next place, from k on, where no character goes on."""
    while k < len(raw) and raw[k] & 0xC0 == 0x80:
        k += step
    return k


def windows(text: str) -> list[tuple[int, int]]:
    """The windows of one document: first byte, and byte behind the last."""
    raw = text.encode()
    reader, at = _Reader(raw), 0
    while at < len(raw):
        place = _Place(raw, at)
        skipped = _SKIPPED.match(raw, at)
        if skipped:
            hit = _sign_hit(place)  # &#64;
            reader.open_window([at + hit[0], at + hit[1]] if hit else [])
            at = skipped.end()
        else:
            end = _border(raw, at + 1, 1)
            reader.character(place, raw[at:end].decode())
            at = end
    reader.open_window(reader.close())
    return reader.windows
