"""Encode whole corpora with every published vocabulary and compare id by id with tiktoken.

    python tools/compare_with_tiktoken.py ../shared/corpora/*.txt.zst ../shared/corpora/adversarial
    python tools/compare_with_tiktoken.py tokens:1:2500000 --names cl100k_base,o200k_base

What a source may be, and in which ways each is encoded, says `tools/encoding_grid.py`. Every kernel
of this CPU does all of it in a process of its own. A document that tiktoken cannot encode (it gives
up on about a million spaces) must come back from ours, and be the same in every way. Prints what
was compared; exit code 1 if anything differs. `.zst` files are read if the `zst` extra is
installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tiktoken

import bpe
from bpe import _core
from encoding_grid import Flat, flat_of, texts_of

NAMES = "r50k_base,p50k_base,cl100k_base,o200k_base"
BATCH = 512
GRID = Path(__file__).with_name("encoding_grid.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="+", help="files, folders, or tokens:SEED:NUMBER")
    parser.add_argument("--names", default=NAMES)
    parser.add_argument("--kernels", default=",".join(_core.kernel_names()))
    parser.add_argument("--memos", default="cold,warm,evicting", help="cold is always among them")
    arguments = parser.parse_args()
    failures = 0
    for source in arguments.sources:
        for name in arguments.names.split(","):
            kernels, memos = arguments.kernels.split(","), arguments.memos.split(",")
            failures += compare(name, source, kernels, memos)
    return 1 if failures else 0


def compare(name: str, source: str, kernels: list[str], memos: list[str]) -> int:
    """Return for how many kernels something differs from tiktoken's ids."""
    start = time.perf_counter()
    texts = texts_of(source, bpe.get_encoding(name).spec)
    (ids, offsets), num_refused = expected_ids(name, texts)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "expected.npz")
        np.savez(file, ids=ids, offsets=offsets)
        results = [run_grid(kernel, name, source, file, memos) for kernel in kernels]
    said = "; ".join(f"{kernel}: {result.stdout.strip()}" for kernel, result in results)
    print(
        f"{name:12} {Path(source).name:24} {len(texts):8} documents {len(ids):11} ids, "
        f"{num_refused} refused by tiktoken; {said}; {time.perf_counter() - start:.0f} s",
        flush=True,
    )
    return sum(result.returncode != 0 for _, result in results)


def run_grid(
    kernel: str, name: str, source: str, expected: Path, memos: list[str]
) -> tuple[str, subprocess.CompletedProcess[str]]:
    command = [sys.executable, str(GRID), name, source, str(expected), *memos]
    environment = os.environ | {"BPE_FORCE_KERNEL": kernel}
    return kernel, subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )


def expected_ids(name: str, texts: list[str]) -> tuple[Flat, int]:
    """Return tiktoken's ids, ours where it refuses and they give the text back, and how many."""
    ours, theirs = bpe.get_encoding(name), tiktoken.get_encoding(name)
    num_refused = 0

    def lists() -> Iterator[list[int]]:
        nonlocal num_refused
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            for text, ids in zip(batch, encode_batch(theirs, batch), strict=True):
                if ids is None:
                    num_refused += 1
                    ids = ours.encode_ordinary(text)
                    if ours.decode(ids) != text:
                        raise SystemExit(f"{name}: another text comes back for {text[:200]!r}")
                yield ids

    return flat_of(lists()), num_refused


def encode_batch(encoding: tiktoken.Encoding, texts: list[str]) -> list[list[int] | None]:
    """Encode with tiktoken; None where it gives up."""
    try:
        return list(encoding.encode_ordinary_batch(texts, num_threads=2))
    except BaseException as error:
        if not gave_up(error):
            raise

    def encode(text: str) -> list[int] | None:
        try:
            return encoding.encode_ordinary(text)
        except BaseException as error:
            if gave_up(error):
                return None
            raise

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(encode, texts))


def gave_up(error: BaseException) -> bool:
    # A Rust panic reaches Python as a PanicException, which is not an Exception.
    return type(error).__name__ in ("PanicException", "ValueError")


if __name__ == "__main__":
    sys.exit(main())
