"""Encode one source in every way and compare with the ids that are expected.

    BPE_FORCE_KERNEL=avx2 python tools/encoding_grid.py cl100k_base SOURCE EXPECTED.npz

`tools/compare_with_tiktoken.py` runs it, one process for each kernel. The ways are the product of

    threads   1, 2, 8
    memo      cold: nothing was encoded before; warm: the same texts were; evicting: between them
              stand texts that fill the memos of a thread again and again
    road      a batch of documents; all of them as one text with special tokens in between; one call
              for each document (one thread only)

A source is a file of documents, a folder of such files, or `tokens:SEED:NUMBER`: so many strings
of random tokens.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

import bpe
from bpe.corpora import read_documents
from bpe.engines import Codec, get_engine
from bpe.spec import TokenizerSpec

Ids = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
#: Ids of all documents in a row, and where each begins and the last one ends.
Flat = tuple[Ids, Offsets]

SEPARATOR = "<|endoftext|>"
THREADS = (1, 2, 8)
MEMOS = ("cold", "warm", "evicting")
MAX_TOKENS = 8

# A memo forgets all when it holds 2^19 short pretokens, or 32 MB of long ones.
SHORT_TO_FILL = 600_000
LONG_TO_FILL = 280_000
NUM_SLICES = 6


def main() -> int:
    name, source, expected_path, *some = sys.argv[1:]
    spec = bpe.get_encoding(name).spec
    texts = texts_of(source, spec)
    with np.load(expected_path) as file:
        expected = file["ids"], file["offsets"]
    num_ways = num_wrong = 0
    for num_threads, memo, road, found in every_way(spec, texts, some or MEMOS):
        num_ways += 1
        if wrong := first_difference(expected, found):
            num_wrong += 1
            index, place = wrong
            print(
                f"{name} {source}, {num_threads} threads, {memo}, {road}: document {index} has "
                f"other ids from id {place} on: {texts[index][:200]!r}",
                file=sys.stderr,
            )
    print(f"{num_ways} ways, {num_wrong} differ")
    return 1 if num_wrong else 0


def texts_of(source: str, spec: TokenizerSpec) -> list[str]:
    """Return the documents of a file, or random strings of tokens; bad UTF-8 becomes U+FFFD."""
    if not source.startswith("tokens:"):
        path = Path(source)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        data = SEPARATOR.encode().join(b"".join(read_documents(file)) for file in files)
        return data.decode("utf-8", "replace").split(SEPARATOR)
    seed, number = map(int, source.split(":")[1:])
    draw = random.Random(f"{seed} {spec.name}")
    tokens = list(spec.id_to_bytes.values())
    lengths = draw.choices(range(1, MAX_TOKENS + 1), k=number)
    return [
        b"".join(draw.choices(tokens, k=length)).decode("utf-8", "replace") for length in lengths
    ]


def every_way(
    spec: TokenizerSpec, texts: list[str], memos: Sequence[str]
) -> Iterator[tuple[int, str, str, Flat]]:
    """Yield (threads, memo, road, what came out) for each way."""
    engine = get_engine("native")
    for num_threads in THREADS:
        numbers = range(NUM_SLICES * min(num_threads, 2) if "evicting" in memos else 0)
        fillers = [filler(spec.name or "", number) for number in numbers]
        for road, encode in roads(spec, num_threads).items():
            codec = engine.codec(spec)
            yield num_threads, "cold", road, encode(codec, texts)
            if "warm" in memos:
                yield num_threads, "warm", road, encode(codec, texts)
            if "evicting" in memos:
                yield num_threads, "evicting", road, among_fillers(encode, codec, texts, fillers)


def roads(spec: TokenizerSpec, num_threads: int) -> dict[str, Callable[[Codec, list[str]], Flat]]:
    nothing: frozenset[str] = frozenset()
    end = spec.special_tokens[SEPARATOR]

    def as_batch(codec: Codec, texts: list[str]) -> Flat:
        ids, offsets = codec.encode_flat([text.encode() for text in texts], nothing, num_threads)
        return ids.astype(np.uint32), offsets

    def as_one_text(codec: Codec, texts: list[str]) -> Flat:
        joined = SEPARATOR.join(texts).encode()
        ids = codec.encode_to_numpy(joined, frozenset({SEPARATOR}), "uint32", num_threads)
        ends = np.flatnonzero(ids == end)
        inner = ends - np.arange(len(ends))
        offsets = np.concatenate([[0], inner, [len(ids) - len(ends)]]).astype(np.int64)
        return ids[ids != end].astype(np.uint32), offsets

    def one_by_one(codec: Codec, texts: list[str]) -> Flat:
        return flat_of(codec.encode_ordinary(text) for text in texts)

    found: dict[str, Callable[[Codec, list[str]], Flat]]
    found = {"as a batch": as_batch, "as one text": as_one_text}
    if num_threads == 1:
        found["one by one"] = one_by_one
    return found


def flat_of(lists: Iterator[list[int]]) -> Flat:
    """Join lists of ids."""
    arrays = [np.array(ids, np.uint32) for ids in lists]
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in arrays], dtype=np.int64)])
    return np.concatenate([*arrays, np.empty(0, np.uint32)]), offsets.astype(np.int64)


def among_fillers(
    encode: Callable[[Codec, list[str]], Flat],
    codec: Codec,
    texts: list[str],
    fillers: list[str],
) -> Flat:
    """Encode with a filler after every few documents, and take the fillers' ids out again."""
    step = -(-len(texts) // len(fillers))
    documents: list[str] = []
    wanted: list[slice] = []
    for number, text in enumerate(fillers):
        part = texts[number * step : (number + 1) * step]
        wanted.append(slice(len(documents), len(documents) + len(part)))
        documents += [*part, text]
    ids, offsets = encode(codec, documents)
    kept = [ids[offsets[part.start] : offsets[part.stop]] for part in wanted]
    lengths = np.concatenate([np.diff(offsets)[part] for part in wanted])
    return np.concatenate(kept), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def filler(seed: str, number: int) -> str:
    """Return words that no other filler has: those of NUM_SLICES fill the memos of a thread."""
    draw = random.Random(f"{seed} filler {number}")
    words = []
    for count, letters in ((SHORT_TO_FILL, 8), (LONG_TO_FILL, 18)):
        num_letters = count // NUM_SLICES * letters
        text = draw.randbytes(num_letters // 2).hex().translate(_LETTERS)
        words += [text[i : i + letters] for i in range(0, num_letters, letters)]
    draw.shuffle(words)
    return " ".join(words)


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def first_difference(expected: Flat, found: Flat) -> tuple[int, int] | None:
    """Return the document and the place in it where the ids differ; None if they do not."""
    if np.array_equal(expected[0], found[0]) and np.array_equal(expected[1], found[1]):
        return None
    for index in range(len(expected[1]) - 1):
        left, right = (ids[ends[index] : ends[index + 1]] for ids, ends in (expected, found))
        if not np.array_equal(left, right):
            same = min(len(left), len(right))
            differ = np.flatnonzero(left[:same] != right[:same])
            return index, int(differ[0]) if len(differ) else same
    return len(expected[1]) - 1, 0


if __name__ == "__main__":
    sys.exit(main())
