"""`tiktoken.load`: `.tiktoken` files, on the disk; nothing is downloaded here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from bpe.errors import FormatError
from bpe.files import write_bytes
from bpe.formats.ranks import read_ranks, write_ranks


def load_tiktoken_bpe(tiktoken_bpe_file: str, expected_hash: str | None = None) -> dict[bytes, int]:
    """Return the ranked tokens of a file.

    Raises:
        ValueError: The SHA-256 is another one, or it names a URL.
        FormatError: A line is malformed.
    """
    if "://" in tiktoken_bpe_file:
        raise FormatError(
            f"{tiktoken_bpe_file!r} is no file on this disk: download it, or use get_encoding"
        )
    data = Path(tiktoken_bpe_file).read_bytes()
    if expected_hash is not None and hashlib.sha256(data).hexdigest() != expected_hash:
        raise ValueError(f"the SHA-256 of {tiktoken_bpe_file!r} is not {expected_hash}")
    return read_ranks(data, tiktoken_bpe_file)


def dump_tiktoken_bpe(bpe_ranks: Mapping[bytes, int], tiktoken_bpe_file: str) -> None:
    """Write ranked tokens to a file, in the order of the ranks."""
    ordered = sorted(bpe_ranks.items(), key=lambda item: item[1])
    write_bytes(
        tiktoken_bpe_file, write_ranks({rank: token for token, rank in ordered}), overwrite=True
    )
