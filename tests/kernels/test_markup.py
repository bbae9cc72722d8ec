"""The linear pass over markup: what it tells of a page, and the page it simplifies."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernels.reference import markup as twin

from algok.kernels.markup import NAME_KINDS, scan

_ELEMENTS = (
    "a b i br p li td div span blockquote h1 html body head script style title textarea svg math select "
    "plaintext plaintextual SCRIPT Div nobr x-y"
)
_NAMES = st.sampled_from(_ELEMENTS.split())
_ATTRIBUTES = st.sampled_from(
    [
        "",
        " ",
        " a",
        " a=1",
        " class='x y'",
        ' title="a>b"',
        " /",
        "/",
        " a = b ",
        " =x",
        " a='",
        ' b="',
        "\n\tc",
        " a/b",
    ]
)
_TAGS = st.builds(
    lambda opening, name, attributes, end: opening + name + "".join(attributes) + end,
    st.sampled_from(["<", "<", "<", "</"]),
    _NAMES,
    st.lists(_ATTRIBUTES, max_size=3),
    st.sampled_from([">", ">", ">", "/>", ""]),
)
_OTHERS = (
    "가나 다~text ~<~<!--~-->~<!-->~<!--->~<!-- a > b -->~<!doctype html>~<?x?>~</ x>~</>~<1~&lt;~>~</script~</SCRIPT >~"
    "</title x>~<svg/>~<svg a=b/>~\n~é"
)
_REST = st.sampled_from(_OTHERS.split("~"))
PAGES = st.lists(st.one_of(_TAGS, _REST), max_size=25).map("".join)


def scanned(page: bytes) -> twin.Scan:
    """What the kernel says of a page, and the markup that it writes."""
    data, out = np.frombuffer(page, np.uint8), np.zeros(len(page), np.uint8)
    *found, written = scan(data, out, NAME_KINDS)
    assert written <= len(page)
    assert list(scan(data, np.empty(0, np.uint8), NAME_KINDS))[:-1] == found
    return twin.Scan(*found, out[:written].tobytes())


@settings(max_examples=1500)
@example("<p>가<script")
@example("<p>가<script a='")
@example("a<plaintextual>b")
@example("<svg><plaintext>a</svg><plaintext>b")
@example("<textareas></textareas>x</textarea>")
@given(PAGES)
def test_a_page_is_scanned_as_by_the_plain_twin(page):
    assert scanned(page.encode()) == twin.scan(page.encode())


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_any_bytes_are_scanned_as_by_the_plain_twin(page):
    assert scanned(page) == twin.scan(page)


@pytest.mark.parametrize(
    ("page", "depth", "content", "simple"),
    [
        ("<html><body class=a><p>가<b>나</b></body>", 1, 20, "<html><body><p>가나</body>"),
        ("<div><div></div></div></div>", 2, 0, "<div><div></div></div></div>"),
        ("<head></head>x<body>y", 0, 20, "<head></head>x<body>y"),
        ("<script>a<b></script>c", 0, 0, "<script>a<b></script>c"),
        ("a < b <!-- <p> --> c", 0, 0, "a < b  c"),
    ],
)
def test_pages_are_told_as_a_reader_would(page, depth, content, simple):
    found = scanned(page.encode())
    assert (found.depth, found.content, found.simple.decode()) == (depth, content, simple)
