import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from kernels.reference import packing as twin

from algok.kernels.packing import arrange, best_fit, copy_pieces, split


@st.composite
def pieces(draw):
    room = draw(st.integers(1, 70))
    return draw(st.lists(st.integers(1, room), max_size=80)), room


@given(pieces())
def test_best_fit_is_that_of_its_plain_twin(drawn):
    lengths, room = drawn
    sequence, count = best_fit(np.array(lengths, np.int32), room)
    assert (sequence.tolist(), count) == twin.best_fit(lengths, room)


@given(pieces())
def test_no_sequence_is_overfull_and_no_two_of_them_would_fit_into_one(drawn):
    lengths, room = drawn
    sequence, count = best_fit(np.array(lengths, np.int32), room)
    filled = np.bincount(sequence, lengths, count)
    assert (filled <= room).all() and filled.sum() == sum(lengths)
    lightest = np.sort(filled)[:2]
    assert len(lightest) < 2 or lightest.sum() > room


def test_the_least_room_is_taken_not_the_first():
    sequence, count = best_fit(np.array([6, 8, 2, 4], np.int32), 10)
    assert (sequence.tolist(), count) == ([0, 1, 1, 0], 2)


@given(st.lists(st.integers(1, 90), max_size=60), st.integers(1, 40))
def test_documents_are_split_and_arranged_as_by_their_plain_twins(lengths, room):
    pieces = split(np.array(lengths, np.int64), room)
    assert list(zip(*(column.tolist() for column in pieces))) == twin.split(lengths, room)
    sizes = pieces[2]
    sequences, count = best_fit(sizes, room)
    order, starts = arrange(sizes, sequences, count, room)
    expected = twin.arrange(sizes.tolist(), sequences.tolist(), room)
    assert list(zip(order.tolist(), starts.tolist())) == expected


def test_pieces_are_copied_to_their_places():
    out = np.zeros(6, np.int32)
    begins, lengths, starts = (np.array(values, np.int64) for values in ([3, 0], [2, 1], [0, 4]))
    copy_pieces(np.arange(10, 20, dtype=np.int32), begins, lengths, starts, out)
    assert out.tolist() == [13, 14, 0, 0, 10, 0]
