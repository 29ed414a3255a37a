"""Any number of threads gives the merges of one, on tables that are large enough to share."""

from __future__ import annotations

import random

import pytest

from bpe import _core
from bpe.errors import TrainingError

Items = list[tuple[bytes, int]]


def large_items() -> Items:
    """Return 120,000 pretokens in 2.3 million cells: small counts, large ones, ties."""
    rng = random.Random(11)
    items: dict[bytes, int] = {}
    while len(items) < 120_000:
        size = rng.choice((2, 3, 9, 18, 30, 31))
        space = rng.choice((b"", b" "))
        word = space + bytes(rng.choices(b"abcdefgh\xe4\xb8\xad", k=size))
        items[word] = rng.choice((1, 1, 2, 3, 4, 70, 65_535, 65_536, 10**7))
    return list(items.items())


ITEMS = large_items()


def train(items: Items, num_threads: int, tie_break: str) -> list[tuple[int, int]]:
    table = _core.CountTable(items)
    return _core.train(table, 300, tie_break, 1, None, [], num_threads, None)


@pytest.mark.parametrize("tie_break", ["id", "bytes_max"])
def test_any_number_of_threads_gives_the_same_merges(tie_break: str) -> None:
    assert sum(len(pretoken) + 1 for pretoken, _ in ITEMS) > 2 * 2**20  # two stretches of cells
    expected = train(ITEMS, 1, tie_break)
    assert 300 == len(expected)
    for num_threads in (2, 3, 8):
        assert expected == train(ITEMS, num_threads, tie_break)


def test_every_count_is_right_after_every_merge() -> None:
    table = _core.CountTable(ITEMS)
    expected = train(ITEMS, 1, "id")[:2]
    assert expected == _core.train(table, 2, "id", 1, None, [], 3, None, verify=True)


@pytest.mark.parametrize("num_threads", [1, 2, 5])
def test_a_corpus_that_is_too_large_only_as_a_whole_is_refused(num_threads: int) -> None:
    # No part of the table passes the limit by itself.
    items = [(pretoken, 2**44) for pretoken, _ in ITEMS]
    with pytest.raises(TrainingError, match=r"pretoken b'.*' .* divide all counts"):
        train(items, num_threads, "id")
