"""Split patterns mean the same in the other tool, or are refused with the construct and the why."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
import regex
import tiktoken
import tokenizers

from bpe.errors import FormatError
from bpe.formats.regex_dialects import (
    TOTAL,
    Dialect,
    from_oniguruma,
    make_total,
    to_dialect,
    undo_total,
)
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.regex_split import split
from bpe.testing.random_inputs import random_text

CUSTOM = [
    r"\p{N}{1,3}+|[^\p{N}]+",
    r"\p{N}{1,3}|\p{Lu}\p{Ll}*+|\s++$|\s+",  # not total
    r"[\p{L}\p{M}\p{N}_]+|[^\p{L}\p{M}\p{N}_]+",
    r"[a-z]+(?!x)|[A-Z&&[^B]]+",
    r"(?:ab|\.)+?c|\d",
    r"(?>a+|b)c?|\u00e9",
    " [^\r\n]+",
    "a",
]


def texts() -> list[str]:
    drawn = random.Random(7)
    found = [random_text(drawn).encode("utf-8", "replace").decode() for _ in range(400)]
    return [*found, "1234567", "12345 \n\n", "a \n\n b\n", "aaabc.c1234ABCx", ""]


def pretokens(stage: str, text: str) -> list[str]:
    return [piece.decode() for piece in split(text.encode(), Pattern.of([stage]))]


def huggingface_pretokens(stage: str, text: str) -> list[str]:
    pattern = tokenizers.Regex(to_dialect(stage, "oniguruma"))
    pre_tokenizer = tokenizers.pre_tokenizers.Split(pattern, "isolated")
    return [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]


def tiktoken_pretokens(stage: str, text: str) -> list[str]:
    # Every pretoken of tiktoken ends where the ids of its bytes end, and bytes are all it has; a
    # marker token in front tells where pretokens begin, so encode each as a word of its own.
    expression = to_dialect(stage, "fancy-regex")
    words = dict.fromkeys(pretokens(stage, text))
    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks |= {w.encode(): 256 + i for i, w in enumerate(words) if len(w.encode()) > 1}
    encoding = tiktoken.Encoding("x", pat_str=expression, mergeable_ranks=ranks, special_tokens={})
    return [
        encoding.decode_single_token_bytes(id_).decode() for id_ in encoding.encode_ordinary(text)
    ]


@pytest.mark.parametrize("stage", [*NAMED_PATTERNS.values(), *CUSTOM])
@pytest.mark.parametrize("tool", [huggingface_pretokens, tiktoken_pretokens])
def test_the_other_tool_gives_the_same_pretokens(stage: str, tool: Any) -> None:
    for text in texts()[:: 1 if stage in TOTAL else 4]:
        assert pretokens(stage, text) == tool(stage, text)


@pytest.mark.parametrize("stage", [stage for stage in CUSTOM if "&&" not in stage])
def test_with_the_rest_alternative_nothing_is_lost_by_findall(stage: str) -> None:
    written = regex.compile(to_dialect(stage, "regex V0"))
    for text in texts():
        assert "".join(written.findall(text)) == text
        if text.isascii():  # the same in every version of Unicode
            assert pretokens(stage, text) == written.findall(text)


@pytest.mark.parametrize("stage", sorted(TOTAL))
def test_the_patterns_that_are_called_total_match_every_character(stage: str) -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    every = regex.compile(stage, regex.V1)
    for text in ("".join(characters), " ".join(characters[:0x3000])):
        end = 0
        for match in every.finditer(text):
            assert match.start() == end
            end = match.end()
        assert end == len(text)


@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_the_named_patterns_come_back_from_oniguruma(name: str) -> None:
    stage = NAMED_PATTERNS[name]
    assert stage == from_oniguruma(to_dialect(stage, "oniguruma"))


def test_oniguruma_repeats_a_repeat_where_we_are_possessive() -> None:
    # The trap: the same text, and 1234567 is one pretoken there.
    verbatim = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"\p{N}{1,3}+"), "isolated")
    assert [("1234567", (0, 7))] == verbatim.pre_tokenize_str("1234567")
    assert ["123", "456", "7"] == pretokens(r"\p{N}{1,3}+", "1234567")
    assert ["123", "456", "7"] == huggingface_pretokens(r"\p{N}{1,3}+", "1234567")
    assert ["1234567"] == pretokens(from_oniguruma(r"\p{N}{1,3}+"), "1234567")


def test_what_was_added_to_be_total_is_taken_off_again() -> None:
    for stage in CUSTOM:
        assert stage == undo_total(make_total(stage, stage))
    for other in ("", "a", "a|b", r"a|(?:(?!b)[\s\S])+", *NAMED_PATTERNS.values()):
        assert other == undo_total(other)


@pytest.mark.parametrize(
    ("stage", "construct"),
    [
        (r"\w+", r"\\w"),
        (r"a\b", r"\\b"),
        (r"a\Z", r"\\Z"),
        (r"(a)\1", r"\\1|'\('"),
        (r"\p{Han}", r"\\p\{Han\}"),
        (r"\p{Latin}", "Latin"),
        ("^a", r"'\^'"),
        ("a$", r"'\$'"),
        (r"\\s++$", r"'\$'"),
        ("(?<=a)b", r"\(\?<="),
        ("(?i:strasse)", "strasse"),
        ("(?i)a", r"'\('"),
        ("(?P<x>a)", r"'\('"),
        ("a{3}+", r"\{3\}\+"),
        ("a{,3}", r"'\{'"),
        ("[a--b]", "--"),
        ("[a||b]", r"\|\|"),
        ("[[:alpha:]]", r"\[:|a set in a set"),
        ("[]a]", r"\[\]"),
    ],
)
@pytest.mark.parametrize("dialect", ["oniguruma", "fancy-regex", "regex V0"])
def test_what_engines_read_differently_is_refused_by_name(
    stage: str, construct: str, dialect: Dialect
) -> None:
    with pytest.raises(FormatError, match=f"cannot be carried over: .*(?:{construct})"):
        to_dialect(stage, dialect)


def test_minbpe_takes_no_set_operations_and_no_groups() -> None:
    for stage in ("[a&&[b]]", "[a[b]]", "(a)"):
        with pytest.raises(FormatError):
            to_dialect(stage, "regex V0")
        to_dialect(stage, "oniguruma")


@pytest.mark.parametrize("stage", ["(" * 50_000, "[" * 50_000, "a)", "(?:a", "[a", "a" * 200_000])
def test_a_broken_or_huge_expression_is_walked_once(stage: str) -> None:
    with suppress(FormatError):
        from_oniguruma(stage)
