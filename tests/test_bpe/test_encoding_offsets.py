"""Offsets point at the bytes and the characters of each token, on both engines."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import bpe
from bpe.spec import TokenizerSpec
from bpe.testing import strategies


@settings(deadline=None)
@given(
    spec=strategies.specs(),
    data=strategies.byte_strings(),
    engine=st.sampled_from(["native", "reference"]),
)
def test_spans_are_the_bytes_and_characters_of_the_tokens(
    spec: TokenizerSpec, data: bytes, engine: Any
) -> None:
    tok = bpe.Tokenizer(spec, engine=engine)
    found = tok.encode_with_offsets(data, special="all")
    assert tok.encode(data, special="all") == found.ids
    assert [data[start:end] for start, end in found.byte_spans] == tok.decode_tokens_bytes(
        found.ids
    )
    assert expected_characters(data, found.byte_spans) == found.char_spans


def expected_characters(data: bytes, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Look every byte up in a list: slow, and another road."""
    characters = data.decode("utf-8", "surrogateescape")
    owner = [
        index
        for index, character in enumerate(characters)
        for _ in character.encode("utf-8", "surrogateescape")
    ]
    return [(owner[start], owner[end - 1] + 1) for start, end in spans]


def test_a_slice_of_the_text_is_the_token_where_it_is_whole_characters() -> None:
    tok = bpe.train(["naïve café, 你好"] * 5, 270, pattern="cl100k")
    text = "naïve café, 你好! \ud83d\ude00 and 😀"
    found = tok.encode_with_offsets(text)
    repaired = tok.decode(found.ids)
    for token, (start, end) in zip(
        tok.decode_tokens_bytes(found.ids), found.char_spans, strict=True
    ):
        assert token in repaired[start:end].encode()
    assert len(repaired) == found.char_spans[-1][1]


def test_nothing_has_no_spans(engine: str) -> None:
    tok = bpe.train(["ab"], 257, engine=engine)
    assert ([], [], []) == tok.encode_with_offsets("")
