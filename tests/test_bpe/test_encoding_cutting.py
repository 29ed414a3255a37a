"""A text cut at a safe cut encodes like the whole, whatever follows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bpe.encoding.cutting import Cutter, is_character_boundary
from bpe.engines import get_engine
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.special_tokens import cut_at_special_tokens
from bpe.testing import strategies

NAMED = st.sampled_from([Pattern.of(name) for name in NAMED_PATTERNS])
TEXTS = st.one_of(
    strategies.byte_strings(), strategies.texts(lone_surrogates=False).map(str.encode)
)
SPECIALS = ["<|endoftext|>", "<|end", "a'"]


def pretokens(data: bytes, pattern: Pattern) -> list[bytes | str]:
    """Cut at special tokens and split, as the definition says."""
    result: list[bytes | str] = []
    for part, special in cut_at_special_tokens(data, SPECIALS):
        result += get_engine("reference").split(part, pattern)
        result += [special] if special is not None else []
    return result


@settings(max_examples=50, deadline=None)
@given(data=TEXTS, more=TEXTS, pattern=NAMED, places=st.lists(st.integers(1, 200), max_size=4))
def test_every_cut_is_one_whatever_follows(
    data: bytes, more: bytes, pattern: Pattern, places: list[int]
) -> None:
    cutter = Cutter("native", pattern, SPECIALS)
    for cut in {*(cutter.first(data, near) for near in places), cutter.last(data)}:
        if 0 < cut < len(data):
            together = pretokens(data[:cut], pattern) + pretokens(data[cut:] + more, pattern)
            assert pretokens(data + more, pattern) == together


@settings(deadline=None)
@given(data=TEXTS, times=st.sampled_from([1, 3, 40]), pattern=NAMED)
def test_the_last_cut_is_the_last_of_all(data: bytes, times: int, pattern: Pattern) -> None:
    cutter = Cutter("native", pattern, ())
    data *= times
    cuts = []
    near = 1
    while (cut := cutter.first(data, near)) < len(data):
        cuts.append(cut)
        near = cut + 1
    assert (cuts[-1] if cuts else 0) == cutter.last(data)
    for start in {1, len(data) // 2 + 1, len(data)}:
        later = [cut for cut in cuts if cut >= start]
        assert (later[-1] if later else 0) == cutter.last(data, start)


@settings(deadline=None)
@given(data=strategies.byte_strings(), size=st.integers(1, 50), pattern=NAMED)
def test_pieces_are_the_data_and_no_smaller_than_asked(
    data: bytes, size: int, pattern: Pattern
) -> None:
    pieces = list(Cutter("native", pattern, ()).pieces(data, size))
    assert data == b"".join(pieces)
    assert all(len(piece) >= size for piece in pieces[:-1])


def test_cuts_are_found_beyond_a_window() -> None:
    cutter = Cutter("native", Pattern.of("cl100k"), ())
    data = b"a" * 100_000 + b" b" + b"c" * 100_000
    assert 100_000 == cutter.first(data, 1) == cutter.last(data)
    assert 0 == cutter.last(data, 100_001)


def test_the_reference_engine_knows_no_cut() -> None:
    cutter = Cutter("reference", Pattern.of("cl100k"), ())
    assert 11 == cutter.first(b"hello world", 1)
    assert 0 == cutter.last(b"hello world")


@settings(deadline=None)
@given(data=strategies.byte_strings())
def test_character_boundaries_are_those_of_python(data: bytes) -> None:
    places, place = {0}, 0
    for character in data.decode("utf-8", "surrogateescape"):
        place += len(character.encode("utf-8", "surrogateescape"))
        places.add(place)
    assert places == {place for place in range(len(data) + 1) if is_character_boundary(data, place)}
