"""Random strings by the million: native splits and encodes like the reference, and back again.

    python tools/fuzz_roundtrip.py                      # 1,000,000 strings for each named pattern
    python tools/fuzz_roundtrip.py --number 20000 --seed 7 --pattern gpt2 --pattern o200k

For each pattern a small vocabulary is trained on such strings. Then every string is split by both
engines, encoded and decoded by the native one, and a sample of them encoded by the reference too.
Prints how many strings were compared; exits with 1 at the first that differs, naming it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from random import Random

from bpe.engines import Codec, Engine, get_engine
from bpe.patterns import NAMED_PATTERNS, Pattern
from bpe.spec import TokenizerSpec
from bpe.testing.random_inputs import random_bytes

BATCH = 1000
NUM_THREADS = 2
#: The reference encodes one string in so many; the split is compared on all of them.
REFERENCE_ENCODES_EVERY = 20


class Mismatch(Exception):
    """Two answers that should be one."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    names = options.pattern or list(NAMED_PATTERNS)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        runs = [pool.submit(fuzz, name, options.number, options.seed) for name in names]
        try:
            for run in runs:
                print(run.result(), flush=True)
        except Mismatch as mismatch:
            pool.shutdown(cancel_futures=True)
            print(f"MISMATCH with {mismatch}", file=sys.stderr)
            return 1
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=1_000_000, help="strings for each pattern")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--pattern", action="append", choices=sorted(NAMED_PATTERNS))
    return parser.parse_args(arguments)


def fuzz(name: str, number: int, seed: int) -> str:
    """Compare the engines on `number` strings and say what was done."""
    start = time.perf_counter()
    native, reference = get_engine("native"), get_engine("reference")
    random = Random(f"{seed} {name}")
    pattern = Pattern.of(name)
    spec = trained_spec(reference, pattern, random)
    native_codec, reference_codec = native.codec(spec), reference.codec(spec)
    num_bytes = 0
    for first in range(0, number, BATCH):
        strings = [random_bytes(random) for _ in range(min(BATCH, number - first))]
        for data in strings:
            check_split(name, native.split(data, pattern), reference.split(data, pattern), data)
        check_codec(name, native_codec, strings)
        for data in strings[::REFERENCE_ENCODES_EVERY]:
            check_ids(name, native_codec, reference_codec, data)
        num_bytes += sum(map(len, strings))
    seconds = time.perf_counter() - start
    return (
        f"{name}: {number:,} strings, {num_bytes:,} bytes, seed {seed}, 0 mismatches, "
        f"{seconds:.0f} s"
    )


def trained_spec(engine: Engine, pattern: Pattern, random: Random) -> TokenizerSpec:
    table = engine.count_table()
    documents = [random_bytes(random) for _ in range(3000)]
    engine.count_documents(table, documents, pattern, (), 1, None)
    pairs = engine.train(
        table,
        400,
        tie_break="id",
        min_frequency=2,
        max_token_bytes=None,
        initial_pairs=(),
        num_threads=1,
        progress=None,
    )
    return TokenizerSpec.from_pairs(pattern, pairs, ["<|endoftext|>"])


def check_split(name: str, actual: list[bytes], expected: list[bytes], data: bytes) -> None:
    if actual != expected:
        raise Mismatch(f"{name}: {data!r} is split\n native    {actual}\n reference {expected}")


def check_codec(name: str, codec: Codec, strings: list[bytes]) -> None:
    batch = codec.encode_batch(strings, frozenset(), NUM_THREADS)
    decoded = codec.decode_bytes_batch(batch, NUM_THREADS)
    for data, ids, back in zip(strings, batch, decoded, strict=True):
        if not data == back == codec.decode_bytes(ids):
            raise Mismatch(f"{name}: {data!r} comes back as {back!r} from {ids}")
        if ids != codec.encode_ordinary(data):
            raise Mismatch(f"{name}: {data!r} gives other ids in a batch: {ids}")


def check_ids(name: str, native: Codec, reference: Codec, data: bytes) -> None:
    actual, expected = native.encode_ordinary(data), reference.encode_ordinary(data)
    if actual != expected:
        raise Mismatch(f"{name}: {data!r} is encoded\n native    {actual}\n reference {expected}")


if __name__ == "__main__":
    sys.exit(main())
