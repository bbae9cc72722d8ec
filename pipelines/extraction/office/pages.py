"""Figures of a page of PDF, and whether its text is in the file at all.

What fails in Korean PDFs fails silently: Hangul drawn as outlines leaves digits and punctuation, fonts without a map to
characters give private use or other people's syllables. The bounds are set on the 60 PDFs of docs/documents.md.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

_HANGUL = re.compile("[가-힣]+")
_LETTERS = re.compile("[A-Za-zＡ-Ｚａ-ｚα-ωА-я一-鿿ぁ-ヿ]+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_UNMAPPED = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
# The commonest syllables of Korean: four in ten of running text, a quarter of lists of names and words.
_COMMON = re.compile(
    "[이다의는에을고가하지로기은사한시인대자도정어를있스리전부해수제여나서상과보그아일들주장게만원적동문관]"
)

_FEW_CHARS = 20
_FEW_LETTERS = 60
_SCANNED = 0.4  # share of the page under images
_OUTLINES = 150  # shapes: a page of text as outlines has one for each syllable, a page with tables fewer than this
_MIXED = 0.35  # share of letters in what is left of a page whose Hangul is drawn
_ENOUGH = 60  # syllables, from which statistics say something


class PageFigures(NamedTuple):
    """Characters without spaces, shares of Hangul and private use among them, share of the page under images (looked at
    only where there is little text), and why its text is missing, or nothing."""

    chars: int
    hangul: float
    private: float
    images: float
    missing: str


def figures(text: str, drawn: Callable[[], tuple[float, int]]) -> PageFigures:
    """The figures of a page; `drawn` gives the share under images and the number of shapes, and is asked where there is
    little text."""
    chars = len("".join(text.split()))
    hangul = "".join(_HANGUL.findall(text))
    letters = sum(map(len, _LETTERS.findall(text)))
    private = len(_PRIVATE.findall(text))
    images, missing = 0.0, _garbled(text, hangul, chars, private)
    if not missing and not hangul and (letters < _FEW_LETTERS or letters < _MIXED * chars):
        images, shapes = drawn()
        if shapes >= _OUTLINES and letters < max(_FEW_LETTERS, _MIXED * chars):
            missing = "outlines"
        elif images >= _SCANNED and chars < _FEW_CHARS:
            missing = "scanned"
    share = max(1, chars)
    return PageFigures(chars, len(hangul) / share, private / share, images, missing)


def _garbled(text: str, hangul: str, chars: int, private: int) -> str:
    """Why the characters of a page are not those that it shows, or nothing."""
    if chars < _FEW_CHARS:
        return ""
    if private > 0.5 * chars and len(hangul) < 0.1 * chars:
        return "private_use"
    if len(_UNMAPPED.findall(text)) > 0.2 * chars:
        return "unmapped"
    if len(hangul) >= _ENOUGH:
        rare = len(hangul) - len(hangul.encode("euc_kr", "ignore")) // 2
        if rare > 0.1 * len(hangul) or len(_COMMON.findall(hangul)) < 0.12 * len(hangul):
            return "garbled"
    return ""
