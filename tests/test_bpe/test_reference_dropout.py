"""BPE-dropout is the same for the same seed, on both engines, and leaves out merges by chance."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpe
from bpe.errors import SpecialTokenError
from bpe.reference.dropout import SplitMix64
from bpe.spec import TokenizerSpec
from bpe.testing import strategies

SEEDS = st.integers(0, 2**64 - 1)


@settings(deadline=None)
@given(
    spec=strategies.specs(),
    data=strategies.byte_strings(),
    probability=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    seed=SEEDS,
)
def test_engines_agree_and_the_text_comes_back(
    spec: TokenizerSpec, data: bytes, probability: float, seed: int
) -> None:
    native, reference = bpe.Tokenizer(spec), bpe.Tokenizer(spec, engine="reference")
    ids = native.encode_with_dropout(data, probability, seed=seed, special="all")
    assert reference.encode_with_dropout(data, probability, seed=seed, special="all") == ids
    assert data == native.decode_bytes(ids)
    if probability == 0:
        assert native.encode(data, special="all") == ids
    if probability == 1:
        singles = native.encode_with_dropout(data, 1.0, seed=seed, special="text")
        assert [spec.byte_ids[byte] for byte in data] == singles


def test_the_numbers_are_those_of_splitmix64() -> None:
    # From the author's program, https://prng.di.unimi.it/splitmix64.c, with the seed 1234567.
    random = SplitMix64(1234567)
    assert [6457827717110365317, 3203168211198807973] == [random.next(), random.next()]


def test_a_merge_is_dropped_as_often_as_asked(engine: str) -> None:
    tok = bpe.Tokenizer(TokenizerSpec.from_pairs(bpe.Pattern.of("gpt2"), [(97, 98)]), engine=engine)
    text = "ab " * 4000
    kept = tok.encode_with_dropout(text, 0.3, seed=5).count(256)
    assert 2650 < kept < 2950  # 2800 and five times its standard deviation of 29
    assert kept != tok.encode_with_dropout(text, 0.3, seed=6).count(256)


def test_a_long_pretoken_takes_no_quadratic_time() -> None:
    tok = bpe.Tokenizer(TokenizerSpec.from_pairs(bpe.Pattern.of("gpt2"), [(97, 97), (256, 256)]))
    text = "a" * 300_000
    assert text == tok.decode(tok.encode_with_dropout(text, 0.1, seed=1))


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_probability_out_of_range_is_refused(engine: str, bad: float) -> None:
    tok = bpe.train(["ab"], 257, engine=engine)
    with pytest.raises(ValueError, match="between 0 and 1"):
        tok.encode_with_dropout("ab", bad, seed=0)


@pytest.mark.parametrize("bad", [-1, 2**64, 1.0, True])
def test_a_seed_out_of_range_is_refused(engine: str, bad: int) -> None:
    tok = bpe.train(["ab"], 257, engine=engine)
    with pytest.raises(ValueError, match="the seed must be an int from 0"):
        tok.encode_with_dropout("ab", 0.1, seed=bad)


def test_special_tokens_follow_the_policy(engine: str) -> None:
    tok = bpe.train(["ab"], 258, special_tokens=["<|x|>"], engine=engine)
    with pytest.raises(SpecialTokenError):
        tok.encode_with_dropout("<|x|>", 0.5, seed=0)
    assert [257] == tok.encode_with_dropout("<|x|>", 1.0, seed=0, special="all")
