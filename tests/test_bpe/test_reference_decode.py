"""bpe/reference/decode.py: ids → bytes."""

from __future__ import annotations

import numpy as np
import pytest

from bpe.errors import DecodeError
from bpe.patterns import Pattern
from bpe.reference.decode import all_tokens, decode_bytes
from bpe.spec import TokenizerSpec

TOKENS = all_tokens(TokenizerSpec.from_pairs(Pattern.of(None), [(104, 105)], ["<é>"]))


def test_the_bytes_of_the_tokens_are_joined() -> None:
    assert b"hi\xff<\xc3\xa9>" == decode_bytes([256, 255, 257], TOKENS)
    assert b"" == decode_bytes([], TOKENS)


@pytest.mark.parametrize("unknown", [-1, 258, 2**31, 2**32 + 104, 2**64 + 104, 10**30])
def test_an_unknown_id_is_named_with_its_index(unknown: int) -> None:
    with pytest.raises(DecodeError, match=f"id {unknown} at index 1 ") as error:
        decode_bytes([104, unknown], TOKENS)
    assert isinstance(error.value, KeyError)


@pytest.mark.parametrize("wrong", [104.0, "h", None, b"h"])
def test_what_is_no_whole_number_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        decode_bytes([wrong], TOKENS)  # type: ignore[list-item]


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint32", "int64", "uint64", ">u4"])
def test_ids_may_be_numpy_integers(dtype: str) -> None:
    assert b"hi" == decode_bytes(np.array([256], dtype=dtype), TOKENS)  # type: ignore[arg-type]
