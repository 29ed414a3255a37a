"""A corpus becomes tokens once; what cannot be trained on is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bpe
from bpe.errors import BPEError, CorpusError, FormatError
from bpe.token_files import write_tokens
from model.dataset import TokenDataset, open_dataset
from model.preparation import encode_documents


def open_small(source: object, tokenizer: bpe.Tokenizer, **options: object) -> TokenDataset:
    settings = {"block_size": 8, "val_fraction": 0.25, **options}
    return open_dataset(str(source), tokenizer, **settings)  # type: ignore[arg-type]


def test_the_tokens_are_the_text_and_an_end(
    text_path: Path, text: str, tokenizer: bpe.Tokenizer
) -> None:
    data = open_small(text_path, tokenizer)
    assert [*tokenizer.encode_ordinary(text), tokenizer.eot_token] == data.tokens.tolist()
    assert np.uint16 == data.tokens.dtype


def test_the_split_is_a_contiguous_tail_and_always_the_same(
    text_path: Path, tokenizer: bpe.Tokenizer
) -> None:
    data = open_small(text_path, tokenizer)
    assert data.tokens.tolist() == [*data.train_tokens.tolist(), *data.val_tokens.tolist()]
    assert int(len(data.tokens) * 0.25) == len(data.val_tokens)
    again = open_small(text_path, tokenizer)
    assert data.describe() == again.describe()
    assert np.array_equal(data.val_tokens, again.val_tokens)


@pytest.mark.parametrize("shard_tokens", [20, 10**6])
def test_a_folder_of_token_shards_is_their_tokens(
    text_path: Path, tmp_path: Path, tokenizer: bpe.Tokenizer, shard_tokens: int
) -> None:
    end = "<|endoftext|>"
    options = {"shard_tokens": shard_tokens, "end_of_document": end}
    tokenizer.encode_files(text_path, tmp_path / "shards", **options)  # type: ignore[arg-type]
    data = open_small(tmp_path / "shards", tokenizer)
    plain = open_small(text_path, tokenizer)
    everything = np.arange(len(plain.tokens))
    assert plain.tokens.tolist() == data.tokens[everything].tolist()
    assert np.array_equal(plain.val_tokens, data.val_tokens[np.arange(len(data.val_tokens))])
    with pytest.raises(FormatError, match="the ids of another tokenizer"):
        open_small(tmp_path / "shards", bpe.train(["ab"], 258, num_threads=1))


def test_what_looks_like_a_special_token_is_text(tokenizer: bpe.Tokenizer) -> None:
    documents = [b"one <|endoftext|> two", b"", b"\xff\xfe"]
    ids = np.concatenate([ids for ids, _ in encode_documents(iter(documents), tokenizer)]).tolist()
    assert 3 == ids.count(tokenizer.eot_token), "one at the end of each document, none inside"
    assert b"<|endoftext|>".join([*documents, b""]) == tokenizer.decode_bytes(ids)


def test_a_vocabulary_without_an_end_of_text_needs_none(text: str) -> None:
    bare = bpe.train([text], 280, special_tokens=(), pattern="gpt2", num_threads=1)
    ((ids, words),) = encode_documents(iter([text.encode()]), bare)
    assert bare.encode_ordinary(text) == ids.tolist()
    assert len(ids) == len(words)


def test_a_corpus_is_encoded_once(
    text_path: Path, tok_path: Path, tmp_path: Path, text: str, tokenizer: bpe.Tokenizer
) -> None:
    cache = tmp_path / "run"
    cache.mkdir()
    notes: list[str] = []
    first, second = (
        open_small(text_path, tokenizer, cache=cache, note=notes.append) for _ in range(2)
    )
    assert 1 == len(notes)
    assert isinstance(second.tokens, np.memmap)
    assert first.describe() == second.describe()
    in_memory = open_small(text_path, tokenizer)
    assert in_memory.tokens.tolist() == first.tokens.tolist()
    positions = np.arange(len(first.tokens))
    assert in_memory.words is not None
    assert first.words is not None
    assert np.array_equal(in_memory.words[positions], first.words[positions])
    text_path.write_text(text * 2, encoding="utf-8")
    changed = open_small(text_path, tokenizer, cache=cache, note=notes.append)
    assert 2 == len(notes)
    assert len(changed.tokens) > len(first.tokens)


def test_a_folder_is_read_document_by_document(
    tmp_path: Path, text: str, tokenizer: bpe.Tokenizer
) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    ids = open_small(tmp_path / "docs", tokenizer).tokens.tolist()
    assert 2 == ids.count(tokenizer.eot_token)


def test_a_token_file_is_used_as_it_is(tmp_path: Path, text: str, tokenizer: bpe.Tokenizer) -> None:
    path = tmp_path / "ids.bin"
    write_tokens(path, [tokenizer.encode_ordinary(text)], tokenizer)
    data = open_small(path, tokenizer, cache=tmp_path / "unused")
    assert tokenizer.encode_ordinary(text) == data.tokens.tolist()
    assert not (tmp_path / "unused").exists()


def test_a_token_file_of_another_tokenizer_is_refused(
    tmp_path: Path, text: str, tokenizer: bpe.Tokenizer
) -> None:
    path = tmp_path / "ids.bin"
    other = bpe.train([text], 300, pattern="gpt2", num_threads=1)
    write_tokens(path, [other.encode_ordinary(text)], other)
    with pytest.raises(FormatError, match="another tokenizer"):
        open_small(path, tokenizer)


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_a_token_file_that_is_cut_short_is_refused(
    tmp_path: Path, text: str, tokenizer: bpe.Tokenizer, cut: int
) -> None:
    path = tmp_path / "ids.bin"
    write_tokens(path, [tokenizer.encode_ordinary(text)], tokenizer)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(FormatError, match="cut short"):
        open_small(path, tokenizer)


def test_ids_outside_the_vocabulary_are_refused(
    tmp_path: Path, text: str, tokenizer: bpe.Tokenizer
) -> None:
    path = tmp_path / "ids.bin"
    write_tokens(path, [tokenizer.encode_ordinary(text)], tokenizer)
    data = bytearray(path.read_bytes())
    data[-2:] = (60_000).to_bytes(2, "little")
    path.write_bytes(data)
    with pytest.raises(CorpusError, match="holds id 60000; the ids end at 300"):
        open_small(path, tokenizer)


@pytest.mark.parametrize(
    ("content", "fraction", "part"),
    [(b"", 0.5, "training"), (b"abc", 0.5, "training"), (b"a b c d " * 9, 0.01, "validation")],
)
def test_too_little_text_is_refused_with_the_numbers(
    tmp_path: Path, tokenizer: bpe.Tokenizer, content: bytes, fraction: float, part: str
) -> None:
    path = tmp_path / "short.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=f"are for {part}: not one window of 8"):
        open_small(path, tokenizer, val_fraction=fraction)


def test_a_source_that_is_not_there_is_refused(tmp_path: Path, tokenizer: bpe.Tokenizer) -> None:
    with pytest.raises(BPEError, match="missing"):
        open_small(tmp_path / "missing.txt", tokenizer)
