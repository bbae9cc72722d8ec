"""Records of web archives: gzip members, what lies between them, and reading on behind damage; WARC and ARC alike.

FastWARC's iterator (2.0.1) stops silently where a file is cut, stops at the first damage, and lets a wrong length swallow
the records behind it. Here each gzip member stands for itself, a record ends where its trailer is, and reading goes on
behind damage. A `Framing` says what a record looks like.
"""

import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fastwarc.warc import HeaderMap

from algok.pipelines.readers.collector import EXCERPT_BYTES
from algok.pipelines.readers.frames import Frame
from algok.pipelines.readers.streams import Damaged, InputStream, blocks, compression, decompress, gzip_decoder

HEADER_BYTES = 64 << 10  # longest header block: WARC, ARC or HTTP
_FEED_BYTES = 16 << 10
_SCAN_BYTES = 1 << 20
_START_BYTES = 256  # in which a gzip member is seen to begin with a record
_END_BYTES = 8  # within which the next record begins behind a sound one
_REREAD = 4  # times the size of a file that damaged members may make us read again
NEAR = 64  # bytes by which a record's length may be wrong while it is still read
_GZIP = b"\x1f\x8b\x08"


@dataclass
class Record:
    """A record with the bytes of its header. `inner` is its place in the decompressed gzip member that starts at
    `offset - inner`; `off` is by how many bytes its declared length is too large (negative: too small)."""

    offset: int
    inner: int
    head: bytes
    headers: HeaderMap
    payload: bytes
    size: int
    off: int = 0

    def frame(self) -> Frame:
        return Frame(self.offset, self.payload, self.size, head=b"%d %d\n%b" % (self.inner, self.off, self.head))

    @classmethod
    def of(cls, frame: Frame, parse: Callable[[bytes], HeaderMap | None]) -> "Record":
        """The record that a frame was made of."""
        numbers, _, head = frame.head.partition(b"\n")
        inner, off = map(int, numbers.split())
        headers = parse(head)
        assert headers is not None  # it was parsed when the record was cut out
        return cls(frame.offset, inner, head, headers, frame.data, frame.size, off)


@dataclass
class Fault:
    """A record, or a stretch of bytes, that cannot be read. `last`: nothing behind it in its member or file can."""

    offset: int
    reason: str
    message: str
    size: int
    excerpt: bytes = b""
    last: bool = False

    def frame(self) -> Frame:
        return Frame(self.offset, self.excerpt, self.size, self.reason, self.message)


@dataclass(frozen=True)
class Framing:
    """How records of a kind of archive begin and are cut."""

    start: re.Pattern[bytes]  # matches at the beginning of a record, within 256 bytes
    next: re.Pattern[bytes]  # finds a header that parses; its group 1 begins the record
    longest: int  # bytes that `next` can match
    size: "Callable[[bytes], int | None]"  # of a record by its own header, which the bytes begin with; None: no header
    blank: int  # bytes of line ends behind a record
    frame: "Callable[[Window, int, int], Record | Fault]"  # (window, base, limit) -> what stands next; moves behind it


def items(source: InputStream, limit: int, framing: Framing) -> Iterator[Record | Fault]:
    """Everything in a file, in order; `limit` bounds a record in bytes."""
    kind = compression(source.read(8))
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if kind == "gzip":
        yield from _gzip_items(source, size, limit, framing)
        return

    def whole() -> Iterator[bytes]:
        source.seek(0)
        return blocks(source) if kind else _feed(source)

    window = Window(framing, whole) if kind else Window(framing, whole, source, size)
    for item in frames(window, 0, limit):
        if isinstance(item, Fault) and item.last:
            item.message += f"; nothing is read from byte {item.offset} on"
        yield item


def _feed(source: InputStream) -> Iterator[bytes]:
    while block := source.read(_SCAN_BYTES):
        yield block


