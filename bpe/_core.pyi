"""The native engine's C++ module. Use it through `bpe.native`; this file is its contract."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import final

import numpy as np
import numpy.typing as npt

UNICODE_VERSION: str

def split(data: bytes, pattern: str, kernel: str | None = None) -> list[bytes]: ...
def kernel_names() -> list[str]: ...
def pattern_names() -> list[str]: ...
def find_safe_cut(data: bytes, pattern: str, near: int) -> int: ...

@final
class CountTable:
    def __init__(self, items: Iterable[tuple[bytes, int]] = ()) -> None: ...
    def add(self, pretoken: bytes, count: int) -> None: ...
    def merge(self, other: CountTable) -> None: ...
    def count_documents(
        self,
        documents: Sequence[bytes],
        pattern: str,
        special_tokens: Sequence[bytes],
        num_threads: int,
        progress: Callable[[str, int, int], None] | None,
        chunk_bytes: int | None = None,
    ) -> None: ...
    def count_file(
        self,
        path: str,
        pattern: str,
        special_tokens: Sequence[bytes],
        num_threads: int,
        progress: Callable[[str, int, int], None] | None,
        chunk_bytes: int | None = None,
    ) -> None: ...
    def items(self) -> list[tuple[bytes, int]]: ...
    def top(self, n: int) -> list[tuple[bytes, int]]: ...
    def __len__(self) -> int: ...
    @property
    def total(self) -> int: ...

@final
class Counter:
    def __init__(
        self,
        pattern: str,
        special_tokens: Sequence[bytes],
        num_threads: int,
        chunk_bytes: int | None = None,
    ) -> None: ...
    def add_documents(
        self,
        documents: Sequence[bytes],
        progress: Callable[[str, int, int], None] | None,
    ) -> None: ...
    def add_files(
        self, paths: Sequence[str], progress: Callable[[str, int, int], None] | None
    ) -> None: ...
    def finish(self, progress: Callable[[str, int, int], None] | None) -> CountTable: ...

def train(
    table: CountTable,
    num_merges: int,
    tie_break: str,
    min_frequency: int,
    max_token_bytes: int | None,
    initial_pairs: Sequence[tuple[int, int]],
    num_threads: int,
    progress: Callable[[str, int, int], None] | None,
    verify: bool = False,
    *,
    forbidden_tokens: Sequence[bytes] = (),
    max_token_words: int | None = None,
    on_merges: Callable[[list[tuple[int, int]]], object] | None = None,
    prune_threshold: int = 0,  # this and the next only make tests sharper, never a difference
    max_narrow_symbol: int = 65535,
) -> list[tuple[int, int]]: ...

@final
class Codec:
    def __init__(
        self,
        pattern: str | None,
        id_to_bytes: Sequence[tuple[int, bytes]],
        left: array[int],
        right: array[int],
        new_id: array[int],
        rank: array[int],
        special_tokens: Sequence[tuple[bytes, int]],
        whole_pretoken_first: bool,
    ) -> None: ...
    def encode_ordinary(self, data: bytes) -> list[int]: ...
    def encode(self, data: bytes, allowed_special: Sequence[int]) -> list[int]: ...
    def encode_batch(
        self, documents: Sequence[bytes], allowed_special: Sequence[int], num_threads: int
    ) -> list[list[int]]: ...
    def encode_to_array(
        self, data: bytes, allowed_special: Sequence[int], dtype: str
    ) -> npt.NDArray[np.uint16 | np.uint32]: ...
    def count(self, data: bytes, allowed_special: Sequence[int]) -> int: ...
    def encode_pretokens(self, pretokens: Sequence[bytes]) -> list[int]: ...
    def find_special(self, data: bytes, special_ids: Sequence[int]) -> tuple[int, int] | None: ...
    def decode_bytes(self, ids: Sequence[int]) -> bytes: ...
    def decode_bytes_batch(
        self, batch: Sequence[Sequence[int]], num_threads: int
    ) -> list[bytes]: ...
    def token_bytes(self, id: int) -> bytes: ...
    def token_id(self, token: bytes) -> int | None: ...
