"""The drop-in for `tokenizers`: pre-tokenizers put together from pieces, and wrong arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import bpe
from bpe.compat import tokenizers as ours

theirs = pytest.importorskip("tokenizers")

CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXTS = ["the cat sat on 12345 mats", "it's naïve", "DON'T  stop\n\n你好", "a1 b22 c333"] * 5


def make(library: Any, cut: Callable[[Any], Any]) -> Any:
    tokenizer = library.Tokenizer(library.models.BPE())
    tokenizer.pre_tokenizer = cut(library)
    tokenizer.decoder = library.decoders.ByteLevel()
    alphabet = library.pre_tokenizers.ByteLevel.alphabet()
    trainer = library.trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer=trainer)
    return tokenizer


def by_expression(library: Any) -> Any:
    cut = library.pre_tokenizers
    split = cut.Split(library.Regex(CL100K), behavior="isolated")
    return cut.Sequence([split, cut.ByteLevel(add_prefix_space=False, use_regex=False)])


def by_digits(library: Any) -> Any:
    cut = library.pre_tokenizers
    return cut.Sequence([cut.Digits(individual_digits=True), cut.ByteLevel(False)])


@pytest.mark.parametrize("cut", [by_expression, by_digits])
def test_sequences_of_pre_tokenizers_train_and_cut_the_same(cut: Callable[[Any], Any]) -> None:
    expected, found = make(theirs, cut), make(ours, cut)
    assert expected.get_vocab() == found.get_vocab()
    for text in [*TEXTS, " x  y 1,234 WE'LL\r\n"]:
        assert expected.encode(text).ids == found.encode(text).ids
        pieces = [cut(library).pre_tokenize_str(text) for library in (theirs, ours)]
        assert pieces[0] == pieces[1]


def test_what_was_loaded_trains_again_with_its_own_pre_tokenizer() -> None:
    text = make(theirs, by_expression).to_str()
    expected, found = theirs.Tokenizer.from_str(text), ours.Tokenizer.from_str(text)
    options: dict[str, Any] = {"vocab_size": 300, "show_progress": False}
    alphabet = theirs.pre_tokenizers.ByteLevel.alphabet()
    more = theirs.trainers.BpeTrainer(initial_alphabet=alphabet, **options)
    expected.train_from_iterator(["1234 4321 1234"] * 9, trainer=more)
    found.train_from_iterator(["1234 4321 1234"] * 9, trainer=ours.trainers.BpeTrainer(**options))
    assert expected.encode("1234").tokens == found.encode("1234").tokens


@pytest.mark.parametrize("pattern", ["cl100k", "gpt2", None, r"(?<=a)b|\p{L}+|[^b]"])
def test_any_tokenizer_can_wear_it(pattern: str | None) -> None:
    try:
        tok = bpe.train(["ab abba"] * 3, 270, pattern=pattern, num_threads=1)
    except bpe.PatternError:
        pytest.skip("not a pattern here")
    assert tok.encode_ordinary("ab abba") == tok.as_huggingface().encode("ab abba").ids


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda tok: tok.decode([None]), TypeError),
        (lambda tok: tok.decode(["a"]), TypeError),
        (lambda tok: tok.decode("abc"), TypeError),
        (lambda tok: tok.decode([-1]), OverflowError),
        (lambda tok: tok.decode([2**32]), OverflowError),
        (lambda tok: tok.decode_batch(["abc"]), TypeError),
        (lambda tok: tok.encode_batch("abc"), TypeError),
        (lambda tok: tok.encode(["a", "b"]), TypeError),
        (lambda tok: tok.encode("a", is_pretokenized=True), TypeError),
        (lambda tok: tok.encode("a", pair=5), TypeError),
        (lambda tok: tok.token_to_id(5), TypeError),
        (lambda tok: tok.id_to_token("a"), TypeError),
        (lambda tok: tok.id_to_token(-1), OverflowError),
        (lambda tok: tok.add_special_tokens("abc"), TypeError),
        (lambda tok: tok.add_special_tokens([5]), TypeError),
        (lambda tok: tok.enable_truncation(-1), OverflowError),
        (lambda tok: tok.enable_truncation("4"), TypeError),
        (lambda tok: tok.enable_truncation(4, direction="up"), ValueError),
        (lambda tok: tok.enable_padding(direction="up"), ValueError),
        (lambda tok: tok.enable_padding(pad_id=-1), OverflowError),
        (lambda tok: tok.enable_padding(length=-1), OverflowError),
    ],
)
def test_what_is_wrong_there_is_wrong_here(
    call: Callable[[Any], object], error: type[Exception]
) -> None:
    for library in (theirs, ours):
        with pytest.raises(error):
            call(make(library, by_digits))
