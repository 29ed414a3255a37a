"""The table of counts adds up what it is given, exactly, up to 2^63 - 1 in all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpe import _core
from bpe.errors import TrainingError

Items = list[tuple[bytes, int]]


def checked(table: _core.CountTable) -> Items:
    items = table.items()
    assert (len(items), sum(n for _, n in items)) == (len(table), table.total)
    return items


def test_counts_of_more_than_32_bits_add_up() -> None:
    table = _core.CountTable([(b"a", 2**40), (b"long pretoken of 24 bytes", 2**33)])
    table.add(b"a", 2**62)
    table.add(b"long pretoken of 24 bytes", 1)
    assert [(b"a", 2**40 + 2**62), (b"long pretoken of 24 bytes", 2**33 + 1)] == table.items()
    assert 2**40 + 2**62 + 2**33 + 1 == table.total


@pytest.mark.parametrize("pretoken", [b"a", b"a" * 30])
def test_an_overflow_names_the_pretoken_and_changes_nothing(pretoken: bytes) -> None:
    table = _core.CountTable([(pretoken, 2**63 - 2)])
    table.add(pretoken, 1)
    with pytest.raises(TrainingError, match=r"more than 2\^63 - 1.*pretoken b'aa?"):
        table.add(pretoken, 1)
    with pytest.raises(TrainingError, match=r"more than 2\^63 - 1.*pretoken b'bb"):
        table.count_documents([b"bb"], "gpt2", [], 1, None)
    with pytest.raises(TrainingError, match=r"more than 2\^63 - 1.*pretoken b'c'"):
        table.merge(_core.CountTable([(b"c", 7)]))
    assert [(pretoken, 2**63 - 1)] == table.items()


@pytest.mark.parametrize("count", [0, -1, 2**63, 2**80, -(2**80), True, 1.0, "1", None])
def test_a_count_is_an_int_from_1_to_2_to_the_63(count: Any) -> None:
    table = _core.CountTable()
    with pytest.raises(TrainingError, match="count of pretoken b'a'"):
        table.add(b"a", count)
    assert [] == table.items()


@pytest.mark.parametrize("pretoken", [b"", "a", bytearray(b"a"), None, 1])
def test_a_pretoken_is_bytes_and_not_empty(pretoken: Any) -> None:
    with pytest.raises(TrainingError, match="non-empty bytes"):
        _core.CountTable().add(pretoken, 1)


def test_items_are_pairs() -> None:
    with pytest.raises(TypeError, match=r"items\[1\] must be a tuple"):
        _core.CountTable([(b"a", 1), (b"b",)])  # type: ignore[list-item]


def test_top_is_by_count_then_bytes() -> None:
    table = _core.CountTable([(b"b", 2), (b"c", 9), (b"a", 2), (b"d" * 20, 2)])
    assert [(b"c", 9), (b"a", 2), (b"b", 2)] == table.top(3)
    assert 4 == len(table.top(99))
    assert [] == table.top(0) == table.top(-1)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.integers(1, 2**40))),
    st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.integers(1, 2**40))),
)
@settings(deadline=None)
def test_merging_adds(one: Items, two: Items) -> None:
    table = _core.CountTable(one)
    other = _core.CountTable(two)
    before = other.items()
    table.merge(other)
    assert _core.CountTable(one + two).items() == checked(table)
    assert before == other.items()


def test_merging_large_tables_adds() -> None:
    one = [(b"%d" % n, 1) for n in range(30_000)]
    two = [(b"%030d" % n, 2) for n in range(30_000)] + [(b"%d" % n, 2) for n in range(0, 60_000, 2)]
    table = _core.CountTable(one)
    table.merge(_core.CountTable(two))
    assert _core.CountTable(one + two).items() == checked(table)


@pytest.mark.parametrize("length", [9, 17])  # of keys in the slots, and in an arena
def test_a_table_keeps_everything_each_time_it_grows(length: int) -> None:
    # It grows in place, and its start and its end, where walks are cut short, are dealt with apart.
    table, expected = _core.CountTable(), {}
    pretokens = [number.to_bytes(4, "little").rjust(length, b"x") for number in range(250_000)]
    for number, pretoken in enumerate(pretokens):
        older = pretokens[number * 40_503 % (number + 1)]
        for each, count in [(pretoken, number % 7 + 1), (older, 1)]:
            table.add(each, count)
            expected[each] = expected.get(each, 0) + count
        if number.bit_count() == 1 and number < 100_000:
            assert sorted(expected.items()) == table.items()
    assert sorted(expected.items()) == table.items()


def test_a_table_that_grows_while_another_is_merged_stays_fast() -> None:
    # In the order of their homes each would be added where the table is fullest: for hours.
    items = [(b"%d" % n, 1) for n in range(400_000)] + [(b"%030d" % n, 1) for n in range(200_000)]
    one, two = _core.CountTable(items[::2]), _core.CountTable(items[1::2])
    one.merge(two)
    assert len(items) == len(one) == one.total


def test_a_table_is_not_merged_into_itself() -> None:
    table = _core.CountTable([(b"a", 1)])
    with pytest.raises(ValueError, match="into itself"):
        table.merge(table)
