"""The native engine reads UTF-8 as Python does: sequence by sequence, broken byte by broken byte.

What a sequence was taken for shows in the split: letters join letters, numbers join numbers, and
an invalid byte stands between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from bpe import _core
from bpe.patterns import Pattern
from bpe.reference.split import split

PATTERNS = ("gpt2", "cl100k", "o200k")

#: The bytes at which the limits of second, third and fourth bytes lie.
SECOND = (0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF)
LATER = (0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xE4)


def sequences(length: int) -> Iterator[bytes]:
    leads = {1: range(256), 2: range(256), 3: range(0xE0, 0xF0), 4: range(0xF0, 0xF8)}[length]
    rest = [SECOND, LATER, LATER]
    return map(bytes, product(leads, *rest[: length - 1]))


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_sequences_are_read_as_python_reads_them(length: int, name: str) -> None:
    for before, after in ((b"a", b"a1\n"), (b" ", b"1"), (b"1", b"\xac\n")):
        for sequence in sequences(length):
            data = before + sequence + after
            assert split(data, Pattern.of(name)) == _core.split(data, name)
        joined = b"".join(before + sequence + after for sequence in sequences(length))
        assert split(joined, Pattern.of(name)) == _core.split(joined, name)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("character", ["é", "中", "\U00020000", "١", "\U0001d7d8", "\u3000"])
def test_a_sequence_cut_short_at_the_end_is_invalid_bytes(character: str, name: str) -> None:
    for length in range(len(character.encode()) + 1):
        for before in (b"", b"a", b"1", b" ", b"!"):
            data = before + character.encode()[:length]
            assert split(data, Pattern.of(name)) == _core.split(data, name)


def test_every_pair_of_bytes_is_read_as_python_reads_it() -> None:
    data = b"".join(b"a" + bytes(pair) + b"1\n" for pair in product(range(256), repeat=2))
    assert split(data, Pattern.of("cl100k")) == _core.split(data, "cl100k")
