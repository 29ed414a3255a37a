"""gigatoken: trainer and encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from benchmarks.corpora import SEPARATOR, published_file

PRETOKENIZERS = {"cl100k_base": "cl100k", "o200k_base": "o200k"}
TIE_BREAKS = {"huggingface": "huggingface", "id": "raw_token_ids"}

MODULES = ("gigatoken",)
#: What stands before the ids in its files.
HEADER_BYTES = 0


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


def encoder(job: dict[str, Any]) -> Callable[[Any], Any]:
    """Encode on the calling thread, unless there are more; an array is what its `encode` gives."""
    tokenizer = _load(job)
    parallel = job["num_threads"] > 1
    if job["form"] == "numpy":
        return lambda text: tokenizer.encode(text)
    if job["form"] == "list":
        return lambda text: tokenizer.encode_batch_list([text], parallel=parallel)[0]
    if job["form"] == "calls":
        return lambda texts: [tokenizer.encode(text).tolist() for text in texts]
    return lambda texts: tokenizer.encode_batch_list(texts, parallel=parallel)


def file_encoder(job: dict[str, Any]) -> Callable[[str, Path], None]:
    """Encode the documents of a file; it gives an array, which is written here."""
    import awkward
    import gigatoken

    tokenizer = _load(job)
    parallel = job["num_threads"] > 1

    def encode_file(path: str, out: Path) -> None:
        source = gigatoken.TextFileSource([path], separator=SEPARATOR.encode())
        ids = awkward.flatten(tokenizer.encode_files(source, parallel=parallel))
        awkward.to_numpy(ids).tofile(out)

    return encode_file


def decoder(job: dict[str, Any]) -> Callable[[Any], bytes]:
    """Decode a list or an array."""
    decode: Callable[[Any], bytes] = _load(job).decode
    return decode


def _load(job: dict[str, Any]) -> Any:
    import gigatoken

    path = published_file(job["encoding"])
    return gigatoken.Tokenizer.from_tiktoken(path, PRETOKENIZERS[job["encoding"]])
