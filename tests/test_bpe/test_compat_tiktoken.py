"""Code written against tiktoken runs on the drop-in and gives the same results."""

from __future__ import annotations

import inspect
import pickle
import random
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tiktoken as theirs

import bpe
from bpe.compat import tiktoken as ours
from bpe.errors import VocabularyError
from bpe.testing.random_inputs import random_text

PATTERN = bpe.patterns.NAMED_PATTERNS["cl100k"]


def arguments() -> dict[str, object]:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"he": 256, b"hell": 257, b"ll": 258}
    return {"pat_str": PATTERN, "mergeable_ranks": ranks, "special_tokens": {"<|e|>": 260}}


def readme_examples(tiktoken: ModuleType) -> object:
    """Run tiktoken's README, but for its first line."""
    enc = tiktoken.get_encoding("o200k_base")
    assert enc.decode(enc.encode("hello world")) == "hello world"

    # To get the tokeniser corresponding to a specific model in the OpenAI API:
    enc = tiktoken.encoding_for_model("gpt-4o")

    cl100k_base = tiktoken.get_encoding("cl100k_base")
    enc_im = tiktoken.Encoding(
        name="cl100k_im",
        pat_str=cl100k_base._pat_str,
        mergeable_ranks=cl100k_base._mergeable_ranks,
        special_tokens={
            **cl100k_base._special_tokens,
            "<|im_start|>": 100264,
            "<|im_end|>": 100265,
        },
    )
    text = "<|im_start|>user\nhello world 1234567<|im_end|>"
    return (
        enc.name,
        enc.encode("hello world aaaaaaaaaaaa"),
        enc_im.name,
        enc_im.encode(text, allowed_special={"<|im_start|>", "<|im_end|>"}),
    )


def test_the_examples_of_tiktokens_readme_give_the_same(published_vocabularies: Path) -> None:
    assert readme_examples(theirs) == readme_examples(ours)


EDUCATION = """
from {library}._educational import *

# Train a BPE tokeniser on a small amount of text
enc = train_simple_encoding()

# Visualise how the GPT-4 encoder encodes text
enc = SimpleBytePairEncoding.from_tiktoken("r50k_base")
ids = enc.encode("hello world aaaaaaaaaaaa")
"""


