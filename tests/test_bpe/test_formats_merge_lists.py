"""A list of merges gives the ids of the vocabulary that it was made from, or is refused."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bpe.errors import FormatError
from bpe.formats.merge_lists import (
    as_list,
    check_whole_pretokens,
    find_unreachable,
    from_list,
    prefer_ranked,
)
from bpe.patterns import Pattern
from bpe.reference import engine
from bpe.spec import Merge, Merges, TokenizerSpec
from bpe.testing.strategies import byte_strings, specs

BYTES = {bytes([byte]): byte for byte in range(256)}


def ranked(*tokens: bytes) -> TokenizerSpec:
    ranks = BYTES | {token: 256 + i for i, token in enumerate(tokens)}
    return TokenizerSpec.from_ranked_tokens(Pattern.of(None), ranks)


def as_plain(spec: TokenizerSpec) -> TokenizerSpec:
    """Return the spec with its list of merges, one rank each, in place of its own."""
    listed = [merge[:3] for merge in as_list(spec)]
    return replace(spec, merges=Merges((*merge, i) for i, merge in enumerate(listed)))


def ids(spec: TokenizerSpec, data: bytes) -> list[int]:
    return engine.codec(spec).encode_ordinary(data)


few_letters = st.binary(max_size=14).map(lambda data: bytes(b"abc"[b % 3] for b in data))
tokens = st.lists(few_letters.filter(lambda t: len(t) > 1), max_size=14, unique=True)


@given(tokens, st.booleans(), st.lists(few_letters, max_size=6))
def test_ranked_tokens_have_a_list_of_merges_that_gives_the_same_ids(
    tokens: list[bytes], whole_pretoken_first: bool, texts: list[bytes]
) -> None:
    spec = replace(ranked(*tokens), whole_pretoken_first=whole_pretoken_first)
    plain = as_plain(spec)
    for text in [*texts, *tokens, b"".join(tokens)]:
        assert ids(spec, text) == ids(plain, text)


@given(specs(), st.lists(byte_strings(), max_size=4))
def test_any_vocabulary_has_such_a_list_or_is_refused(
    spec: TokenizerSpec, texts: list[bytes]
) -> None:
    spec = replace(spec, pattern=Pattern.of(None))
    try:
        plain = as_plain(spec)
    except FormatError:
        assume(False)
    for text in [*texts, *spec.id_to_bytes.values()]:
        assert ids(spec, text) == ids(plain, text)


@given(tokens)
def test_ranked_tokens_come_back_from_their_list_of_merges(tokens: list[bytes]) -> None:
    spec = ranked(*tokens)
    pairs = [(merge.left, merge.right) for merge in as_list(spec)]
    read = replace(spec, merges=from_list(pairs, spec.id_to_bytes, "here"))
    assert spec == prefer_ranked(read)


def test_the_merges_of_training_stay_as_they_are() -> None:
    spec = TokenizerSpec.from_pairs(Pattern.of("gpt2"), [(97, 98), (256, 99)])
    assert list(spec.merges) == as_list(spec)
    assert spec is prefer_ranked(spec)


def test_a_token_that_no_merge_makes_is_named() -> None:
    # "abcd" alone ends as a, bc, d; and so does every text it stands in.
    spec = ranked(b"bc", b"abcd")
    assert [257] == find_unreachable(spec)
    assert [Merge(98, 99, 256, 256)] == as_list(spec)
    with pytest.raises(FormatError, match=r"x knows merges only, and 1 tokens .* id 257, b'abcd'"):
        check_whole_pretokens(spec, "x")
    check_whole_pretokens(replace(spec, whole_pretoken_first=False), "x")


def test_one_rank_for_two_tokens_is_refused() -> None:
    spec = ranked(b"ab", b"bc")
    merges = Merges([(97, 98, 256, 0), (98, 99, 257, 0)])
    with pytest.raises(FormatError, match="b'ab' and b'bc' share the rank 0"):
        as_list(replace(spec, merges=merges))


def test_a_pair_that_stands_twice_or_makes_no_token_is_named_by_its_index() -> None:
    id_to_bytes = {byte: token for token, byte in BYTES.items()} | {256: b"ab"}
    with pytest.raises(FormatError, match="merge 1 is the same pair as merge 0"):
        from_list([(97, 98), (97, 98)], id_to_bytes, "here")
    with pytest.raises(FormatError, match="here: merge 0 makes b'ba', which is no token"):
        from_list([(98, 97)], id_to_bytes, "here")


def test_a_very_long_token_takes_no_quadratic_time() -> None:
    def seconds(doublings: int) -> float:
        pairs = [(97, 97), *((256 + i, 256 + i) for i in range(doublings - 1))]
        spec = TokenizerSpec.from_pairs(Pattern.of(None), pairs)
        start = time.process_time()
        assert [] == find_unreachable(spec)
        return time.process_time() - start

    seconds(10)
    assert seconds(17) < 60 * max(seconds(13), 0.01)  # 16 times as long; squared it would be 256
