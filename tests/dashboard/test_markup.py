"""Escaping: whatever text comes in, the page that comes out has only our own elements."""

from html.parser import HTMLParser

import orjson
from hypothesis import given
from hypothesis import strategies as st

from algok.dashboard.markup import Markup, data, name, script_json, tag


class Seen(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], {}, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data):
        self.text += data


_texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["</script>", "<img onerror=1>", '"', "'", "&lt;"]
)


@given(_texts, _texts)
def test_any_text_stays_a_text_and_any_attribute_an_attribute(text, value):
    seen = Seen(tag("p", data(text), title=value))
    assert seen.tags == ["p", "bdi"] and set(seen.attributes) == {"title"}
    assert (
        seen.attributes["title"].replace("\r", "\n") == value.replace("\r\n", "\n").replace("\r", "\n") or "\r" in value
    )


@given(_texts)
def test_what_is_shown_has_no_control_or_direction_marks(text):
    assert all(char.isprintable() for char in Seen(data(text)).text)


@given(_texts)
def test_a_name_reads_as_it_is_written(text):
    assert Seen(name(text)).text == Seen(data(text)).text


@given(
    st.recursive(_texts | st.integers(-(2**53), 2**53), lambda inner: st.lists(inner) | st.dictionaries(_texts, inner))
)
def test_json_in_a_script_is_the_same_and_cannot_end_it(value):
    written = script_json(value)
    assert orjson.loads(str(written)) == value
    assert not {"<", ">", "&"} & set(written)


def test_finished_markup_is_taken_as_it_is():
    assert tag("div", Markup("<b>x</b>"), None, ["y", 3]) == "<div><b>x</b>y3</div>"
    assert tag("line", x1=1.5, hidden=True, y1=None) == '<line x1="1.5" hidden/>'
