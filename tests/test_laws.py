"""Laws that hold for both engines, on inputs made to break them (bpe.testing).

Hypothesis finds and shrinks the small cases; seeded loops add volume. More of the same, by the
million: tools/fuzz_roundtrip.py and tools/fuzz_training.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bpe
from bpe import _core
from bpe.engines import TIE_BREAKS, Engine, EngineName, get_engine
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.reference.train import Rules
from bpe.reference.train import train as reference_train
from bpe.spec import Merges, TokenizerSpec
from bpe.testing import laws, strategies
from bpe.testing.random_inputs import (
    random_bytes,
    random_corpus,
    random_initial_pairs,
    random_text,
    random_tokens,
)

NATIVE, REFERENCE = get_engine("native"), get_engine("reference")
ENGINES = pytest.mark.parametrize("engine", [NATIVE, REFERENCE], ids=lambda engine: engine.name)
NAMES = pytest.mark.parametrize("name", ["native", "reference"])
GPT2 = Pattern.of("gpt2")
SPECIAL = ("<|endoftext|>", "<|end")


def law(max_examples: int) -> settings:
    """Return settings without a deadline: a busy machine is not a mistake."""
    return settings(
        deadline=None, max_examples=max_examples, suppress_health_check=[HealthCheck.too_slow]
    )


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, bpe.Tokenizer]:
    """One vocabulary on both engines, trained on the texts that the laws are about."""
    random = Random(1)
    texts = [random_text(random) for _ in range(1500)]
    native = bpe.train(texts, 900, pattern="o200k", special_tokens=SPECIAL, num_threads=2)
    return {
        "native": native,
        "reference": bpe.Tokenizer(native.spec, engine="reference"),
    }


# --- encode and decode ------------------------------------------------------------------------


@NAMES
@law(120)
@given(text=strategies.texts(special_tokens=SPECIAL))
def test_every_text_comes_back(
    tokenizers: dict[str, bpe.Tokenizer], name: EngineName, text: str
) -> None:
    laws.round_trip(tokenizers[name], text)
    laws.round_trip_with_special_tokens(tokenizers[name], text)
    laws.special_tokens_are_text_unless_allowed(tokenizers[name], text)


@law(120)
@given(text=strategies.texts(special_tokens=SPECIAL))
def test_both_engines_give_the_same_ids_for_every_text(
    tokenizers: dict[str, bpe.Tokenizer], text: str
) -> None:
    laws.tokenizers_agree(tokenizers["reference"], tokenizers["native"], text)


@NAMES
@law(60)
@given(data=strategies.byte_strings())
def test_every_byte_string_comes_back(
    tokenizers: dict[str, bpe.Tokenizer], name: EngineName, data: bytes
) -> None:
    tokenizer = tokenizers[name]
    assert data == tokenizer.decode_bytes(tokenizer.encode_ordinary(data))


@NAMES
@law(25)
@given(texts=st.lists(strategies.texts(), max_size=6))
def test_a_batch_is_its_texts_one_by_one(
    tokenizers: dict[str, bpe.Tokenizer], name: EngineName, texts: list[str]
) -> None:
    laws.batch_equals_single(tokenizers[name], texts)


@NAMES
def test_a_pickled_tokenizer_encodes_alike(
    tokenizers: dict[str, bpe.Tokenizer], name: EngineName
) -> None:
    laws.pickling_keeps_identity(tokenizers[name], "Hello  wörld\n<|endoftext|>")


@law(250)
@given(spec=strategies.specs(), data=strategies.byte_strings())
def test_the_engines_agree_on_every_vocabulary(spec: TokenizerSpec, data: bytes) -> None:
    laws.codecs_agree(REFERENCE, NATIVE, spec, data)


@law(40)
@given(spec=strategies.specs(), ids=st.lists(st.integers(0, 700), max_size=20))
def test_the_engines_refuse_the_same_ids(spec: TokenizerSpec, ids: list[int]) -> None:
    def decoded(engine: Engine) -> bytes | str:
        try:
            return engine.codec(spec).decode_bytes(ids)
        except bpe.DecodeError as error:
            return type(error).__name__

    assert decoded(REFERENCE) == decoded(NATIVE)


@pytest.mark.parametrize(
    "data", [b"a" * 10**5, b" " * 10**5 + b"x", b"ab" * 50_000, b"\xff" * 10**5]
)
def test_long_runs_are_encoded_like_the_definition_says(data: bytes) -> None:
    random = Random(2)
    pairs = reference_train([(data[:3000], 1)], 60, Rules())
    spec = TokenizerSpec.from_pairs(GPT2, pairs)
    shuffled = random.sample(list(spec.merges), len(pairs))
    other = TokenizerSpec(
        GPT2,
        spec.id_to_bytes,
        Merges((m.left, m.right, m.new_id, rank // 2) for rank, m in enumerate(shuffled)),
    )
    for each in (spec, other):
        ids = NATIVE.codec(each).encode_ordinary(data)
        assert REFERENCE.codec(each).encode_ordinary(data) == ids


# --- split and count --------------------------------------------------------------------------


@ENGINES
@law(150)
@given(data=strategies.byte_strings(), pattern=strategies.patterns())
def test_the_pretokens_joined_are_the_text(engine: Engine, data: bytes, pattern: Pattern) -> None:
    laws.split_is_total(engine, data, pattern)


@law(300)
@given(data=strategies.byte_strings(), pattern=strategies.patterns())
def test_the_engines_split_alike(data: bytes, pattern: Pattern) -> None:
    laws.splits_agree(REFERENCE, NATIVE, data, pattern)


@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_the_engines_split_thousands_of_strings_alike(name: str) -> None:
    random = Random(name)
    pattern = Pattern.of(name)
    for _ in range(3000):
        laws.splits_agree(REFERENCE, NATIVE, random_bytes(random), pattern)


@law(40)
@given(
    documents=st.lists(strategies.byte_strings(), max_size=5),
    pattern=strategies.patterns(),
    special_tokens=st.sampled_from([(), SPECIAL, ("a", "<|", " ")]),
)
def test_counts_depend_on_neither_threads_nor_order(
    documents: list[bytes], pattern: Pattern, special_tokens: tuple[str, ...]
) -> None:
    laws.countings_agree(REFERENCE, NATIVE, documents, pattern, special_tokens)


@pytest.mark.parametrize("name", NAMED_PATTERNS)
def test_counts_do_not_depend_on_where_a_file_is_cut_for_threads(name: str, tmp_path: Path) -> None:
    random = Random(name)
    pieces = [random_bytes(random) for _ in range(4000)]
    data = b"".join(random.choices(pieces, k=30_000)) + b" " * 70_000 + b"x" + b"a" * 70_000
    path = tmp_path / "text"
    path.write_bytes(data)
    pattern = Pattern.of(name)
    expected = NATIVE.count_table()
    for part in NATIVE.split(data, pattern):
        expected.add(part, 1)
    for num_threads in (1, 2, 3, 7):
        of_file, of_document = NATIVE.count_table(), NATIVE.count_table()
        NATIVE.count_file(of_file, str(path), pattern, (), num_threads, None)
        NATIVE.count_documents(of_document, [data], pattern, (), num_threads, None)
        assert expected.items() == of_file.items() == of_document.items()


# --- train ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
@law(100)
@given(
    counts=strategies.corpora(),
    num_merges=st.integers(0, 40),
    min_frequency=st.sampled_from([1, 1, 2, 5]),
    max_token_bytes=st.sampled_from([None, None, 2, 5]),
    max_token_words=st.sampled_from([None, None, 1, 2]),
    random=st.integers(0, 2**16).map(Random),
)
def test_the_engines_learn_the_same_merges(
    tie_break: Any,
    counts: list[tuple[bytes, int]],
    num_merges: int,
    min_frequency: int,
    max_token_bytes: int | None,
    max_token_words: int | None,
    random: Random,
) -> None:
    laws.trainings_agree(
        REFERENCE,
        NATIVE,
        counts,
        num_merges,
        tie_break=tie_break,
        min_frequency=min_frequency,
        max_token_bytes=max_token_bytes,
        max_token_words=max_token_words,
        forbidden_tokens=random_tokens(random, counts) if counts else (),
    )


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
def test_the_engines_learn_the_same_merges_from_thousands_of_corpora(tie_break: Any) -> None:
    """Every native merge is followed by a recount of all pairs (`verify`)."""
    random = Random(tie_break)
    num_merges = 0
    stop = time.monotonic() + 30
    for number in range(1500):
        counts = random_corpus(random)
        rules = Rules(
            tie_break,
            random.choice((1, 1, 3)),
            random.choice((None, None, 4)),
            random.choice((None, None, None, 1, 2)),
            frozenset(random_tokens(random, counts) if number % 3 == 0 else ()),
        )
        initial = random_initial_pairs(random, counts) if number % 4 == 0 else []
        expected = reference_train(counts, 50, rules, initial)
        actual = _core.train(
            _core.CountTable(counts),
            50,
            tie_break,
            rules.min_frequency,
            rules.max_token_bytes,
            initial,
            1,
            None,
            verify=True,
            max_token_words=rules.max_token_words,
            forbidden_tokens=list(rules.forbidden_tokens),
            prune_threshold=random.choice((0, 2, 5, 100)),
            max_narrow_symbol=random.choice((65_535, 258, 264)),
        )
        assert expected == actual, (counts, rules, initial)
        num_merges += len(expected)
        if time.monotonic() > stop:  # a busy machine; the fuzzer has no such limit
            break
    assert num_merges > 1000


@law(40)
@given(counts=strategies.corpora(max_words=30), tie_break=strategies.tie_breaks())
def test_merges_depend_on_neither_threads_nor_the_order_of_counts(
    counts: list[tuple[bytes, int]], tie_break: Any
) -> None:
    def merges(items: list[tuple[bytes, int]], num_threads: int) -> list[tuple[int, int]]:
        return NATIVE.train(
            NATIVE.count_table(items),
            30,
            tie_break=tie_break,
            min_frequency=1,
            max_token_bytes=None,
            initial_pairs=(),
            num_threads=num_threads,
            progress=None,
        )

    expected = merges(counts, 1)
    assert expected == merges(counts[::-1], 1) == merges(counts, 2) == merges(counts[::-1], 5)


@NAMES
def test_the_order_of_the_documents_and_the_threads_change_nothing(name: EngineName) -> None:
    random = Random(3)
    documents = [random_bytes(random) for _ in range(400)]

    def trained(documents: list[bytes], num_threads: int) -> str:
        return bpe.train(documents, 400, num_threads=num_threads, engine=name).content_hash

    expected = trained(documents, 1)
    for num_threads in (1, 2, 3):
        random.shuffle(documents)
        assert expected == trained(documents, num_threads)


_TRAIN_AND_ENCODE = """
import sys, bpe
from random import Random
from bpe.testing.random_inputs import random_bytes
random = Random(4)
documents = [random_bytes(random) for _ in range(300)]
tokenizer = bpe.train(documents, 380, tie_break=sys.argv[2], engine=sys.argv[1], num_threads=2)
print(tokenizer.content_hash, [tokenizer.encode_ordinary(text) for text in documents[:50]])
"""


@pytest.mark.parametrize("tie_break", ["id", "bytes_max"])
def test_the_hash_seed_of_python_changes_nothing(tie_break: str) -> None:
    outputs = set()
    for name, seed in (("native", "0"), ("reference", "0"), ("reference", "1"), ("native", "77")):
        outputs.add(
            subprocess.run(
                [sys.executable, "-c", _TRAIN_AND_ENCODE, name, tie_break],
                env={**os.environ, "PYTHONHASHSEED": seed},
                cwd=Path(__file__).resolve().parent.parent,
                capture_output=True,
                check=True,
            ).stdout
        )
    assert 1 == len(outputs)


@NAMES
def test_a_prefix_of_the_merges_is_the_smaller_tokenizer(name: EngineName) -> None:
    random = Random(5)
    documents = [random_bytes(random) for _ in range(300)]
    counts = bpe.count(documents, special_tokens=SPECIAL, engine=name)
    large = bpe.train(counts, 420, special_tokens=SPECIAL, engine=name)
    for vocab_size in (258, 259, 300, 419, 420):
        small = bpe.train(counts, vocab_size, special_tokens=SPECIAL, engine=name)
        assert small.spec == large.resize(vocab_size).spec
        assert list(large.spec.merges)[: vocab_size - 258] == list(small.spec.merges)


# --- identity ---------------------------------------------------------------------------------


@law(60)
@given(spec=strategies.specs(), data=strategies.byte_strings())
def test_saving_and_loading_is_the_identity(
    tmp_path_factory: pytest.TempPathFactory, spec: TokenizerSpec, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer = bpe.Tokenizer(spec)
    tokenizer.save(folder / "one")
    loaded = bpe.Tokenizer.load(folder / "one")
    assert spec == loaded.spec
    assert spec.content_hash == loaded.content_hash
    assert tokenizer.encode_ordinary(data) == loaded.encode_ordinary(data)
    loaded.save(folder / "two")
    assert files_of(folder / "one") == files_of(folder / "two")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- the laws themselves ----------------------------------------------------------------------


class Forgetful:
    """A tokenizer that loses every NUL."""

    def __init__(self, tokenizer: bpe.Tokenizer) -> None:
        self._tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def encode_ordinary(self, text: str) -> list[int]:
        return self._tokenizer.encode_ordinary(text.replace("\0", ""))


def test_a_tokenizer_that_loses_a_byte_breaks_the_law(tokenizers: dict[str, bpe.Tokenizer]) -> None:
    forgetful: Any = Forgetful(tokenizers["native"])
    laws.round_trip(forgetful, "text")
    with pytest.raises(AssertionError):
        laws.round_trip(forgetful, "te\0xt")


def test_the_laws_hold_for_tiktoken_too(tokenizers: dict[str, bpe.Tokenizer]) -> None:
    encoding: Any = tokenizers["native"].to_tiktoken()
    random = Random(6)
    for text in (random_text(random) for _ in range(300)):
        laws.round_trip(encoding, text)
        laws.tokenizers_agree(encoding, tokenizers["native"], text)


def test_the_random_inputs_reach_what_they_are_made_for() -> None:
    random = Random(7)
    texts = [random_text(random) for _ in range(4000)]
    everything = "".join(texts)
    assert any("\ud800" <= character <= "\udfff" for character in everything)
    assert any(ord(character) > 0xFFFF for character in everything)
    assert any(text.endswith(" ") for text in texts)
    corpora = [random_corpus(random) for _ in range(500)]
    words = [word for corpus in corpora for word, _ in corpus]
    assert any(len(word) > 9 and len(set(word)) == 1 for word in words)
    assert any(count > 2**32 for corpus in corpora for _, count in corpus)
