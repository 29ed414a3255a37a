"""The alphabet of 256 characters is that of `tokenizers`, and nothing else passes for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from bpe.errors import FormatError
from bpe.formats.byte_alphabet import ALPHABET, from_characters, to_characters


def test_it_is_the_alphabet_of_tokenizers() -> None:
    assert set(pre_tokenizers.ByteLevel.alphabet()) == set(ALPHABET)
    assert 256 == len(ALPHABET)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for text in ("".join(map(chr, range(1, 0x800))), "你好 \U0001f600\u2028", "\0"):
        ((written, _),) = byte_level.pre_tokenize_str(text)
        assert written == to_characters(text.encode())


@given(st.binary(min_size=1))
def test_every_string_of_bytes_comes_back(token: bytes) -> None:
    assert token == from_characters(to_characters(token), "here")


def test_every_other_character_is_refused_by_name() -> None:
    for code in (*range(0x3000), *range(0xD7F0, 0xE010), 0x10FFFF):
        if chr(code) not in ALPHABET:
            with pytest.raises(FormatError, match="is none of the 256 characters"):
                from_characters(f"a{chr(code)}", "here")
    with pytest.raises(FormatError, match="here: a token is empty"):
        from_characters("", "here")
