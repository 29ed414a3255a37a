"""The hash tables hash with a secret of the process, and nothing that comes out depends on it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bpe import _core

SEED = "import bpe._core as core; print(core.hash_seed())"

# Counts with ties, long pretokens, two threads' tables, merges by two rules, files, ids.
EVERYTHING = """
import hashlib, random, sys
from pathlib import Path
import bpe
random = random.Random(3)
word = lambda: "".join(random.choices("abcdeßあ界", k=random.choice((1, 2, 3, 5, 9, 17, 40))))
text = " ".join(word() for _ in range(60_000)) + " the end"
path = Path(sys.argv[1], "text.txt")
path.write_text(text * 3)
counts = bpe.count(path, pattern="o200k", num_threads=2)
counts.save(Path(sys.argv[1], "counts"))
tokenizers = [bpe.train(counts, 800, tie_break=rule) for rule in ("id", "bytes_max")]
tokenizers[0].save(Path(sys.argv[1], "tokenizer.json"))
results = [
    Path(sys.argv[1], "counts").read_bytes(),
    Path(sys.argv[1], "tokenizer.json").read_bytes(),
    repr(counts.top(500)).encode(),
    repr([tokenizer.encode(text) for tokenizer in tokenizers]).encode(),
    repr([tokenizer.encode(text.replace(" ", "")) for tokenizer in tokenizers]).encode(),
]
print([hashlib.sha256(each).hexdigest() for each in results])
"""


def run(code: str, seed: str | None, *arguments: str) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "BPE_HASH_SEED"}
    environment |= {} if seed is None else {"BPE_HASH_SEED": seed}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    ).stdout


def test_each_process_draws_its_own_seed() -> None:
    assert 3 == len({run(SEED, seed) for seed in (None, None, "")})


def test_a_seed_can_be_fixed() -> None:
    assert 1 == len({run(SEED, "one") for _ in range(2)})
    assert 3 == len({run(SEED, seed) for seed in ("one", "two", "eno")})


def test_no_factor_of_the_hash_can_become_0_for_text() -> None:
    low, high = _core.hash_seed()
    factors = [low % 2**32, low >> 32, high % 2**32, high >> 32]
    assert all(0xFF in factor.to_bytes(4, "little") for factor in factors)


def test_counts_merges_files_and_ids_are_those_of_every_other_seed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folders = [str(tmp_path_factory.mktemp("seed")) for _ in range(3)]
    seeds = ("one", "two", None)
    results = [run(EVERYTHING, seed, each) for seed, each in zip(seeds, folders, strict=True)]
    assert [results[0]] * 3 == results


def test_pretokens_that_met_under_one_seed_are_scattered_under_another() -> None:
    # Made for the constants of the first release: all homes lie in a 256th of the table.
    low, high = 0xFF51AFD79E37FFB9, 0xFFEBCA6BC2FFAE35
    length = 9 << 56

    def old_hash(number: int) -> int:
        word = b"%09d" % number
        first = int.from_bytes(word[:8], "little") ^ low
        second = (word[8] | length) ^ high
        total = (first % 2**32 * (first >> 32) + second % 2**32 * (second >> 32)) % 2**64
        return ((total ^ total >> 32) % 2**32) * 0x9E3779B1 % 2**32

    crafted = [b"%09d" % number for number in range(120_000) if old_hash(number) >> 24 == 0][:400]
    ends = [9 * (index + 1) for index in range(len(crafted))]
    _, homes, _ = _core.pack_keys(b"".join(crafted), ends, 20, "scalar")
    assert 400 == len(crafted)
    # 400 keys thrown at 4,096 slots hit 380 of them; before, they hit 16 at most.
    assert len(set(homes)) > 250
