"""The training examples of `tokenizers` run on the drop-in, and give the same tokenizers."""

from __future__ import annotations

import json
import random
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import tokenizers as theirs_root

from bpe.compat.tokenizers import Tokenizer
from bpe.compat.tokenizers.refusing import Refusal
from bpe.testing.random_inputs import random_text
from tests.test_bpe.test_compat_tokenizers import assert_equal

LINES = [
    "I can feel the magic, can you?\n",
    "  Let's test this tokenizer... wörld 你好 1234\n",
    "the cat sat on the mat, the hat of another catalogue\n",
    "Mi estas Julien. <s> sdf <mask>\n",
] * 4  # fmt: skip


def library(name: str) -> Any:
    names = ("models", "pre_tokenizers", "trainers", "processors", "decoders")
    root: ModuleType = import_module(name)
    parts = {part: import_module(f"{name}.{part}") for part in names}
    return SimpleNamespace(root=root, **parts)


THEIRS, OURS = library("tokenizers"), library("bpe.compat.tokenizers")
BOTH = (THEIRS, OURS)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text("".join(LINES), encoding="utf-8")
    return [str(tmp_path / "1.txt"), str(tmp_path / "2.txt")]


def readme(lib: Any, files: list[str], folder: Path) -> Any:
    """Run "Build your own" of the README of the Python package."""
    Tokenizer, models, pre_tokenizers = lib.root.Tokenizer, lib.models, lib.pre_tokenizers
    decoders, trainers, processors = lib.decoders, lib.trainers, lib.processors

    # Initialize a tokenizer
    tokenizer = Tokenizer(models.BPE())

    # Customize pre-tokenization and decoding
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)

    # And then train
    trainer = trainers.BpeTrainer(
        vocab_size=300, min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train(files, trainer=trainer)

    # And Save it
    path = str(folder / "byte-level-bpe.tokenizer.json")
    tokenizer.save(path, pretty=True)

    # Now, when you want to use this tokenizer, this is as simple as:
    return Tokenizer.from_file(path)


def course(lib: Any, files: list[str], folder: Path) -> Any:
    """Run "Building a BPE tokenizer from scratch" of the course, with the alphabet given."""
    tokenizer = lib.root.Tokenizer(lib.models.BPE())
    tokenizer.pre_tokenizer = lib.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer.pre_tokenize_str("Let's test pre-tokenization!")
    trainer = lib.trainers.BpeTrainer(
        vocab_size=290,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=lib.pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator((LINES[i : i + 3] for i in range(0, 9, 3)), trainer=trainer)
    encoding = tokenizer.encode("Let's test this tokenizer.")
    assert encoding.tokens
    tokenizer.post_processor = lib.processors.ByteLevel(trim_offsets=False)
    sentence = "Let's test this tokenizer."
    start, end = tokenizer.encode(sentence).offsets[4]
    assert sentence[start:end]
    tokenizer.decoder = lib.decoders.ByteLevel()
    assert sentence == tokenizer.decode(tokenizer.encode(sentence).ids)
    return tokenizer


def esperanto(lib: Any, files: list[str], folder: Path) -> Any:
    """Run the tokenizer of "How to train a new language model from scratch"."""
    tokenizer = lib.root.ByteLevelBPETokenizer()
    tokenizer.train(
        files=files,
        vocab_size=320,
        min_frequency=2,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    )
    folder.mkdir()
    tokenizer.save_model(str(folder), "esperberto")
    tokenizer = lib.root.ByteLevelBPETokenizer(
        str(folder / "esperberto-vocab.json"), str(folder / "esperberto-merges.txt")
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    inner = getattr(tokenizer, "_tokenizer", tokenizer) if lib is THEIRS else tokenizer
    inner.post_processor = lib.processors.BertProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>"))
    )
    tokenizer.enable_truncation(max_length=12)
    return tokenizer


def template(lib: Any, files: list[str], folder: Path) -> Any:
    """Run the post-processing and the padding of the quick tour, over bytes."""
    tokenizer = lib.root.Tokenizer(lib.models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = lib.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = lib.trainers.BpeTrainer(
        special_tokens=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"],
        vocab_size=310,
        initial_alphabet=lib.pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train(files, trainer)
    tokenizer.post_processor = lib.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[
            ("[CLS]", tokenizer.token_to_id("[CLS]")),
            ("[SEP]", tokenizer.token_to_id("[SEP]")),
        ],
    )
    tokenizer.enable_padding(pad_id=3, pad_token="[PAD]")
    return tokenizer


EXAMPLES = [readme, course, esperanto, template]


def texts() -> list[str]:
    drawn = random.Random(9)
    found = [random_text(drawn).encode("utf-8", "replace").decode() for _ in range(60)]
    more = ["Mi estas Julien.", "", " a", "a<s>b", "<mask> x [SEP]<|endoftext|>", "\n\n  x  "]
    return [*(text for text in found if text.isprintable() or len(text) < 30), *more]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_gives_the_same_tokenizer(
    example: Any, files: list[str], tmp_path: Path
) -> None:
    expected, found = (
        example(lib, files, tmp_path / f"{i}")
        if example is esperanto
        else example(lib, files, tmp_path)
        for i, lib in enumerate(BOTH)
    )
    assert expected.get_vocab() == found.get_vocab()
    inner = getattr(expected, "_tokenizer", expected)
    for text in texts():
        assert_equal(inner.encode(text), found.encode(text))
        assert_equal(
            inner.encode(text, add_special_tokens=False),
            found.encode(text, add_special_tokens=False),
        )
    for one, other in [("I can feel", "the magic"), ("", "x"), ("the cat sat on the mat", "a")]:
        assert_equal(inner.encode(one, other), found.encode(one, other))
    batch = ["Hello, y'all!", ("How are you 😁 ?", "fine"), "the magic"]
    for a, b in zip(inner.encode_batch(batch), found.encode_batch(batch), strict=True):
        assert_equal(a, b)
    words = ["the", "cat", "magic,"]
    assert_equal(
        inner.encode(words, is_pretokenized=True), found.encode(words, is_pretokenized=True)
    )


@pytest.mark.parametrize("example", [readme, course, template])
def test_what_is_saved_is_read_by_both(example: Any, files: list[str], tmp_path: Path) -> None:
    text = example(OURS, files, tmp_path).to_str()
    theirs = theirs_root.Tokenizer.from_str(text)
    ours = Tokenizer.from_str(text)
    for each in texts():
        assert_equal(theirs.encode(each, "x"), ours.encode(each, "x"))
    assert json.loads(ours.to_str()) == json.loads(text)
    again = Tokenizer.from_str(theirs.to_str())
    assert again.encode("the magic", "x").ids == ours.encode("the magic", "x").ids


@pytest.mark.parametrize("stride", [0, 1, 2])
@pytest.mark.parametrize("direction", ["left", "right"])
@pytest.mark.parametrize("strategy", ["longest_first", "only_first", "only_second"])
def test_what_is_cut_off_is_kept_with_a_stride(
    files: list[str], tmp_path: Path, stride: int, direction: str, strategy: str
) -> None:
    expected, found = (course(lib, files, tmp_path) for lib in BOTH)
    for tokenizer in (expected, found):
        tokenizer.enable_truncation(9, stride=stride, strategy=strategy, direction=direction)
    if strategy != "only_second":
        for text in texts():
            assert_equal(expected.encode(text), found.encode(text))
    a = "the cat sat on the mat, the hat"
    pair = {"only_first": (a, "x"), "only_second": ("x", a)}.get(strategy, (a, a))
    one, other = expected.encode(*pair), found.encode(*pair)
    assert (one.ids, one.type_ids, one.sequence_ids) == (
        other.ids,
        other.type_ids,
        other.sequence_ids,
    )


def test_words_characters_and_tokens_find_each_other(files: list[str], tmp_path: Path) -> None:
    expected, found = (template(lib, files, tmp_path) for lib in BOTH)
    one, other = (t.encode("the magic, 你好", "can you?") for t in (expected, found))
    for sequence in (0, 1):
        for index in range(16):
            for name in ("char_to_token", "char_to_word", "word_to_chars", "word_to_tokens"):
                theirs = getattr(one, name)(index, sequence)
                assert theirs == getattr(other, name)(index, sequence), (name, index, sequence)
    for index in range(len(one)):
        assert one.token_to_sequence(index) == other.token_to_sequence(index)
    for name in ("num_special_tokens_to_add", "get_vocab_size"):
        assert getattr(expected, name)(True) == getattr(found, name)(True)


def test_added_special_tokens_are_the_same(files: list[str], tmp_path: Path) -> None:
    expected, found = (course(lib, files, tmp_path) for lib in BOTH)
    for tokenizer, lib in zip((expected, found), BOTH, strict=True):
        assert 2 == tokenizer.add_special_tokens(
            ["<a>", lib.root.AddedToken("<b>"), "<a>", "<|endoftext|>"]
        )
    assert_equal(expected.encode("x<a><b>y"), found.encode("x<a><b>y"))


REFUSED = [
    (lambda: OURS.pre_tokenizers.Whitespace(), "pre_tokenizers.Whitespace"),
    (lambda: OURS.models.WordPiece(), "models.WordPiece"),
    (lambda: OURS.trainers.UnigramTrainer(vocab_size=9), "trainers.UnigramTrainer"),
    (lambda: OURS.decoders.WordPiece(), "decoders.WordPiece"),
    (lambda: OURS.processors.RobertaProcessing(1, 2), "processors.RobertaProcessing"),
    (lambda: import_module("bpe.compat.tokenizers.normalizers").NFC(), "normalizers.NFC"),
    (lambda: OURS.models.BPE(dropout=0.1), r"BPE\(dropout"),
    (lambda: OURS.models.BPE(end_of_word_suffix="x"), "end_of_word_suffix"),
    (lambda: OURS.models.BPE(byte_fallback=True), "byte_fallback"),
    (lambda: OURS.root.AddedToken("x", lstrip=True), "lstrip"),
    (lambda: Tokenizer.from_pretrained("gpt2"), "a download"),
    (lambda: Tokenizer(OURS.models.BPE()).train_from_iterator([]), "without a pre-tokenizer"),
    (lambda: setattr(Tokenizer(OURS.models.BPE()), "normalizer", 5), "the normalizer int"),
    (lambda: setattr(Tokenizer(OURS.models.BPE()), "pre_tokenizer", 5), "the pre-tokenizer int"),
    (lambda: OURS.root.ByteLevelBPETokenizer(lowercase=True), "lowercase"),
]


@pytest.mark.parametrize(("call", "name"), REFUSED, ids=[name for _, name in REFUSED])
def test_what_is_not_byte_level_is_refused_by_name(call: Any, name: str) -> None:
    with pytest.raises(Refusal, match=name):
        call()


def test_a_name_that_is_none_there_is_none_here() -> None:
    for lib in BOTH:
        assert not hasattr(lib.models, "NoSuchModel")
    with pytest.raises(ValueError, match="there is no vocabulary yet"):
        Tokenizer(OURS.models.BPE()).encode("a")


def test_every_class_there_has_a_name_here() -> None:
    for part in ("models", "pre_tokenizers", "trainers", "processors", "decoders", "normalizers"):
        theirs = import_module(f"tokenizers.{part}")
        ours = import_module(f"bpe.compat.tokenizers.{part}")
        names = {name for name, value in vars(theirs).items() if isinstance(value, type)}
        assert set() == {name for name in names if not hasattr(ours, name)}, part
