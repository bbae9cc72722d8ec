"""The split by group: the documented rule, and about the documented share."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.split import held_out, in_part


@given(st.text())
def test_the_rule_and_the_parts(group):
    byte = hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest()[0]
    assert held_out(group) == (byte >= 154) == in_part(group, "held-out") != in_part(group, "dev")
    assert in_part(group, "all")


def test_about_two_in_five_are_held_out():
    share = sum(held_out(f"site{number}.example.com") for number in range(2000)) / 2000
    assert 0.37 < share < 0.43
