"""What `algok.kernels.markup.scan` computes, token by token with patterns: slow, and plain enough to be checked by reading."""

import re
from collections import Counter
from typing import NamedTuple

from algok.kernels.markup import _FOREIGN, _FORMATTING, _IMPLIED, _KINDS, _PLAINTEXT, _RAW, _ROOT, _VOID

_KIND_OF = {name.encode()[:8]: kind for kind, names in _KINDS.items() for name in names.split()}
_NAME = re.compile(rb"</?([A-Za-z][^\s/>]*)")
# An attribute: a name, and perhaps = and a value, which ends with its quote, with white space, or with the page.
_ATTRIBUTE = re.compile(rb"[^\s/>=]*(?:\s*=\s*(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|(?![\"'])[^\s>]*))?")


class Scan(NamedTuple):
    depth: int
    parse_steps: int
    rule_steps: int
    visible: int
    content: int
    simple: bytes


class Tag(NamedTuple):
    name: bytes  # as it is written
    closing: bool
    attributes: int
    self_closing: bool
    end: int  # byte behind it, or of the page
    whole: bool  # or the page ends in it

    @property
    def key(self) -> bytes:
        """Elements are told apart by the first eight bytes of their names."""
        return self.name[:8].lower()


def _tag(page: bytes, at: int) -> Tag | None:
    """The tag that begins at a byte, if one does."""
    begun = _NAME.match(page, at)
    if begun is None:
        return None
    i, attributes, self_closing = begun.end(), 0, False
    while i < len(page) and page[i] != ord(">"):
        if page[i : i + 1].isspace() or page[i] == ord("/"):
            self_closing = page[i] == ord("/")
            i += 1
        else:
            attributes, self_closing = attributes + 1, False
            i = _ATTRIBUTE.match(page, i).end()
    return Tag(begun[1], page[at + 1] == ord("/"), attributes, self_closing, min(i + 1, len(page)), i < len(page))


def _before(page: bytes, mark: bytes, at: int) -> int:
    """Where the next such mark begins, or the page's end."""
    found = page.find(mark, at)
    return len(page) if found < 0 else found


def _behind(page: bytes, mark: bytes, at: int) -> int:
    """Behind the next such mark, or the page's end."""
    return min(_before(page, mark, at) + len(mark), len(page))


def _raw_end(page: bytes, at: int, key: bytes) -> int:
    """Where the end tag of raw text begins, or the page's end. Its name is read as letters, eight at most."""
    for match in re.finditer(rb"</([A-Za-z]{0,8})", page[at:]):
        if match[1].lower() == key:
            return at + match.start()
    return len(page)


class _Reader:
    """The state of a scan."""

    def __init__(self) -> None:
        self.opened: Counter[bytes] = Counter()
        self.deepest = self.parse_steps = self.rule_steps = self.root_attributes = 0
        self.out: list[bytes] = []

    @property
    def depth(self) -> int:
        return self.opened.total()

    def open_of(self, kind: int) -> int:
        return sum(count for key, count in self.opened.items() if _KIND_OF.get(key) == kind)

    def end_tag(self, tag: Tag, kind: int) -> None:
        self.parse_steps += self.open_of(_FORMATTING) + (self.depth if kind == _FORMATTING else 0)
        if kind not in (_IMPLIED, _VOID) and self.opened[tag.key]:
            self.opened[tag.key] -= 1

    def start_tag(self, page: bytes, tag: Tag, kind: int) -> int:
        """Gives the byte where reading goes on."""
        foreign = self.open_of(_FOREIGN) > 0
        self.parse_steps += self.open_of(_FORMATTING)
        self.rule_steps += self.depth
        if kind == _PLAINTEXT and not foreign:
            self.out.pop()
            return len(page)
        if kind in (_VOID, _IMPLIED, _ROOT) or (foreign and tag.self_closing):
            return tag.end
        if kind == _RAW and not foreign:
            end = _raw_end(page, tag.end, tag.key)
            self.out.append(page[tag.end : end])
            return end
        self.opened[tag.key] += 1
        self.deepest = max(self.deepest, self.depth)
        return tag.end

    def tag(self, page: bytes, tag: Tag) -> int:
        kind = _KIND_OF.get(tag.key, 0)
        if kind != _FORMATTING:
            self.out.append((b"</" if tag.closing else b"<") + tag.name + (b">" if tag.whole else b""))
        # Attributes of a tag are compared with each other; those of later <html> and <body> tags with the first ones'.
        self.parse_steps += tag.attributes**2 // 2
        if kind == _ROOT:
            self.parse_steps += tag.attributes * self.root_attributes
            self.root_attributes += tag.attributes
        if tag.closing:
            self.end_tag(tag, kind)
            return tag.end
        return self.start_tag(page, tag, kind)


def scan(page: bytes) -> Scan:
    """All that the kernel tells of a page, and the simplified markup."""
    reader, visible, body, head, i = _Reader(), 0, 0, 0, 0
    while i < len(page):
        if page[i] != ord("<"):
            end = _before(page, b"<", i)
            visible += len([b for b in page[i:end] if b > 32 and b & 0xC0 != 0x80])
            reader.out.append(page[i:end])
            i = end
        elif page.startswith(b"<!--", i):
            i = _behind(page, b"-->", i + 2)  # <!--> is a whole comment
        elif tag := _tag(page, i):
            if tag.key == b"body" and not tag.closing:
                body = body or tag.end
            if tag.key == b"head" and tag.closing:
                head = head or tag.end
            i = reader.tag(page, tag)
        elif page[i + 1 : i + 2] in (b"/", b"!", b"?") and page[i + 1 : i + 2]:
            i = _behind(page, b">", i + 2)
        else:
            reader.out.append(b"<")
            i += 1
    simple = b"".join(reader.out)
    return Scan(reader.deepest, reader.parse_steps, reader.rule_steps, visible, body or head, simple)
