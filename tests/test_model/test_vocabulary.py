"""What a model asks its tokenizer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bpe
from bpe.errors import CheckpointError, FormatError
from model.vocabulary import (
    byte_lengths,
    check_same_tokenizer,
    end_of_text,
    known_ids,
    load_tokenizer,
    tokenizer_files,
)


@pytest.fixture
def with_holes() -> bpe.Tokenizer:
    """Ids 0 to 255, then 260, and the special token 270."""
    from bpe.patterns import Pattern
    from bpe.spec import TokenizerSpec

    ranks = {bytes([byte]): byte for byte in range(256)} | {b"\xe4\xbd": 260}
    spec = TokenizerSpec.from_ranked_tokens(Pattern.of("gpt2"), ranks, {"<|endoftext|>": 270})
    return bpe.Tokenizer(spec)


def test_bytes_are_those_of_the_token_not_of_its_text(with_holes: bpe.Tokenizer) -> None:
    lengths = byte_lengths(with_holes)
    assert 271 == len(lengths)
    assert [1] * 256 == lengths[:256].tolist()
    assert 2 == lengths[260], "half a character is two bytes, not the three of U+FFFD"
    assert 258 == lengths.sum(), "special tokens and holes have none"


def test_the_lengths_add_up_to_the_text(tokenizer: bpe.Tokenizer, text: str) -> None:
    ids = tokenizer.encode_to_numpy(text)
    assert len(text.encode()) == byte_lengths(tokenizer)[ids].sum()


def test_holes_are_no_ids(with_holes: bpe.Tokenizer) -> None:
    assert [256, 257, 258, 259, *range(261, 270)] == np.flatnonzero(~known_ids(with_holes)).tolist()


def test_the_end_of_text_is_found_or_absent(tokenizer: bpe.Tokenizer, text: str) -> None:
    assert tokenizer.eot_token == end_of_text(tokenizer)
    assert end_of_text(bpe.train([text], 257, special_tokens=())) is None


def test_the_files_are_a_tokenizer(tmp_path: Path, tokenizer: bpe.Tokenizer) -> None:
    for name, content in tokenizer_files(tokenizer).items():
        (tmp_path / name).write_bytes(content)
    assert tokenizer == bpe.Tokenizer.load(tmp_path)
    assert tokenizer == load_tokenizer("bpe", str(tmp_path))


def test_a_tokenizer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises((FormatError, OSError), match="missing"):
        load_tokenizer("bpe", str(tmp_path / "missing"))


def test_another_tokenizer_is_refused_with_both_sizes(tokenizer: bpe.Tokenizer, text: str) -> None:
    check_same_tokenizer(tokenizer, tokenizer, "run")
    other = bpe.train([text], 300, pattern="gpt2", num_threads=1)
    with pytest.raises(CheckpointError, match=r"300 ids.*not the one run was .* \(301 ids"):
        check_same_tokenizer(other, tokenizer, "run")
