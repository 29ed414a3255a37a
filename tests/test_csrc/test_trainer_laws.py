"""The facts that the native trainer leans on, each as a law over random corpora (docs/training.md).

They are about the merges themselves, so they are stated on what the slow recount of the reference
gives, and hold for every tie rule.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from bpe.engines import TIE_BREAKS, TieBreak
from bpe.reference.train import Rules, count_pairs, initial_tokens, merge_pair, train_by_recounting
from bpe.testing.random_inputs import random_corpus

Pair = tuple[int, int]
Word = tuple[list[int], int]


def steps_of(
    counts: list[tuple[bytes, int]], merges: list[Pair]
) -> list[tuple[Pair, dict[Pair, int], dict[Pair, int]]]:
    """Each merge with the counts of all pairs before it and after it."""
    words: list[Word] = [(list(pretoken), count) for pretoken, count in counts]
    before = count_pairs(words)
    steps = []
    for new_id, pair in enumerate(merges, start=256):
        words = [(merge_pair(word, pair, new_id), count) for word, count in words]
        after = count_pairs(words)
        steps.append((pair, before, after))
        before = after
    return steps


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
def test_counts_only_fall_and_new_pairs_never_pass_the_merged_one(tie_break: TieBreak) -> None:
    random = Random(f"falls {tie_break}")
    for _ in range(60):
        counts = random_corpus(random)
        merges = train_by_recounting(counts, 30, Rules(tie_break))
        for new_id, (pair, before, after) in enumerate(steps_of(counts, merges), start=256):
            assert pair not in after
            for other, count in after.items():
                most = before[pair] if new_id in other else before[other]
                assert most >= count, (counts, merges, pair, other)


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
def test_no_two_tokens_share_their_bytes(tie_break: TieBreak) -> None:
    random = Random(f"bytes {tie_break}")
    for _ in range(60):
        counts = random_corpus(random)
        tokens = initial_tokens(train_by_recounting(counts, 200, Rules(tie_break)))
        assert len(tokens) == len(set(tokens))


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
@pytest.mark.parametrize("longest", [None, 2, 4])
def test_the_mth_merge_counts_no_less_than_the_mth_most_frequent_pretoken(
    tie_break: TieBreak, longest: int | None
) -> None:
    random = Random(f"threshold {tie_break} {longest}")
    for _ in range(60):
        counts = random_corpus(random, max_length=random.choice((2, 4, 24)))
        merges = train_by_recounting(counts, 30, Rules(tie_break, 1, longest))
        wholes = [n for pretoken, n in counts if 2 <= len(pretoken) <= (longest or 99)]
        merged = [before[pair] for pair, before, _ in steps_of(counts, merges)]
        assert len(merged) >= min(30, len(wholes))
        for count, whole in zip(merged, sorted(wholes, reverse=True), strict=False):
            assert whole <= count, (counts, merges)


def test_a_run_holds_its_pair_once_less_than_its_length() -> None:
    for length in range(2, 9):
        word = [7] * length
        assert {(7, 7): length - 1} == count_pairs([(word, 1)])
        assert length - 1 == sum(1 for _ in pairwise(word))
