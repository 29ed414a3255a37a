"""bpe/reference/train.py: counts → merges."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from bpe.engines import TIE_BREAKS
from bpe.errors import TrainingError
from bpe.reference.train import (
    Pair,
    Rules,
    count_pairs,
    merge_pair,
    train,
    train_by_recounting,
)
from bpe.testing.random_inputs import random_corpus, random_tokens

A, B, C = b"abc"


def test_a_run_of_k_equal_ids_holds_its_pair_k_minus_1_times() -> None:
    for k in range(1, 6):
        assert k - 1 == count_pairs([([A] * k, 1)]).get((A, A), 0)


def test_a_pair_is_replaced_leftmost_first_without_overlap() -> None:
    assert [9, 9, A, B] == merge_pair([A, A, A, A, A, B], (A, A), 9)
    assert [9, B] == merge_pair([A, B, B], (A, B), 9)
    assert [] == merge_pair([], (A, B), 9)


def test_counts_weigh_and_overlaps_count() -> None:
    assert [(A, B)] == train([(b"aaa", 1), (b"ab", 3)], 1, Rules())
    assert [(A, A)] == train([(b"aaa", 2), (b"ab", 3)], 1, Rules())


def test_training_stops_when_nothing_is_left_to_merge() -> None:
    assert [(A, A), (256, 256)] == train([(b"aaaa", 1), (b"b", 5)], 99, Rules())
    assert [] == train([], 99, Rules())


def test_a_pair_below_the_minimum_frequency_is_not_merged() -> None:
    counts = [(b"ab", 3), (b"ac", 2)]
    assert [(A, B), (A, C)] == train(counts, 9, Rules(min_frequency=2))
    assert [(A, B)] == train(counts, 9, Rules(min_frequency=3))
    assert [] == train(counts, 9, Rules(min_frequency=4))


def test_a_token_has_at_most_max_token_bytes() -> None:
    counts = [(b"aaaa", 5), (b"bc", 1)]
    assert [(A, A), (B, C)] == train(counts, 9, Rules(max_token_bytes=3))
    assert [(A, A), (256, 256), (B, C)] == train(counts, 9, Rules(max_token_bytes=4))
    assert [] == train(counts, 9, Rules(max_token_bytes=1))


def test_a_token_has_at_most_max_token_words() -> None:
    counts = [(b"a b c", 5)]
    everything = train(counts, 9, Rules())
    assert 4 == len(everything)
    assert everything[:3] == train(counts, 9, Rules(max_token_words=2))
    assert [(32, B), (32, C), (A, 256)] == train(counts, 9, Rules(max_token_words=2))
    assert [(32, B), (32, C)] == train(counts, 9, Rules(max_token_words=1))


def test_a_forbidden_token_is_never_made_but_longer_ones_may_be() -> None:
    counts = [(b"abc", 5), (b"xy", 1)]
    assert [(A, B), (256, C), (120, 121)] == train(counts, 9, Rules())
    without_ab = Rules(forbidden_tokens=frozenset({b"ab"}))
    assert [(B, C), (A, 256), (120, 121)] == train(counts, 9, without_ab)
    without_abc = Rules(forbidden_tokens=frozenset({b"abc"}))
    assert [(A, B), (120, 121)] == train(counts, 9, without_abc)


def test_initial_pairs_go_first_whatever_their_count_and_length() -> None:
    counts = [(b"abc", 1), (b"cc", 9)]
    rules = Rules(min_frequency=5, max_token_bytes=2)
    assert [(C, C)] == train(counts, 9, rules, initial_pairs=[(A, B), (256, C)])
    assert [(256, C)] == train([(b"abc", 1)], 9, Rules(), initial_pairs=[(A, B)])


def test_a_pair_whose_bytes_are_a_token_already_is_passed_over() -> None:
    # (b, c) never occurs after (a, b), so "abc" is there as a token and spelled otherwise.
    initial: list[Pair] = [(A, B), (B, C), (A, 257)]
    assert [] == train([(b"abc", 9)], 9, Rules(), initial)


def test_training_on_is_training_at_once() -> None:
    random = Random(7)
    for _ in range(100):
        counts = random_corpus(random)
        rules = Rules(random.choice(TIE_BREAKS))  # type: ignore[arg-type]
        merges = train(counts, 12, rules)
        first = merges[: random.randrange(len(merges) + 1)]
        assert merges[len(first) :] == train(counts, 12 - len(first), rules, first)


def test_keeping_counts_gives_what_recounting_gives() -> None:
    random = Random(8)
    for _ in range(300):
        counts = random_corpus(random)
        rules = Rules(
            tie_break=random.choice(TIE_BREAKS),  # type: ignore[arg-type]
            min_frequency=random.choice((1, 1, 3)),
            max_token_bytes=random.choice((None, None, 4)),
            max_token_words=random.choice((None, None, 1, 2)),
            forbidden_tokens=frozenset(random_tokens(random, counts)),
        )
        initial = train(random_corpus(random), random.randrange(4), Rules())
        expected = train_by_recounting(counts, 16, rules, initial)
        assert expected == train(counts, 16, rules, initial)


def test_what_the_specification_says_of_training_holds() -> None:
    """Counts of winners never rise, and no two merges make the same bytes."""
    random = Random(9)
    for _ in range(200):
        counts = random_corpus(random)
        rules = Rules(random.choice(TIE_BREAKS))  # type: ignore[arg-type]
        words = [(list(word), count) for word, count in counts]
        tokens = [bytes([byte]) for byte in range(256)]
        wins: list[int] = []
        for left, right in train(counts, 30, rules):
            pair_to_count = count_pairs(words)
            wins.append(pair_to_count[left, right])
            assert max(pair_to_count.values()) == wins[-1]
            words = [(merge_pair(w, (left, right), len(tokens)), n) for w, n in words]
            tokens.append(tokens[left] + tokens[right])
        assert all(before >= after for before, after in pairwise(wins))
        assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize("initial", [[(0, 256)], [(-1, 0)], [(97, 97), (257, 0)]])
def test_an_initial_pair_must_name_ids_that_exist(initial: list[Pair]) -> None:
    with pytest.raises(TrainingError, match="only the ids below"):
        train([(b"a", 1)], 1, Rules(), initial)


def test_initial_pairs_may_not_make_a_token_twice() -> None:
    with pytest.raises(TrainingError, match="make b'aaa' twice"):
        train([(b"a", 1)], 1, Rules(), [(A, A), (A, 256), (256, A)])


@pytest.mark.parametrize("num_merges", [-1, 1.0, True, None])
def test_the_number_of_merges_must_be_a_whole_number(num_merges: object) -> None:
    with pytest.raises(TrainingError, match="num_merges must be"):
        train([(b"a", 1)], num_merges, Rules())  # type: ignore[arg-type]


@pytest.mark.parametrize("counts", [[(b"", 1)], [(b"a", 0)], [("a", 1)], [(b"a", 1.0)]])
def test_counts_are_checked(counts: list[tuple[bytes, int]]) -> None:
    with pytest.raises(TrainingError):
        train(counts, 1, Rules())


def test_the_bytes_counted_never_leave_64_bits() -> None:
    assert [(A, A)] == train([(b"aaa", 2**61)], 1, Rules())
    with pytest.raises(TrainingError, match="more than 9223372036854775807 bytes are counted"):
        train([(b"aaaa", 2**61)], 1, Rules())


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(TrainingError, match="no tie rule 'first'; the rules are id, huggingface"):
        Rules("first")  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="min_frequency must be"):
        Rules(min_frequency=0)
    with pytest.raises(TrainingError, match="max_token_bytes must be"):
        Rules(max_token_bytes=0)
    with pytest.raises(TrainingError, match="max_token_words must be"):
        Rules(max_token_words=0)


def test_progress_hears_of_every_merge() -> None:
    heard: list[tuple[str, int, int]] = []
    merges: list[Pair] = []
    train([(b"aab", 1)], 5, Rules(), (), lambda *step: heard.append(step), merges.extend)
    assert [("merging", 1, 5), ("merging", 2, 5)] == heard
    assert [(A, A), (256, B)] == merges
