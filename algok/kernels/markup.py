"""The cost of markup: one linear pass that tells how much a parser would work on a page, and can simplify it.

An example: `<body><p class=a>가<b>x</b>`. <body> is a root (no depth), content begins behind it, at byte 6. <p> is
closed by the next one (no depth), and its one attribute costs 1 * 1 // 2 = 0 steps. 가 is visible. <b> opens: depth
1. x is visible. </b> costs one step for the open formatting element and one for the depth, and closes it. The row:
depth 1, parse steps 2, rule steps 0, visible 2, content 6; written are the 13 bytes `<body><p>가x`.
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel, part

_PLAIN_ELEMENT, _VOID, _IMPLIED, _FORMATTING, _RAW, _FOREIGN, _ROOT, _PLAINTEXT = range(8)

_KINDS = {
    _VOID: "area base br col embed hr img input link meta source track wbr param keygen frame bgsound basefont",
    # Elements whose start tag closes an open one of their kind: they do not pile up by being left open.
    _IMPLIED: "p li dt dd tr td th tbody thead tfoot option optgroup rb rt rp rtc caption colgroup head",
    _FORMATTING: "a b big code em font i nobr s small strike strong tt u",
    _RAW: "script style textarea title xmp iframe noembed noframes",
    _FOREIGN: "svg math select",
    _ROOT: "html body",
    _PLAINTEXT: "plaintext",
}


def _pack(name: str) -> int:
    packed = 0
    for byte in name.encode()[:8]:
        packed = packed << 8 | byte
    return packed


_BODY, _HEAD = np.uint64(_pack("body")), np.uint64(_pack("head"))
_SLOTS = 4096


@kernel
def _slot(name):
    """Slot of a packed tag name in tables of _SLOTS entries (multiplicative hashing)."""
    return np.int64((name * np.uint64(0xDAA66D2C7DDF743F)) >> np.uint64(52))


def _name_kinds() -> np.ndarray:
    """uint64[_SLOTS, 2]: packed tag name and its kind; the known names share no slot."""
    table = np.zeros((_SLOTS, 2), np.uint64)
    for kind, names in _KINDS.items():
        for name in names.split():
            slot = (_pack(name) * 0xDAA66D2C7DDF743F % (1 << 64)) >> 52
            if table[slot, 0]:
                raise AssertionError(f"tag names share slot {slot}")
            table[slot] = _pack(name), kind
    return table


NAME_KINDS = _name_kinds()


@kernel
def _is_space(byte):
    return byte == 32 or 9 <= byte <= 13


@kernel
def _skip_raw(data, i, name):
    """Index of the `</name` that ends raw text begun at i, or the length."""
    n = len(data)
    while i < n - 1:
        if data[i] == 60 and data[i + 1] == 47:
            j = i + 2
            packed = np.uint64(0)
            length = 0
            while j < n and length < 8:
                byte = data[j] | 0x20
                if not 97 <= byte <= 122:
                    break
                packed = packed << np.uint64(8) | np.uint64(byte)
                length += 1
                j += 1
            if packed == name:
                return i
        i += 1
    return n


@part
def _comment_end(data, i):
    """Index behind the `-->` of a comment whose first hyphen is at i (`<!-->` is a whole one), or behind the page."""
    n = len(data)
    while i < n and not (data[i] == 62 and data[i - 1] == 45 and data[i - 2] == 45):
        i += 1
    return i + 1


@part
def _name(data, i):
    """The packed name of the tag that begins at i, and the index behind the whole of it."""
    name = np.uint64(0)
    begin = i
    while i < len(data) and not (_is_space(data[i]) or data[i] == 62 or data[i] == 47):
        if i - begin < 8:
            byte = data[i]
            if 65 <= byte <= 90:
                byte |= 0x20
            name = name << np.uint64(8) | np.uint64(byte)
        i += 1
    return name, i


@part
def _value_end(data, i):
    """Index behind the attribute's value that begins at i, with its quotes."""
    n = len(data)
    if i < n and (data[i] == 34 or data[i] == 39):
        quote = data[i]
        i += 1
        while i < n and data[i] != quote:
            i += 1
        return i + 1
    while i < n and not (_is_space(data[i]) or data[i] == 62):
        i += 1
    return i


@part
def _attributes(data, i):
    """Index of the `>` that ends a tag, read from behind its name, or behind the page; number of attributes; whether a
    slash stands right before the end."""
    n = len(data)
    attributes = 0
    self_closing = False
    while i < n and data[i] != 62:
        if _is_space(data[i]) or data[i] == 47:
            self_closing = data[i] == 47
            i += 1
            continue
        self_closing = False
        attributes += 1
        while i < n and not (_is_space(data[i]) or data[i] == 47 or data[i] == 62 or data[i] == 61):
            i += 1
        j = i
        while j < n and _is_space(data[j]):
            j += 1
        if j < n and data[j] == 61:
            i = j + 1
            while i < n and _is_space(data[i]):
                i += 1
            i = _value_end(data, i)
    return i, attributes, self_closing


