"""Columns in several parts read like one array."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.tokens import Bits, Joined, join


@given(st.lists(st.lists(st.integers(0, 65_535), max_size=9), max_size=5), st.data())
def test_joined_parts_read_like_the_whole(parts: list[list[int]], data: st.DataObject) -> None:
    whole = np.array([id_ for part in parts for id_ in part], np.uint16)
    joined = Joined([np.array(part, np.uint16) for part in parts])
    assert len(whole) == len(joined)
    start, stop = sorted(data.draw(st.integers(0, len(whole))) for _ in range(2))
    view, expected = joined[start:stop], whole[start:stop]
    assert len(expected) == len(view)
    if len(expected):
        shape = data.draw(st.sampled_from([(3,), (2, 4)]))
        at = np.array(
            data.draw(st.lists(st.integers(0, len(expected) - 1), min_size=8, max_size=8))
        )
        positions = at[: int(np.prod(shape))].reshape(shape)
        assert np.array_equal(expected[positions], view[positions])
        assert np.uint16 == view[positions].dtype


@given(st.lists(st.booleans(), min_size=1, max_size=70), st.data())
def test_bits_read_like_the_flags_they_were_made_of(flags: list[bool], data: st.DataObject) -> None:
    bits = Bits(np.packbits(flags, bitorder="little"), len(flags))
    start, stop = sorted(data.draw(st.integers(0, len(flags))) for _ in range(2))
    positions = np.arange(stop - start)
    assert flags[start:stop] == bits[start:stop][positions].tolist()
    assert stop - start == len(bits[start:stop])


def test_a_single_part_is_left_as_it_is() -> None:
    part = np.arange(3)
    assert part is join([part])
