"""What an engine is: the five stages of the road under one name each.

`native` (C++) and `reference` (pure Python) implement this interface, and one test suite runs over
both. Splitting and counting work on bytes, a codec takes any text. Bytes that are no valid UTF-8
are kept: each such byte counts as a symbol of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Literal,
    NamedTuple,
    Protocol,
    cast,
    get_args,
    runtime_checkable,
)

from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from bpe.text import Text

if TYPE_CHECKING:
    from mmap import mmap
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

TieBreak = Literal["id", "huggingface", "bytes_max", "bytes_min"]
TIE_BREAKS: tuple[str, ...] = get_args(TieBreak)

#: Called as progress(phase, done, total) from the thread that called us; total 0 means unknown.
Progress = Callable[[str, int, int], None]

#: Called with the merges made since the last call, in their order.
OnMerges = Callable[[Sequence[tuple[int, int]]], object]

EngineName = Literal["native", "reference"]


class Counts(Protocol):
    """Distinct pretokens and how often each occurs (64-bit), wherever they are."""

    def items(self) -> list[tuple[bytes, int]]:
        """Return all (pretoken, count), sorted by the pretoken's bytes."""

    def top(self, n: int) -> list[tuple[bytes, int]]:
        """Return the n largest, by count descending, then by bytes ascending."""

    def summary(self) -> tuple[int, int, int, int, list[int]]:
        """Return bytes of the distinct pretokens, of all occurrences, singletons, longest, lengths.

        Element k of the last is the number of distinct pretokens of 2^k to 2^(k+1) - 1 bytes.
        """

    def __len__(self) -> int: ...
    @property
    def total(self) -> int:
        """The sum of all counts."""


class CountTable(Counts, Protocol):
    """Counts in memory."""

    def add(self, pretoken: bytes, count: int) -> None: ...
    def add_times(self, other: Any, times: int) -> None:
        """Add everything that another table counted, so many times."""


@runtime_checkable
class StoredCounts(Counts, Protocol):
    """Counts in a file, read-only."""

    @property
    def dropped(self) -> tuple[int, int]:
        """How many pretokens and occurrences filters left out."""


class Counter(Protocol):
    """Counts one batch of documents after the other; its threads keep their tables meanwhile."""

    def add_documents(self, documents: Sequence[bytes], progress: Progress | None) -> None:
        """Split the documents and count their pretokens."""

    def finish(self, progress: Progress | None) -> CountTable:
        """Return all that was counted."""


class Spill(Protocol):
    """Takes full tables to the disk while a corpus is counted in bounded memory."""

    def make_room(self, table: CountTable) -> None:
        """Spill the table if it has reached its share."""

    def finish(self, table: CountTable, progress: Progress | None) -> Counts:
        """Return the counts of the table and of all that was spilled from it."""


class PlaceInFile(NamedTuple):
    """Where to write ids, and of how many bytes; `name` is for error messages."""

    descriptor: int
    name: str
    offset: int
    id_bytes: int


class EncodeFile(Protocol):
    """Writes the ids of a text file to another file."""

    def __call__(
        self,
        path: Path,
        separator: str | None,
        allowed_special: frozenset[str],
        end: int | None,
        place: PlaceInFile,
        num_threads: int,
        progress: Progress | None,
    ) -> tuple[int, int, int]:
        """Write the ids of its documents, `end` after each; return how many of all there were.

        Those are ids, documents, and bytes of text.
        """


