"""Seeded damage: files whose bytes were changed, cut, doubled, mixed and seasoned with what parsers stumble over."""

import random

TOKENS = [
    b"NaN", b"-Infinity", b"1e999", b"\\ud800", b"\\u0000", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 9,
    b"\r\n\r\n", b"\n", b'"', b"'", b"{", b"}", b"[" * 1010, b"]" * 1010, b'{"a":' * 990, b"[]", b",", b"\t",
    b"\\", b"WARC/1.0\r\n", b"WARC/1.0\r\nWARC-Type: x\r\n", b"Content-Length: 9000000\r\n",
    b"Content-Length: 1\r\n", b"Content-Length: -1\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 ",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"ffffffff\r\n", b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd", b"BZh9", b"<html>", b"</html>", b"<!doctype html>", b"<div>" * 300, b"&#xD800;",
    b"&amp" * 99, b"<!--", b"<script>", b"<?xml", b"]]>", b"---\n", b"&a [*a]", b"!!python/object",
    "가".encode("cp949"), "가나다".encode("utf-16"), "\u2028\u202e\ufdd0\U000e0001".encode(), b"9" * 5000,
    b"http://h.example.com/ 203.0.113.7 20040301120000 text/html 999999999\n", b"ARROW1", b"PAR1",
    b"\xff\xff\xff\xff", b"=" * 70_000,
]  # fmt: skip


def mutated(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """The data after one to four mutations."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        rng.choice(MUTATIONS)(content, others, rng)
    return bytes(content)


def _span(content: bytearray, rng: random.Random, longest: int = 400) -> tuple[int, int]:
    start = rng.randint(0, len(content))
    return start, min(len(content), start + rng.randint(0, longest))


def _flip(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    for _ in range(rng.randint(1, 8)):
        if content:
            content[rng.randrange(len(content))] = rng.choice((0, 0x0A, 0x22, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _delete(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    start, end = _span(content, rng)
    del content[start:end]


def _double(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    start, end = _span(content, rng)
    content[start:start] = content[start:end] * rng.randint(1, 3)


def _token(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    start, end = _span(content, rng, 12)
    content[start:end] = rng.choice(TOKENS)


def _cut(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    del content[rng.randint(0, len(content)) :]


def _mix(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    other = rng.choice(others)
    start, end = _span(bytearray(other), rng, 2000)
    at, stop = _span(content, rng)
    content[at:stop] = other[start:end]


def _number(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    """Overwrites one to eight bytes with a number that is an edge, as binary formats hold lengths and offsets."""
    width = rng.choice((1, 2, 4, 8))
    at = rng.randint(0, max(0, len(content) - width))
    edge = rng.choice((0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), 2 ** (8 * width - 1) - 1, len(content)))
    content[at : at + width] = (edge % 2 ** (8 * width)).to_bytes(width, "little")


MUTATIONS = [_flip, _delete, _double, _token, _token, _cut, _mix, _number]
