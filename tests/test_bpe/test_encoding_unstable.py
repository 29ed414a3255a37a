"""Unstable ids and their completions are those of tiktoken."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import tiktoken

import bpe
from bpe.compat.tiktoken import Encoding
from bpe.errors import SpecialTokenError
from bpe.patterns import NAMED_PATTERNS
from bpe.testing.random_inputs import random_text

LEARNED = ["he", "hel", "hell", "hello", " h", " he", " hello", "\n\n", "\n ", "  ", "   ", " w"]
LEARNED += ["lo", "low", "wor", " wor", " world", "ld", "é", " é", "12", "123", "...", ".\n", "ing"]
#: Parts of characters, a token that no merge reaches, and one across white space.
ODD = [b"\xe6\x97", b"\xa5\xe6", b" \xe6\x97", b"abcdefgh", b"\n\n\n\n"]


def both(pattern: str) -> tuple[tiktoken.Encoding, Any]:
    tokens = [*(token.encode() for token in LEARNED), *ODD]
    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks |= {
        token: 256 + i for i, token in enumerate(t for t in dict.fromkeys(tokens) if t not in ranks)
    }
    arguments: dict[str, Any] = {
        "pat_str": NAMED_PATTERNS[pattern],
        "mergeable_ranks": ranks,
        "special_tokens": {"<|e|>": 400},
    }
    return tiktoken.Encoding("x", **arguments), Encoding("x", **arguments)


def assert_same(theirs: tiktoken.Encoding, ours: Any, text: str) -> None:
    stable, completions = theirs.encode_with_unstable(text, allowed_special="all")
    found = ours.encode_with_unstable(text, allowed_special="all")
    assert (stable, sorted(completions)) == found, text


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k"])
def test_completions_are_tiktokens_on_random_text(pattern: str) -> None:
    theirs, ours = both(pattern)
    drawn = random.Random(pattern)
    for _ in range(150):
        text = random_text(drawn, max_pieces=4).encode("utf-8", "replace").decode()
        assert_same(theirs, ours, text)
        pieces = drawn.choices([*LEARNED, "<|e|>", "日", "a", " ", "\u3000", "\x85"], k=5)
        assert_same(theirs, ours, "".join(pieces))


@pytest.mark.parametrize("text", ["", "<|e|>", "a<|e|>", "hel", "hello ", "\n\n", " \n \n", "日"])
def test_completions_are_tiktokens_at_the_edges(text: str) -> None:
    for pattern in ("gpt2", "cl100k"):
        assert_same(*both(pattern), text)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base"])
def test_completions_of_published_vocabularies(published_vocabularies: Path, name: str) -> None:
    theirs, ours = tiktoken.get_encoding(name), bpe.get_encoding(name)
    for text in ("hello fanta", "he said: \n\n", "wordpiec", "数"):
        assert_same(theirs, ours, text)


def test_both_engines_agree(engine: str) -> None:
    tok = bpe.train(["low lower lowest"] * 9, 264, engine=engine)
    stable, completions = tok.encode_with_unstable("low low")
    assert tok.encode("low") == stable
    assert sorted(completions) == completions
    assert tok.encode(" low") in completions
    with pytest.raises(SpecialTokenError):
        tok.encode_with_unstable("<|endoftext|>")