def _gzip_items(source: InputStream, size: int, limit: int, framing: Framing) -> Iterator[Record | Fault]:
    """Members one by one. After damage, reading goes on at the next member that begins with a record."""
    at = reread = 0
    decoder = gzip_decoder()

    def member() -> Iterator[bytes]:
        nonlocal decoder
        source.seek(at)
        decoder = gzip_decoder()
        return decompress(decoder, lambda: source.read(_FEED_BYTES))

    while at < size:
        source.seek(at)
        if source.read(len(_GZIP)) != _GZIP:
            at = yield from _between_members(source, at, size, framing)
            continue
        window = Window(framing, member)
        fault = None
        for item in frames(window, at, limit):
            if isinstance(item, Fault) and item.last:
                fault = item
            else:
                yield item
        if window.damage is None:
            at = source.tell() - len(decoder.unused_data)
        else:
            # A decoder may run on over members behind the damage before it notices. Where that happens time and again,
            # reading goes on where it noticed: a member cut short is followed by the next one there, or little earlier.
            fed = source.tell()
            near = max(at + 1, fed - 2 * _FEED_BYTES)
            at = _next_member(source, at + 1 if reread < _REREAD * size else near, size, framing)
            reread += max(0, fed - at)
        if fault is not None:
            fault.message += _goes_on(fault.offset, at, size)
            yield fault


def _between_members(source: InputStream, at: int, size: int, framing: Framing) -> Iterator[Fault]:
    """Passes over what is no gzip member; zeros are legal padding. Returns where the next member starts."""
    following = _next_member(source, at, size, framing)
    source.seek(at)
    excerpt, left, zeros, inside = b"", following - at, True, 0
    while left:
        block = source.read(min(left, _SCAN_BYTES))
        left -= len(block)
        excerpt = excerpt or block[:EXCERPT_BYTES]
        zeros = zeros and not block.strip(b"\0")
        inside += sum(1 for _ in framing.next.finditer(b"\n" + block))
    if not zeros:
        message = f"bytes that belong to no gzip member{headers_inside(inside)}{_goes_on(at, following, size)}"
        yield Fault(at, "garbage", message, following - at, excerpt)
    return following


def headers_inside(count: int) -> str:
    """What a message says of records that lie in the range that a quarantine row covers."""
    return f"; {count} record header{'s lie' if count > 1 else ' lies'} inside" if count else ""


def _goes_on(at: int, following: int, size: int) -> str:
    return f"; reading goes on at byte {following}" if following < size else f"; nothing is read from byte {at} on"


def _next_member(source: InputStream, start: int, size: int, framing: Framing) -> int:
    """Offset of the next gzip member that begins with a record, or the file's size."""
    at = start
    while at < size:
        source.seek(at)
        block = source.read(_SCAN_BYTES)
        found = -1
        while (found := block.find(_GZIP, found + 1)) >= 0:
            if _begins_record(source, at + found, framing):
                return at + found
        if at + len(block) >= size or not block:
            break
        at += len(block) - len(_GZIP) + 1
    return size


def _begins_record(source: InputStream, at: int, framing: Framing) -> bool:
    source.seek(at)
    try:
        return framing.start.match(gzip_decoder().decompress(source.read(512), _START_BYTES)) is not None
    except zlib.error:
        return False


