"""The body of a counts file, as the reference writes and reads it."""

from __future__ import annotations

import pytest

from bpe.errors import TrainingError
from bpe.reference.counts_file import BLOCK_BYTES, Totals, read_body, write_body

ITEMS = [(b"\x00", 1), (b"an", 2**62), (b"and", 300), (b"\xff" * 70_000, 5), (b"\xff" * 70_001, 1)]


def body_of(items: list[tuple[bytes, int]], crc: int = 7) -> bytes:
    return b"".join(write_body(items, (4, 9), crc))


def test_what_was_written_is_read() -> None:
    data = b"head" + body_of(ITEMS)
    expected = Totals(5, 2**62 + 307, 4, 9)
    assert (ITEMS, expected) == read_body(data, 4, 7, "name")
    assert ([], Totals(0, 0, 4, 9)) == read_body(body_of([]), 0, 7, "name")


def test_a_block_ends_with_the_entry_that_fills_it() -> None:
    items = [(b"%06d" % i, 1) for i in range(30_000)]
    blocks = list(write_body(items, (0, 0), 0))
    assert len(blocks) > 2
    for block in blocks[:-2]:
        assert BLOCK_BYTES <= len(block) - 16 < BLOCK_BYTES + 10
    assert items == read_body(b"".join(blocks), 0, 0, "name")[0]


def test_a_sum_beyond_64_bits_names_the_pretoken() -> None:
    with pytest.raises(TrainingError, match="two"):
        body_of([(b"one", 2**62), (b"two", 2**62)])
