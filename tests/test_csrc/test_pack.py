"""Every kernel packs pretokens into the keys and home slots that a few lines of Python give."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpe import _core

KERNELS = _core.pack_kernel_names()
(LOW, HIGH), MIX = _core.hash_seed(), 0x9E3779B1

each_kernel = pytest.mark.parametrize("kernel", KERNELS)
Packed = tuple[list[bytes], list[int], list[int]]


def key_of(pretoken: bytes) -> bytes:
    return pretoken.ljust(15, b"\0") + bytes([len(pretoken)])


def hash_of(key: bytes) -> int:
    low = int.from_bytes(key[:8], "little") ^ LOW
    high = int.from_bytes(key[8:], "little") ^ HIGH
    total = (low % 2**32 * (low >> 32) + high % 2**32 * (high >> 32)) % 2**64
    return ((total ^ total >> 32) % 2**32) * MIX % 2**32


def expected_of(pretokens: list[bytes], shift: int) -> Packed:
    keys = [bytes(16) if len(each) > 15 else key_of(each) for each in pretokens]
    homes = [max(hash_of(key) >> shift, 1) if any(key) else 0 for key in keys]
    return keys, homes, [index for index, each in enumerate(pretokens) if len(each) > 15]


def packed(pretokens: list[bytes], shift: int, kernel: str, behind: bytes = b"") -> Packed:
    ends = [0]
    for each in pretokens:
        ends.append(ends[-1] + len(each))
    return _core.pack_keys(b"".join(pretokens) + behind, ends[1:], shift, kernel)


def test_the_scalar_kernel_is_always_there() -> None:
    assert "scalar" == KERNELS[0]
    assert set(KERNELS) >= set(_core.kernel_names()) - {"neon"}


@each_kernel
@pytest.mark.parametrize("longest", [1, 5, 20])
def test_the_end_of_a_text_is_packed_like_its_middle(kernel: str, longest: int) -> None:
    rng = Random(longest)
    for size in range(200, 300):  # up to 256 bytes are copied as a whole
        data, pretokens = rng.randbytes(size), []
        while data:
            cut = rng.randint(1, longest)
            pretokens.append(data[:cut])
            data = data[cut:]
        for behind in (b"", b"x", b"y" * 30):
            assert expected_of(pretokens, 12) == packed(pretokens, 12, kernel, behind)


@each_kernel
@given(
    pretokens=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=40),
    shift=st.integers(0, 31),
    behind=st.binary(max_size=20),
)
@settings(deadline=None)
def test_keys_and_homes_are_those_of_the_definition(
    kernel: str, pretokens: list[bytes], shift: int, behind: bytes
) -> None:
    assert expected_of(pretokens, shift) == packed(pretokens, shift, kernel, behind)


@each_kernel
def test_batches_of_every_size_and_pretokens_of_every_length(kernel: str) -> None:
    random = Random(5)
    for size in [*range(1, 70), 511, 512]:
        for longest in (1, 4, 15, 16, 40):
            pretokens = [random.randbytes(random.randint(1, longest)) for _ in range(size)]
            behind = bytes(random.choice((0, 5, 16, 64)))
            assert expected_of(pretokens, 13) == packed(pretokens, 13, kernel, behind)


@each_kernel
def test_a_length_that_looks_negative_is_long(kernel: str) -> None:
    data = bytes(range(1, 40))
    keys, homes, longs = _core.pack_keys(data, [0xFFFFFFFF], 20, kernel)
    assert ([bytes(16)], [0], [0]) == (keys, homes, longs)