class Window:
    """A moving view of a byte stream: looks ahead as far as asked, and notes damage instead of raising it."""

    def __init__(
        self,
        framing: Framing,
        open_stream: Callable[[], Iterator[bytes]],
        source: InputStream | None = None,
        size: int | None = None,
    ):
        self.framing = framing
        self._open = open_stream
        self._stream = open_stream()
        self._source = source  # for plain files, where skipping is seeking
        self._size = size
        self._buffer = bytearray()
        self._at = 0
        self._ended = False
        self.position = 0
        self.damage: Damaged | None = None
        self.lengths_lie = False  # one reached over other records

    @property
    def remaining(self) -> int | None:
        """Bytes left, where known beforehand."""
        return None if self._size is None else self._size - self.position

    def ensure(self, size: int) -> int:
        """Bytes in view, at least `size` unless the stream ends before."""
        while len(self._buffer) - self._at < size and not self._ended:
            self._fill()
        return len(self._buffer) - self._at

    def peek(self, start: int, end: int) -> bytes:
        return bytes(memoryview(self._buffer)[self._at + start : self._at + end])

    def find(self, needle: bytes, end: int) -> int:
        """Where the needle is within the next `end` bytes in view, or -1."""
        found = self._buffer.find(needle, self._at, self._at + end)
        return found - self._at if found >= 0 else -1

    def skip(self, size: int) -> int:
        """Moves on; gives how far, which is less at the end of the stream."""
        start = self.position
        view = len(self._buffer) - self._at
        if size > view and self._source is not None and self._size is not None:
            self.seek(min(self.position + size, self._size))
            return self.position - start
        while size > view:
            self._forward(view)
            size -= view
            view = self.ensure(1)
            if not view:
                return self.position - start
        self._forward(size)
        return self.position - start

    def seek(self, position: int) -> None:
        """Moves anywhere in a plain file."""
        assert self._source is not None
        self._source.seek(position)
        self._buffer.clear()
        self._at = 0
        self._ended = False
        self.position = position

    def go_back(self, position: int) -> None:
        """Moves back; a compressed stream is read again from its beginning, so do it once."""
        if self._source is not None:
            self.seek(position)
            return
        self._stream = self._open()
        self._buffer.clear()
        self._at = self.position = 0
        self._ended, self.damage = False, None
        self.skip(position)

    def record_within(self, start: int, end: int) -> int | None:
        """Where a record begins among bytes in view."""
        found = self.framing.next.search(self._buffer, self._at + start, self._at + end + self.framing.longest)
        return found.start(1) - self._at if found and found.start(1) < self._at + end else None

    def pass_over(self, size: int) -> tuple[int, int, int | None]:
        """Moves on, reading; gives how far, how many records begin behind the first byte, and where the last of them ends by
        its own length."""
        start, inside, last_end = self.position, 0, None
        end = start + size
        while self.position < end and self.ensure(_SCAN_BYTES + self.framing.longest):
            step = min(end - self.position, _SCAN_BYTES)
            first = self._at + (1 if self.position == start else 0)
            found = self.framing.next.finditer(self._buffer, first, self._at + step + self.framing.longest)
            places = [match.start(1) - self._at for match in found if match.start(1) < self._at + step]
            inside += len(places)
            if places:  # only of the last one: there may be very many
                own = self.framing.size(self.peek(places[-1], places[-1] + HEADER_BYTES))
                last_end = None if own is None else self.position + places[-1] + own
            if not self.skip(step):
                break
        return self.position - start, inside, last_end

    def skip_newlines(self) -> bool:
        """Passes over line ends; False at the end of the stream."""
        while self.ensure(1):
            piece = self.peek(0, 4096)
            blank = len(piece) - len(piece.lstrip(b"\r\n"))
            self._forward(blank)
            if blank < len(piece):
                return True
        return False

    def skip_to_record(self) -> int:
        """Moves to the next line that begins like a record, or to the end; gives how far."""
        start = self.position
        while True:
            found = self.framing.next.search(self._buffer, self._at)
            if found:
                self._forward(found.start(1) - self._at)
                break
            view = len(self._buffer) - self._at
            self._forward(max(0, view - self.framing.longest))
            kept = min(view, self.framing.longest)
            if self.ensure(kept + 1) == kept:
                self._forward(kept)
                break
        return self.position - start

    def _forward(self, size: int) -> None:
        self._at += size
        self.position += size
        if self._at >= _SCAN_BYTES:
            del self._buffer[: self._at]
            self._at = 0

    def _fill(self) -> None:
        try:
            self._buffer += next(self._stream)
        except StopIteration:
            self._ended = True
            if self._source is not None:
                self._stream = _feed(self._source)  # a seek back may read on
        except Damaged as damage:
            self._ended = True
            self.damage = damage


