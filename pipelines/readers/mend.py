"""JSON with the slips of corpora that were put together by hand: commas too many, values without quotation marks."""

import json
import re

_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"|\s++|[{}\[\]:,]|\([^()"{}\[\]:\n]*+\)(?=\s*+[,}\]])|[^\s"{}\[\]:,][^"{}\[\]:,\n]*+|"',
    re.DOTALL,
)
_VALUE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity")
TRAILING, BARE = "trailing comma", "value without quotation marks"


def mended(text: str) -> tuple[str, set[str]]:
    """The text with these slips mended, and which there were; strings are left as they are.

    >>> mended('{"id": (반사회적용어), "a": [1, ],}')[0]
    '{"id": "(반사회적용어)", "a": [1]}'
    """
    out: list[str] = []
    wrong: set[str] = set()
    comma = -1  # place in `out` of a comma behind which only white space stood until now
    for match in _TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first.isspace():
            out.append(token)
            continue
        if first in "}],":
            if comma >= 0:
                wrong.add(TRAILING)
                del out[comma:]
            comma = -1
        else:
            comma = -1
        if first == ",":
            comma = len(out)
        elif first not in '"{}[]:' and not _VALUE.fullmatch(token.rstrip()):
            wrong.add(BARE)
            token = json.dumps(token.rstrip(), ensure_ascii=False)
        out.append(token)
    return "".join(out), wrong
