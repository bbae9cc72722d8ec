"""Characters that are not seen: invisible ones out, exotic spaces to a plain space, every line end to \\n."""

import re

# Typographic and no-break spaces of Unicode (category Zs) other than U+0020, and the Hangul fillers shown as a blank.
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_ANSI = re.compile("\x1b\\[[0-9;?]{0,16}[A-Za-z]")

# Joiners, marks and fillers that carry meaning next to certain characters; judged one by one.
_CONDITIONAL = "\u115f\u1160\u200b-\u200f\u202a-\u202e\u2066-\u2069\U000e0020-\U000e007f"
_ALWAYS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0001"
_INVISIBLE = re.compile(f"[{_ALWAYS}{_CONDITIONAL}]")
_JAMO = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")
# Scripts that use ZWNJ/ZWJ (Arabic to Sinhala, Mongolian) and zero-width spaces (Thai to Myanmar, Khmer, Tai Le …).
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18aa\u1900-\u1aad\ufb50-\ufefc]")
_SPACELESS = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u1aad]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff]")


def plain_spaces(text: str) -> tuple[str, int]:
    """Every exotic space as U+0020, and how many."""
    return _SPACES.subn(" ", text)


def plain_line_ends(text: str) -> tuple[str, int]:
    """CR LF, CR, VT, FF, NEL, LS and PS as \\n, and how many."""
    return _LINE_ENDS.subn("\n", text)


def remove_invisible(text: str) -> tuple[str, int]:
    """The text without controls, zero-width, bidi and tag characters that do nothing for it, and how many went.

    Kept: joiners inside emoji and in scripts that join, zero-width spaces in scripts without spaces, bidi controls in a
    line with right-to-left letters, tags behind a flag, fillers next to conjoining jamo.
    """
    text, count = _ANSI.subn("", text)
    out = []
    at = 0
    rtl_line = (-1, -1, False)  # start, end and verdict of the line last looked at
    for match in _INVISIBLE.finditer(text):
        i = match.start()
        c = text[i]
        if c in "\u200e\u200f" or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069":
            if not rtl_line[0] <= i < rtl_line[1]:
                start = text.rfind("\n", 0, i) + 1
                end = text.find("\n", i)
                end = len(text) if end < 0 else end
                rtl_line = (start, end, bool(_RTL.search(text, start, end)))
            keep = rtl_line[2]
        else:
            before = text[i - 1 : i] if i > at else (out[-1][-1] if out else "")
            keep = _keeps(c, before, text[i + 1 : i + 2])
        if keep:
            continue
        if i > at:
            out.append(text[at:i])
        at = i + 1
        count += 1
    return ("".join(out) + text[at:] if count else text), count


def _keeps(c: str, before: str, after: str) -> bool:
    if c == "\u200d":
        return bool((_EMOJI.match(before) and _EMOJI.match(after)) or _JOINING.match(before))
    if c == "\u200c":
        return bool(_JOINING.match(before) and _JOINING.match(after))
    if c == "\u200b":
        return bool(_SPACELESS.match(before) and _SPACELESS.match(after))
    if c in "\u115f\u1160":
        return bool(_JAMO.match(before) or _JAMO.match(after))
    if "\U000e0020" <= c <= "\U000e007f":
        return before == "\U0001f3f4" or "\U000e0020" <= before <= "\U000e007e"
    return False
