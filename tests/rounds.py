"""Rounds of a fuzzer: seeded one by one, as many as fit into a time, so that any of them can be repeated alone."""

import os
import random
import time
from collections.abc import Iterator

# In the suite; hours by `ALGOK_FUZZ_SECONDS=7200 pytest tests/fuzz`.
SECONDS = float(os.environ.get("ALGOK_FUZZ_SECONDS", "10"))
# `ALGOK_FUZZ_ROUND=1234` repeats the one round that a failure named.
ONLY = os.environ.get("ALGOK_FUZZ_ROUND")


def rounds(name: str) -> Iterator[random.Random]:
    """A generator of random numbers for every round; a failure is noted with the number of its round."""
    end = time.monotonic() + SECONDS
    number = int(ONLY or 0)
    while time.monotonic() < end:
        generator = random.Random(f"{name} {number}")
        try:
            yield generator
        except GeneratorExit:
            print(f"\nthe last round was {number}: ALGOK_FUZZ_ROUND={number} repeats it")
            raise
        if ONLY:
            return
        number += 1


def damaged(data: bytes, generator: random.Random) -> bytes:
    """Bytes with one kind of damage: cut, changed, doubled, emptied, or replaced by rubbish."""
    at, length = generator.randrange(len(data) + 1), generator.choice([1, 1, 4, 64])
    rubbish = generator.choice(
        [b"\0" * length, generator.randbytes(length), b"[" * length, b'{"files": 1}', b"\xff\xfe"]
    )
    return generator.choice(
        [
            data[:at],
            data[:at] + rubbish + data[at:],
            data[:at] + rubbish + data[at + length :],
            data[:at] + data[at + length :],
            data + data[:at],
            rubbish,
            b"",
        ]
    )
