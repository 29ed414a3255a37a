"""The split by regular expressions: stages, gaps, and bytes that are no UTF-8."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from bpe.patterns import Pattern
from bpe.reference.split import split
from bpe.testing.strategies import byte_strings, patterns


def pretokens(text: str, *stages: str) -> list[str]:
    return [piece.decode() for piece in split(text.encode(), Pattern.of(stages))]


def test_a_gap_between_two_matches_is_a_pretoken() -> None:
    assert ["-", "ab", "--", "c", "-"] == pretokens("-ab--c-", r"\w+")


def test_no_stage_is_one_pretoken_and_nothing_is_none() -> None:
    assert [b"a b"] == split(b"a b", Pattern.of(None))
    assert [] == split(b"", Pattern.of(None)) == split(b"", Pattern.of("gpt2"))


def test_each_stage_splits_what_the_one_before_left() -> None:
    assert ["ab", "12", "3", "c"] == pretokens("ab123c", r"\d+", r"\d{1,2}")


def test_a_later_stage_sees_a_piece_as_a_whole_text() -> None:
    assert ["a", " ", "1"] == pretokens("a 1", r"\d", r"\s+(?!\S)")


def test_an_empty_match_cuts_and_is_no_pretoken() -> None:
    assert ["get", "HTTP", "Response"] == pretokens("getHTTPResponse", r"(?<=[a-z])(?=[A-Z])|HTTP")
    assert ["a", "b"] == pretokens("ab", r"x*")


def test_groups_do_not_change_the_pieces() -> None:
    assert ["ab", "ab", "c"] == pretokens("ababc", r"(a)(b)")


def test_classes_with_intersections_are_understood() -> None:
    assert ["好", "abc", "的"] == pretokens("好abc的", r"[\p{L}&&[^\p{Han}]]+")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\xffb", [b"a", b"\xff", b"b"]),
        (b"\xe4\xb8", [b"\xe4\xb8"]),
        (b"a\xed\xa0\x80", [b"a", b"\xed\xa0\x80"]),
        (b"\xc0\xaf1", [b"\xc0\xaf", b"1"]),
    ],
)
def test_a_byte_that_is_no_utf8_is_a_symbol(data: bytes, expected: list[bytes]) -> None:
    assert expected == split(data, Pattern.of("gpt2"))


def test_deepseeks_three_stages() -> None:
    stages = (
        r"\p{N}{1,3}",
        r"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
        r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    )
    expected = ["In", " ", "202", "4", " ", "東京", "had", "_x", "!\n"]
    assert expected == pretokens("In 2024 東京had_x!\n", *stages)


@settings(deadline=None)
@given(data=byte_strings(), pattern=patterns())
def test_joined_pretokens_are_the_data(data: bytes, pattern: Pattern) -> None:
    pieces = split(data, pattern)
    assert data == b"".join(pieces)
    assert b"" not in pieces
