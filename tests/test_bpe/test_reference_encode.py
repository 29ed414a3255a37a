"""bpe/reference/encode.py: bytes → ids."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings

from bpe.patterns import Pattern
from bpe.reference.encode import Encoder, merge_by_rank, merge_by_rank_with_heap
from bpe.spec import TokenizerSpec
from bpe.testing import strategies

WHOLE = Pattern.of(None)
BYTES = {bytes([byte]): byte for byte in range(256)}


def encode(pairs: list[tuple[int, int]], data: bytes) -> list[int]:
    return Encoder(TokenizerSpec.from_pairs(WHOLE, pairs)).encode_ordinary(data)


def ranked(*tokens: bytes) -> Encoder:
    ranks = BYTES | {token: 256 + i for i, token in enumerate(tokens)}
    return Encoder(TokenizerSpec.from_ranked_tokens(Pattern.of("gpt2"), ranks))


def test_the_smallest_rank_goes_first_wherever_it_stands() -> None:
    assert [97, 256] == encode([(98, 99), (97, 98)], b"abc")
    assert [256, 99] == encode([(97, 98), (98, 99)], b"abc")


def test_among_equal_ranks_the_leftmost_goes_first() -> None:
    assert [256, 256, 97] == encode([(97, 97)], b"aaaaa")


def test_a_smaller_rank_that_a_merge_brings_about_goes_before_a_larger_one() -> None:
    # Rank 0 needs the token that rank 1 makes; then it comes before the second rank 1.
    a, b, ab, aba = 0, 1, 2, 3
    pair_to_merge = {(ab, a): (0, aba), (a, b): (1, ab)}
    assert [aba, b] == merge_by_rank([a, b, a, b], pair_to_merge)
    assert [aba, b] == merge_by_rank_with_heap([a, b, a, b], pair_to_merge)


def test_any_pair_that_joins_to_a_ranked_token_may_merge() -> None:
    encoder = ranked(b"bc", b"ab", b"abc")
    assert [258] == encoder.encode_ordinary(b"abc")
    assert [257, 257, 97] == encoder.encode_ordinary(b"ababa")


def test_a_pretoken_that_is_a_token_is_taken_whole() -> None:
    encoder = ranked(b"bc", b"abcd")
    assert [257] == encoder.encode_ordinary(b"abcd")
    assert [97, 256, 100, 101] == encoder.encode_ordinary(b"abcde")


def test_merges_do_not_cross_pretokens() -> None:
    assert [97, 32, 98] == ranked(b"a b", b"a ").encode_ordinary(b"a b")


def test_allowed_special_tokens_become_their_ids_and_others_stay_text() -> None:
    spec = TokenizerSpec.from_pairs(WHOLE, [], ["<x>", "<x><y>"])
    encoder = Encoder(spec)
    assert [97, 257] == encoder.encode(b"a<x><y>", {"<x>", "<x><y>"})
    assert [97, 256, *b"<y>"] == encoder.encode(b"a<x><y>", {"<x>"})
    assert [*b"a<x><y>"] == encoder.encode(b"a<x><y>", set())
    assert [] == encoder.encode(b"", {"<x>"})


def test_the_heap_gives_what_the_definition_gives() -> None:
    random = Random(3)
    for _ in range(500):
        num_ids = random.randint(3, 12)
        pair_to_merge = {
            (random.randrange(num_ids), random.randrange(num_ids)): (random.randrange(9), new_id)
            for new_id in range(num_ids, num_ids + random.randrange(12))
        }
        for left in range(num_ids, num_ids + 6):
            pair_to_merge[left, random.randrange(num_ids)] = (random.randrange(9), left + 100)
        ids = [random.randrange(num_ids) for _ in range(random.randrange(40))]
        assert merge_by_rank(ids, pair_to_merge) == merge_by_rank_with_heap(ids, pair_to_merge)


@settings(deadline=None, max_examples=60)
@given(strategies.specs(), strategies.byte_strings())
def test_the_heap_gives_what_the_definition_gives_for_any_vocabulary(
    spec: TokenizerSpec, data: bytes
) -> None:
    merges = {(m.left, m.right): (m.rank, m.new_id) for m in spec.merges}
    ids = [spec.byte_ids[byte] for byte in data[:150]]
    assert merge_by_rank(ids, merges) == merge_by_rank_with_heap(ids, merges)


def test_a_long_run_of_one_byte_takes_no_quadratic_time() -> None:
    pairs = [(97, 97), (256, 256), (257, 257)]
    assert [258] * 4_000 == encode(pairs, b"a" * 32_000)
