"""XML as a stream of names and text, without entities: nothing unfolds, nothing is fetched, nothing is built."""

from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from algok.pipelines.extraction.page import ExtractError

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


class _Local(dict[str, str]):
    """Names without their prefix, each cut once."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name.rpartition(":")[2]
        return local


def walk(blocks: Iterable[bytes], start: Start, end: Callable[[str], None], text: Callable[[str], None]) -> None:
    """Calls `start` and `end` with the names of elements, prefixes cut off, and `text` with what stands between them. Raises
    ExtractError for XML that is not well-formed or declares a document type (no document format does)."""
    parser, local = expat.ParserCreate(), _Local()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(local[name], attributes)
    parser.EndElementHandler = lambda name: end(local[name])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for block in blocks:
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        message = str(error) if isinstance(error, expat.ExpatError) else "its encoding is unknown"
        raise ExtractError("corrupt", f"XML inside of the document: {message}") from None


def _refuse(*declaration: object) -> None:
    raise ExtractError("corrupt", "XML inside of the document declares a document type, which may hide a bomb")


def elements(data: bytes, *names: str) -> Iterator[tuple[str, Attributes, str]]:
    """(name, attributes, text) of the elements with these names, in order of their ends; for small files. Attributes have their
    names with and without prefix."""
    found: list[tuple[str, Attributes, str]] = []
    opened: list[tuple[str, Attributes, list[str]]] = []

    def start(name: str, attributes: Attributes) -> None:
        if name in names:
            local = {key.rpartition(":")[2]: value for key, value in attributes.items()}
            opened.append((name, {**local, **attributes}, []))

    def end(name: str) -> None:
        if opened and opened[-1][0] == name:
            ended, attributes, texts = opened.pop()
            found.append((ended, attributes, "".join(texts)))

    def text(piece: str) -> None:
        if opened:
            opened[-1][2].append(piece)

    walk([data], start, end, text)
    return iter(found)
