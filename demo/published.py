"""The published vocabularies to compare with, if they are on this machine already."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import bpe

#: Name -> the file that tiktoken keeps it in, named by the hash of its address.
CACHED_AS = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}


def cached() -> list[bpe.Tokenizer]:
    """Return those that tiktoken has downloaded before; the demonstration opens no connection."""
    folder = _cache_folder()
    return [bpe.get_encoding(name) for name, file in CACHED_AS.items() if (folder / file).is_file()]


def _cache_folder() -> Path:
    """Return the folder that tiktoken looks into."""
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in os.environ:
            return Path(os.environ[variable])
    return Path(tempfile.gettempdir()) / "data-gym-cache"
