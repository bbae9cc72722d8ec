"""JSON that is not quite JSON: a tolerant second try for what the strict parser refuses, with notes of what was wrong.

The strict parser (orjson) reads nearly all records at full speed. What it refuses is often readable: NaN in a field beside the
text, half of a surrogate pair in a title, a file in CP949. The second try takes two to three times as long per record.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain

from algok.pipelines.extraction.charset import Decoded, decode
from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.streams import Damaged, InputStream, as_utf8, blocks, wide_encoding

_SNIFFED_BYTES = 1 << 20
_KOREAN = frozenset({"cp949", "johab", "iso2022_kr"})
_REPLACED = "\ufffd"
_MOST_DIGITS = 19  # of an integer; longer ones become floating-point numbers, as in the strict parser


class JsonFile:
    """What must be known of a file to read its records: its encoding, looked for when it is first asked for.

    Every slice of a file asks its beginning, so that all of them read alike.
    """

    def __init__(self, url: str, name: str):
        self.name = name
        self.wide: str | None = None  # UTF-16 or UTF-32, known when its blocks are read
        self._url = url

    @cached_property
    def korean(self) -> str | None:
        """The Korean encoding of a file that is not in Unicode."""
        head = bytearray()
        with InputStream(self._url) as source, suppress(Damaged):  # of damage, reading tells
            for block in blocks(source):
                head += block
                if len(head) >= _SNIFFED_BYTES:
                    break
        found = decode(bytes(head[:_SNIFFED_BYTES])).encoding
        return found if found in _KOREAN else None

    def blocks(self, stream: Iterator[bytes]) -> Iterator[bytes]:
        """The file's blocks, as UTF-8 where it is in UTF-16 or UTF-32."""
        first = next(stream, b"")
        self.wide = wide_encoding(first)
        whole = chain([first], stream)
        yield from whole if self.wide is None else as_utf8(whole, self.wide)

    def decoded(self, data: bytes) -> Decoded:
        """A record that is not valid UTF-8 as text: by itself where it is long enough to tell, else as its file is."""
        if self.korean is not None:
            try:
                return Decoded(data.decode(self.korean), self.korean, "detected", 0)
            except UnicodeDecodeError:
                pass
        found = decode(data)
        if found.encoding in _KOREAN:
            return found
        text = data.decode("utf-8", "replace")
        return Decoded(text, "utf-8", "default", text.count(_REPLACED) - data.count(_REPLACED.encode()))


def tolerant(data: bytes, file: JsonFile, strict_error: str) -> tuple[object, dict]:
    """The value of a record that the strict parser refused, and notes for its meta. Raises RecordError, whose message says
    what is wrong and what to do."""
    try:
        data.decode("utf-8")
        decoded = Decoded(data.decode("utf-8"), "utf-8", "detected", 0)
    except UnicodeDecodeError:
        decoded = file.decoded(data)
    notes: dict = {"encoding": decoded.encoding} if decoded.encoding != "utf-8" else {}
    wrong: set[str] = set()
    value = _parsed(decoded, strict_error, wrong)
    try:
        value, halves = _without_surrogates(value)
    except RecursionError:
        raise RecordError("json", _advice(decoded, "nested too deep")) from None
    if halves:
        wrong.add("lone surrogate")
    if decoded.replaced or halves:
        notes["replaced"] = decoded.replaced + halves
    if wrong:
        notes["not_json"] = sorted(wrong)
    return value, notes


def _parsed(decoded: Decoded, strict_error: str, wrong: set[str]) -> object:
    def constant(name: str) -> None:
        wrong.add(name)

    def integer(digits: str) -> int | float:
        return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)

    options = {"parse_constant": constant, "parse_int": integer}
    try:
        return json.loads(decoded.text, **options)
    except RecursionError:
        raise RecordError("json", "nested too deep; the parser goes 1,000 levels deep") from None
    except ValueError as error:
        if "control character" not in str(error) or "\0" in decoded.text:
            raise RecordError("json", _advice(decoded, strict_error)) from None
    wrong.add("control character")
    try:
        return json.loads(decoded.text, strict=False, **options)
    except (ValueError, RecursionError):
        raise RecordError("json", _advice(decoded, strict_error)) from None


def _advice(decoded: Decoded, error: str) -> str:
    """What the parser says, and what can be done about it."""
    text = decoded.text.strip()
    if "depth" in error or "recursion" in error.lower():
        return f"{error}: nested too deep; the parser goes 1,000 levels deep"
    if text[:1] == "[" or text in ("{", "}", "},") or text[-1:] == ",":
        return f"{error}; a file whose JSON stands over several lines is read with format: json"
    if text[:1] == "{" and text[-1:] != "}":
        return f"{error}; the line ends early: it was cut, or its text holds line ends, which JSON writes as \\n"
    if text[:1] not in ("{", '"'):
        return f"{error}; not a line of JSON: give the input's format, or leave the file out"
    return f"{error}; write the record with a JSON library"


def _without_surrogates(value: object) -> tuple[object, int]:
    """The value with halves of surrogate pairs as U+FFFD, and how many there were."""
    if isinstance(value, str):
        try:
            value.encode()
            return value, 0
        except UnicodeEncodeError:
            sound = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            return sound, sum("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, list):
        items = [_without_surrogates(item) for item in value]
        return [item for item, _ in items], sum(count for _, count in items)
    if isinstance(value, dict):
        pairs = [(_without_surrogates(key), _without_surrogates(item)) for key, item in value.items()]
        return {key: item for (key, _), (item, _) in pairs}, sum(k + v for (_, k), (_, v) in pairs)
    return value, 0


def check_text(text: str, notes: dict) -> None:
    """Raises RecordError for a text in which characters were lost; beside the text they cost nothing."""
    if notes.get("replaced") and _REPLACED in text:
        message = "text is valid in no charset, or holds half of a surrogate pair; mend its characters or write it anew as UTF-8"
        raise RecordError("utf8", message)
