"""White space: what each kernel takes for a space, what for the end of a line, and why they differ.

The kernels do not agree, and cannot be made to agree for nothing: hashes of lines, features of shipped models, pieces of
tokenizers and published counters depend on it. So each class has a name here, and tests/kernels/test_characters.py holds
every kernel to its own, at every code point. Kernels whose class is in a table build the table from here; those that
compare code points in compiled code (faster than a table where nearly all text is Hangul) are held by the test alone.

* `minhash`: PYTHON. Wrong or other white space must not hide a duplicate; a space is a space, wherever a text comes from.
* `pieces`: PYTHON. `str.split` parts words before a user's tokenizer does, and the counts must be equal.
* `textstats`: TEXTSTATS. It counts characters as Unicode classes them: U+001C–1F are controls, U+2028 and U+2029 end lines.
* `lines`: LINES. A line is folded to what one sees of it, and controls, U+200B and U+FEFF show nothing. LF alone ends a
  line; `repair` makes the other ends LF.
* `toxic`: TOXIC. CR, VT, FF and U+0085 end a line too; what has no width is skipped, since it is put into words to hide them.
* `ngrams`: NGRAMS. What the shipped models were trained with: U+200B–200F are spaces, U+202F and U+205F marks, U+1680 a
  letter. A change means training them again, for characters that hardly occur.
* `damage`: DAMAGE. What `repair` makes a plain space or LF sets a bit. TAB, LF and space (PLAIN) are as they should be.
* `personal`: ASCII and SEPARATORS. Between digits any sign beyond ASCII counts like a space anyway.
* `markup`: ASCII. White space between attributes; VT too, which HTML leaves out and nobody writes.
* `scripts`, `teasers`: CONTROLS. One comparison; a control beside a Latin word or at a line's edge does not matter to them.

The other kernels (`eojeol`, `topic_words`, `json_items`, `charset`, `repetition`, `ngram_lm`) look at Hangul, letters,
bytes or numbers, and know no white space.
"""

from typing import NamedTuple

_NO_LENGTH = frozenset(range(0x200B, 0x2010))  # characters of no width: spaces in `ngrams`
LF = frozenset({0x0A})
SEPARATORS = frozenset(range(0x1C, 0x20))  # FS, GS, RS and US, which Python adds to Unicode's white space
ASCII = frozenset({*range(0x09, 0x0E), 0x20})
CONTROLS = frozenset(range(0x21))  # all of ASCII that shows nothing, but DEL
PARAGRAPHS = frozenset({0x2028, 0x2029})
NEXT_LINE = frozenset({0x85})
# Spaces beyond ASCII: no-break, Ogham, em and en and thin, narrow no-break, mathematical, ideographic.
EXOTIC = frozenset({0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000})
UNICODE = ASCII | NEXT_LINE | EXOTIC | PARAGRAPHS  # White_Space of the Unicode Character Database
PYTHON = UNICODE | SEPARATORS  # str.isspace


class White(NamedTuple):
    """What parts words, and what ends lines; a kernel without lines has only the first."""

    spaces: frozenset[int]
    ends: frozenset[int] = frozenset()


TEXTSTATS = White(UNICODE - LF - PARAGRAPHS, LF | PARAGRAPHS)
LINES = White(CONTROLS - LF | EXOTIC - {0x1680} | {0x200B, 0xFEFF}, LF)
TOXIC = White(frozenset({0x09, 0x20}) | EXOTIC - {0x1680}, frozenset(range(0x0A, 0x0E)) | NEXT_LINE | PARAGRAPHS)
NGRAMS = White(ASCII - LF | {0xA0, 0x3000} | frozenset(range(0x2000, 0x200B)) | _NO_LENGTH, LF | NEXT_LINE | PARAGRAPHS)
DAMAGE = White(EXOTIC, frozenset({0x0B, 0x0C, 0x0D}) | NEXT_LINE | PARAGRAPHS)
PLAIN = frozenset({0x09, 0x0A, 0x20})  # the white space of undamaged text

KERNELS = {
    "minhash": White(PYTHON),
    "pieces": White(PYTHON),
    "textstats": TEXTSTATS,
    "lines": LINES,
    "toxic": TOXIC,
    "ngrams": NGRAMS,
    "damage": DAMAGE,
    "personal": White(ASCII | SEPARATORS),
    "markup": White(ASCII),
    "scripts": White(CONTROLS - LF, LF),
    "teasers": White(CONTROLS - LF, LF),
}
