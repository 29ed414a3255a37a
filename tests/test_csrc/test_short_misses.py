"""Pretokens that are new are looked up and merged a group at a time; the order must not show."""

from __future__ import annotations

import random

import pytest
from test_codec import make_codec, random_text, random_vocabulary, ranked_vocabulary

from bpe import _core
from bpe.reference.encode import merge_by_rank_with_heap


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("whole", [False, True])
def test_every_share_of_new_pretokens_in_a_batch_gives_the_same_ids(seed: int, whole: bool) -> None:
    rng = random.Random(seed)
    alphabet = rng.choice([b"a", b"abc", b"abcdefgh"])
    tokens, merges = random_vocabulary(rng, alphabet, 80)
    if seed % 2:
        merges = ranked_vocabulary(tokens, rng)
    id_of = {token: id_ for id_, token in tokens.items()}
    of_pair = {(left, right): (rank, new_id) for left, right, new_id, rank in reversed(merges)}
    known = [random_text(rng, alphabet, rng.randint(1, 18)) for _ in range(40)]
    codec = make_codec(tokens, merges, pattern="gpt2", whole=whole)
    for share in (0.0, 0.01, 0.1, 1.0):
        words = [
            random_text(rng, alphabet, rng.randint(1, 18))
            if rng.random() < share
            else rng.choice(known)
            for _ in range(1500)
        ]
        text = b" ".join(words)
        expected: list[int] = []
        for pretoken in _core.split(text, "gpt2"):
            if whole and pretoken in id_of:
                expected.append(id_of[pretoken])
            else:
                ids = [id_of[bytes([byte])] for byte in pretoken]
                expected += merge_by_rank_with_heap(ids, of_pair)
        assert expected == codec.encode_ordinary(text), share
