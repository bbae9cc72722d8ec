"""How likely a space stands behind and before each syllable, for joining the lines of PDFs.

    python tools/train_models/line_breaks.py ../shared/data > pipelines/extraction/office/breaks.tsv

A syllable's odds are log(spaces + 1) - log(none + 1) over the places between two syllables, less those of all places.
"""

import re
import sys
from collections import Counter
from math import log
from pathlib import Path

from sets import rows

SETS = (
    "domain/petitions", "domain/book_reviews_nanet", "domain/book_reviews_acorn", "domain/wikinews_ko", "domain/law_statutes",
    "domain/unesco_reports", "clean/tensorflow_docs_ko", "clean/k8s_docs_ko", "domain/fairytales",
)  # fmt: skip
MOST = 3_000_000  # characters of a set, so that no set decides alone
LEAST = 200  # places from which a syllable is known
_PLACE = re.compile("(?<=([가-힣]))( ?)(?=([가-힣]))")


def main() -> None:
    behind, before = (Counter(), Counter()), (Counter(), Counter())
    for name in SETS:
        size = 0
        for row in rows(Path(sys.argv[1]), name):
            for place in _PLACE.finditer(row["text"]):
                spaced = len(place[2])
                behind[spaced][place[1]] += 1
                before[spaced][place[3]] += 1
            size += len(row["text"])
            if size > MOST:
                break
    usual = log(behind[1].total() / behind[0].total())
    odds = [
        {
            syllable: log((spaced[syllable] + 1) / (inside[syllable] + 1)) - usual
            for syllable in inside | spaced
            if inside[syllable] + spaced[syllable] >= LEAST
        }
        for inside, spaced in (behind, before)
    ]
    print("# syllable, log odds of a space behind it, and before it; made by tools/train_models/line_breaks.py")
    for syllable in sorted(odds[0].keys() | odds[1].keys()):
        print(syllable, *(f"{side.get(syllable, 0):.1f}" for side in odds), sep="\t")


if __name__ == "__main__":
    main()
