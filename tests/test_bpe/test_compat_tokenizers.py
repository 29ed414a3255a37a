"""Code written against `tokenizers` runs on the drop-in and gives the same results."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import pytest
import tokenizers as theirs

import bpe
from bpe.compat.tokenizers import Tokenizer
from bpe.testing.random_inputs import random_text

ATTRIBUTES = (
    "ids", "tokens", "offsets", "type_ids", "attention_mask", "special_tokens_mask", "n_sequences",
    "word_ids", "sequence_ids",
)  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizers") / "byte-level-bpe.tokenizer.json"
    corpus = ["I can feel the magic, can you? wörld 你好\n\n"] * 3
    bpe.train(corpus, 290, pattern="gpt2", special_tokens=["[PAD]", "<s>"]).save(path)
    return path


def texts() -> list[str]:
    drawn = random.Random(4)
    found = [random_text(drawn).encode("utf-8", "replace").decode() for _ in range(200)]
    return [*found, "I can feel<s> the[PAD] magic", "", "你好吗"]


def same(file: Path) -> tuple[Any, Any]:
    return theirs.Tokenizer.from_file(str(file)), Tokenizer.from_file(str(file))


def assert_equal(expected: Any, found: Any) -> None:
    for name in ATTRIBUTES:
        assert getattr(expected, name) == getattr(found, name), name
    assert len(expected) == len(found)
    for cut, ours in zip(expected.overflowing, found.overflowing, strict=True):
        assert_equal(cut, ours)


def readme_example(tokenizer_class: Any, file: Path) -> object:
    """Run what the README of `tokenizers` does with a byte-level BPE that is on disk."""
    # Now, when you want to use this tokenizer, this is as simple as:
    tokenizer = tokenizer_class.from_file(str(file))

    encoded = tokenizer.encode("I can feel the magic, can you?")
    batch = tokenizer.encode_batch(["Hello, y'all!", "How are you 😁 ?"])
    return (
        encoded.ids,
        encoded.tokens,
        [(b.ids, b.tokens, b.offsets) for b in batch],
        tokenizer.decode(encoded.ids),
        tokenizer.decode_batch([b.ids for b in batch]),
        tokenizer.get_vocab_size(),
    )


def test_the_example_of_the_readme_gives_the_same(file: Path) -> None:
    assert readme_example(theirs.Tokenizer, file) == readme_example(Tokenizer, file)


def test_encodings_are_the_same(file: Path) -> None:
    a, b = same(file)
    for text in texts():
        assert_equal(a.encode(text), b.encode(text))
        ids = a.encode(text).ids
        for skip in (True, False):
            assert a.decode(ids, skip_special_tokens=skip) == b.decode(
                ids, skip_special_tokens=skip
            )
    for expected, found in zip(a.encode_batch(texts()), b.encode_batch(texts()), strict=True):
        assert_equal(expected, found)
    a.encode_special_tokens = b.encode_special_tokens = True
    assert a.encode("x<s>").ids == b.encode("x<s>").ids


def test_the_vocabulary_is_the_same(file: Path) -> None:
    a, b = same(file)
    assert a.get_vocab() == b.get_vocab()
    assert a.get_vocab_size() == b.get_vocab_size()
    for id_ in (0, 32, 289, 290, 10**6):
        assert a.id_to_token(id_) == b.id_to_token(id_)
    for token in ("Ġ", "<s>", "no such", " "):
        assert a.token_to_id(token) == b.token_to_id(token)
    assert a.num_special_tokens_to_add(False) == b.num_special_tokens_to_add(False)


@pytest.mark.parametrize(
    "padding",
    [
        {},
        {"length": 20, "pad_id": 288, "pad_token": "[PAD]", "pad_type_id": 3},
        {"direction": "left", "pad_to_multiple_of": 8},
    ],
)
@pytest.mark.parametrize(
    "truncation", [None, {"max_length": 5}, {"max_length": 6, "direction": "left"}]
)
def test_padding_and_truncation_are_the_same(
    file: Path, padding: dict[str, Any], truncation: dict[str, Any] | None
) -> None:
    a, b = same(file)
    for tokenizer in (a, b):
        tokenizer.enable_padding(**padding)
        if truncation is not None:
            tokenizer.enable_truncation(**truncation)
    assert a.padding == b.padding
    assert a.truncation == b.truncation
    for expected, found in zip(a.encode_batch(texts()), b.encode_batch(texts()), strict=True):
        assert_equal(expected, found)
    for tokenizer in (a, b):
        tokenizer.no_padding()
        tokenizer.no_truncation()
    assert a.encode("the magic, can").ids == b.encode("the magic, can").ids


def test_characters_and_tokens_find_each_other(file: Path) -> None:
    a, b = same(file)
    text = "I feel 你好<s>"
    expected, found = a.encode(text), b.encode(text)
    for index in range(len(text)):
        assert expected.char_to_token(index) == found.char_to_token(index)
    for index in range(len(expected)):
        assert expected.token_to_chars(index) == found.token_to_chars(index)


def test_it_saves_what_tokenizers_loads(file: Path, tmp_path: Path) -> None:
    ours = Tokenizer.from_file(file)
    for pretty in (True, False):
        path = tmp_path / "saved.json"
        ours.save(path, pretty=pretty)
        assert theirs.Tokenizer.from_file(str(path)).get_vocab() == ours.get_vocab()
        assert Tokenizer.from_str(ours.to_str(pretty)).get_vocab() == ours.get_vocab()
        assert Tokenizer.from_buffer(path.read_bytes()).get_vocab() == ours.get_vocab()


def test_any_tokenizer_can_wear_it(file: Path) -> None:
    tokenizer = bpe.train(["low lower lowest"] * 9, 262, pattern=[r"\p{L}+", " "])
    worn = tokenizer.as_huggingface()
    assert tokenizer.encode("lower low") == worn.encode("lower low").ids
    worn.enable_padding(length=9)
    back = pickle.loads(pickle.dumps(worn))
    assert worn.encode("low").ids == back.encode("low").ids
    with pytest.raises(TypeError, match=r"or a bpe\.Tokenizer, not from a str"):
        Tokenizer("x")  # type: ignore[arg-type]


def test_surrogates_are_repaired_and_offsets_stay_in_the_text(file: Path) -> None:
    encoding = Tokenizer.from_file(file).encode("a\ud83d\ude00\ud800b")
    assert (0, 1) == encoding.offsets[0]
    assert (3, 4) == encoding.offsets[-1]
