"""Text is streamed whole: no half characters, nothing of a stop string."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import bpe
from model import stream_text


def test_text_is_streamed_without_half_a_character(tokenizer: bpe.Tokenizer) -> None:
    text = "aé你😀"
    pieces = list(stream_text(tokenizer, list(text.encode())))
    assert ["a", "é", "你", "😀"] == pieces


@pytest.mark.parametrize("data", [b"\xf0\x9f\x98", b"a\xffb", b"\xe4\xbd", b"\xc3(", b""])
def test_bytes_that_are_no_character_become_replacements_in_the_end(
    tokenizer: bpe.Tokenizer, data: bytes
) -> None:
    assert data.decode("utf-8", "replace") == "".join(stream_text(tokenizer, list(data)))


@pytest.mark.parametrize(
    ("written", "stop", "expected"),
    [
        ("one two three", ["two"], "one "),
        ("one two three", ["three", "two"], "one "),
        ("aab", ["ab"], "a"),
        ("aaab", ["aab"], "a"),
        ("abc", ["abd"], "abc"),
        ("ab", ["abd"], "ab"),
        ("é😀x", ["😀"], "é"),
        ("abc", ["a"], ""),
        ("abc", [""], "abc"),
        ("abc", ["bcd", "c"], "ab"),
    ],
)
def test_the_stream_ends_before_a_stop_string(
    tokenizer: bpe.Tokenizer, written: str, stop: list[str], expected: str
) -> None:
    assert expected == "".join(stream_text(tokenizer, list(written.encode()), stop=stop))


def test_nothing_is_asked_for_after_a_stop_string(tokenizer: bpe.Tokenizer) -> None:
    asked = []

    def ids() -> Iterator[int]:
        for byte in b"abcdef":
            asked.append(byte)
            yield byte

    assert "a" == "".join(stream_text(tokenizer, ids(), stop=["bc"]))
    assert b"abc" == bytes(asked)


def test_text_that_cannot_be_a_stop_string_is_not_held_back(tokenizer: bpe.Tokenizer) -> None:
    pieces = list(stream_text(tokenizer, list(b"xyab"), stop=["abc"]))
    assert ["x", "y", "ab"] == pieces, "only the beginning of the stop string waits"
