"""bpeasy: a trainer in Rust."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version as installed_version
from typing import Any

from benchmarks.corpora import stream_documents
from bpe.patterns import NAMED_PATTERNS

#: It insists on a limit; no token of the cases comes near this one.
MAX_TOKEN_LENGTH = 100_000

MODULES = ("bpeasy",)


def version() -> str:
    """The installed version."""
    return installed_version("bpeasy")


def train(job: dict[str, Any]) -> dict[bytes, int]:
    """Train from an iterator over the documents."""
    import bpeasy

    pattern = NAMED_PATTERNS[job["pattern"]]
    texts = stream_documents(job["path"])
    return dict(bpeasy.train_bpe(texts, pattern, MAX_TOKEN_LENGTH, job["vocab_size"]))


def tokens(trained: dict[bytes, int]) -> Iterable[bytes]:
    """The merged tokens in order."""
    return sorted(trained, key=trained.__getitem__)[256:]
