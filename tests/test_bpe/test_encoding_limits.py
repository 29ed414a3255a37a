"""Counting up to a limit and truncating give what their definitions say, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpe
from bpe.encoding.cutting import is_character_boundary
from bpe.errors import SpecialTokenError
from bpe.spec import TokenizerSpec
from bpe.testing import strategies

ENGINES = st.sampled_from(["native", "reference"])
POLICIES = st.sampled_from(["text", "all"])


def by_definition(tok: bpe.Tokenizer, data: bytes, budget: int, side: str, special: Any) -> bytes:
    """Truncate as docs/spec.md says it, one step after the other."""
    ids = tok.encode(data, special=special)
    if len(ids) <= budget:
        return data
    k, step = budget, 1
    while k > 0:
        kept = tok.decode_bytes(ids[:k] if side == "right" else ids[len(ids) - k :])
        cut = len(kept) if side == "right" else len(data) - len(kept)
        if not is_character_boundary(data, cut):
            k -= 1
        elif len(tok.encode(kept, special=special)) > budget:
            k, step = k - step, 2 * step
        else:
            return kept
    return b""


@settings(deadline=None)
@given(
    spec=strategies.specs(),
    data=strategies.byte_strings(),
    budget=st.integers(0, 30),
    engine=ENGINES,
    special=POLICIES,
)
def test_a_truncated_text_fits_and_is_what_the_definition_gives(
    spec: TokenizerSpec, data: bytes, budget: int, engine: Any, special: Any
) -> None:
    tok = bpe.Tokenizer(spec, engine=engine)
    for side in ("right", "left"):
        kept = tok.truncate(data, budget, side=side, special=special)  # type: ignore[arg-type]
        assert by_definition(tok, data, budget, side, special) == kept
        assert len(tok.encode(kept, special=special)) <= max(budget, 0)
        assert data.startswith(kept) if side == "right" else data.endswith(kept)


@settings(deadline=None)
@given(spec=strategies.specs(), text=strategies.texts(), budget=st.integers(0, 20))
def test_a_truncated_str_is_a_str_that_begins_the_text(
    spec: TokenizerSpec, text: str, budget: int
) -> None:
    tok = bpe.Tokenizer(spec)
    repaired = tok.decode(tok.encode_ordinary(text))
    kept = tok.truncate(text, budget, special="text")
    assert isinstance(kept, str)
    assert repaired.startswith(kept)
    assert repaired == tok.truncate(text, 10**6, special="text")


@settings(deadline=None)
@given(
    spec=strategies.specs(),
    data=strategies.byte_strings(),
    limit=st.integers(0, 30),
    engine=ENGINES,
    special=POLICIES,
)
def test_a_count_with_a_limit_is_exact_up_to_the_limit(
    spec: TokenizerSpec, data: bytes, limit: int, engine: Any, special: Any
) -> None:
    tok = bpe.Tokenizer(spec, engine=engine)
    number = len(tok.encode(data, special=special))
    assert number == tok.count(data, special=special)
    assert min(number, limit + 1) == tok.count(data, limit=limit, special=special)


def test_long_texts_are_cut_at_many_places(engine: str) -> None:
    tok = bpe.train(["the cat sat on the mat"] * 3, 270, engine=engine)
    text = "the cat sat on the mat, 12345 hats and naïve 猫s sat. " * 300
    ids = tok.encode(text)
    for budget in (1, 2, 3, 500, 501, 502, len(ids) - 1, len(ids)):
        for side in ("right", "left"):
            assert (
                by_definition(tok, text.encode(), budget, side, "text").decode()
                == tok.truncate(text, budget, side=side)  # type: ignore[arg-type]
            )
        assert min(budget + 1, len(ids)) == tok.count(text, limit=budget)


def test_what_lies_behind_the_limit_is_not_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    tok = bpe.train(["the cat sat on the mat"] * 3, 270)
    text = "the cat sat on the mat " * 100_000
    seen: list[int] = []
    codec = tok._codec

    class Watched:
        find_special = staticmethod(codec.find_special)
        has_special = staticmethod(codec.has_special)

        def count(self, data: bytes, allowed: frozenset[str]) -> int:
            seen.append(len(data))
            return codec.count(data, allowed)

        def encode(self, data: bytes, allowed: frozenset[str]) -> list[int]:
            seen.append(len(data))
            return codec.encode(data, allowed)

    monkeypatch.setattr(tok, "_codec", Watched())
    assert 101 == tok.count(text, limit=100, special="text")
    tok.truncate(text, 100, special="text")
    tok.truncate(text, 100, side="left", special="text")
    assert sum(seen) < 10_000


def test_tokens_that_lie_across_characters_take_no_quadratic_time() -> None:
    # Every boundary but the first lies inside a character: "日" is e6 97 a5.
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"\x97\xa5": 256, b"\x97\xa5\xe6": 257}
    spec = TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks)
    assert "" == bpe.Tokenizer(spec).truncate("日" * 200_000, 150_000)


@pytest.mark.parametrize("bad", [-1, -(10**9)])
def test_a_negative_budget_is_refused(engine: str, bad: int) -> None:
    tok = bpe.train(["ab"], 257, engine=engine)
    with pytest.raises(ValueError, match=f"max_tokens must be 0 or more, not {bad}"):
        tok.truncate("ab", bad)
    with pytest.raises(ValueError, match=f"limit must be 0 or more, not {bad}"):
        tok.count("ab", limit=bad)
    with pytest.raises(TypeError, match="limit must be an int, not float"):
        tok.count("ab", limit=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='side must be "left" or "right"'):
        tok.truncate("ab", 1, side="middle")  # type: ignore[arg-type]


def test_special_tokens_follow_the_policy(engine: str) -> None:
    tok = bpe.train(["ab"], 258, special_tokens=["<|x|>"], engine=engine)
    with pytest.raises(SpecialTokenError, match="at byte 1"):
        tok.truncate("a<|x|>", 1)
    assert "a" == tok.truncate("a<|x|>", 1, special="all")
    assert "<|x|>" == tok.truncate("a<|x|>", 1, special="all", side="left")
    assert "a<" == tok.truncate("a<|x|>", 2, special="text")
    assert 2 == tok.count("a<|x|>", limit=5, special="all")
