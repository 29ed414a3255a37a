"""bpe/recovery.py: the pair that made each token of a list of ranked tokens."""

from __future__ import annotations

from random import Random

import pytest

from bpe.errors import VocabularyError
from bpe.patterns import Pattern
from bpe.recovery import recover_pairs
from bpe.reference.encode import merge_by_rank
from bpe.reference.train import Rules, train
from bpe.spec import Merge, Merges, TokenizerSpec
from bpe.testing.random_inputs import random_corpus

BYTES = {bytes([byte]): byte for byte in range(256)}
A, B, C = b"abc"


def ranked(*tokens: bytes) -> TokenizerSpec:
    ranks = BYTES | {token: 256 + index for index, token in enumerate(tokens)}
    return TokenizerSpec.from_ranked_tokens(Pattern.of(None), ranks)


def test_the_pairs_that_training_made_come_back_from_the_tokens_alone() -> None:
    random = Random(1)
    for _ in range(300):
        pairs = train(random_corpus(random), 30, Rules())
        tokens = TokenizerSpec.from_pairs(Pattern.of(None), pairs).id_to_bytes
        recovered = recover_pairs(ranked(*list(tokens.values())[256:]))
        assert [(*pair, id_, id_) for id_, pair in enumerate(pairs, start=256)] == list(recovered)


def test_a_token_is_made_of_what_encoding_leaves_of_its_bytes() -> None:
    random = Random(2)
    num_refused = 0
    for _ in range(1500):
        tokens = [b"a", b"b"]
        for _ in range(random.randint(1, 7)):
            joined = random.choice(tokens) + random.choice(tokens)
            tokens += [joined] * (joined not in tokens)
        spec = ranked(*tokens[2:])
        for id_, token in list(spec.id_to_bytes.items())[256:]:
            below = {(m.left, m.right): (m.rank, m.new_id) for m in spec.merges if m.rank < id_}
            parts = merge_by_rank(list(token), below)
            if len(parts) != 2:
                num_refused += 1
                with pytest.raises(VocabularyError):
                    list(recover_pairs(spec))
                break
        else:
            for left, right, id_, _ in recover_pairs(spec):
                below = {(m.left, m.right): (m.rank, m.new_id) for m in spec.merges if m.rank < id_}
                assert [left, right] == merge_by_rank(list(spec.id_to_bytes[id_]), below)
    assert 50 < num_refused < 1450


def test_of_several_merges_of_one_token_the_one_that_happens_is_chosen() -> None:
    spec = ranked(b"aa", b"aaa")
    assert [Merge(A, A, 256, 256), Merge(256, A, 257, 257)] == list(recover_pairs(spec))


def test_a_token_that_is_no_pair_is_named_with_its_parts() -> None:
    # (b, c) goes before (a, b) and (c, d), so "abcd" ends as a, bc, d.
    with pytest.raises(VocabularyError, match=r"b'abcd' \(id 259\) is left in 3 parts"):
        list(recover_pairs(ranked(b"bc", b"ab", b"cd", b"abcd")))


def test_a_token_that_no_merge_makes_is_counted() -> None:
    with pytest.raises(VocabularyError, match="1 tokens of this vocabulary are made by no merge"):
        list(recover_pairs(ranked(b"abc")))


def test_the_first_of_two_merges_of_one_pair_counts() -> None:
    spec = TokenizerSpec(
        Pattern.of(None),
        {byte: bytes([byte]) for byte in range(256)} | {256: b"ab"},
        Merges([(A, B, 256, 3), (A, B, 256, 7)]),
    )
    assert [Merge(A, B, 256, 3)] == list(recover_pairs(spec))
