"""The spec refuses what contradicts itself and knows what it is."""

from __future__ import annotations

import copy
import pickle
from array import array

import pytest

from bpe.errors import VocabularyError
from bpe.patterns import Pattern
from bpe.spec import Merge, Merges, TokenizerSpec

GPT2 = Pattern.of("gpt2")
BYTES = {byte: bytes([byte]) for byte in range(256)}


def spec_of(**changes: object) -> TokenizerSpec:
    fields = {
        "pattern": GPT2,
        "id_to_bytes": BYTES | {256: b"ab"},
        "merges": Merges.from_pairs([(97, 98)]),
        "special_tokens": {"<|end|>": 257},
    }
    return TokenizerSpec(**(fields | changes))


def test_merges_behave_like_a_sequence_of_named_tuples() -> None:
    merges = Merges.from_pairs([(97, 98), (256, 99)])
    assert len(merges) == 2
    assert merges[-1] == Merge(left=256, right=99, new_id=257, rank=1)
    assert merges[:1] == [Merge(97, 98, 256, 0)]
    assert list(merges) == [Merge(97, 98, 256, 0), Merge(256, 99, 257, 1)]
    assert merges == Merges(list(merges))
    assert hash(merges) == hash(Merges(list(merges)))
    assert merges.left == array("I", [97, 256])


def test_no_merges_are_an_empty_sequence() -> None:
    assert list(Merges()) == []
    assert Merges() == Merges.from_pairs([])


def test_ranked_tokens_list_every_split_of_every_token() -> None:
    ranks = {b"a": 0, b"b": 1, b"ab": 2, b"ba": 3, b"aba": 4}
    merges = Merges.from_ranked_tokens(ranks)
    assert list(merges) == [(0, 1, 2, 2), (1, 0, 3, 3), (0, 3, 4, 4), (2, 0, 4, 4)]


@pytest.mark.parametrize("bad", [[(-1, 0, 0, 0)], [(0, 2**32, 0, 0)], [("a", 0, 0, 0)]])
def test_merges_of_something_else_than_ids_are_refused(bad: list) -> None:
    with pytest.raises(VocabularyError, match="not an id"):
        Merges(bad)


def test_sizes_count_everything() -> None:
    spec = spec_of()
    assert spec.n_vocab == 258
    assert spec.max_token_value == 257
    assert spec.byte_ids == tuple(range(256))


def test_ids_may_have_gaps_and_bytes_any_order() -> None:
    id_to_bytes = {1000 - byte: bytes([byte]) for byte in range(256)}
    spec = spec_of(id_to_bytes=id_to_bytes, merges=Merges(), special_tokens={})
    assert spec.byte_ids[0] == 1000
    assert spec.n_vocab == 1001
    assert list(spec.id_to_bytes)[:2] == [745, 746]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id_to_bytes": {b: bytes([b]) for b in range(255)}}, "not tokens"),
        ({"id_to_bytes": BYTES | {256: b"ab", 300: b"ab"}}, "ids 256 and 300 are both"),
        ({"id_to_bytes": BYTES | {256: b""}}, "non-empty bytes"),
        ({"id_to_bytes": BYTES | {-1: b"ab"}}, "id -1"),
        ({"id_to_bytes": BYTES | {2**31: b"ab"}}, "2147483648"),
        ({"merges": Merges.from_pairs([(97, 99)])}, "said to make id 256"),
        ({"merges": Merges.from_pairs([(97, 999)])}, "999, which is no token"),
        ({"merges": Merges([(97, 98, 256, 5), (97, 98, 256, 4)])}, "rank order"),
        ({"special_tokens": {"": 257}}, "non-empty str"),
        ({"special_tokens": {"<x>": 97}}, "has id 97"),
        ({"special_tokens": {"<x>": 300, "<y>": 300}}, "share id 300"),
        ({"special_tokens": {"\ud800": 300}}, "surrogate"),
        ({"special_tokens": {"<x>": -5}}, "-5"),
    ],
)
def test_a_contradiction_is_refused_by_name(changes: dict, message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        spec_of(**changes)


def test_the_hash_depends_on_everything_but_the_name() -> None:
    base = spec_of()
    others = [
        spec_of(pattern=Pattern.of("o200k")),
        spec_of(special_tokens={"<|end|>": 258}),
        spec_of(special_tokens={"<|End|>": 257}),
        spec_of(whole_pretoken_first=True),
        spec_of(merges=Merges()),
        spec_of(merges=Merges([(97, 98, 256, 7)])),
    ]
    assert spec_of(name="other").content_hash == base.content_hash
    assert len({base.content_hash, *(spec.content_hash for spec in others)}) == 7


def test_the_hash_is_the_same_in_every_release() -> None:
    assert spec_of().content_hash == (
        "0d2734a3d3956eeb24e8d5b03a3307f0d3ac78007bc9266376fd3f265fb2eff7"
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_is_equal(copied) -> None:
    assert copied(spec_of()) == spec_of()
    assert hash(copied(spec_of())) == hash(spec_of())


def test_a_spec_cannot_be_changed() -> None:
    spec = spec_of()
    with pytest.raises(TypeError):
        spec.id_to_bytes[5] = b"x"
    with pytest.raises(AttributeError):
        spec.name = "x"


def test_a_pair_of_a_token_that_is_not_there_yet_is_refused_by_its_place() -> None:
    with pytest.raises(VocabularyError, match="merge 1 joins 97 and 300, and there are 257"):
        TokenizerSpec.from_pairs(Pattern.of(None), [(97, 98), (97, 300)])
    with pytest.raises(VocabularyError, match="not an id"):
        TokenizerSpec.from_pairs(Pattern.of(None), [(97, -1)])


def test_a_spec_of_pairs_is_the_one_that_is_checked_in_full() -> None:
    spec = TokenizerSpec.from_pairs(Pattern.of("gpt2"), [(97, 98), (256, 99)], ["<x>"], name="n")
    checked = TokenizerSpec(
        spec.pattern, spec.id_to_bytes, spec.merges, spec.special_tokens, name=spec.name
    )
    assert checked == spec
    assert vars(checked).keys() == vars(spec).keys()
    assert checked.content_hash == spec.content_hash
