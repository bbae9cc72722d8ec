"""The Kiwi (morphological analyser) that repair and the step pii share: about 0.15 MB/s and 300 MB, so for flagged places only.

`filters/fineweb2.py` has another, with the dictionaries that FineWeb-2 had.
"""

from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token


@cache
def kiwi() -> "Kiwi":
    """Loaded when it is first needed."""
    from kiwipiepy import Kiwi  # here, since even its import takes seconds

    # Without its dictionaries of multi-word names and typing errors, which nothing here needs: 1.3 s instead of 3.4.
    return Kiwi(num_workers=1, load_multi_dict=False, load_typo_dict=False)


def morphemes(text: str) -> "list[Token]":
    """The morphemes of one text. Kiwi's own type allows for several texts and for several readings of each."""
    return cast("list[Token]", kiwi().tokenize(text))