def frames(window: Window, base: int, limit: int) -> Iterator[Record | Fault]:
    """The records of one stream, and a fault for everything else in it."""
    told = False
    while window.skip_newlines():
        item = window.framing.frame(window, base, limit)
        if isinstance(item, Fault) and window.damage is not None and not window.ensure(1):
            item.last = told = True
            item.reason = window.damage.reason
            item.message = f"{item.message}: {window.damage}"
        yield item
    if window.damage is not None and not told:
        yield Fault(base + window.position, window.damage.reason, str(window.damage), 0, last=True)


def skip_large(window: Window, size: int, head_size: int, ends: Callable[[Window], bool]) -> tuple[bool, bool, int]:
    """Moves behind a record that is over the limit, if that is where it ends: (whether it is, whether the stream was long
    enough, how many records begin inside).

    Else moves behind its header where other records lie inside, for these must not be lost. A stream whose lengths were
    found to lie once is not gone through again: a large record then ends where the next one begins.
    """
    start = window.position
    if window.remaining is not None:  # a plain file: a look at the end costs nothing
        window.seek(start + size)
        sound = ends(window)
        window.seek(start)
        if not sound:
            return False, True, 0
        _, inside, last_end = window.pass_over(size)
        if last_end is not None and _ends_with(window.framing, start + size - last_end, _line_ends(window)):
            window.seek(start)
            return False, True, 0
        return True, True, inside
    if window.lengths_lie:
        window.skip(head_size)
        passed = head_size + window.skip_to_record()
        return abs(passed - size) <= _END_BYTES, True, 0
    passed, inside, last_end = window.pass_over(size)
    sound = passed == size and ends(window)
    if sound and last_end is not None:
        sound = not _ends_with(window.framing, start + size - last_end, _line_ends(window))
    if inside and not sound:
        window.lengths_lie = True
        window.go_back(start)
    return sound, passed == size, inside


def reaches_over(window: Window, start: int, end: int) -> bool:
    """Whether a payload in view reaches over other records: the last that begins in it ends with it, by its own length. So a
    length that is wrong, but by chance ends where some record ends, swallows none. A page that shows a record as an example
    has something of its own behind it."""
    payload, framing = window.peek(start, end), window.framing
    last = None
    for last in framing.next.finditer(payload):  # noqa: B007
        pass
    own = framing.size(payload[last.start(1) : last.start(1) + HEADER_BYTES]) if last else None
    if last is None or own is None:
        return False
    return _ends_with(framing, len(payload) - last.start(1) - own, _blank(window.peek(end, end + _END_BYTES)))


def _ends_with(framing: Framing, gap: int, behind: int) -> bool:
    """Whether a record that ends so many bytes before another one has no line ends of its own: a stored archive has those of
    its last record and behind them its own."""
    return gap >= 0 and gap + behind <= framing.blank


def _line_ends(window: Window) -> int:
    return _blank(window.peek(0, min(_END_BYTES, window.ensure(_END_BYTES))))


def _blank(data: bytes) -> int:
    return len(data) - len(data.lstrip(b"\r\n"))


def near_end(window: Window, head_size: int, size: int, blanks: tuple[bytes, ...]) -> int | None:
    """Where a record really ends whose length is wrong by a few bytes: before the line ends (one of `blanks`) in front of the
    next record, or of the end of the data. None where no such place is near."""
    view = window.ensure(size + NEAR)
    following = window.record_within(head_size, min(size + NEAR, view))
    if following is None and (view >= size + NEAR or window.damage is not None):
        return None
    end = view if following is None else following
    blank = next((b for b in blanks if window.peek(end - len(b), end) == b), None)
    real = end - len(blank) if blank else None
    return real if real is not None and head_size <= real and abs(real - size) < NEAR else None


def parse_headers(block: bytes) -> HeaderMap | None:
    """Parses a header block of WARC or HTTP (bare line feeds are accepted); None if it is not one."""
    if b"\r\n" not in block:
        block = block.replace(b"\n", b"\r\n")
    headers = HeaderMap("utf-8")
    try:
        headers.parse(io.BytesIO(block))
    except (OSError, ValueError):
        return None
    return headers
