"""Damaged files by the thousand: each loads, or is refused in our own words.

    python tools/fuzz_files.py                          # 2,000 damaged files of every kind
    python tools/fuzz_files.py --number 200 --seed 7 --kind counts
    python tools/sanitize.py address --run tools/fuzz_files.py --number 20000

A small sound file of every kind that is read is damaged in one to three places: bits, bytes, cuts,
stretches doubled, moved or removed, numbers made huge or negative, brackets nested. Then it is read
and, if that succeeds, used. Counted as a fault are an exception that is not ours, ten seconds, and
half a gigabyte; a crash ends the process, which says the file's name beforehand. Exits with 1 when
there is a fault; the file stays where the message says.
"""

from __future__ import annotations

import argparse
import bz2
import collections
import gzip
import json
import lzma
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import bpe
from bpe.errors import BPEError
from bpe.formats.tekken import special_tokens_first
from bpe.token_files import read_tokens, write_tokens
from bpe.token_shards import read_shards

MAX_SECONDS = 10
MAX_BYTES = 1 << 29
TEXT = "The quick brown fox, the lazy dog's 1234 tricks — über 好好! <|endoftext|>\n" * 3
NUMBERS = (b"-1", b"0", b"4294967295", b"4294967296", b"99999999999999999999", b"1e999", b"NaN",
           b"true", b"null", b'"x"', b"[]", b"{}", b"0x1", b"1_0", b"\xd9\xa1")  # fmt: skip
PIECES = (b"\x00", b"\xff", b"\n", b"\r\n", b'"', b"\\", b"\\ud800", b"[" * 2000, b'{"a":' * 2000,
          b"]", b"}", b",", b" ", b"=", b"\xef\xbb\xbf", b"\x80\x80\x80\x80\x80")  # fmt: skip


class TooLong(Exception):
    """Reading took longer than it may."""


def use(tokenizer: bpe.Tokenizer) -> None:
    """Do with a tokenizer what could reach beyond its tables."""
    tokenizer.decode(tokenizer.encode(TEXT, special="all"))
    tokenizer.decode_bytes(tokenizer.encode_ordinary(TEXT.encode()[3:-5]))


def load_vocabulary(path: Path) -> None:
    use(bpe.Tokenizer.load(path))


def load_counts(path: Path) -> None:
    counts = bpe.PretokenCounts.open(path)
    counts.summary()
    bpe.train(bpe.PretokenCounts.load(path), 300)


def load_ids(path: Path) -> None:
    read_tokens(path).sum()


def load_shards(path: Path) -> None:
    for ids in read_shards(path):
        ids.sum()


def count_records(path: Path) -> None:
    bpe.count(path, pattern="gpt2")
    bpe.count(bpe.Corpus(path, on_bad_record="skip"), pattern="gpt2")


def resume(path: Path) -> None:
    bpe.train([TEXT], 300, checkpoint=path)


def save_as(name: str, format: str) -> Callable[[bpe.Tokenizer, Path], Path]:
    def save(tokenizer: bpe.Tokenizer, folder: Path) -> Path:
        if format == "tekken":
            tokenizer = bpe.Tokenizer(special_tokens_first(tokenizer.spec))
        tokenizer.save(folder / name, format=format)
        return folder / name

    return save


def save_counts(_: bpe.Tokenizer, folder: Path) -> Path:
    bpe.count([TEXT], pattern="gpt2").save(folder / "x.counts")
    return folder / "x.counts"


def save_ids(tokenizer: bpe.Tokenizer, folder: Path) -> Path:
    write_tokens(folder / "x.bin", [tokenizer.encode(TEXT, special="text")], tokenizer)
    return folder / "x.bin"


def save_shards(tokenizer: bpe.Tokenizer, folder: Path) -> Path:
    tokenizer.encode_files([TEXT.encode()] * 9, folder / "shards", shard_tokens=100)
    return folder / "shards"


def save_records(_: bpe.Tokenizer, folder: Path) -> Path:
    lines = [json.dumps({"text": TEXT, "n": [1, {"a": None}], "é": i}) for i in range(5)]
    (folder / "x.jsonl").write_text("\n".join(lines))
    return folder / "x.jsonl"


def save_compressed(suffix: str) -> Callable[[bpe.Tokenizer, Path], Path]:
    def save(_: bpe.Tokenizer, folder: Path) -> Path:
        compress: dict[str, Callable[[bytes], bytes]]
        compress = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
        (folder / f"x.txt{suffix}").write_bytes(compress[suffix](TEXT.encode() * 20))
        return folder / f"x.txt{suffix}"

    return save


def save_table(_: bpe.Tokenizer, folder: Path) -> Path:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"text": [TEXT, None, ""] * 5, "n": list(range(15))})
    pyarrow.parquet.write_table(table, folder / "x.parquet")
    return folder / "x.parquet"