class Codec(Protocol):
    """Encodes and decodes with one vocabulary; immutable, safe to share between threads."""

    def encode_unless_special(self, text: Text) -> list[int] | None:
        """Encode; None if a special token of the vocabulary stands in the text."""

    def has_special(self, text: Text) -> bool:
        """Return whether a special token of the vocabulary stands in the text."""

    def encode_ordinary(self, text: Text) -> list[int]:
        """Encode; special tokens are ordinary text."""

    def encode(self, text: Text, allowed_special: frozenset[str]) -> list[int]:
        """Encode; the allowed special tokens become their ids, leftmost and longest first."""

    def encode_to_numpy(
        self, text: Text, allowed_special: frozenset[str], dtype: str, num_threads: int = 1
    ) -> npt.NDArray[np.uint16 | np.uint32]:
        """Encode into an array of `dtype`, "uint16" or "uint32"; several threads share the text."""

    def count_unless_special(self, text: Text) -> int | None:
        """Count the ids; None if a special token of the vocabulary stands in the text."""

    def count(self, text: Text, allowed_special: frozenset[str]) -> int:
        """Return how many ids `encode` would give."""

    def encode_batch(
        self, texts: Sequence[Text], allowed_special: frozenset[str], num_threads: int
    ) -> list[list[int]]: ...
    def encode_flat(
        self,
        texts: Sequence[Text],
        allowed_special: frozenset[str],
        num_threads: int,
        end: int | None = None,
    ) -> tuple[npt.NDArray[np.uint16 | np.uint32], npt.NDArray[np.int64]]:
        """Return all ids in a row, and where each text's begin; `end` follows each of them."""

    @property
    def encode_file(self) -> EncodeFile | None:
        """None where somebody else has to read files, and `encode_flat` their documents."""

    def encode_with_dropout(
        self, data: bytes, allowed_special: frozenset[str], probability: float, seed: int
    ) -> list[int]:
        """Encode with merges left out by chance, as bpe/reference/dropout.py defines it."""

    def find_special(self, text: Text, special_tokens: frozenset[str]) -> tuple[int, str] | None:
        """Return byte offset and text of the first of these special tokens in the text."""

    def freeze(self, pretokens: Sequence[bytes], content_hash: str) -> bytes:
        """Encode pretokens into an image for `use_frozen`; the most frequent come first."""

    def use_frozen(self, image: bytes | mmap, content_hash: str) -> int:
        """Know the pretokens of an image from now on; return how many.

        Raises:
            FormatError: The image is damaged, or was frozen for another tokenizer.
        """

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
        spill: Spill | None = None,
    ) -> None:
        """Split the documents and add their pretokens; special tokens cut and are not counted."""

    def counter(
        self, pattern: Pattern, special_tokens: Sequence[str], num_threads: int
    ) -> Counter | None:
        """Return a counter for many batches, or None where `count_documents` is as good."""

    def count_file(
        self,
        table: CountTable,
        path: str,
        pattern: Pattern,
        special_tokens: Sequence[str],
        num_threads: int,
        progress: Progress | None,
        spill: Spill | None = None,
    ) -> None:
        """The same for one uncompressed file, read as one document."""

    def spill(self, folder: str, table_bytes: int, num_threads: int) -> Spill:
        """Keep all tables together within so many bytes; runs go to the folder."""

    def add_counts(
        self, table: CountTable, other: Counts, min_frequency: int, progress: Progress | None
    ) -> None:
        """Add to the table everything that was counted there at least so often."""

    def open_counts(self, path: str, body: int, crc_before: int) -> StoredCounts:
        """Open the counts file whose body begins at that offset (docs/counts_file.md)."""

    def save_counts(
        self,
        counts: Counts,
        file: BinaryIO,
        name: str,
        crc_before: int,
        dropped: tuple[int, int],
        progress: Progress | None,
    ) -> None:
        """Write the body of a counts file; nothing may be left in the buffer of `file`."""

    def merge_counts(
        self,
        files: Sequence[StoredCounts],
        min_frequency: int,
        file: BinaryIO,
        name: str,
        crc_before: int,
        progress: Progress | None,
    ) -> None:
        """Write the body of the sum of all files, without what occurs less often."""

    def train(
        self,
        table: Counts,
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
        empty_table: bool = False,
    ) -> list[tuple[int, int]]:
        """Return up to num_merges new pairs; byte b has id b, merge k makes id 256 + k.

        `initial_pairs` are merges that are applied first, in that order, whatever their count;
        the new merges follow them and are numbered after them. When this returns or raises,
        `on_merges` has been told of all new merges that were made. `empty_table` allows the engine
        to empty the table as soon as it has read it.
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


def flatten(
    lists: Sequence[Sequence[int]], max_id: int, end: int | None
) -> tuple[npt.NDArray[np.uint16 | np.uint32], npt.NDArray[np.int64]]:
    """Return what `Codec.encode_flat` gives, from lists of ids."""
    import numpy

    ended = lists if end is None else [[*ids, end] for ids in lists]
    offsets = numpy.zeros(len(lists) + 1, numpy.int64)
    offsets[1:] = numpy.cumsum([len(ids) for ids in ended])
    flat = numpy.array(
        [id_ for ids in ended for id_ in ids], "uint16" if max_id < 2**16 else "uint32"
    )
    return flat, offsets
