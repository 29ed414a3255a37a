"""Seeded random inputs for volume: the same fragments as the strategies, thousands a second.

Hypothesis finds the smallest input that breaks a law; these find out whether one breaks at all,
over a million inputs. Both draw from the same lists of hard cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from bpe.testing.fragments import BROKEN_UTF8, FRAGMENTS, SURROGATES, TELLING_BYTES

_BLOCKS = ((0, 0x80), (0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000))


def random_text(random: Random, *, max_pieces: int = 8) -> str:
    """Return a text of mixed scripts, runs, random characters and lone surrogates."""
    return "".join(_piece(random) for _ in range(random.randrange(max_pieces + 1)))


def random_bytes(random: Random, *, max_pieces: int = 8) -> bytes:
    """Return bytes: UTF-8 with broken places, or anything."""
    kind = random.random()
    if kind < 0.1:
        return random.randbytes(random.randrange(24))
    data = random_text(random, max_pieces=max_pieces).encode("utf-8", "replace")
    if kind < 0.6:
        return data
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(BROKEN_UTF8) + data[at + random.randrange(2) :]


def random_corpus(
    random: Random, *, max_words: int = 10, max_length: int = 24
) -> list[tuple[bytes, int]]:
    """Return distinct counted pretokens over one to four bytes, with long runs and many ties."""
    alphabet = random.sample(TELLING_BYTES, random.randint(1, 4))
    large = random.random() < 0.1
    counts: dict[bytes, int] = {}
    for _ in range(random.randint(1, max_words)):
        word = bytearray()
        while len(word) < random.randint(1, max_length):
            run = random.choice((1, 1, 1, 2, 3, random.randint(1, max_length)))
            word += bytes([random.choice(alphabet)]) * run
        counts[bytes(word)] = random.choice((2**31, 2**33 + 1)) if large else random.randint(1, 3)
    return list(counts.items())


def random_initial_pairs(
    random: Random, counts: Sequence[tuple[bytes, int]], *, max_pairs: int = 7
) -> list[tuple[int, int]]:
    """Return pairs to begin training with, most of which that corpus would not have given."""
    letters = sorted({byte for pretoken, _ in counts for byte in pretoken})
    tokens = [bytes([byte]) for byte in range(256)]
    pairs: list[tuple[int, int]] = []
    for _ in range(random.randrange(max_pairs + 1)):
        ids = [*letters, *range(256, len(tokens))]
        left, right = random.choice(ids), random.choice(ids)
        if tokens[left] + tokens[right] not in tokens:
            pairs.append((left, right))
            tokens.append(tokens[left] + tokens[right])
    return pairs


def random_tokens(
    random: Random, counts: Sequence[tuple[bytes, int]], *, max_tokens: int = 4
) -> list[bytes]:
    """Return distinct stretches of two or more bytes of the pretokens, of the short ones most."""
    tokens: set[bytes] = set()
    for _ in range(random.randrange(max_tokens + 1)):
        word = random.choice(counts)[0]
        start = random.randrange(len(word))
        tokens.add(word[start : start + random.choice((2, 2, 3, 4, 8))])
    return sorted(token for token in tokens if len(token) > 1)


def _piece(random: Random) -> str:
    kind = random.random()
    if kind < 0.6:
        return random.choice(FRAGMENTS)
    if kind < 0.8:
        first, last = random.choice(_BLOCKS)
        return chr(random.randrange(first, last))
    if kind < 0.97:
        return random.choice(FRAGMENTS)[-1] * random.choice((2, 3, 4, 5, 9, 33))
    return random.choice(SURROGATES)
