"""What `algok.kernels.manner.counts` computes, with regular expressions over the characters of a text."""

import re

from algok.kernels.manner import COUNTS, PAIRS, READ

_EACH = {
    "points": r"[.,]", "asked": r"\?", "called": "!", "laughs": "[ㅋㅎㅠㅜ]", "tildes": "~", "quotes": "[\"'“”‘’]",
    "titles": "[「『《〈]", "code": "[{};=<>]", "hashes": "#", "addresses": "@", "hangul": "[가-힣]", "latin": "[A-Za-z]",
    "digits": "[0-9]", "words": r"(?<![^\n\t\r \xa0\u3000])[^\n\t\r \xa0\u3000]", "stops": "[가-힣](?=[.!?])",
    "da": "다(?=[.!?])", "nida": "니다", "yo": "요(?![가-힣])", "past": "[았었였했갔왔됐]다",
    "dates": "(?<=[0-9]{3})[0-9](?=[-./년])", "prices": "[0-9](?= ?원)", "times": "[0-9](?=:[0-9])", "articles_of_law": "제[0-9]",
}  # fmt: skip


def _line(line: str, row: dict[str, int]) -> None:
    row["lines"] += 1
    row["short"] += len(line) < 12
    row["shortish"] += len(line) < 25
    row["long"] += len(line) > 100
    row["in_long"] += len(line) if len(line) > 60 else 0
    row["longest"] = max(row["longest"], len(line))
    row["end_stop"] += line[-1] in ".!?"
    row["end_colon"] += line[-1] == ":"
    row["end_bracket"] += line[-1] == ")"
    row["end_digit"] += line[-1] in "0123456789"
    row["nouns"] += re.search(r"[음함임됨것](?<=.)\.?\Z", line) is not None
    row["bullets"] += re.match(r"[0-9]{1,3}[.)]|[-*•·□■▶○●◦]", line) is not None
    row["questions"] += re.match("[QA][.:]", line) is not None
    row["foreign"] += re.search("[가-힣]", line) is None
    row["speakers"] += re.match(r"[^:]{0,10}[^:0-9]: ", line) is not None


def counts(text: str) -> list[int]:
    """One row of the kernel."""
    text = re.sub("[^\0-\uffff]", "\ufffd", text[:READ])
    row = dict.fromkeys(COUNTS, 0)
    row["chars"] = len(text)
    for name, pattern in _EACH.items():
        row[name] = len(re.findall(pattern, text))
    for line in text.split("\n"):
        stripped = line.strip("\t\r \xa0\u3000")
        if stripped:
            _line(stripped, row)
    return [row[name] for name in COUNTS] + [
        sum(len(re.findall(f"(?={pair})", text)) for pair in {word[:2] for word in words.split()}) for words in PAIRS
    ]
