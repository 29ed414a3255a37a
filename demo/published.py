"""The published vocabularies to compare with, if they are on this machine already."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import bpe

NAMES = ("cl100k_base", "o200k_base")
ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"


def cached() -> list[bpe.Tokenizer]:
    """Return those that tiktoken has downloaded before; the demonstration opens no connection."""
    return [bpe.get_encoding(name) for name in NAMES if _is_cached(name)]


def _is_cached(name: str) -> bool:
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    if folder is None:
        folder = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    # tiktoken names a cached file by the hash of its address.
    key = hashlib.sha1(ADDRESS.format(name=name).encode()).hexdigest()
    return bool(folder) and (Path(folder) / key).is_file()
