"""Encyclopedias as pages show them: links for editors, marks of notes that stand elsewhere."""

from algok.filters.trim.rules import spans

ENCYCLOPEDIA = (
    spans("marks", "[", r"[ \t]?\[(?:편집|원본 편집|edit|소스 편집)(?: \| (?:원본|소스) 편집)?\]"),
    # behind Hangul and the end of a sentence only: values[1] is code
    spans("marks", "[", r"(?:(?<=[가-힣”’])|(?<=[가-힣]\.))\[(?:[0-9]{1,3}|주[ \t]?[0-9]{1,3}|출처 필요|[a-z])\]"),
)
