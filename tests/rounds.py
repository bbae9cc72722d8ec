"""Rounds of a fuzzer, each with random numbers of its own, so that any of them can be repeated alone."""

import random
from collections.abc import Iterable, Iterator


def rounds(name: str, seeds: Iterable[int]) -> Iterator[random.Random]:
    """A generator of random numbers for every seed; a failure prints its seed."""
    for seed in seeds:
        try:
            yield random.Random(f"{name} {seed}")
        except GeneratorExit:
            print(f"\nfailed at --fuzz-seed {seed}")
            raise


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
