"""Folders of token files: what `Tokenizer.encode_files` writes with `shard_tokens`.

    data/
      index.json         tokenizer hash, dtype, counts, how it was read, and for each shard its
                         counts and the SHA-256 of its ids
      shard-00000.bin    ids, in the format of `token_files.py`

`gpt prepare` writes folders of the same kind that also know where words begin (`model/shards.py`);
how both go on after a kill is in `resumable_folder.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.errors import FormatError
from bpe.files import StrPath
from bpe.resumable_folder import INDEX
from bpe.token_files import read_tokens

if TYPE_CHECKING:
    from bpe.token_files import Ids

FORMAT, VERSION = "chimera tokens", 1


@dataclass(frozen=True)
class TokenShard:
    """What the index says of a shard.

    Attributes:
        name: Its file, without the ending.
        num_tokens: Ids, the ends of documents included.
        num_documents: Documents that end in it.
        num_bytes: Bytes of text.
        num_pieces: Documents and pieces of long documents; where to go on.
        sha256: Of the ids as they lie in the file, without the header.
    """

    name: str
    num_tokens: int
    num_documents: int
    num_bytes: int
    num_pieces: int
    sha256: str


@dataclass(frozen=True)
class TokenIndex:
    """What lies in `index.json`: the key, which says what the shards were made from, and they."""

    key: dict[str, Any]
    shards: tuple[TokenShard, ...]


def is_token_shards(folder: StrPath) -> bool:
    """Return whether a folder is such a one, and complete."""
    try:
        data = json.loads(Path(folder, INDEX).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("format") == FORMAT


def read_index(folder: StrPath) -> TokenIndex:
    """Read the index of a folder of shards.

    Raises:
        FormatError: It is missing (the writing was stopped), damaged, or of another kind.
    """
    path = Path(folder, INDEX)
    try:
        data = json.loads(path.read_bytes())
        if (data["format"], data["version"]) != (FORMAT, VERSION):
            raise ValueError(f"it is of version {data['version']} of {data['format']!r}")
        shards = tuple(TokenShard(**shard) for shard in data.pop("shards"))
        for shard in shards:
            if not shard.name.isascii() or not shard.name.replace("-", "").isalnum():
                raise ValueError(f"it names a shard {shard.name!r}")
        return TokenIndex(data, shards)
    except FileNotFoundError:
        raise FormatError(
            f"{str(folder)!r} is no complete folder of shards; encode into it again, the same way"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is damaged: {error}; encode again with force") from None


def read_shards(folder: StrPath, expected_hash: str | None = None) -> Iterator[Ids]:
    """Map the ids of each shard into memory, in order.

    Raises:
        FormatError: The folder or a shard is damaged or incomplete, or another tokenizer made it.
    """
    for shard in read_index(folder).shards:
        path = Path(folder, f"{shard.name}.bin")
        if not path.exists():
            raise FormatError(f"{path.name} is missing in {str(folder)!r}; encode again with force")
        ids = read_tokens(path, expected_hash)
        if len(ids) != shard.num_tokens:
            raise FormatError(
                f"{shard.name}.bin in {str(folder)!r} has {len(ids)} ids, and {shard.num_tokens} "
                "in the index; encode again with force"
            )
        yield ids
