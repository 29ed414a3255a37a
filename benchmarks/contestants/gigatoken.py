"""gigatoken: trainer and encoder."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from benchmarks.corpora import SEPARATOR

PRETOKENIZERS = {"cl100k_base": "cl100k", "o200k_base": "o200k"}
TIE_BREAKS = {"huggingface": "huggingface", "id": "raw_token_ids"}


def version() -> str:
    """The installed version."""
    return installed_version("gigatoken")


def train(job: dict[str, Any]) -> Any:
    """Train from the file; its only pattern is GPT-2's."""
    import gigatoken

    assert job["pattern"] == "gpt2"
    source = gigatoken.TextFileSource([job["path"]], separator=SEPARATOR.encode())
    rule = TIE_BREAKS[job["tie_break"]]
    return gigatoken.train_bpe(source, job["vocab_size"], [], tie_breaking=rule)


def count(job: dict[str, Any]) -> Any:
    """Train for one merge: it has no counting of its own, and this is the least that counts."""
    return train(job | {"vocab_size": 257, "tie_break": "id"})


def counted(counts: Any) -> Iterable[bytes]:
    """The one merge: its counts cannot be had."""
    return tokens(counts)


def tokens(trained: Any) -> Iterable[bytes]:
    """The merged tokens in order."""
    _, merges = trained
    return [bytes(left) + bytes(right) for left, right in merges]


def encoder(job: dict[str, Any]) -> Callable[[list[str]], Any]:
    """Encode in one batch on the calling thread: the fastest call it has for one thread."""
    import gigatoken
    import tiktoken

    ranks = tiktoken.get_encoding(job["encoding"])._mergeable_ranks
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocabulary.tiktoken"
        lines = (b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in ranks.items())
        path.write_bytes(b"".join(lines))
        tokenizer = gigatoken.Tokenizer.from_tiktoken(path, PRETOKENIZERS[job["encoding"]])
    parallel = job["num_threads"] > 1
    return lambda texts: tokenizer.encode_batch_list(texts, parallel=parallel)
