"""Our own format: a folder that holds everything, byte for byte the same for the same tokenizer.

meta.json        version, pattern, Unicode version, special tokens, content hash
vocab.tiktoken   `base64(token) id` a line, in the order of the ids; other tools can read it
merges.txt       `left right new_id rank` a line, in rank order; absent when the merges are
                 all the ways to join two tokens into a third (what a .tiktoken file means)
pretokens.bin    frozen pretokens (docs/encoding.md); absent where nothing was warmed
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bpe.errors import FormatError, VocabularyError
from bpe.files import writing_directory
from bpe.formats import sidecar
from bpe.formats.ranks import read_tokens, write_ranks
from bpe.spec import Merges, TokenizerSpec, unpack_ranked

if TYPE_CHECKING:
    from mmap import mmap

FORMAT = "chimera-bpe"
_META, _VOCAB, _MERGES = "meta.json", "vocab.tiktoken", "merges.txt"
_FROZEN = "pretokens.bin"
FILE_NAMES = _META, _VOCAB, _MERGES, _FROZEN
_MERGE_LINE = re.compile(rb"(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10})")


def save(
    spec: TokenizerSpec, path: Path, *, overwrite: bool = False, frozen: bytes | mmap | None = None
) -> None:
    """Write the folder, complete or not at all."""
    fields = sidecar.describe(spec, FORMAT, merges="ranked tokens" if spec.is_ranked else _MERGES)
    with writing_directory(path, overwrite=overwrite, known_names=FILE_NAMES) as folder:
        (folder / _VOCAB).write_bytes(write_ranks(spec.id_to_bytes))
        if not spec.is_ranked:
            (folder / _MERGES).write_bytes(b"".join(b"%d %d %d %d\n" % m for m in spec.merges))
        if frozen is not None:
            (folder / _FROZEN).write_bytes(frozen)
        (folder / _META).write_bytes(sidecar.write(fields))


def load(path: Path) -> TokenizerSpec:
    """Read the folder.

    Raises:
        FormatError: A file is missing, malformed, or not the one that was written.
    """
    for name in (_META, _VOCAB):
        if not (path / name).is_file():
            raise FormatError(f"{path} is not a tokenizer folder: it has no {name}")
    fields = sidecar.read(path / _META, FORMAT)
    tokens = read_tokens((path / _VOCAB).read_bytes(), str(path / _VOCAB))
    id_to_bytes, merges = unpack_ranked(tokens)
    if fields.get("merges") == "ranked tokens":
        pass
    elif fields.get("merges") != _MERGES:
        raise FormatError(f'{path / _META}: the field "merges" names no way to find the merges')
    elif (path / _MERGES).is_file():
        merges = Merges(_read_merges(path / _MERGES))
    else:
        raise FormatError(f"{path} is not complete: it has no {_MERGES}")
    try:
        spec = TokenizerSpec(
            pattern=sidecar.read_pattern(fields, path / _META),
            id_to_bytes=id_to_bytes,
            merges=merges,
            special_tokens=fields["special_tokens"],
            whole_pretoken_first=fields["whole_pretoken_first"],
            name=fields["name"],
        )
    except FormatError:
        raise
    except VocabularyError as error:
        raise FormatError(f"{path}: {error}") from None
    return sidecar.check_hash(spec, fields, path)


def _read_merges(path: Path) -> Iterator[tuple[int, int, int, int]]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        match = _MERGE_LINE.fullmatch(line)
        if match:
            yield int(match[1]), int(match[2]), int(match[3]), int(match[4])
        elif line:
            raise FormatError(f"{path}, line {number}: {line[:60]!r} is not four numbers")
