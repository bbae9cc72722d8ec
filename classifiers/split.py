"""The split of labelled data into a development and a held-out part, by group and without a list."""

import hashlib
from typing import Literal

Part = Literal["all", "dev", "held-out"]
# About 40 % of the groups are held out: those whose SHA-256 begins with this byte or a larger one.
_HELD_OUT_FROM = 154


def held_out(group: str) -> bool:
    """Whether a group (a host, a source) is held out: the first byte of its SHA-256 is 154 or more."""
    return hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest()[0] >= _HELD_OUT_FROM


def in_part(group: str, part: Part) -> bool:
    return part == "all" or held_out(group) == (part == "held-out")
