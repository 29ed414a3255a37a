"""bpe/superwords.py: runs of words as pretokens, and merges across the spaces between them."""

from __future__ import annotations

from itertools import accumulate
from random import Random

import pytest

import bpe
from bpe import _core
from bpe.engines import get_engine
from bpe.errors import PatternError, TrainingError
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.reference.train import Rules
from bpe.reference.train import train as reference_train
from bpe.regex_split import split
from bpe.superwords import superword_pattern
from bpe.testing import laws
from bpe.testing.random_inputs import random_bytes, random_text

TEXTS = ["one of the cats, one of the dogs and one of the 12 hats of the cats\nin the long run"] * 5
NATIVE = get_engine("native")


@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_a_superword_pretoken_is_a_pretoken_or_a_run_of_words(name: str) -> None:
    random = Random(name)
    pattern = Pattern.of(name)
    coarse = superword_pattern(pattern)
    num_joined = 0
    for _ in range(1500):
        data = random_bytes(random) + b" of the" * random.randrange(2)
        words = split(data, pattern)
        ends = list(accumulate(map(len, words)))
        start = 0
        for end in accumulate(map(len, split(data, coarse))):
            inside = [word for word, e in zip(words, ends, strict=True) if start < e <= end]
            assert data[start:end] == b"".join(inside)
            assert len(inside) == 1 or all(map(has_letter, inside))
            num_joined += len(inside) > 1
            start = end
    assert num_joined > 500


def test_a_superword_pattern_is_known_by_its_name_and_by_its_expression() -> None:
    for name in NAMED_PATTERNS:
        coarse = superword_pattern(Pattern.of(name))
        assert coarse == Pattern.of(f"{name} superwords") == Pattern.of(coarse.stages[0])


def has_letter(word: bytes) -> bool:
    import regex

    return regex.search(r"[\p{L}\p{M}]", word.decode("utf-8", "replace")) is not None


@pytest.mark.parametrize("kernel", _core.kernel_names())
@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_every_kernel_splits_superwords_as_the_expression_does(name: str, kernel: str) -> None:
    random = Random(name)
    coarse = superword_pattern(Pattern.of(name))
    assert coarse.name is not None
    for _ in range(1500):
        data = random_bytes(random) + b" of the" * random.randrange(3)
        assert split(data, coarse) == _core.split(data, coarse.name, kernel)


@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_runs_longer_than_any_batch_are_joined_and_scanned_in_linear_time(name: str) -> None:
    coarse = Pattern.of(f"{name} superwords")
    for number in (255, 256, 257, 1000):
        words = b" of" * number
        assert [words, b"!!", words] == NATIVE.split(words + b"!!" + words, coarse)
        mixed = (b" of the!!" * number + words) * 2
        assert split(mixed, coarse) == NATIVE.split(mixed, coarse)
    assert 1 == len(NATIVE.split(b" of the" * 500_000, coarse))


@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_superwords_are_counted_alike_wherever_a_text_is_cut(name: str) -> None:
    random = Random(name)
    coarse = Pattern.of(f"{name} superwords")
    document = b"".join(random_bytes(random) + b" of the 12" for _ in range(150))
    expected = get_engine("reference").count_table()
    get_engine("reference").count_documents(expected, [document], coarse, (), 1, None)
    for chunk_bytes in (1, 2, 3, 7, 64, 1000):
        table = _core.CountTable()
        table.count_documents([document], coarse.name, (), 2, None, chunk_bytes)
        assert expected.items() == table.items()


def test_superwords_begin_at_the_size_that_was_asked_for(engine: str) -> None:
    words = bpe.train(TEXTS, 275, pattern="cl100k", engine=engine)
    both = bpe.train(TEXTS, 285, pattern="cl100k", superword_from=275, engine=engine)
    assert list(both.spec.merges)[:18] == list(words.spec.merges)
    assert all(len(token.split()) == 1 for token in words.token_byte_values() if token.strip())
    new = [both.spec.id_to_bytes[id_] for id_ in range(274, 284)]
    assert b" of the" in new
    assert both.spec.pattern == superword_pattern(Pattern.of("cl100k"))
    assert both.encode_ordinary(TEXTS[0]) < words.encode_ordinary(TEXTS[0]) or len(
        both.encode_ordinary(TEXTS[0])
    ) < len(words.encode_ordinary(TEXTS[0]))


