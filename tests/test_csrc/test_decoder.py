"""Ids back to bytes: every container of ids, and every id that is none."""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping

import numpy as np
import pytest

from bpe import _core
from bpe.errors import DecodeError

BYTES = {byte: bytes([byte]) for byte in range(256)}


def codec_of(
    tokens: Mapping[int, bytes] = BYTES, specials: Mapping[bytes, int] | None = None
) -> _core.Codec:
    """Return a codec without merges: decoding does not look at them."""
    columns = [array("I")] * 4
    return _core.Codec("", list(tokens.items()), *columns, list((specials or {}).items()), False)


def test_ids_decode_to_their_bytes_whatever_holds_them() -> None:
    codec = codec_of({**BYTES, 256: b"hello, long token", 900: b"!"}, specials={b"<s>": 400})
    ids = [256, 104, 105, 400, 256, 900]
    expected = b"hello, long tokenhi<s>hello, long token!"
    assert expected == codec.decode_bytes(ids)
    assert expected == codec.decode_bytes(tuple(ids))
    assert expected == codec.decode_bytes(iter(ids))  # type: ignore[arg-type]
    assert expected == codec.decode_bytes([np.int64(id_) for id_ in ids])
    for dtype in ("i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">u8", object):
        assert expected == codec.decode_bytes(np.array(ids, dtype))
        assert expected[::-1][:1] == codec.decode_bytes(np.array(ids, dtype)[::-1][:1])
    assert b"hi" == codec.decode_bytes(np.array([104, 0, 105, 0], np.uint8)[::2])
    assert b"" == codec.decode_bytes([])
    assert b"" == codec.decode_bytes(np.array([], np.int64))


@pytest.mark.parametrize(
    "bad", [-1, 257, 899, 2**31, 2**32, 2**32 + 97, 2**63, 2**64, 10**30, -(10**30)]
)
def test_an_unknown_id_is_named_with_its_place(bad: int) -> None:
    codec = codec_of({**BYTES, 900: b"!"})
    with pytest.raises(DecodeError, match=rf"ids\[1\] is {bad}\b"):
        codec.decode_bytes([97, bad])
    with pytest.raises(DecodeError, match=str(bad)):
        codec.token_bytes(bad)


def test_an_integer_too_long_to_print_is_refused_too() -> None:
    with pytest.raises(DecodeError, match=r"ids\[0\]"):
        codec_of().decode_bytes([10**5000])


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8"])
def test_a_negative_id_in_an_array_does_not_wrap(dtype: str) -> None:
    with pytest.raises(DecodeError, match=r"ids\[2\] is -1"):
        codec_of().decode_bytes(np.array([97, 98, -1], dtype))


@pytest.mark.parametrize("bad", [True, 1.0, None, "a", np.float32(1), np.bool_(True), [1]])
def test_what_is_no_integer_is_a_type_error_with_its_place(bad: object) -> None:
    with pytest.raises(TypeError, match=r"ids\[1\]"):
        codec_of().decode_bytes([97, bad])  # type: ignore[list-item]


def test_arrays_of_other_shapes_and_types_are_refused() -> None:
    codec = codec_of()
    with pytest.raises(ValueError, match="dimension"):
        codec.decode_bytes(np.zeros((2, 2), int))
    for bad in (np.zeros(2), np.zeros(2, bool), np.array(5), "ab", 5, None):
        with pytest.raises(TypeError):
            codec.decode_bytes(bad)  # type: ignore[arg-type]


def test_a_list_that_changes_while_it_is_read_does_no_harm() -> None:
    ids: list[object] = [97] * 10

    class Emptier:
        def __index__(self) -> int:
            ids.clear()
            return 98

    ids[3] = Emptier()
    assert b"aaab" == codec_of().decode_bytes(ids)  # type: ignore[arg-type]


def test_ints_of_every_size_stand_side_by_side() -> None:
    large = {2**15: b"a", 2**30 - 1: b"b", 2**30: b"c", 2**31 - 1: b"d"}
    codec = codec_of({**BYTES, **large})
    ids = [0, *large, *reversed(large), 98] * 20  # beyond what is fetched ahead
    assert b"\0abcddcbab" * 20 == codec.decode_bytes(ids)
    ids[137] = 2**30 + 1
    with pytest.raises(DecodeError, match=rf"ids\[137\] is {2**30 + 1}\b"):
        codec.decode_bytes(ids)


def test_ints_of_other_kinds_between_ints_are_read_in_their_order() -> None:
    class Other(int):
        """An int that is not exactly one."""

    ids = [97, Other(98), np.int64(99), 100, Other(97)] * 50
    assert b"abcda" * 50 == codec_of().decode_bytes(ids)  # type: ignore[arg-type]


def test_megabytes_of_bytes_and_of_ids_are_no_different() -> None:
    codec = codec_of({**BYTES, 256: b"0123456789abcdef", 257: b"0123456789abcdefg"})
    ids = [256, 257, 97] * 200_000
    expected = (b"0123456789abcdef" + b"0123456789abcdefg" + b"a") * 200_000
    assert expected == codec.decode_bytes(ids)
    assert expected == codec.decode_bytes(np.array(ids, np.uint16))
    assert list(expected) == codec.encode_ordinary(expected)


@pytest.mark.parametrize("seed", range(6))
def test_tokens_of_all_lengths_and_ids_far_apart_decode_to_their_bytes(seed: int) -> None:
    rng = random.Random(seed)
    tokens = dict(BYTES)
    for id_ in [*rng.sample(range(256, 900), 300), 2**20 + seed, 2**31 - 1]:
        tokens[id_] = rng.randbytes(rng.choice([1, 2, 7, 14, 15, 16, 17, 40]))
    specials = {b"<s>": 901, b"<a special token of more bytes>": 905, b"<both>": 7}
    special_bytes = {id_: token for token, id_ in specials.items()}
    codec = codec_of(tokens, specials)
    texts = special_bytes | tokens  # an id that both have is the ordinary one
    for count in (5, 70_000, 33):  # before there is a table of short tokens, with it, and after
        ids = rng.choices(list(texts), k=count)
        expected = b"".join(texts[id_] for id_ in ids)
        assert expected == codec.decode_bytes(ids)
        assert [expected] == codec.decode_bytes_batch([np.array(ids)], 1)
        place = rng.randrange(count)
        ids[place] = rng.choice([902, 950, 2**20 - 1, 2**31 - 2])
        with pytest.raises(DecodeError, match=rf"ids\[{place}\] is {ids[place]}\b"):
            codec.decode_bytes(ids)


def test_single_tokens_are_found_in_both_directions() -> None:
    codec = codec_of({**BYTES, 256: b"ab"}, specials={b"<s>": 300})
    assert (256, 300, None) == (
        codec.token_id(b"ab"),
        codec.token_id(b"<s>"),
        codec.token_id(b"x<"),
    )
    assert codec.token_id(b"") is None
    assert (b"ab", b"<s>") == (codec.token_bytes(256), codec.token_bytes(300))
    with pytest.raises(TypeError):
        codec.token_bytes("a")  # type: ignore[arg-type]
