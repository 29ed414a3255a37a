"""bpe/reference/count.py: documents → how often each pretoken occurs."""

from __future__ import annotations

import pytest

from bpe.errors import TrainingError
from bpe.patterns import Pattern
from bpe.reference.count import MAX_COUNT, CountTable, count_documents

GPT2 = Pattern.of("gpt2")


def counted(*documents: bytes, special_tokens: tuple[str, ...] = ()) -> list[tuple[bytes, int]]:
    table = CountTable()
    count_documents(table, documents, GPT2, special_tokens, None)
    return table.items()


def test_pretokens_of_all_documents_are_counted_together() -> None:
    assert [(b" b", 2), (b"a", 2)] == counted(b"a b", b"a b")


def test_two_documents_are_not_one() -> None:
    assert [(b"a", 1), (b"b", 1)] == counted(b"a", b"b")
    assert [(b"ab", 1)] == counted(b"ab")


def test_special_tokens_cut_and_are_not_counted() -> None:
    assert [(b"a", 2)] == counted(b"a<x><x>a", special_tokens=("<x>",))


def test_of_two_special_tokens_at_one_place_the_longest_cuts() -> None:
    assert [(b"a", 2)] == counted(b"a<x>>a", special_tokens=("<x>", "<x>>"))
    assert [(b">", 1), (b"a", 2)] == counted(b"a<x>>a", special_tokens=("<x>",))


def test_a_special_token_ends_the_text_before_it() -> None:
    # In "a  b" the second space belongs to "b"; before a special token both stay together.
    assert [(b" ", 1), (b" b", 1), (b"a", 1)] == counted(b"a  b")
    assert [(b"  ", 1), (b"a", 1), (b"b", 1)] == counted(b"a  <x>b", special_tokens=("<x>",))


def test_progress_hears_of_every_document() -> None:
    heard: list[tuple[str, int, int]] = []
    count_documents(CountTable(), [b"a", b"bcd"], GPT2, (), lambda *step: heard.append(step))
    assert [("counting", 1, 4), ("counting", 4, 4)] == heard


def test_tables_add_up() -> None:
    table, other = CountTable([(b"a", 1), (b"b", 2)]), CountTable([(b"b", 3), (b"c", 4)])
    table.merge(other)
    assert [(b"a", 1), (b"b", 5), (b"c", 4)] == table.items()
    assert (10, 3) == (table.total, len(table))


def test_top_sorts_by_count_and_then_by_bytes() -> None:
    table = CountTable([(b"b", 1), (b"a", 1), (b"z", 9)])
    assert [(b"z", 9), (b"a", 1)] == table.top(2)
    assert [] == table.top(0)
    assert 3 == len(table.top(99))


@pytest.mark.parametrize("count", [0, -1, 1.0, True, None, "1"])
def test_a_count_must_be_a_whole_number_of_at_least_1(count: object) -> None:
    with pytest.raises(TrainingError, match="b'a' must be a whole number of at least 1"):
        CountTable().add(b"a", count)  # type: ignore[arg-type]


@pytest.mark.parametrize("pretoken", [b"", "a", None])
def test_a_pretoken_must_be_bytes_and_not_empty(pretoken: object) -> None:
    with pytest.raises(TrainingError, match="must be a non-empty bytes object"):
        CountTable().add(pretoken, 1)  # type: ignore[arg-type]


def test_counts_never_leave_64_bits() -> None:
    table = CountTable([(b"a", MAX_COUNT - 1)])
    table.add(b"b", 1)
    with pytest.raises(TrainingError, match="add up to more than 9223372036854775807 at b'c'"):
        table.add(b"c", 1)
    assert [(b"a", MAX_COUNT - 1), (b"b", 1)] == table.items()
