"""Pieces decide when ids and texts come, never which."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpe
from bpe.errors import DecodeError, SpecialTokenError
from bpe.spec import TokenizerSpec
from bpe.testing import strategies

ENGINES = st.sampled_from(["native", "reference"])
CUTS = st.lists(st.integers(0, 60), max_size=6)


def cut(text: Any, places: list[int]) -> list[Any]:
    edges = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


@settings(deadline=None)
@given(
    spec=strategies.specs(),
    text=st.one_of(strategies.texts(), strategies.byte_strings()),
    places=CUTS,
    engine=ENGINES,
    special=st.sampled_from(["text", "all"]),
)
def test_all_pieces_together_give_the_ids_of_the_whole(
    spec: TokenizerSpec, text: Any, places: list[int], engine: Any, special: Any
) -> None:
    tok = bpe.Tokenizer(spec, engine=engine)
    stream, growing = tok.stream_encoder(special=special), tok.growing_encoding(special=special)
    given_so_far: list[int] = []
    fed = text[:0]
    for piece in cut(text, places):
        fed += piece
        given_so_far += stream.feed(piece)
        growing.append(piece)
        expected = tok.encode(fed, special=special)
        assert expected == given_so_far + stream.peek()
        assert (expected, len(expected)) == (growing.ids, len(growing))
        assert growing.certain_ids == given_so_far
    assert tok.encode(text, special=special) == given_so_far + stream.finish()
    assert [] == stream.finish()


def test_ids_come_as_soon_as_a_word_has_ended() -> None:
    tok = bpe.train(["the cat sat on the mat"] * 3, 270)
    stream = tok.stream_encoder()
    assert [] == stream.feed("the")
    assert tok.encode("the") == stream.feed(" cat")
    assert tok.encode(" cat") == stream.feed(" ")
    assert tok.encode(" ") == stream.finish()


def test_byte_by_byte_is_not_quadratic() -> None:
    tok = bpe.train(["the cat sat on the mat"] * 3, 270)
    stream = tok.stream_encoder()
    data = b"x" * 30_000  # one endless word: no cut anywhere
    ids = [id_ for place in range(len(data)) for id_ in stream.feed(data[place : place + 1])]
    assert [] == ids
    assert tok.encode(data) == stream.finish()


def test_a_special_token_may_lie_across_pieces(engine: str) -> None:
    tok = bpe.train(["ab ab"], 258, special_tokens=["<|x|>"], engine=engine)
    stream = tok.stream_encoder(special="all")
    ids = [id_ for piece in ("ab ab <", "|x", "|> a") for id_ in stream.feed(piece)]
    assert tok.encode("ab ab <|x|> a", special="all") == ids + stream.finish()


def test_a_disallowed_special_token_is_an_error_with_its_place(engine: str) -> None:
    tok = bpe.train(["ab ab"], 258, special_tokens=["<|x|>"], engine=engine)
    growing = tok.growing_encoding()
    growing.append("ab ab ab <")
    growing.append("|x")
    assert tok.encode("ab ab ab <|x") == growing.ids
    with suppress(SpecialTokenError):  # it may be certain already, or only when ids are asked for
        growing.append("|> a b c")
    with pytest.raises(SpecialTokenError, match=r"<\|x\|>"):
        len(growing)


def test_half_a_surrogate_pair_waits_for_the_other(engine: str) -> None:
    tok = bpe.train(["ab"], 257, engine=engine)
    stream = tok.stream_encoder()
    ids = [*stream.feed("a\ud83d"), *stream.feed("\ude00"), *stream.finish()]
    assert tok.encode("a😀") == ids
    ids = [*stream.feed("a\ud83d"), *stream.feed(b"b"), *stream.feed("\ud83d"), *stream.finish()]
    assert tok.encode("a\ufffdb\ufffd") == ids


@settings(deadline=None)
@given(data=strategies.byte_strings(), places=CUTS, engine=ENGINES)
def test_texts_of_a_stream_of_ids_are_the_text_of_all(
    data: bytes, places: list[int], engine: Any
) -> None:
    tok = bpe.Tokenizer(SMALL, engine=engine)
    ids = tok.encode(data)
    for errors in ("replace", "ignore"):
        stream = tok.stream_decoder(errors)
        texts = [stream.feed(piece) for piece in cut(ids, places)]
        assert tok.decode(ids, errors) == "".join([*texts, stream.finish()])
        one_by_one = [stream.feed(id_) for id_ in ids]
        assert tok.decode(ids, errors) == "".join([*one_by_one, stream.finish()])


SMALL = TokenizerSpec.from_pairs(bpe.Pattern.of("gpt2"), [(97, 98), (0xE6, 0x97)])


def test_half_a_character_is_held_back(engine: str) -> None:
    stream = bpe.Tokenizer(SMALL, engine=engine).stream_decoder()
    assert ["", "", "日", "a"] == [stream.feed(id_) for id_ in (0xE6, 0x97, 0xA5, 97)]
    assert "" == stream.feed([256 + 1])
    assert "\ufffd" == stream.finish()


def test_errors_of_a_stream_are_those_of_decode(engine: str) -> None:
    stream = bpe.Tokenizer(SMALL, engine=engine).stream_decoder("strict")
    with pytest.raises(DecodeError):
        stream.feed(9999)
    with pytest.raises(UnicodeDecodeError):
        stream.feed([0xFF])
