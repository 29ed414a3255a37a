"""The published vocabularies that need no tiktoken once their file is in its cache.

Importing tiktoken and letting it read a file takes longer than all the rest of loading. So a file
that is in its cache folder already is read from there, its hash checked as tiktoken checks it;
whatever is not, or not as it should be, is tiktoken's business. Names, hashes and special tokens
are those of `tiktoken_ext/openai_public.py` (tiktoken 0.14); a test holds them equal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bpe.patterns import Pattern
from bpe.ranked_tokens import RankedTokens
from bpe.spec import TokenizerSpec

_FOLDER = "https://openaipublic.blob.core.windows.net/encodings/"
_END = "<|endoftext|>"
_PROMPT = "<|endofprompt|>"


@dataclass(frozen=True)
class Published:
    """A vocabulary: the name of its file, the SHA-256 of that, and what the file does not say.

    To compute the content hash all merges must be found, which takes as long as loading.
    """

    file: str
    sha256: str
    pattern: str
    special_tokens: dict[str, int]
    content_hash: str


def _fill_from(first_id: int) -> dict[str, int]:
    parts = ("prefix", "middle", "suffix")
    return {f"<|fim_{part}|>": first_id + i for i, part in enumerate(parts)}


_R50K = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
_P50K = "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"
_CL100K = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
_O200K = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

PUBLISHED = {
    "r50k_base": Published(
        "r50k_base",
        _R50K,
        "gpt2",
        {_END: 50256},
        "da13aebcb224e13c8edaa9e387f58e5074a0da766a0fd4760dc00a481705a1d8",
    ),
    "p50k_base": Published(
        "p50k_base",
        _P50K,
        "gpt2",
        {_END: 50256},
        "feb8fd203f92df1ea21fc79dccc8ad7dcf48cc11718ae263ce8b5f26150f436d",
    ),
    "p50k_edit": Published(
        "p50k_base",
        _P50K,
        "gpt2",
        {_END: 50256} | _fill_from(50281),
        "fe0b17640b865f353d8da7ede9e856284f319ca32174edd9000b957e8c5a53c4",
    ),
    "cl100k_base": Published(
        "cl100k_base",
        _CL100K,
        "cl100k",
        {_END: 100257} | _fill_from(100258) | {_PROMPT: 100276},
        "cbbdf500b814d7098917429551de57436da9ab884d3abebcc993d61193e8bc24",
    ),
    "o200k_base": Published(
        "o200k_base",
        _O200K,
        "o200k",
        {_END: 199999, _PROMPT: 200018},
        "89fd9bcae98da222e3398eb50467191948d829c99041d10ff12467f76d0b4901",
    ),
}


def load_cached(name: str) -> TokenizerSpec | None:
    """Return a published vocabulary if its file is in tiktoken's cache and is the right one."""
    known = PUBLISHED.get(name)
    data = _cached_file(known) if known else None
    tokens = RankedTokens.read(data) if data else None
    if known is None or tokens is None:
        return None
    spec = TokenizerSpec.from_ranked_tokens(
        Pattern.of(known.pattern), tokens, known.special_tokens, name=name
    )
    vars(spec)["content_hash"] = known.content_hash  # where a cached property keeps its value
    return spec


def _cached_file(known: Published) -> bytes | None:
    import hashlib

    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        import tempfile

        folder = str(Path(tempfile.gettempdir(), "data-gym-cache"))
    if not folder:
        return None  # how tiktoken is told not to have a cache
    key = hashlib.sha1(f"{_FOLDER}{known.file}.tiktoken".encode(), usedforsecurity=False)
    try:
        data = Path(folder, key.hexdigest()).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == known.sha256 else None