def test_the_educational_example_runs_and_encodes_the_same(
    published_vocabularies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = []
    for library in ("tiktoken", "bpe.compat.tiktoken"):
        names: dict[str, object] = {}
        exec(EDUCATION.format(library=library), names)
        results.append(names["ids"])
    assert results[0] == results[1]
    assert "hello" in capsys.readouterr().out


def test_files_of_ranks_are_read_and_written_the_same(tmp_path: Path) -> None:
    from tiktoken.load import load_tiktoken_bpe as their_load

    from bpe.compat.tiktoken.load import dump_tiktoken_bpe, load_tiktoken_bpe

    ranks = arguments()["mergeable_ranks"]
    path = str(tmp_path / "a.tiktoken")
    dump_tiktoken_bpe(ranks, path)  # type: ignore[arg-type]
    assert ranks == their_load(path) == load_tiktoken_bpe(path)
    with pytest.raises(ValueError, match="the SHA-256 of"):
        load_tiktoken_bpe(path, "00")
    with pytest.raises(ValueError, match="is no file on this disk"):
        load_tiktoken_bpe("https://example.org/a.tiktoken")


def test_names_are_where_tiktoken_has_them() -> None:
    for module, names in {
        "core": ["Encoding"],
        "model": ["encoding_for_model", "encoding_name_for_model"],
        "registry": ["get_encoding", "list_encoding_names"],
    }.items():
        for name in names:
            here = getattr(import_module(f"bpe.compat.tiktoken.{module}"), name)
            assert here is getattr(ours, name)
            assert hasattr(import_module(f"tiktoken.{module}"), name)


def test_its_modules_are_attributes_and_do_not_shadow_ours() -> None:
    code = (
        "from bpe.compat import tiktoken; assert tiktoken.core.Encoding is tiktoken.Encoding; "
        "assert tiktoken.registry.get_encoding is tiktoken.get_encoding; "
        "assert tiktoken.load.load_tiktoken_bpe and tiktoken.model.encoding_for_model; "
        "tiktoken.get_encoding('no such name')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "RecursionError" not in run.stderr
    assert "ValueError" in run.stderr.splitlines()[-1] or "no such name" in run.stderr


def test_nothing_is_forbidden_by_none() -> None:
    expected, found = (
        library.Encoding("x", **arguments()).encode("<|e|>", disallowed_special=None)
        for library in (theirs, ours)
    )
    assert expected == found


def test_every_public_name_is_there_and_takes_the_same_arguments() -> None:
    for name in ("get_encoding", "encoding_for_model", "encoding_name_for_model"):
        assert list(inspect.signature(getattr(theirs, name)).parameters) == list(
            inspect.signature(getattr(ours, name)).parameters
        )
    missing = {
        name
        for name in vars(theirs.Encoding)
        if not name.startswith("_") and not hasattr(ours.Encoding, name)
    }
    assert set() == missing
    for name in vars(theirs.Encoding):
        if name.startswith("_") or not callable(getattr(theirs.Encoding, name)):
            continue
        method = getattr(ours.Encoding, name, None)
        if method is not None:
            wanted = set(inspect.signature(getattr(theirs.Encoding, name)).parameters)
            assert wanted <= set(inspect.signature(method).parameters), name


def test_results_are_the_same() -> None:
    a, b = theirs.Encoding("x", **arguments()), ours.Encoding("x", **arguments())  # type: ignore[arg-type]
    drawn = random.Random(3)
    texts = [random_text(drawn).encode("utf-8", "replace").decode() for _ in range(100)]
    assert a.encode_ordinary_batch(texts) == b.encode_ordinary_batch(texts)
    assert a.encode_batch(texts, num_threads=2) == b.encode_batch(texts, num_threads=2)
    for text in [*texts, "hello<|e|>"]:
        ids = a.encode(text, allowed_special="all")
        assert ids == b.encode(text, allowed_special="all")
        assert a.decode(ids) == b.decode(ids)
        assert a.decode_tokens_bytes(ids) == b.decode_tokens_bytes(ids)
        assert a.decode_with_offsets(ids) == b.decode_with_offsets(ids)
        found = b.encode_to_numpy(text, disallowed_special=())
        assert np.uint32 == found.dtype
        assert a.encode_to_numpy(text, disallowed_special=()).tolist() == found.tolist()
    for name in ("n_vocab", "max_token_value", "special_tokens_set", "name"):
        assert getattr(a, name) == getattr(b, name)
    assert a.token_byte_values() == b.token_byte_values()
    assert a._mergeable_ranks == b._mergeable_ranks
    assert (a._pat_str, a._special_tokens) == (b._pat_str, b._special_tokens)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda e: e.encode("<|e|>"), ValueError),
        (lambda e: e.encode("a", allowed_special="x" * 3), Exception),
        (lambda e: e.encode_single_token("hello"), KeyError),
        (lambda e: e.decode([259]), KeyError),
        (lambda e: e.decode_single_token_bytes(259), KeyError),
        (lambda e: e.decode([104, 195], errors="strict"), UnicodeDecodeError),
        (lambda e: e.eot_token, KeyError),
    ],
)
def test_what_fails_there_fails_here_with_the_same_class(call: object, error: type) -> None:
    for encoding in (
        theirs.Encoding("x", **arguments()),  # type: ignore[arg-type]
        ours.Encoding("x", **arguments()),  # type: ignore[arg-type]
    ):
        with pytest.raises(error):
            call(encoding)  # type: ignore[operator]


def test_a_count_of_tokens_that_is_wrong_is_refused() -> None:
    with pytest.raises(VocabularyError, match="explicit_n_vocab is 260, but there are 260 tokens"):
        ours.Encoding("x", **arguments(), explicit_n_vocab=260)  # type: ignore[arg-type]
    dense = arguments() | {"special_tokens": {"<|e|>": 259}}
    assert 260 == ours.Encoding("x", **dense, explicit_n_vocab=260).n_vocab  # type: ignore[arg-type]


def test_any_tokenizer_can_wear_it() -> None:
    tokenizer = bpe.train(["low lower lowest"] * 9, 265)
    encoding = tokenizer.as_tiktoken()
    assert tokenizer.encode("lower") == encoding.encode("lower")
    assert encoding.eot_token == tokenizer.eot_token
    back = pickle.loads(pickle.dumps(encoding))
    assert isinstance(back, ours.Encoding)
    assert encoding == back
    again = ours.Encoding(
        "again",
        pat_str=encoding._pat_str,
        mergeable_ranks=encoding._mergeable_ranks,
        special_tokens=encoding._special_tokens,
    )
    assert tokenizer.encode("lowest low") == again.encode("lowest low")


def test_a_wrong_kind_of_name_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="must be a str, not 5"):
        ours.get_encoding(5)  # type: ignore[arg-type]
