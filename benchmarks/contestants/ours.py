"""chimera-bpe, native engine."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import bpe
from benchmarks.corpora import SEPARATOR
from bpe.engines import EngineName
from bpe.token_files import HEADER_BYTES as HEADER_BYTES

MODULES = ("bpe.training", "bpe.corpora.documents", "bpe.encoding.files")


def version() -> str:
    """The results carry the commit instead."""
    return ""


def train(job: dict[str, Any], engine: EngineName = "native") -> bpe.Tokenizer:
    """Train from the file; the document separator cuts and is no part of the corpus."""
    return bpe.train(
        job["path"],
        job["vocab_size"] + 1,
        pattern=job["pattern"],
        tie_break=job["tie_break"],
        special_tokens=("<|endoftext|>",),
        num_threads=job["num_threads"],
        engine=engine,
    )


def count(job: dict[str, Any]) -> bpe.PretokenCounts:
    """Count the pretokens of the file."""
    return bpe.count(
        job["path"],
        pattern=job["pattern"],
        special_tokens=("<|endoftext|>",),
        num_threads=job["num_threads"],
    )


def counted(counts: bpe.PretokenCounts) -> Iterable[bytes]:
    """Every pretoken with its count, sorted."""
    return (b"%s %d" % item for item in counts.items())


def tokens(trained: bpe.Tokenizer) -> Iterable[bytes]:
    """The merged tokens in order."""
    spec = trained.spec
    return (spec.id_to_bytes[new_id] for new_id in spec.merges.new_id)


def encoder(job: dict[str, Any], engine: EngineName = "native") -> Callable[[Any], Any]:
    """Encode as the form says."""
    if job["form"] == "numpy":
        importlib.import_module("numpy")
    tokenizer = bpe.get_encoding(cast(str, job["encoding"]), engine=engine)
    encode = tokenizer.encode_ordinary
    if job["form"] == "documents":
        return lambda texts: tokenizer.encode_ordinary_batch(texts, num_threads=job["num_threads"])
    if job["form"] == "calls":
        return lambda texts: [encode(text) for text in texts]
    return tokenizer.encode_to_numpy if job["form"] == "numpy" else encode


def file_encoder(job: dict[str, Any]) -> Callable[[str, Path], Any]:
    """Encode the documents of a file."""
    tokenizer = bpe.get_encoding(cast(str, job["encoding"]))

    def encode_file(path: str, out: Path) -> Any:
        corpus = bpe.Corpus(path, separator=SEPARATOR)
        return tokenizer.encode_files(corpus, out, num_threads=job["num_threads"])

    return encode_file


def decoder(job: dict[str, Any]) -> Callable[[Any], bytes]:
    """Decode a list or an array."""
    return bpe.get_encoding(cast(str, job["encoding"])).decode_bytes
