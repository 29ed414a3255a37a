"""A prepared corpus: a folder of token files, with an index that says whose ids they are.

    data/
      index.json         tokenizer hash, dtype, vocabulary and padded size, counts, and for each
                         shard its counts and the SHA-256 of both of its files
      shard-00000.bin    ids, in the format of `bpe encode` (header of 1024 bytes)
      shard-00000.words  one bit a token, the first in the lowest place: does a word begin here?
      tok/               the tokenizer

A word is what the tokenizer's pattern gives: a pretoken. Masking whole words needs to know where
they begin, and ids do not tell. `preparation.py` writes such folders.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bpe.errors import BPEError, CorpusError, FormatError
from bpe.resumable_folder import INDEX, PLAN
from bpe.token_files import read_tokens
from model.tokens import Bits, Column, join

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

TOKENIZER = "tok"
FORMAT, VERSION = "chimera data", 1

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Shard:
    """What the index says of a shard.

    Attributes:
        name: Its token file, without the ending.
        num_tokens: Ids, the ends of documents included.
        num_documents: Documents, none of which goes on in the next shard.
        num_bytes: Bytes of text.
        sha256: Of the token file, header included.
        words_sha256: Of the bits.
    """

    name: str
    num_tokens: int
    num_documents: int
    num_bytes: int
    sha256: str
    words_sha256: str


@dataclass(frozen=True)
class Index:
    """What lies in `index.json`.

    Attributes:
        key: What the shards were made from and how; equal keys give equal shards.
        shards: In order.
    """

    key: dict[str, Any]
    shards: tuple[Shard, ...]

    @property
    def num_tokens(self) -> int:
        """Ids in all shards."""
        return sum(shard.num_tokens for shard in self.shards)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        totals = {
            name: sum(getattr(shard, name) for shard in self.shards)
            for name in ("num_tokens", "num_documents", "num_bytes")
        }
        return {**self.key, **totals, "shards": [asdict(shard) for shard in self.shards]}


def is_prepared(path: Path) -> bool:
    """Return whether a folder is a prepared corpus, complete or not."""
    return any((path / name).is_file() for name in (INDEX, PLAN))


def read_index(folder: Path) -> Index:
    """Read the index of a prepared corpus.

    Raises:
        CorpusError: It is missing, damaged, or of another version.
    """
    try:
        data = json.loads((folder / INDEX).read_bytes())
        if (data["format"], data["version"]) != (FORMAT, VERSION):
            raise ValueError(f"it is of version {data['version']} of {data['format']!r}")
        shards = tuple(Shard(**shard) for shard in data.pop("shards"))
        totals = {name: data.pop(name) for name in ("num_tokens", "num_documents", "num_bytes")}
        index = Index(data, shards)
        if totals["num_tokens"] != index.num_tokens or not shards:
            raise ValueError("its counts contradict each other")
    except FileNotFoundError:
        raise CorpusError(
            f"{str(folder)!r} was not prepared to the end; run the same `gpt prepare` again"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorpusError(
            f"{str(folder / INDEX)!r} is damaged ({error}); run `gpt prepare --force` again"
        ) from None
    return index


def open_shards(folder: Path, tokenizer: Tokenizer) -> tuple[Column, Column, str]:
    """Map a prepared corpus into memory, and check all of it: about a second for each gigabyte.

    Returns:
        The ids, whether a word begins at each, and a hash of all that.

    Raises:
        CorpusError: Another tokenizer made it, or a file is missing or damaged.
    """
    index = read_index(folder)
    if index.key.get("tokenizer_hash") != tokenizer.content_hash:
        raise CorpusError(
            f"{str(folder)!r} holds the ids of another tokenizer "
            f"({str(index.key.get('tokenizer_hash'))[:12]}..., {index.key.get('vocab_size')} ids; "
            f"not {tokenizer.content_hash[:12]}..., {tokenizer.n_vocab} ids): prepare the text "
            "again with this one, or leave out -m to use the tokenizer of the data"
        )
    ids, words, digest = [], [], hashlib.sha256()
    for shard in index.shards:
        try:
            ids.append(read_tokens(folder / f"{shard.name}.bin", tokenizer.content_hash))
            packed = np.fromfile(folder / f"{shard.name}.words", np.uint8)
        except (FormatError, OSError) as error:
            raise CorpusError(f"{error}; run `gpt prepare --force` again") from None
        _check(folder / f"{shard.name}.bin", shard.sha256)
        _check(folder / f"{shard.name}.words", shard.words_sha256)
        words.append(Bits(packed, shard.num_tokens))
        digest.update(shard.sha256.encode())
    return join(ids), join(words), digest.hexdigest()


def tokenizer_of(folder: Path) -> Tokenizer:
    """Return the tokenizer that a prepared corpus was made with.

    Raises:
        CorpusError: It is missing or damaged.
    """
    from bpe.tokenizer import Tokenizer

    try:
        return Tokenizer.load(folder / TOKENIZER)
    except (BPEError, OSError) as error:
        raise CorpusError(f"{str(folder / TOKENIZER)!r} cannot be used: {error}") from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _check(path: Path, expected: str) -> None:
    if sha256_of(path) != expected:
        raise CorpusError(
            f"{str(path)!r} is damaged (its SHA-256 is not that of the index); "
            "run `gpt prepare --force` again"
        )
