"""Best-fit decreasing: pieces of documents into sequences of one length (`mixing/pack.py`)."""

import numpy as np

from algok.kernels import allocating_kernel, kernel, part


@allocating_kernel
def best_fit(lengths, room):
    """The sequence (int32, from 0) of every piece, and how many sequences there are.

    `lengths` (int32, 1 to `room`): the longest piece goes first, of equal ones the earlier. Each goes where the least room
    stays, of equal ones where something was put last, or opens a sequence. Sequences are numbered in the order of the pieces
    that opened them. A binary tree over the room that is left finds the place in O(log room).
    """
    leaves = 1
    while leaves <= room:
        leaves *= 2
    tree = np.zeros(2 * leaves, np.bool_)  # below node: is there a sequence with such room
    head = np.full(room + 1, -1, np.int32)  # by room: the sequence that was filled last
    under = np.empty(len(lengths), np.int32)  # by sequence: the one beneath it on that pile
    sequence = np.empty(len(lengths), np.int32)
    opener = np.zeros(len(lengths), np.bool_)
    opened = 0
    for piece in _longest_first(lengths, room):
        length = lengths[piece]
        left = _least_room(tree, leaves, length)
        if left < 0:
            own, left = opened, room
            opener[piece] = True
            opened += 1
        else:
            own = head[left]
            head[left] = under[own]
            if head[left] < 0:
                _clear(tree, leaves + left)
        sequence[piece] = own
        left -= length
        if left > 0:
            under[own] = head[left]
            head[left] = own
            _mark(tree, leaves + left)
    _renumber(sequence, opener, opened)
    return sequence, opened


@allocating_kernel
def _longest_first(lengths, room):
    ends = np.zeros(room + 2, np.int64)
    for length in lengths:
        ends[room - length + 1] += 1
    for k in range(1, len(ends)):
        ends[k] += ends[k - 1]
    order = np.empty(len(lengths), np.int32)
    for piece in range(len(lengths)):
        at = room - lengths[piece]
        order[ends[at]] = piece
        ends[at] += 1
    return order


@part
def _least_room(tree, leaves, length):
    """The least room of `length` or more that any sequence has; -1 for none."""
    node = leaves + length
    while not tree[node]:
        while node & 1:  # a right child has nothing to its right below the same parent
            node >>= 1
        if node == 0:
            return -1
        node += 1
    while node < leaves:
        node *= 2
        if not tree[node]:
            node += 1
    return node - leaves


@part
def _mark(tree, node):
    while node > 0 and not tree[node]:
        tree[node] = True
        node >>= 1


@part
def _clear(tree, node):
    tree[node] = False
    node >>= 1
    while node > 0 and not (tree[2 * node] or tree[2 * node + 1]):
        tree[node] = False
        node >>= 1


@allocating_kernel
def _renumber(sequence, opener, opened):
    """Numbers the sequences in the order of their openers."""
    number = np.empty(opened, np.int32)
    count = 0
    for piece in range(len(sequence)):
        if opener[piece]:
            number[sequence[piece]] = count
            count += 1
    for piece in range(len(sequence)):
        sequence[piece] = number[sequence[piece]]


@allocating_kernel
def split(lengths, room):
    """Pieces of documents of so many tokens (int64), at most `room` each: document, number of the part, tokens (int32)."""
    count = 0
    for length in lengths:
        count += (length + room - 1) // room
    documents, parts, sizes = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    k = 0
    for document in range(len(lengths)):
        left, number = lengths[document], 0
        while left > 0:
            documents[k], parts[k], sizes[k] = document, number, min(room, left)
            left -= room
            number += 1
            k += 1
    return documents, parts, sizes


@allocating_kernel
def arrange(sizes, sequences, count, room):
    """The pieces by sequence (below `count`), those of one as they come: their places in the input (int32), and the tokens before
    each if every sequence has `room` tokens (int64)."""
    ends, filled = np.zeros(count + 1, np.int64), np.zeros(count, np.int64)
    for number in sequences:
        ends[number + 1] += 1
    for k in range(1, count + 1):
        ends[k] += ends[k - 1]
    order, starts = np.empty(len(sequences), np.int32), np.empty(len(sequences), np.int64)
    for k in range(len(sequences)):
        number = sequences[k]
        at = ends[number]
        ends[number] += 1
        order[at] = k
        starts[at] = number * room + filled[number]
        filled[number] += sizes[k]
    return order, starts


@kernel
def copy_pieces(tokens, begins, lengths, starts, out):
    """Copies `tokens[begins[k] : begins[k] + lengths[k]]` to `out[starts[k] :]`, in place."""
    for k in range(len(lengths)):
        for i in range(lengths[k]):
            out[starts[k] + i] = tokens[begins[k] + i]
