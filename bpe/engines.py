"""What an engine is: the five stages of the road under one name each.

`native` (C++) and `reference` (pure Python) implement this interface, and one test suite runs over
both. Everything here works on bytes; how a `str` becomes bytes is the tokenizer's business.
Bytes that are no valid UTF-8 are kept: each such byte counts as a symbol of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TieBreak = Literal["id", "huggingface", "bytes_max", "bytes_min"]
TIE_BREAKS: tuple[str, ...] = get_args(TieBreak)

#: Called as progress(phase, done, total) from the thread that called us; total 0 means unknown.
Progress = Callable[[str, int, int], None]

#: Called with the merges made since the last call, in their order.
OnMerges = Callable[[Sequence[tuple[int, int]]], object]

EngineName = Literal["native", "reference"]


class CountTable(Protocol):
    """Distinct pretokens and how often each occurs (64-bit)."""

    def add(self, pretoken: bytes, count: int) -> None: ...
    def merge(self, other: CountTable) -> None: ...
    def add_times(self, other: CountTable, times: int) -> None:
        """Add everything that another table counted, so many times."""

    def items(self) -> list[tuple[bytes, int]]:
        """Return all (pretoken, count), sorted by the pretoken's bytes."""

    def top(self, n: int) -> list[tuple[bytes, int]]:
        """Return the n largest, by count descending, then by bytes ascending."""

    def __len__(self) -> int: ...
    @property
    def total(self) -> int:
        """The sum of all counts."""


class Codec(Protocol):
    """Encodes and decodes with one vocabulary; immutable, safe to share between threads."""

    def encode_ordinary(self, data: bytes) -> list[int]:
        """Encode; special tokens are ordinary text."""

    def encode(self, data: bytes, allowed_special: frozenset[str]) -> list[int]:
        """Encode; the allowed special tokens become their ids, leftmost and longest first."""

    def encode_to_numpy(
        self, data: bytes, allowed_special: frozenset[str], dtype: str
    ) -> npt.NDArray[np.uint16 | np.uint32]:
        """Encode into an array of `dtype`, "uint16" or "uint32"."""

    def count(self, data: bytes, allowed_special: frozenset[str]) -> int:
        """Return how many ids `encode` would give."""

    def encode_batch(
        self, documents: Sequence[bytes], allowed_special: frozenset[str], num_threads: int
    ) -> list[list[int]]: ...
    def find_special(self, data: bytes, special_tokens: frozenset[str]) -> tuple[int, str] | None:
        """Return byte offset and text of the first of these special tokens in the data."""

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        """Join the bytes of the tokens; DecodeError names the index and the unknown id."""

    def decode_bytes_batch(
        self, batch: Sequence[Sequence[int]], num_threads: int
    ) -> list[bytes]: ...


class Engine(Protocol):
    """The stages: split, count, train, and a codec to encode and decode."""

    @property
    def name(self) -> str: ...

    def split(self, data: bytes, pattern: Pattern) -> list[bytes]:
        """Cut data into pretokens; joined, they are the data again."""

    def count_table(self, items: Iterable[tuple[bytes, int]] = ()) -> CountTable: ...

    def find_cut(
        self, data: bytes, pattern: Pattern, special_tokens: Sequence[str], near: int
    ) -> int:
        """Return a place from `near` on where a text that begins so can be counted apart.

        len(data) says that there is none, or that this engine does not look for one.
        """

    def count_documents(
        self,
        table: CountTable,
        documents: Sequence[bytes],
        pattern: Pattern,
        special_tokens: Sequence[str],
        num_threads: int,
        progress: Progress | None,
    ) -> None:
        """Split the documents and add their pretokens; special tokens cut and are not counted."""

    def count_file(
        self,
        table: CountTable,
        path: str,
        pattern: Pattern,
        special_tokens: Sequence[str],
        num_threads: int,
        progress: Progress | None,
    ) -> None:
        """The same for one uncompressed file, read as one document."""

    def train(
        self,
        table: CountTable,
        num_merges: int,
        *,
        tie_break: TieBreak,
        min_frequency: int,
        max_token_bytes: int | None,
        initial_pairs: Sequence[tuple[int, int]],
        num_threads: int,
        progress: Progress | None,
        max_token_words: int | None = None,
        forbidden_tokens: Collection[bytes] = (),
        on_merges: OnMerges | None = None,
    ) -> list[tuple[int, int]]:
        """Return up to num_merges new pairs; byte b has id b, merge k makes id 256 + k.

        `initial_pairs` are merges that are applied first, in that order, whatever their count;
        the new merges follow them and are numbered after them. When this returns or raises,
        `on_merges` has been told of all new merges that were made.
        """

    def codec(self, spec: TokenizerSpec) -> Codec: ...


def get_engine(name: str) -> Engine:
    """Return an engine by name.

    >>> get_engine("reference").name
    'reference'
    """
    if name not in get_args(EngineName):
        raise ValueError(f"there is no engine {name!r}; the engines are native and reference")
    return cast(Engine, import_module(f"bpe.{name}").engine)
