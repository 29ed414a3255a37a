"""One word says what becomes of special tokens, or tiktoken's two do; never both."""

from __future__ import annotations

from typing import Any

import pytest

import bpe
from bpe.errors import SpecialTokenError

A, B = "<|a|>", "<|b|>"
TEXT = f"x{A}y"


@pytest.fixture
def tok(engine: str) -> bpe.Tokenizer:
    return bpe.train(["xy"], 258, special_tokens=[A, B], engine=engine)  # type: ignore[arg-type]


def calls(tok: bpe.Tokenizer) -> list[Any]:
    return [
        tok.encode,
        lambda text, **options: tok.encode_to_numpy(text, **options).tolist(),
        lambda text, **options: tok.encode_batch([text], **options)[0],
        lambda text, **options: tok.encode_with_offsets(text, **options).ids,
        lambda text, **options: tok.encode_with_dropout(text, 0.0, seed=0, **options),
        lambda text, **options: tok.encode_batch_to_ragged([text], **options)[0].tolist(),
    ]


def test_every_method_follows_the_policy(tok: bpe.Tokenizer) -> None:
    as_text, as_id = tok.encode_ordinary(TEXT), [120, 256, 121]
    for call in calls(tok):
        assert as_text == call(TEXT, special="text")
        for special in ("all", {A}, [A, B]):
            assert as_id == call(TEXT, special=special)
        for special in ("raise", {B}, set()):
            with pytest.raises(SpecialTokenError, match="disallowed special token, at byte 1"):
                call(TEXT, special=special)


@pytest.mark.parametrize("bad", ["", "rais", A, {"<|c|>"}])
def test_what_is_no_policy_is_refused(tok: bpe.Tokenizer, bad: Any) -> None:
    for call in calls(tok):
        with pytest.raises(SpecialTokenError):
            call("x", special=bad)


def test_both_ways_at_once_are_refused(tok: bpe.Tokenizer) -> None:
    for options in ({"allowed_special": {A}}, {"disallowed_special": ()}):
        with pytest.raises(SpecialTokenError, match="not both"):
            tok.encode(TEXT, special="text", **options)  # type: ignore[arg-type]
