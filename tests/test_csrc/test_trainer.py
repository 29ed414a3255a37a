"""The native trainer against a slow trainer that counts everything anew for every merge.

`prune_threshold`, `max_narrow_symbol` and `max_tally_slots` are turned so that small corpora take
the paths that only large ones take by themselves: the full recount, the change from 16-bit to
32-bit cells, and the recount in several walks.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bpe import _core
from bpe.errors import TrainingError

Pair = tuple[int, int]
Items = list[tuple[bytes, int]]

TIE_BREAKS = ("id", "huggingface", "bytes_max", "bytes_min")
ALPHABETS = (b"a", b"ab", b"abc", b"xy ", b"\x00\xff", b"\xfa\xfb\xfc\xfd", b" a\xad\x80")
NARROWEST = 257  # with this, the first merge already widens the cells


def train(
    items: Iterable[tuple[bytes, int]],
    num_merges: int,
    tie_break: str = "id",
    min_frequency: int = 1,
    max_token_bytes: int | None = None,
    initial_pairs: Iterable[Pair] = (),
    **options: Any,
) -> list[Pair]:
    progress = options.pop("progress", None)
    return _core.train(
        _core.CountTable(items),
        num_merges,
        tie_break,
        min_frequency,
        max_token_bytes,
        list(initial_pairs),
        1,
        progress,
        **options,
    )


def tokens_of(pairs: Iterable[Pair]) -> list[bytes]:
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in pairs:
        tokens.append(tokens[left] + tokens[right])
    return tokens


# Hugging Face's ByteLevel alphabet, sorted by character: printable Latin-1 stands for itself.
PRINTABLE = [byte for byte in range(256) if chr(byte).isprintable() and byte != 32]
ALPHABET = PRINTABLE + [byte for byte in range(256) if byte not in PRINTABLE]
PLACES = {byte: place for place, byte in enumerate(ALPHABET)}


def byte_level_place(id_: int) -> int:
    return PLACES.get(id_, id_)


def replace(word: list[int], pair: Pair, new_id: int) -> list[int]:
    result: list[int] = []
    for id_ in word:
        result.append(id_)
        if tuple(result[-2:]) == pair:
            result[-2:] = [new_id]
    return result


def slow_train(
    items: Iterable[tuple[bytes, int]],
    num_merges: int,
    tie_break: str = "id",
    min_frequency: int = 1,
    max_token_bytes: int | None = None,
    initial_pairs: Iterable[Pair] = (),
) -> list[Pair]:
    words = [(list(pretoken), count) for pretoken, count in items]
    pairs = list(initial_pairs)
    for new_id, pair in enumerate(pairs, start=256):
        words = [(replace(word, pair, new_id), count) for word, count in words]
    num_initial = len(pairs)
    tokens = tokens_of(pairs)
    while len(pairs) < num_initial + num_merges:
        counts: Counter[Pair] = Counter()
        for word, count in words:
            for left, right in pairwise(word):
                counts[left, right] += count
        allowed = [
            pair
            for pair, count in counts.items()
            if count >= min_frequency
            and len(tokens[pair[0]] + tokens[pair[1]]) <= (max_token_bytes or 10**9)
            and tokens[pair[0]] + tokens[pair[1]] not in tokens
        ]
        if not allowed:
            break
        most = max(counts[pair] for pair in allowed)
        tied = [pair for pair in allowed if counts[pair] == most]
        if tie_break == "id":
            best = min(tied)
        elif tie_break == "huggingface":
            best = min(
                tied, key=lambda pair: (byte_level_place(pair[0]), byte_level_place(pair[1]))
            )
        else:
            choose: Callable[..., Pair] = max if tie_break == "bytes_max" else min
            best = choose(tied, key=lambda pair: (tokens[pair[0]], tokens[pair[1]]))
        words = [(replace(word, best, len(tokens)), count) for word, count in words]
        tokens.append(tokens[best[0]] + tokens[best[1]])
        pairs.append(best)
    return pairs[num_initial:]


def random_items(rng: random.Random) -> Items:
    alphabet = rng.choice(ALPHABETS)
    longest = rng.choice([3, 8, 16])
    items: dict[bytes, int] = {}
    for _ in range(rng.randint(1, 10)):
        runs = (
            bytes([rng.choice(alphabet)]) * rng.choice([1, 1, 1, 2, 3, 5, 9])
            for _ in range(rng.randint(1, longest))
        )
        largest = rng.choice([1, 3, 100, 100_000])
        items[b"".join(runs)] = rng.choice([rng.randint(1, largest), 2**31, 2**32 + 1, 2**33])
    return list(items.items())


def random_initial_pairs(rng: random.Random, items: Items) -> list[Pair]:
    """Pairs that need not occur in the items; no two make the same bytes."""
    pairs: list[Pair] = []
    tokens = tokens_of(pairs)
    for _ in range(rng.choice([0, 0, 1, 6])):
        ids = [*items[0][0], *range(256, len(tokens))]
        pair = (rng.choice(ids), rng.choice(ids))
        if tokens[pair[0]] + tokens[pair[1]] not in tokens:
            pairs.append(pair)
            tokens = tokens_of(pairs)
    return pairs


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
@pytest.mark.parametrize("seed", range(4))
def test_random_corpora_give_the_merges_of_the_slow_trainer(tie_break: str, seed: int) -> None:
    rng = random.Random(f"{tie_break} {seed}")
    for _ in range(150):
        items = random_items(rng)
        request: dict[str, Any] = {
            "num_merges": rng.choice([1, 3, 10, 1000]),
            "tie_break": tie_break,
            "min_frequency": rng.choice([1, 1, 2, 3, 100]),
            "max_token_bytes": rng.choice([None, None, 1, 2, 3, 4, 7]),
            "initial_pairs": random_initial_pairs(rng, items),
        }
        options = {
            "prune_threshold": rng.choice([0, 1, 2, 3, 7, 50, 1000, 10**12]),
            "max_narrow_symbol": rng.choice([65535, NARROWEST, 258, 260, 265]),
            "max_tally_slots": rng.choice([4, 8, 16, 2**22]),
            "verify": True,
        }
        assert slow_train(items, **request) == train(items, **request, **options), (
            items,
            request,
            options,
        )


@pytest.mark.parametrize("secret", ["0", "1", "2"])
def test_the_smallest_table_of_tallies_comes_to_an_end_whatever_the_hashes(secret: str) -> None:
    code = """