def save_checkpoint(_: bpe.Tokenizer, folder: Path) -> Path:
    resume(folder / "checkpoint")
    return folder / "checkpoint"


Save = Callable[[bpe.Tokenizer, Path], Path]
KINDS: dict[str, tuple[Save, Callable[[Path], None]]] = {
    "tiktoken": (save_as("x.tiktoken", "tiktoken"), load_vocabulary),
    "huggingface": (save_as("tokenizer.json", "huggingface"), load_vocabulary),
    "gpt2": (save_as("gpt2", "gpt2"), load_vocabulary),
    "minbpe": (save_as("x.model", "minbpe"), load_vocabulary),
    "tekken": (save_as("tekken.json", "tekken"), load_vocabulary),
    "directory": (save_as("folder", "directory"), load_vocabulary),
    "counts": (save_counts, load_counts),
    "ids": (save_ids, load_ids),
    "shards": (save_shards, load_shards),
    "jsonl": (save_records, count_records),
    "gz": (save_compressed(".gz"), count_records),
    "bz2": (save_compressed(".bz2"), count_records),
    "xz": (save_compressed(".xz"), count_records),
    "parquet": (save_table, count_records),
    "checkpoint": (save_checkpoint, resume),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--number", type=int, default=2000, help="damaged files of every kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    tokenizer = bpe.train([TEXT] * 3, 300, pattern="gpt2")
    num_faults = 0
    for kind in options.kind or KINDS:
        num_faults += fuzz(kind, tokenizer, options.number, Random(f"{options.seed} {kind}"))
    return 1 if num_faults else 0


def fuzz(kind: str, tokenizer: bpe.Tokenizer, number: int, draw: Random) -> int:
    """Damage files of one kind, print what came of it, and return the number of faults."""
    start = time.perf_counter()
    save, load = KINDS[kind]
    outcomes: collections.Counter[str] = collections.Counter()
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{kind}-"))
    (folder / "sound").mkdir()
    sound = save(tokenizer, folder / "sound")
    for case in range(number):
        target = copy_damaged(sound, folder / "damaged", draw)
        (folder / "case").write_text(f"{case}\n")  # survives a crash
        outcome = outcome_of(load, target)
        outcomes[outcome] += 1
        if outcome.startswith("FAULT") and outcomes[outcome] == 1:
            kept = folder / f"case-{case}"
            shutil.copytree(folder / "damaged", kept)
            print(f"{kind}: {outcome}\n  {kept}", flush=True)
    num_faults = sum(count for text, count in outcomes.items() if text.startswith("FAULT"))
    said = ", ".join(f"{text[:60]} {count}" for text, count in outcomes.most_common(6))
    print(f"{kind}: {number} files, {time.perf_counter() - start:.0f} s: {said}", flush=True)
    if not num_faults:
        shutil.rmtree(folder)
    return num_faults


def copy_damaged(sound: Path, folder: Path, draw: Random) -> Path:
    """Copy a file or a folder and damage one file of it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound.parent, folder)
    target = folder / sound.name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    victim = draw.choice(files)
    data = victim.read_bytes()
    for _ in range(draw.choice((1, 1, 2, 3))):
        data = damaged(data, draw)
    victim.write_bytes(data)
    return target


def damaged(data: bytes, draw: Random) -> bytes:
    """Change one thing."""
    begin = draw.randrange(len(data) + 1)
    end = min(len(data), begin + draw.choice((0, 1, 1, 4, 8, 40)))
    match draw.randrange(9):
        case 0:
            return data[:begin]
        case 1:
            return data[:begin] + data[end:]
        case 2:
            return data[:end] + data[begin:]
        case 3:
            at = draw.randrange(len(data) + 1)
            return data[:at] + data[begin:end] + data[at:]
        case 4:
            return data[:begin] + draw.choice(PIECES) + data[end:]
        case 5 | 6:
            places = [i for i in range(len(data)) if data[i : i + 1].isdigit()] or [begin]
            begin = end = draw.choice(places)
            while data[end : end + 1].isdigit():
                end += 1
            return data[:begin] + draw.choice(NUMBERS) + data[end:]
        case 7:
            return data[:begin] + draw.randbytes(end - begin) + data[end:]
        case _:
            return (
                data[:begin]
                + bytes(b ^ (1 << draw.randrange(8)) for b in data[begin:end][:1])
                + data[begin + 1 :]
            )


def outcome_of(load: Callable[[Path], None], path: Path) -> str:
    """Return "loads", the name of one of our errors, or FAULT and what it was."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with time_limit():
            load(path)
        outcome = "loads"
    except BPEError as error:
        outcome = type(error).__name__
    except TooLong:
        outcome = f"FAULT: more than {MAX_SECONDS} s"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        outcome = f"FAULT: {type(error).__name__} in {where}: {str(error)[:150]}"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return f"FAULT: {grown >> 20} MB" if grown > MAX_BYTES else outcome


@contextmanager
def time_limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(MAX_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    sys.exit(main())
