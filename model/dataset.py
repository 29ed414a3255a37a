"""The tokens that a run trains on, and the part of them that it never sees.

A corpus is text: it is encoded once, into a folder of the run directory. What `gpt prepare` or
`bpe encode` wrote is used as it is. The last tokens are the validation part: one contiguous tail,
so that hardly a window of it shares text with the training part. Conversations (`conversations.py`)
are few, and encoded each time; the last of them are the validation part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bpe.corpora import read_documents
from bpe.errors import CorpusError
from bpe.resumable_folder import is_current
from bpe.token_files import is_token_file, read_tokens
from bpe.token_shards import is_token_shards, read_shards
from model.config import ModelConfig, TrainConfig
from model.conversations import Conversations, read_conversations
from model.preparation import SHARD_TOKENS, corpus_key, encode_documents, prepare
from model.shards import is_prepared, open_shards
from model.tokens import Column, join

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: The encoded corpus in a run directory.
CACHE = "data"

_BLOCK_TOKENS = 1 << 24


@dataclass(frozen=True)
class TokenDataset:
    """Tokens, split in two.

    Attributes:
        tokens: All ids, uint16 or uint32, shape (number of tokens,); often mapped from files.
        num_train: How many of them, from the first, are trained on.
        source: Where they come from.
        sha256: Equal hashes mean equal tokens from an equal kind of source.
        words: Whether a word begins at each id; None where that is not known.
        conversations: What the tokens are, unless they are running text; none is split in two.
    """

    tokens: Column
    num_train: int
    source: str
    sha256: str
    words: Column | None = None
    conversations: Conversations | None = None

    @property
    def train_tokens(self) -> Column:
        """The ids to train on."""
        return self.tokens[: self.num_train]

    @property
    def val_tokens(self) -> Column:
        """The ids to evaluate on."""
        return self.tokens[self.num_train :]

    @property
    def train_words(self) -> Column | None:
        """Where words begin among the ids to train on."""
        return None if self.words is None else self.words[: self.num_train]

    @property
    def val_words(self) -> Column | None:
        """Where words begin among the ids to evaluate on."""
        return None if self.words is None else self.words[self.num_train :]

    def describe(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it."""
        return {
            "source": self.source,
            "num_tokens": len(self.tokens),
            "num_train_tokens": self.num_train,
            "sha256": self.sha256,
        }


def open_data(
    source: str,
    tokenizer: Tokenizer,
    model: ModelConfig,
    config: TrainConfig,
    *,
    cache: Path | None = None,
    note: Callable[[str], None] = lambda message: None,
) -> TokenDataset:
    """Return what a run trains on: conversations if its config says so, running text otherwise.

    Raises:
        CorpusError: There is too little, or it cannot be read.
        FormatError: A token file is damaged or of another tokenizer.
        SpecialTokenError: The tokenizer lacks a special token of conversations.
    """
    if config.pairs == "none":
        return open_dataset(
            source,
            tokenizer,
            block_size=model.block_size,
            val_fraction=config.val_fraction,
            cache=cache,
            note=note,
        )
    if Path(source).exists():
        source = str(Path(source).resolve())  # a checkpoint may be resumed from another folder
    found = read_conversations(source, tokenizer, model.block_size, config.pairs)
    note(f"{source}: {found.describe()}")
    num_train = len(found) - max(1, int(len(found) * config.val_fraction))
    if not num_train:
        raise CorpusError(
            f"{source!r} gives one conversation; it takes another to see what was learned from it"
        )
    end = int(found.starts[num_train])
    return TokenDataset(found.ids, end, source, found.sha256, conversations=found)


def open_dataset(
    source: str,
    tokenizer: Tokenizer,
    *,
    block_size: int,
    val_fraction: float,
    cache: Path | None = None,
    note: Callable[[str], None] = lambda message: None,
) -> TokenDataset:
    """Return the tokens of a source, split into training and validation.

    Args:
        source: A folder that `gpt prepare` wrote, a token file, or anything that `bpe.corpora`
            reads: a file, a folder, a glob.
        tokenizer: What to encode with; prepared data must have been made by it.
        block_size: Both parts must hold at least one window of this many tokens and a target.
        val_fraction: The share of the tokens, from the end, that is validation.
        cache: A folder that keeps the encoded corpus; None keeps it in memory.
        note: Is told what happens.

    Raises:
        CorpusError: There is too little text, or it cannot be read.
        FormatError: A token file is damaged or of another tokenizer.
    """
    if Path(source).exists():
        source = str(Path(source).resolve())  # a checkpoint may be resumed from another folder
    tokens, words, sha256 = _read(source, tokenizer, cache, note)
    num_train = len(tokens) - int(len(tokens) * val_fraction)
    for part, num_tokens in (("training", num_train), ("validation", len(tokens) - num_train)):
        if num_tokens <= block_size:
            raise CorpusError(
                f"{source!r} gives {len(tokens):,} tokens, of which {num_tokens:,} are for {part}: "
                f"not one window of {block_size} and its target. Give more text, a smaller "
                "block size, or another --val-fraction"
            )
    largest = _largest(tokens)
    if largest >= tokenizer.n_vocab:
        raise CorpusError(f"{source!r} holds id {largest}; the ids end at {tokenizer.n_vocab - 1}")
    return TokenDataset(tokens, num_train, source, sha256, words)


def _read(
    source: str, tokenizer: Tokenizer, cache: Path | None, note: Callable[[str], None]
) -> tuple[Column, Column | None, str]:
    """Return ids, word starts if they are known, and a hash."""
    path = Path(source)
    if is_token_shards(path):
        tokens = join(list(read_shards(path, tokenizer.content_hash)))
        return tokens, None, _sha256(tokens)
    if is_prepared(path):
        return open_shards(path, tokenizer)
    if path.is_file() and is_token_file(source):
        tokens = read_tokens(source, tokenizer.content_hash)
        return tokens, None, _sha256(tokens)
    if cache is None:
        note(f"encoding {source}")
        pairs = list(encode_documents(read_documents(source), tokenizer))
        empty = np.empty(0, dtype=tokenizer.id_dtype)
        tokens = np.concatenate([empty, *(ids for ids, _ in pairs)])
        words = np.concatenate([np.empty(0, np.bool_), *(words for _, words in pairs)])
        return tokens, words, _sha256(tokens)
    folder = cache / CACHE
    if (
        not is_current(folder, corpus_key(source, tokenizer, SHARD_TOKENS))
        or not (folder / "index.json").is_file()
    ):
        note(f"encoding {source} into {folder}")
        prepare(source, tokenizer, folder, force=True)
    return open_shards(folder, tokenizer)


def _largest(tokens: Column) -> int:
    """Return the largest id, reading a block at a time."""
    return max(int(block.max()) for block in _blocks(tokens))


def _sha256(tokens: Column) -> str:
    digest = hashlib.sha256()
    for block in _blocks(tokens):
        digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def _blocks(tokens: Column) -> Iterator[NDArray[Any]]:
    for start in range(0, len(tokens), _BLOCK_TOKENS):
        yield tokens[np.arange(start, min(start + _BLOCK_TOKENS, len(tokens)))]