import random
from test_csrc.test_trainer import random_initial_pairs, random_items, train

rng = random.Random(5)
for _ in range(60):
    items = random_items(rng)
    pairs = random_initial_pairs(rng, items)
    merges = [train(items, 20, initial_pairs=pairs, max_tally_slots=n) for n in (4, 2**22)]
    assert merges[0] == merges[1], (items, pairs)
"""
    tests = Path(__file__).parent.parent
    env = os.environ | {
        "BPE_HASH_SEED": secret,
        "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)]),
    }
    subprocess.run([sys.executable, "-c", code], env=env, timeout=100, check=True)


def test_merged_counts_never_rise_and_no_two_tokens_share_their_bytes() -> None:
    rng = random.Random(7)
    for _ in range(150):
        items = random_items(rng)
        limit = rng.choice([None, 2, 3, 5])
        tie_break = rng.choice(TIE_BREAKS)
        merges = train(items, 1000, tie_break, 1, limit, prune_threshold=rng.choice([0, 5]))
        tokens = tokens_of(merges)
        assert len(tokens) == len(set(tokens))
        words = [(list(pretoken), count) for pretoken, count in items]
        last = 2**63
        for new_id, pair in enumerate(merges, start=256):
            count = sum(
                count * sum(neighbours == pair for neighbours in pairwise(word))
                for word, count in words
            )
            assert 0 < count <= last
            last = count
            words = [(replace(word, pair, new_id), count) for word, count in words]


def test_the_order_of_the_items_does_not_matter() -> None:
    rng = random.Random(11)
    for _ in range(50):
        items = random_items(rng)
        shuffled = rng.sample(items, len(items))
        assert train(items, 50, "bytes_max") == train(shuffled, 50, "bytes_max")


@pytest.mark.parametrize(
    ("tie_break", "first"),
    [
        ("id", b" b"),
        ("huggingface", b"b "),
        ("bytes_max", b"\xc3\xa9"),
        ("bytes_min", b" b"),
    ],
)
def test_among_equal_counts_the_rule_decides(tie_break: str, first: bytes) -> None:
    [(left, right)] = train([(b" b", 1), (b"b ", 1), (b"\xc3\xa9", 1)], 1, tie_break)
    assert first == bytes([left, right])


def test_bytes_rules_compare_the_left_token_before_the_right_one() -> None:
    # (aa, a) and (a, ab) would tie as joined strings are compared; as tuples "a" < "aa".
    items = [(b"aab", 5), (b"aaa", 5), (b"xaab", 1)]
    for tie_break in ("bytes_max", "bytes_min"):
        assert slow_train(items, 9, tie_break) == train(items, 9, tie_break)


@pytest.mark.parametrize("count", [2**31 + 1, 2**32 + 1, 2**40, 2**59])
def test_counts_beyond_32_bits_keep_their_order(count: int) -> None:
    items = [(b"ab", count - 1), (b"cd", count), (b"ef", 1), (b"gh", count + 1)]
    expected = [(103, 104), (99, 100), (97, 98), (101, 102)]
    assert expected == train(items, 10)


def test_counts_around_the_size_of_the_queue_are_served_in_order() -> None:
    items = [(bytes([65 + i, 97 + i]), 65536 + (-1) ** i * i) for i in range(20)]
    expected = [tuple(pretoken) for pretoken, _ in sorted(items, key=lambda item: -item[1])]
    assert expected == train(items, 100, verify=True)


def test_a_corpus_whose_counted_bytes_pass_63_bits_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"pretoken b'ab\\x00c' .* divide all counts"):
        train([(b"ab\0c", 2**62)], 1)


def test_training_stops_when_there_is_nothing_left_to_merge() -> None:
    assert [(97, 98), (256, 99)] == train([(b"abc", 1)], 2**40)
    assert [] == train([(b"a", 9), (b"b", 9)], 10)
    assert [] == train([], 10)
    assert [] == train([(b"ab", 9)], 0)


@pytest.mark.parametrize("items", [[], [(b"a", 3)], [(b"a", 1), (b"b", 2)]])
def test_nothing_is_read_of_a_corpus_without_pairs(items: Items) -> None:
    # Only a sanitizer sees what was wrong: the steps of the counts were looked for where none are.
    assert [] == train(items, 10)


def test_training_stops_below_the_minimum_frequency() -> None:
    items = [(b"ab", 3), (b"cd", 2), (b"ef", 1)]
    assert [(97, 98), (99, 100)] == train(items, 10, min_frequency=2)
    assert [] == train(items, 10, min_frequency=4)


def test_a_token_may_be_as_long_as_the_limit_and_no_longer() -> None:
    items = [(b"abcd", 1), (b"abc", 1)]
    assert [(97, 98), (256, 99), (257, 100)] == train(items, 9)
    assert [(97, 98), (256, 99)] == train(items, 9, max_token_bytes=3)
    assert [(97, 98), (99, 100)] == train(items, 9, max_token_bytes=2)
    assert [] == train([(b"abcd", 1)], 9, max_token_bytes=1)


def test_training_goes_on_from_the_initial_pairs() -> None:
    items = [(b"abcabc", 5), (b"bcd", 3), (b"zz", 1)]
    merges = train(items, 100)
    for num_initial in range(len(merges) + 1):
        initial = merges[:num_initial]
        assert merges[num_initial:] == train(items, 100, initial_pairs=initial, verify=True)


def test_an_initial_pair_longer_than_the_limit_is_merged_all_the_same() -> None:
    initial = [(97, 98), (256, 99)]
    items = [(b"abcd", 2), (b"de", 1)]
    assert [(100, 101)] == train(items, 9, max_token_bytes=2, initial_pairs=initial)


def test_a_pair_that_spells_an_initial_token_is_passed_over() -> None:
    # Token 258 is "abc" by way of "bc", but "ab" is made first wherever "abc" stands.
    initial = [(97, 98), (98, 99), (97, 257)]
    items = [(b"abc", 9), (b"xy", 1)]
    assert [(120, 121)] == train(items, 9, initial_pairs=initial, verify=True)


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ([(97, 256)], r"initial pair 0, \(97, 256\), names id 256; only the ids below 256"),
        ([(97, 98), (258, 1)], r"initial pair 1, .* names id 258; only the ids below 257"),
        ([(97, 98), (97, 98)], r"initial pair 1, .* makes the bytes of token 256 again"),
        ([(97, 97), (97, 256), (256, 97)], r"initial pair 2, .* makes the bytes of token 257"),
        ([(97, 97), *((i, i) for i in range(256, 290))], r"in all; start from fewer"),
    ],
)
def test_initial_pairs_that_contradict_themselves_are_refused(
    initial: list[Pair], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        train([(b"ab", 1)], 1, initial_pairs=initial)


def test_an_unknown_tie_rule_is_refused_by_name() -> None:
    with pytest.raises(TrainingError, match=r"no tie rule 'largest'; the rules are id, hugg"):
        train([(b"ab", 1)], 1, "largest")


@pytest.mark.parametrize("length", [2, 3, 7, 1023, 1024, 1025])
def test_one_long_run_is_merged_greedily_from_the_left(length: int) -> None:
    items = [(b"a" * length, 3)]
    assert slow_train(items, 100) == train(items, 100, verify=True)


def test_a_word_of_a_million_bytes_takes_no_longer_than_its_share() -> None:
    started = time.process_time()
    merges = train([(b"a" * (1 << 20), 1)], 1000)
    assert 20 == len(merges)
    assert b"a" * (1 << 20) == tokens_of(merges)[-1]
    random_word = random.Random(3).randbytes(1 << 20)
    assert 1000 == len(train([(random_word, 1)], 1000, "bytes_max"))
    assert time.process_time() - started < 10  # quadratic work would take hours


def test_more_than_65536_tokens_need_wider_cells() -> None:
    words = [bytes([a, b, c]) for a in range(64) for b in range(64, 128) for c in range(128, 148)]
    items = [(word, 1 + i % 3) for i, word in enumerate(words)]
    merges = train(items, 100_000)
    narrow = train(items, 60_000)
    wide = train(items, 100_000, max_narrow_symbol=NARROWEST)
    assert narrow == merges[:60_000]
    assert wide == merges
    assert 65_536 < len(merges) == len(set(merges))
    tokens = tokens_of(merges)
    assert len(set(tokens)) == len(tokens)
    assert set(words) <= set(tokens)  # nothing stopped before each word was one token


def test_progress_counts_the_merges() -> None:
    seen: list[tuple[str, int, int]] = []
    train([(b"abc", 1)], 5, progress=lambda *step: seen.append(step))
    assert ("merging", 2, 5) == seen[-1]


def test_an_exception_in_the_progress_callback_stops_the_training() -> None:
    class Enough(Exception):
        pass

    def stop(phase: str, done: int, total: int) -> None:
        raise Enough

    word = random.Random(5).randbytes(1 << 22)
    started = time.process_time()
    with pytest.raises(Enough):
        train([(word, 1)], 1 << 22, progress=stop)
    assert time.process_time() - started < 3  # all these merges take much longer


def test_whoever_listens_has_heard_of_every_merge_when_training_is_stopped() -> None:
    class Enough(Exception):
        pass

    def stop(phase: str, done: int, total: int) -> None:
        if done >= 1000:
            raise Enough

    heard: list[Pair] = []
    items = [(random.Random(5).randbytes(1 << 20), 1)]
    with pytest.raises(Enough):
        train(items, 1 << 20, progress=stop, on_merges=heard.extend)
    assert 1000 <= len(heard) < 1 << 20
    assert heard == train(items, len(heard))


def test_an_exception_of_the_listener_stops_the_training() -> None:
    def fail(pairs: list[Pair]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        train([(random.Random(5).randbytes(1 << 20), 1)], 1 << 20, on_merges=fail)


def test_other_threads_run_while_it_trains() -> None:
    table = _core.CountTable([(random.Random(5).randbytes(1 << 19), 1)])
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        _core.train(table, 50_000, "id", 1, None, [], 1, None)
    finally:
        done.set()
        ticker.join()
    assert ticks > 10
