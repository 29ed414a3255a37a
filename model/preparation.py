"""Turn a corpus into shards, once; a run that was killed goes on with the shard it was writing.

A shard ends with the document that fills it, so nothing depends on when the process was stopped:
the folder has the same bytes however often it was. What is done is remembered in `plan.json` and
one JSON file a shard, which the index replaces in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bpe.corpora import read_documents
from bpe.corpora.sources import find_files
from bpe.engines import get_engine
from bpe.errors import CorpusError
from bpe.files import write_bytes
from bpe.resumable_folder import ResumableFolder, shard_name
from bpe.token_files import write_tokens
from model.config import ModelConfig
from model.shards import FORMAT, TOKENIZER, VERSION, Index, Shard, read_index, sha256_of
from model.tokens import IdArray
from model.vocabulary import byte_lengths, end_of_text

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: 200 MB of 16-bit ids.
SHARD_TOKENS = 100_000_000

_Encoded = tuple[IdArray, NDArray[np.bool_]]


def prepare(
    source: str,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    shard_tokens: int = SHARD_TOKENS,
    force: bool = False,
    note: Callable[[str], None] = lambda message: None,
) -> Index:
    """Write a corpus as shards, going on where an earlier call was stopped.

    Args:
        source: Anything that `bpe.corpora` reads: a file, a folder, a glob, `-`.
        tokenizer: What to encode with.
        folder: Where to; made if it is not there.
        shard_tokens: A shard ends with the document that reaches this many tokens.
        force: Whether a corpus of something else that lies there is replaced.
        note: Is told what happens.

    Raises:
        OutputExistsError: The folder holds something else and `force` is not set.
        CorpusError: The source cannot be read.
        FormatError: What an earlier call recorded of a shard is damaged.
    """
    key = corpus_key(source, tokenizer, shard_tokens)
    room = ResumableFolder(folder, key)
    room.make_room(force=force, also=[TOKENIZER])
    if room.is_complete:
        note(f"{folder} is complete already")
        return read_index(folder)
    done = room.finished(Shard)
    if done:
        note(f"going on with shard {len(done)}")
    documents = read_documents(source)
    next(islice(documents, skip := sum(s.num_documents for s in done), skip), None)
    for shard in _write_shards(room, len(done), documents, tokenizer, shard_tokens):
        done.append(shard)
        note(f"{shard.name}: {shard.num_tokens:,} tokens of {shard.num_bytes:,} bytes")
    index = Index(key, tuple(done))
    if not index.num_tokens:
        raise CorpusError(f"{source!r} gives no tokens: there is no text in it")
    room.finish(index.to_json())
    return index


def encode_documents(documents: Iterator[bytes], tokenizer: Tokenizer) -> Iterator[_Encoded]:
    """Yield the ids of each document, and whether a word begins at each of them.

    After each document comes the end of text, if there is such a token, as a word of its own. A
    corpus is text, whatever it contains: what looks like a special token in it is none.
    """
    end = end_of_text(tokenizer)
    lengths = byte_lengths(tokenizer)
    engine, pattern = get_engine(tokenizer.engine), tokenizer.spec.pattern
    for document in documents:
        ids = tokenizer.encode_to_numpy(document, disallowed_special=())
        starts = np.zeros(len(document) + 1, np.bool_)
        starts[np.cumsum([0, *map(len, engine.split(document, pattern))])] = True
        ends = np.cumsum(lengths[ids])
        words = starts[ends - lengths[ids]]
        if end is not None:
            ids, words = np.append(ids, ids.dtype.type(end)), np.append(words, True)
        yield ids, words


def corpus_key(source: str, tokenizer: Tokenizer, shard_tokens: int) -> dict[str, Any]:
    """Return what decides the bytes of the shards, as far as it can be known before reading."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "tokenizer_hash": tokenizer.content_hash,
        "vocab_size": tokenizer.n_vocab,
        "padded_vocab_size": ModelConfig(tokenizer.n_vocab).padded_vocab_size,
        "dtype": tokenizer.id_dtype,
        "end_of_text": end_of_text(tokenizer),
        "shard_tokens": shard_tokens,
        "source": source,
        "files": [file.state() for file in find_files(source) if not file.is_stdin],
    }


def _write_shards(
    room: ResumableFolder,
    number: int,
    documents: Iterator[bytes],
    tokenizer: Tokenizer,
    shard_tokens: int,
) -> Iterator[Shard]:
    if not (room.folder / TOKENIZER).is_dir():
        tokenizer.save(room.folder / TOKENIZER)
    writer = _ShardWriter(documents, tokenizer, shard_tokens)
    while writer.has_more():
        yield writer.write(room, shard_name(number))
        number += 1


class _ShardWriter:
    """Takes documents until a shard is full."""

    def __init__(self, documents: Iterator[bytes], tokenizer: Tokenizer, limit: int) -> None:
        self._documents = documents
        self._encoded = encode_documents(self._counted(), tokenizer)
        self._tokenizer, self._limit = tokenizer, limit
        self._num_bytes = 0
        self._next = next(self._documents, None)

    def has_more(self) -> bool:
        """Return whether a document is left."""
        return self._next is not None

    def write(self, room: ResumableFolder, name: str) -> Shard:
        """Write the next shard."""
        folder = room.folder
        words: list[NDArray[np.bool_]] = []
        self._num_bytes = 0
        header = write_tokens(
            folder / f"{name}.bin", self._fill(words), self._tokenizer, overwrite=True
        )
        bits = np.packbits(np.concatenate(words), bitorder="little").tobytes()
        write_bytes(folder / f"{name}.words", bits, overwrite=True)
        shard = Shard(
            name,
            header.count,
            len(words),
            self._num_bytes,
            sha256_of(folder / f"{name}.bin"),
            sha256_of(folder / f"{name}.words"),
        )
        room.record(name, asdict(shard))
        return shard

    def _fill(self, words: list[NDArray[np.bool_]]) -> Iterator[IdArray]:
        num_tokens = 0
        while self._next is not None and num_tokens < self._limit:
            ids, starts = next(self._encoded)
            words.append(starts)
            num_tokens += len(ids)
            yield ids

    def _counted(self) -> Iterator[bytes]:
        while self._next is not None:
            document, self._next = self._next, next(self._documents, None)
            self._num_bytes += len(document)
            yield document