def test_encoding_is_exactly_what_was_trained(engine: str) -> None:
    random = Random(3)
    texts = [random_text(random) + " of the cat" * random.randrange(4) for _ in range(200)]
    tokenizer = bpe.train(texts, 420, pattern="o200k", superword_from=350, engine=engine)
    coarse = superword_pattern(Pattern.of("o200k"))
    # The same in the open: words, then superwords on top of them, from recounted pairs.
    words = bpe.count(texts, pattern="o200k", special_tokens=["<|endoftext|>"]).items()
    superwords = bpe.count(texts, pattern=coarse, special_tokens=["<|endoftext|>"]).items()
    pairs = reference_train(words, 93, Rules())
    pairs += reference_train(superwords, 70, Rules(max_token_words=4), pairs)
    assert pairs == [(m.left, m.right) for m in tokenizer.spec.merges]
    loose = bpe.Tokenizer(bpe.TokenizerSpec.from_pairs(coarse, pairs), engine="reference")
    for text in texts[:60]:
        assert loose.encode_ordinary(text) == tokenizer.encode_ordinary(text)


def test_no_superword_holds_more_words_than_allowed(engine: str) -> None:
    for limit in (1, 2, 3):
        with pytest.warns(UserWarning, match="reached"):
            tokenizer = bpe.train(
                TEXTS, 350, superword_from=270, superword_words=limit, engine=engine
            )
        assert limit == max(len(token.split()) for token in tokenizer.token_byte_values())


def test_a_smaller_size_is_a_prefix_on_either_side_of_the_border(engine: str) -> None:
    large = bpe.train(TEXTS, 290, superword_from=275, engine=engine)
    for size in (260, 275, 280):
        small = bpe.train(TEXTS, size, superword_from=275, engine=engine)
        assert large.resize(size).spec == small.spec


def test_superwords_go_through_files_and_tiktoken(tmp_path) -> None:
    tokenizer = bpe.train(TEXTS, 290, pattern="cl100k", superword_from=275)
    tokenizer.save(tmp_path / "folder")
    tokenizer.save(tmp_path / "file.tiktoken")
    assert tokenizer == bpe.Tokenizer.load(tmp_path / "folder")
    encoding = tokenizer.to_tiktoken()
    random = Random(4)
    loaded = bpe.Tokenizer.load(tmp_path / "file.tiktoken")
    for text in [*TEXTS, *(random_text(random) for _ in range(300))]:
        laws.tokenizers_agree(encoding, tokenizer, text)
        laws.tokenizers_agree(encoding, loaded, text)


def test_a_published_kind_of_tokenizer_learns_superwords() -> None:
    base = bpe.Tokenizer.from_tiktoken(bpe.train(TEXTS, 275, pattern="cl100k").to_tiktoken())
    longer = bpe.train(TEXTS, 290, base=base, superword_from=275)
    assert dict(longer.spec.id_to_bytes).items() > dict(base.spec.id_to_bytes).items()
    assert b" of the" in longer.token_byte_values()
    laws.tokenizers_agree(longer.to_tiktoken(), longer, TEXTS[0])


@pytest.mark.parametrize("pattern", [None, r"\w+|\W+", [r"\d", r"\w+"]])
def test_a_pattern_that_does_not_say_what_a_word_is_is_refused(pattern: object) -> None:
    with pytest.raises(PatternError, match="superwords need a named pattern"):
        bpe.train(TEXTS, 280, pattern=pattern, superword_from=270)


def test_what_cannot_be_read_twice_is_refused() -> None:
    with pytest.raises(TrainingError, match="a list_iterator gives its texts once"):
        bpe.train(iter(TEXTS), 280, superword_from=270)
    with pytest.raises(TrainingError, match="superwords need the text"):
        bpe.train(bpe.count(TEXTS), 280, superword_from=270)


@pytest.mark.parametrize("options", [{"superword_from": 256}, {"superword_from": 2**31},
    {"superword_from": 270, "superword_words": 0}])  # fmt: skip
def test_senseless_borders_are_refused(options: dict) -> None:
    with pytest.raises(TrainingError, match="superword_"):
        bpe.train(TEXTS, 280, **options)
