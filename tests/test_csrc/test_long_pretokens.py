"""Long pretokens go through windows that overlap; the oracle is the reference's one heap.

The vocabularies are made to be awkward: ranks that are not in the order of the ids, tokens whose
rank is smaller than that of their parts, groups of equal ranks, tokens longer than a window.
"""

from __future__ import annotations

import random

import pytest
from test_codec import (
    BYTES,
    Merge,
    make_codec,
    random_text,
    random_vocabulary,
    ranked_vocabulary,
)

from bpe.reference.encode import merge_by_rank_with_heap

ALPHABETS = (b"a", b"ab", b"abc", b"abcdefgh", b" a", bytes(range(97, 123)))


def awkward_vocabulary(rng: random.Random) -> tuple[bytes, dict[int, bytes], list[Merge]]:
    alphabet = rng.choice(ALPHABETS)
    tokens, merges = random_vocabulary(rng, alphabet, rng.randint(0, 80))
    kind = rng.randrange(3)
    if kind == 1:
        merges = ranked_vocabulary(tokens, rng)
    elif kind == 2:
        rng.shuffle(merges)
        group = rng.choice((1, 2))
        merges = [(*merge[:3], place // group) for place, merge in enumerate(merges)]
    return alphabet, tokens, merges


def almost_periodic(rng: random.Random, alphabet: bytes, length: int) -> bytes:
    unit = random_text(rng, alphabet, rng.randint(1, 9))
    text = bytearray((unit * (length // len(unit) + 1))[:length])
    for _ in range(rng.randint(0, 4)):
        text[rng.randrange(length)] = rng.choice(alphabet)
    return bytes(text)


@pytest.mark.parametrize("seed", range(80))
def test_windows_give_what_one_heap_over_everything_gives(seed: int) -> None:
    rng = random.Random(seed)
    alphabet, tokens, merges = awkward_vocabulary(rng)
    codec = make_codec(tokens, merges)
    id_of = {token: id_ for id_, token in tokens.items()}
    of_pair = {(left, right): (rank, new_id) for left, right, new_id, rank in reversed(merges)}
    for _ in range(10):
        length = rng.choice((rng.randint(60, 300), rng.randint(200, 1500)))
        make = random_text if rng.random() < 0.6 else almost_periodic
        text = make(rng, alphabet, length)
        expected = merge_by_rank_with_heap([id_of[bytes([byte])] for byte in text], of_pair)
        assert expected == codec.encode_ordinary(text), text


def test_tokens_longer_than_every_window_are_found() -> None:
    """2^k bytes make one token: windows never agree, and the queue takes over."""
    tokens = {**BYTES, **{256 + k: b"a" * 2 ** (k + 1) for k in range(10)}}
    merges = [(97 if k == 0 else 255 + k, 97 if k == 0 else 255 + k, 256 + k, k) for k in range(10)]
    codec = make_codec(tokens, merges)
    assert [265] * 5 + [258, 256, 97] == codec.encode_ordinary(b"a" * (5 * 1024 + 11))


def test_one_choice_that_decides_another_one_far_away() -> None:
    """In a run of b's after an a, "ab" shifts where every "bb" begins."""
    tokens = {**BYTES, 256: b"ab", 257: b"bb"}
    codec = make_codec(tokens, [(97, 98, 256, 0), (98, 98, 257, 1)])
    assert [256] + [257] * 5000 == codec.encode_ordinary(b"a" + b"b" * 10_001)
    assert [257] * 5000 + [98] == codec.encode_ordinary(b"b" * 10_001)
