"""Encode whole corpora with every published vocabulary and compare id by id with tiktoken.

    python -m tools.compare_with_tiktoken FILE... [--names cl100k_base,o200k_base]

Documents are the parts between `<|endoftext|>`. A document that tiktoken cannot encode (it gives up
on about a million spaces) must still come back from ours. Prints what was compared; exit code 1 if
anything differs. `.zst` files are read if the `zst` extra is installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tiktoken

import bpe
from bpe.corpora import read_documents

NAMES = "r50k_base,p50k_base,cl100k_base,o200k_base"
SEPARATOR = "<|endoftext|>"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--names", default=NAMES)
    arguments = parser.parse_args()
    failures = 0
    for name in arguments.names.split(","):
        for path in arguments.files:
            failures += compare(name, path)
    return 1 if failures else 0


def compare(name: str, path: Path) -> int:
    """Return how many documents of the file get other ids than tiktoken's."""
    ours, theirs = bpe.get_encoding(name), tiktoken.get_encoding(name)
    num_ids = num_documents = num_refused = num_wrong = 0
    for batch in batches(path):
        for text, expected, ids in zip(
            batch, encode_batch(theirs, batch), ours.encode_ordinary_batch(batch), strict=True
        ):
            num_documents += 1
            num_ids += len(ids)
            num_refused += expected is None
            good = expected == ids if expected is not None else ours.decode(ids) == text
            if not good:
                num_wrong += 1
                print(f"{name} {path.name}: another result for {text[:200]!r}", file=sys.stderr)
    print(
        f"{name:12} {path.name:24} {num_documents:7} documents {num_ids:11} ids, "
        f"{num_refused} refused by tiktoken, {num_wrong} differ",
        flush=True,
    )
    return num_wrong


def encode_batch(encoding: tiktoken.Encoding, texts: list[str]) -> list[list[int] | None]:
    """Encode with tiktoken; None where it gives up."""

    def encode(text: str) -> list[int] | None:
        try:
            return encoding.encode_ordinary(text)
        except BaseException as error:
            # A Rust panic reaches Python as a PanicException, which is not an Exception.
            if type(error).__name__ in ("PanicException", "ValueError"):
                return None
            raise

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(encode, texts))


def batches(path: Path, size: int = 512) -> Iterator[list[str]]:
    """Yield the documents of a file in batches; invalid UTF-8 becomes U+FFFD."""
    for data in read_documents(path):
        documents = data.decode("utf-8", "replace").split(SEPARATOR)
        for start in range(0, len(documents), size):
            yield documents[start : start + size]


if __name__ == "__main__":
    sys.exit(main())
