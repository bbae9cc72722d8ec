"""The Kiwi (morphological analyser) that repair and the step pii share: about 0.15 MB/s and 300 MB, so for flagged places only.

`filters/fineweb2.py` has another, with the dictionaries that FineWeb-2 had.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi


@cache
def kiwi() -> "Kiwi":
    """Loaded when it is first needed."""
    from kiwipiepy import Kiwi  # here, since even its import takes seconds

    # Without its dictionaries of multi-word names and typing errors, which nothing here needs: 1.3 s instead of 3.4.
    return Kiwi(num_workers=1, load_multi_dict=False, load_typo_dict=False)
