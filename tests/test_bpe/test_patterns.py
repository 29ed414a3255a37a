"""Patterns are recognised by name and by regular expression."""

from __future__ import annotations

import pytest

from bpe.errors import PatternError
from bpe.patterns import NAMED_PATTERNS, Pattern


@pytest.mark.parametrize("name", sorted(NAMED_PATTERNS))
def test_a_name_and_its_expression_are_the_same_pattern(name: str) -> None:
    assert Pattern.of(NAMED_PATTERNS[name]) == Pattern.of(name)
    assert Pattern.of(Pattern.of(name)) is not None


def test_the_original_gpt2_spelling_is_known() -> None:
    spelling = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    assert Pattern.of(spelling).name == "gpt2"
    assert Pattern.of(spelling).stages == (spelling,)


def test_no_pattern_is_no_stage() -> None:
    assert Pattern.of(None) == Pattern.of([]) == Pattern(stages=())


def test_the_published_patterns_are_tiktokens() -> None:
    from tiktoken_ext import openai_public

    assert openai_public.r50k_pat_str == NAMED_PATTERNS["gpt2"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("gtp2", "names are cl100k"),
        ("(", "not a regular"),
        ("(?V0)a", "not a regular"),
        ("[" * 5000, "nested too deep"),
        ("a|\ud800", "lone surrogate"),
        ("", "non-empty"),
        ([1], "non-empty"),
    ],
)
def test_what_is_no_pattern_is_refused(bad: object, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        Pattern.of(bad)
