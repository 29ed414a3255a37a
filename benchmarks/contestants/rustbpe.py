"""rustbpe: the trainer of nanochat."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version as installed_version
from typing import Any

from benchmarks.corpora import stream_documents
from bpe.patterns import NAMED_PATTERNS

MODULES = ("rustbpe",)


def version() -> str:
    """The installed version."""
    return installed_version("rustbpe")


def train(job: dict[str, Any]) -> Any:
    """Train from an iterator over the documents."""
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    pattern = NAMED_PATTERNS[job["pattern"]]
    texts = stream_documents(job["path"])
    tokenizer.train_from_iterator(texts, job["vocab_size"], pattern=pattern)
    return tokenizer


def tokens(trained: Any) -> Iterable[bytes]:
    """The merged tokens in order."""
    ranks = sorted(trained.get_mergeable_ranks(), key=lambda item: item[1])
    return [bytes(token) for token, _ in ranks[256:]]
