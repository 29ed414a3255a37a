"""bpe/required.py: tokens that must exist, whatever they cost and however rare they are."""

from __future__ import annotations

from random import Random

import pytest

import bpe
from bpe.errors import TrainingError
from bpe.patterns import Pattern
from bpe.reference import engine as reference
from bpe.reference.train import Rules, merge_pair, train
from bpe.required import fit_required, required_pairs
from bpe.spec import TokenizerSpec
from bpe.testing.random_inputs import random_corpus, random_tokens

TEXTS = ["the cat sat on the mat, the hat of the cat; catalogues of catamarans"] * 3


def encode(pairs: list[tuple[int, int]], token: bytes) -> list[int]:
    """Apply the merges one after the other: slow, and nothing but the definition."""
    ids = list(token)
    for new_id, pair in enumerate(pairs, start=256):
        ids = merge_pair(ids, pair, new_id)
    return ids


def test_every_required_token_is_what_its_bytes_are_encoded_to() -> None:
    random = Random(1)
    for _ in range(400):
        counts = random_corpus(random)
        learned = train(counts, random.randrange(20), Rules())
        required = random_tokens(random, counts, max_tokens=6)
        random.shuffle(required)
        pairs = learned + required_pairs(learned, required)
        spec = TokenizerSpec.from_pairs(Pattern.of(None), pairs)
        for token in required:
            [id_] = encode(pairs, token)
            assert token == spec.id_to_bytes[id_]
            assert [id_] == reference.codec(spec).encode_ordinary(token)


def test_learned_merges_give_way_from_the_end() -> None:
    random = Random(2)
    for _ in range(300):
        counts = random_corpus(random)
        learned = train(counts, 40, Rules())
        required = random_tokens(random, counts, max_tokens=4)
        size = len(required_pairs([], required)) + random.randrange(20)
        pairs = fit_required([], learned, size, required)
        assert len(pairs) <= size
        assert any(
            pairs == learned[:number] + required_pairs(learned[:number], required)
            for number in range(len(learned) + 1)
        )


def test_no_learned_merge_is_dropped_that_has_room() -> None:
    learned = [(98, 99), (97, 256), (120, 121), (122, 122)]
    for size, num_kept in ((4, 2), (5, 3), (6, 4), (9, 4)):
        made = required_pairs(learned[:num_kept], [b"abcd", b"qa"])
        assert learned[:num_kept] + made == fit_required([], learned, size, [b"abcd", b"qa"])
        assert 2 == len(made)


def test_a_token_that_was_learned_costs_nothing(engine: str) -> None:
    plain = bpe.train(TEXTS, 280, engine=engine)
    assert b" the" in plain.token_byte_values()
    assert plain == bpe.train(TEXTS, 280, required_tokens=[" the"], engine=engine)


def test_required_tokens_are_made_of_what_there_is_and_come_after_it(engine: str) -> None:
    tokenizer = bpe.train(
        TEXTS, 270, required_tokens=["dog", b"\xe6\x97"], special_tokens=["<|end|>"], engine=engine
    )
    plain = bpe.train(TEXTS, 267, special_tokens=["<|end|>"], engine=engine)
    assert list(plain.spec.merges) == list(tokenizer.spec.merges)[:10]
    assert [b"do", b"dog", b"\xe6\x97"] == [tokenizer.spec.id_to_bytes[i] for i in range(266, 269)]
    assert 269 == tokenizer.encode_single_token("<|end|>")
    assert [267] == tokenizer.encode("dog")


def test_required_tokens_survive_a_corpus_that_is_too_small() -> None:
    with pytest.warns(UserWarning, match="reached"):
        tokenizer = bpe.train(["ab"], 300, required_tokens=["xyz"])
    assert [tokenizer.encode_single_token("xyz")] == tokenizer.encode("xyz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"required_tokens": "dog"}, "required_tokens must be several tokens"),
        ({"required_tokens": [""]}, "empty token"),
        ({"required_tokens": ["a", b"a"]}, "names b'a' twice"),
        ({"required_tokens": ["ab"], "forbidden_tokens": ["ab"]}, "both required and forbidden"),
        ({"required_tokens": ["abc"], "max_token_bytes": 2}, "longer than max_token_bytes=2"),
        (
            {"required_tokens": ["a b"]},
            r"never be used: the pattern splits it into \[b'a', b' b'\]",
        ),
        ({"required_tokens": ["wxyz"], "vocab_size": 258}, "need 3 merges, and .* room for 1"),
        (
            {"required_tokens": ["qxy"], "forbidden_tokens": ["qx"]},
            "by way of b'qx', which is forb",
        ),
        ({"forbidden_tokens": ["a"]}, "forbidden token b'a' is a single byte"),
    ],
)
def test_contradictions_are_refused_by_name(options: dict, message: str) -> None:
    request = {"vocab_size": 270, **options}
    with pytest.raises(TrainingError, match=message):
        bpe.train(TEXTS, **request)


def test_a_forbidden_token_of_the_base_is_refused() -> None:
    base = bpe.train(TEXTS, 280)
    with pytest.raises(TrainingError, match="forbidden token b' the' is a token of the base"):
        bpe.train(TEXTS, 290, base=base, forbidden_tokens=[" the"])


def test_forbidden_tokens_are_absent_and_others_take_their_place(engine: str) -> None:
    tokenizer = bpe.train(TEXTS, 275, forbidden_tokens=[" the", "at"], engine=engine)
    assert not {b" the", b"at"} & set(tokenizer.token_byte_values())
    assert 275 == len(tokenizer)


def test_an_extension_may_require_tokens_too(engine: str) -> None:
    base = bpe.train(TEXTS, 270, engine=engine)
    longer = bpe.train(TEXTS, 275, base=base, required_tokens=["dog"], engine=engine)
    assert [longer.encode_single_token("dog")] == longer.encode("dog")
    assert 275 == longer.n_vocab
