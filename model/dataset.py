"""The tokens that a run trains on, and the part of them that it never sees.

A corpus is text: it is encoded once, into a token file in the run directory. A token file that
`bpe encode` wrote is used as it is. The last tokens are the validation part: one contiguous tail,
so that hardly a window of it shares text with the training part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bpe.corpora import read_documents
from bpe.corpora.sources import find_files
from bpe.errors import CorpusError
from bpe.files import write_bytes
from bpe.token_files import is_token_file, read_tokens, write_tokens
from model.batches import TokenArray
from model.vocabulary import end_of_text

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: The encoded corpus in a run directory, and what it was encoded from.
CACHE, CACHE_KEY = "data.bin", "data.json"

_CHUNK_TOKENS = 1 << 24


@dataclass(frozen=True)
class TokenDataset:
    """Tokens, split in two.

    Attributes:
        tokens: All ids, uint16 or uint32, shape (number of tokens,); often mapped from a file.
        num_train: How many of them, from the first, are trained on.
        source: Where they come from.
        sha256: Of the ids, as they lie in memory.
    """

    tokens: TokenArray
    num_train: int
    source: str
    sha256: str

    @property
    def train_tokens(self) -> TokenArray:
        """The ids to train on."""
        return self.tokens[: self.num_train]

    @property
    def val_tokens(self) -> TokenArray:
        """The ids to evaluate on."""
        return self.tokens[self.num_train :]

    def describe(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of it."""
        return {
            "source": self.source,
            "num_tokens": len(self.tokens),
            "num_train_tokens": self.num_train,
            "sha256": self.sha256,
        }


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
        source: A token file, or anything that `bpe.corpora` reads: a file, a folder, a glob.
        tokenizer: What to encode with; a token file must have been made by it.
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
    tokens = _read(source, tokenizer, cache, note)
    num_train = len(tokens) - int(len(tokens) * val_fraction)
    for part, num_tokens in (("training", num_train), ("validation", len(tokens) - num_train)):
        if num_tokens <= block_size:
            raise CorpusError(
                f"{source!r} gives {len(tokens):,} tokens, of which {num_tokens:,} are for {part}: "
                f"not one window of {block_size} and its target. Give more text, a smaller "
                "block size, or another --val-fraction"
            )
    largest = int(tokens.max())
    if largest >= tokenizer.n_vocab:
        raise CorpusError(f"{source!r} holds id {largest}; the ids end at {tokenizer.n_vocab - 1}")
    return TokenDataset(tokens, num_train, source, _sha256(tokens))


def encode_documents(documents: Iterable[bytes], tokenizer: Tokenizer) -> Iterator[TokenArray]:
    """Yield the ids of each document, and after each the end of text if there is such a token.

    A corpus is text, whatever it contains: what looks like a special token in it is none.
    """
    end = end_of_text(tokenizer)
    separator = np.array([] if end is None else [end], dtype=tokenizer.id_dtype)
    for document in documents:
        yield tokenizer.encode_to_numpy(document, disallowed_special=())
        yield separator


def _read(
    source: str, tokenizer: Tokenizer, cache: Path | None, note: Callable[[str], None]
) -> TokenArray:
    if Path(source).is_file() and is_token_file(source):
        return read_tokens(source, tokenizer.content_hash)
    key = _cache_key(source, tokenizer)
    if cache is None:
        note(f"encoding {source}")
        chunks = list(encode_documents(read_documents(source), tokenizer))
        return np.concatenate([np.empty(0, dtype=tokenizer.id_dtype), *chunks])
    if not _is_cached(cache, key):
        note(f"encoding {source} into {cache / CACHE}")
        documents = read_documents(source)
        write_tokens(
            cache / CACHE, encode_documents(documents, tokenizer), tokenizer, overwrite=True
        )
        write_bytes(cache / CACHE_KEY, json.dumps(key).encode() + b"\n", overwrite=True)
    return read_tokens(cache / CACHE, tokenizer.content_hash)


def _cache_key(source: str, tokenizer: Tokenizer) -> dict[str, Any]:
    """Return what has to be equal for an encoded corpus to be used again."""
    files = [file.path.resolve() for file in find_files(source) if not file.is_stdin]
    stats = [(str(path), path.stat()) for path in files]
    return {
        "tokenizer_hash": tokenizer.content_hash,
        "files": [[path, stat.st_size, stat.st_mtime_ns] for path, stat in stats],
    }


def _is_cached(cache: Path, key: dict[str, Any]) -> bool:
    if not key["files"] or not (cache / CACHE).is_file():
        return False  # standard input is not there to be compared
    try:
        stored = json.loads((cache / CACHE_KEY).read_bytes())
    except (OSError, ValueError):
        return False
    return bool(stored == key)


def _sha256(tokens: TokenArray) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(tokens), _CHUNK_TOKENS):
        digest.update(np.ascontiguousarray(tokens[start : start + _CHUNK_TOKENS]).data)
    return digest.hexdigest()