@part
def _write_tag(out, written, data, begin, end, closing, whole):
    """Writes a tag whose name stands from `begin` to `end`, without its attributes; gives the new length."""
    out[written] = 60
    written += 1
    if closing:
        out[written] = 47
        written += 1
    for k in range(begin, end):
        out[written] = data[k]
        written += 1
    if whole:
        out[written] = 62
        written += 1
    return written


@allocating_kernel
def scan(data, out, kinds):
    """One linear pass over markup: depth, parse steps, rule steps, visible characters, content, bytes written.

    * depth: the most elements open at once, counted from above: an end tag closes one element of its name.
    * parse steps: what the parser does beyond one step per byte: comparing attributes of one tag with each other, and
      walking and reopening unclosed formatting elements at every block boundary.
    * rule steps: the sum of depths over elements, which is what the main-content rules walk.
    * visible characters: those outside tags, comments, scripts and styles that are not white space.
    * content: index behind the first <body> tag, or behind </head> if there is none, or 0.
    * If `out` is not empty, the markup is written there without formatting tags and without attributes: never more
      bytes than there are in the page. Nothing is written or counted from a <plaintext> tag on.

    Elements are told apart by the first eight bytes of their names (and, among rare names, by a slot of a hash table).
    """
    n = len(data)
    write = len(out) > 0
    written = 0
    opened = np.zeros(_SLOTS, np.int64)
    depth = 0
    deepest = 0
    formatting = 0
    foreign = 0
    root_attributes = 0
    parse_steps = 0
    rule_steps = 0
    visible = 0
    body = 0
    head = 0
    i = 0
    while i < n:
        begin = i
        if data[i] != 60:  # <
            while i < n and data[i] != 60:
                if data[i] > 32 and (data[i] & 0xC0) != 0x80:
                    visible += 1
                i += 1
            if write:
                out[written : written + i - begin] = data[begin:i]
                written += i - begin
            continue
        i += 1
        if i + 2 < n and data[i] == 33 and data[i + 1] == 45 and data[i + 2] == 45:  # <!--
            i = _comment_end(data, i + 1)
            continue
        closing = i < n and data[i] == 47
        if closing:
            i += 1
        if i >= n or not 97 <= (data[i] | 0x20) <= 122:
            if closing or (i < n and (data[i] == 33 or data[i] == 63)):  # </x, <!x, <?x: bogus comments
                while i < n and data[i] != 62:
                    i += 1
                i += 1
            elif write:
                out[written] = 60
                written += 1
            continue
        name_begin = i
        name, name_end = _name(data, i)
        i, attributes, self_closing = _attributes(data, name_end)
        whole = i < n  # or the page ends in the tag
        i = min(i + 1, n)
        slot = _slot(name)
        kind = np.int64(kinds[slot, 1]) if kinds[slot, 0] == name else 0
        before = written
        if write and kind != _FORMATTING:
            written = _write_tag(out, written, data, name_begin, name_end, closing, whole)
        if name == _BODY and not closing and body == 0:
            body = i
        elif name == _HEAD and closing and head == 0:
            head = i
        if kind == _ROOT:
            parse_steps += attributes * root_attributes
            root_attributes += attributes
        parse_steps += attributes * attributes // 2
        if closing:
            parse_steps += formatting
            if kind == _FORMATTING:
                parse_steps += depth
            if kind != _IMPLIED and kind != _VOID and opened[slot] > 0:
                opened[slot] -= 1
                depth -= 1
                if kind == _FORMATTING:
                    formatting -= 1
                elif kind == _FOREIGN:
                    foreign -= 1
            continue
        parse_steps += formatting
        rule_steps += depth
        if kind == _PLAINTEXT and foreign == 0:
            written = before
            break
        if kind in (_VOID, _IMPLIED, _ROOT) or (foreign > 0 and self_closing):
            continue
        if kind == _RAW and foreign == 0:
            raw_end = _skip_raw(data, i, name)
            if write:
                out[written : written + raw_end - i] = data[i:raw_end]
                written += raw_end - i
            i = raw_end
            continue
        opened[slot] += 1
        depth += 1
        deepest = max(deepest, depth)
        if kind == _FORMATTING:
            formatting += 1
        elif kind == _FOREIGN:
            foreign += 1
    return deepest, parse_steps, rule_steps, visible, body if body else head, written
