"""One text on several threads: the ids are those of one thread."""

from __future__ import annotations

import random

import pytest
from test_codec import make_codec, random_text, random_vocabulary

# csrc/encoder/parallel.cpp: a chunk has at least 2^17 bytes.
CHUNK = 1 << 17
SPECIALS = {b"<s>": 3000, b"<s><s>": 3001, b"ab<": 3002}


@pytest.mark.parametrize("pattern", ["", "gpt2", "cl100k", "o200k", "qwen2"])
def test_any_number_of_threads_gives_the_same_ids(pattern: str) -> None:
    rng = random.Random(1)
    tokens, merges = random_vocabulary(rng, b"abc ", 100)
    codec = make_codec(tokens, merges, SPECIALS, pattern=pattern)
    words = [random_text(rng, b"abc \n'", rng.randint(1, 9)) for _ in range(99)]
    words += [
        b"<s>",
        b"<s><s>",
        b"ab<s>",
        "\u00e9\u4e16\u754c".encode(),
        b"12345",
        b"\xff",
        b"  \n",
    ]
    text = b"".join(rng.choices(words, k=6 * CHUNK // 6))
    for allowed in ([], list(SPECIALS.values())):
        expected = codec.encode_to_array(text, allowed, "uint16")
        for num_threads in (2, 3, 8):
            ids = codec.encode_to_array(text, allowed, "uint16", num_threads)
            assert expected.tolist() == ids.tolist(), num_threads
        assert codec.count(text, allowed) == len(expected)


@pytest.mark.parametrize("text", [b"", b"a", b"a" * 3 * CHUNK, b"<s>" * CHUNK, b" " * 3 * CHUNK])
def test_a_text_without_safe_cuts_is_encoded_all_the_same(text: bytes) -> None:
    codec = make_codec(specials=SPECIALS, pattern="gpt2")
    expected = codec.encode_to_array(text, [3000], "uint16")
    assert expected.tolist() == codec.encode_to_array(text, [3000], "uint16", 4).tolist()


def test_no_thread_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="num_threads"):
        make_codec().encode_to_array(b"a", [], "uint32", 0)
