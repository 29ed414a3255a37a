"""Long pretokens are cut where no token spans; the oracle merges them whole.

The text is made of characters of one to four bytes, some of them broken, and of tokens that begin
and end inside characters, also of tokens that merges never make.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from test_codec import BYTES, Merge, make_codec

from bpe.reference.encode import merge_by_rank_with_heap

CHARACTERS = [
    *(character.encode() for character in "a b\x00éйש世界好日本語のは😀𝒳"),
    b"\xff",
    b"\x80",
    b"\xe4\xb8",
    b"\xe3\x81",
    b"\xc0\x80",
    b"\xf0\x9f\x98\x80\x80",
]


def vocabulary_of(rng: random.Random, text: bytes) -> tuple[dict[int, bytes], list[Merge]]:
    """Invent tokens that occur in the text, each made by every split of it into two tokens."""
    tokens = dict(BYTES)
    for _ in range(rng.randint(0, 60)):
        begin = rng.randrange(len(text))
        token = text[begin : begin + rng.randint(2, 9)]
        if len(token) > 1 and token not in tokens.values():
            tokens[len(tokens)] = token
    id_of = {token: id_ for id_, token in tokens.items()}
    order = [id_ for id_ in tokens if id_ > 255]
    if rng.random() < 0.5:
        rng.shuffle(order)
    merges = [
        (id_of[token[:cut]], id_of[token[cut:]], id_, rank)
        for rank, id_ in enumerate(order)
        for token in [tokens[id_]]
        for cut in range(1, len(token))
        if token[:cut] in id_of and token[cut:] in id_of
    ]
    return tokens, merges


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("whole", [False, True])
def test_cut_pretokens_have_the_ids_of_whole_ones(seed: int, whole: bool) -> None:
    rng = random.Random(seed)
    some = rng.sample(CHARACTERS, rng.randint(2, 8))
    text = b"".join(rng.choices(some, k=400))
    tokens, merges = vocabulary_of(rng, text)
    codec = make_codec(tokens, merges, pattern="", whole=whole)
    codec.encode_ordinary(b"a" * 70_000)  # from so much text on, cuts are made
    id_of = {token: id_ for id_, token in tokens.items()}
    of_pair = {(left, right): (rank, new_id) for left, right, new_id, rank in reversed(merges)}
    for _ in range(60):
        begin = rng.randrange(len(text))
        part = text[begin : begin + rng.choice((7, 12, 15, 20, 40, 130, 400))]
        ids = [id_of[bytes([byte])] for byte in part]
        expected = merge_by_rank_with_heap(ids, of_pair)
        if whole and part in id_of:
            expected = [id_of[part]]
        assert expected == codec.encode_ordinary(part), part


def test_a_piece_that_is_a_token_which_no_merge_makes_is_merged() -> None:
    """As a pretoken the token wins, as a piece it is no pretoken; each may come first."""
    tokens = {**BYTES, 256: "世".encode()}
    word, long = "世".encode(), ("世界" * 9).encode()
    for texts in ((word, long, word), (long, word, long)):
        codec = make_codec(tokens, [], pattern="", whole=True)
        codec.encode_ordinary(b"a" * 70_000)
        for text in texts:
            expected = [256] if text == word else list(text)
            assert expected == codec.encode_ordinary(text)


def test_a_token_across_two_characters_prevents_the_cut() -> None:
    """Whatever part of them it has."""
    whole = ("界" * 6 + "世界" + "世" * 6).encode()
    for left, right in pairwise((0, 1, 2, 3)):
        for end in (1, 2, 3):
            token = "世".encode()[left:] + "界".encode()[:end]
            steps = {256 + k: token[: k + 2] for k in range(len(token) - 1)}
            tokens = {**BYTES, **steps}
            merges = [
                (token[0] if k == 0 else 255 + k, token[k + 1], 256 + k, k)
                for k in range(len(steps))
            ]
            codec = make_codec(tokens, merges, pattern="")
            codec.encode_ordinary(b"a" * 70_000)
            ids = codec.encode_ordinary(whole)
            assert whole.count(token) == ids.count(max(tokens)), (right, token)
            assert whole == codec.decode_bytes(ids)
