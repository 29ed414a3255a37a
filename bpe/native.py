"""The native engine: `bpe._core` behind the interface of `bpe.engines`.

A pattern with a scanner of its own is split, counted and encoded in C++. Any other is split by the
`regex` package, and its pretokens are counted and merged in C++.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bpe import _core, engines
from bpe.engines import OnMerges, Progress, TieBreak
from bpe.patterns import Pattern
from bpe.regex_split import split as split_by_regex
from bpe.spec import TokenizerSpec
from bpe.special_tokens import cut_at_special_tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def scanner_name(pattern: Pattern) -> str | None:
    """Return the name of the C++ scanner for a pattern, or None if it needs `regex`."""
    return pattern.name if pattern.stages else ""


class NativeEngine:
    """See `bpe.engines.Engine`."""

    name = "native"

    def split(self, data: bytes, pattern: Pattern) -> list[bytes]:
        scanner = scanner_name(pattern)
        return split_by_regex(data, pattern) if scanner is None else _core.split(data, scanner)

    def count_table(self, items: Iterable[tuple[bytes, int]] = ()) -> _core.CountTable:
        return _core.CountTable(items)

    def find_cut(
        self, data: bytes, pattern: Pattern, special_tokens: Sequence[str], near: int
    ) -> int:
        scanner = scanner_name(pattern)
        if scanner is None:
            return len(data)
        return _core.find_cut(data, scanner, [text.encode() for text in special_tokens], near)

    def count_documents(
        self,
        table: engines.CountTable,
        documents: Sequence[bytes],
        pattern: Pattern,
        special_tokens: Sequence[str],
        num_threads: int,
        progress: Progress | None,
    ) -> None:
        native_table = _native(table)
        scanner = scanner_name(pattern)
        if scanner is None:
            _count_by_regex(native_table, documents, pattern, special_tokens, progress)
        else:
            specials = [text.encode() for text in special_tokens]
            native_table.count_documents(documents, scanner, specials, num_threads, progress)

    def count_file(
        self,
        table: engines.CountTable,
        path: str,
        pattern: Pattern,
        special_tokens: Sequence[str],
        num_threads: int,
        progress: Progress | None,
    ) -> None:
        scanner = scanner_name(pattern)
        if scanner is None:
            data = Path(path).read_bytes()
            self.count_documents(table, [data], pattern, special_tokens, num_threads, progress)
        else:
            specials = [text.encode() for text in special_tokens]
            _native(table).count_file(path, scanner, specials, num_threads, progress)

    def train(
        self,
        table: engines.CountTable,
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
        verify: bool = False,
    ) -> list[tuple[int, int]]:
        """See `bpe.engines.Engine.train`; `verify` recounts every pair after every merge."""
        return _core.train(
            _native(table),
            num_merges,
            tie_break,
            min_frequency,
            max_token_bytes,
            initial_pairs,
            num_threads,
            progress,
            verify,
            max_token_words=max_token_words,
            forbidden_tokens=list(forbidden_tokens),
            on_merges=on_merges,
        )

    def codec(self, spec: TokenizerSpec) -> NativeCodec:
        return NativeCodec(spec)


class NativeCodec:
    """See `bpe.engines.Codec`."""

    def __init__(self, spec: TokenizerSpec) -> None:
        self._pattern = spec.pattern
        self._special_ids = spec.special_tokens
        self._special_texts = {id_: text for text, id_ in spec.special_tokens.items()}
        self._uses_regex = scanner_name(spec.pattern) is None
        self._core = _core.Codec(
            scanner_name(spec.pattern),
            list(spec.id_to_bytes.items()),
            spec.merges.left,
            spec.merges.right,
            spec.merges.new_id,
            spec.merges.rank,
            [(text.encode(), id_) for text, id_ in spec.special_tokens.items()],
            spec.whole_pretoken_first,
        )

    def encode_ordinary(self, data: bytes) -> list[int]:
        if self._uses_regex:
            return self._encode_by_regex(data, frozenset())
        return self._core.encode_ordinary(data)

    def encode(self, data: bytes, allowed_special: frozenset[str]) -> list[int]:
        if self._uses_regex:
            return self._encode_by_regex(data, allowed_special)
        return self._core.encode(data, self._ids_of(allowed_special))

    def encode_to_numpy(
        self, data: bytes, allowed_special: frozenset[str], dtype: str
    ) -> npt.NDArray[np.uint16 | np.uint32]:
        """Encode into an array of `dtype` ("uint16" or "uint32")."""
        if self._uses_regex:
            import numpy

            return numpy.array(self._encode_by_regex(data, allowed_special), dtype=dtype)
        return self._core.encode_to_array(data, self._ids_of(allowed_special), dtype)

    def count(self, data: bytes, allowed_special: frozenset[str]) -> int:
        """Return how many ids `encode` would give, without making them."""
        if self._uses_regex:
            return len(self._encode_by_regex(data, allowed_special))
        return self._core.count(data, self._ids_of(allowed_special))

    def encode_batch(
        self, documents: Sequence[bytes], allowed_special: frozenset[str], num_threads: int
    ) -> list[list[int]]:
        if self._uses_regex:
            with ThreadPoolExecutor(num_threads) as pool:
                return list(
                    pool.map(lambda data: self._encode_by_regex(data, allowed_special), documents)
                )
        return self._core.encode_batch(documents, self._ids_of(allowed_special), num_threads)

    def find_special(self, data: bytes, special_tokens: frozenset[str]) -> tuple[int, str] | None:
        found = self._core.find_special(data, self._ids_of(special_tokens))
        return None if found is None else (found[0], self._special_texts[found[1]])

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        return self._core.decode_bytes(ids)

    def decode_bytes_batch(self, batch: Sequence[Sequence[int]], num_threads: int) -> list[bytes]:
        return self._core.decode_bytes_batch(batch, num_threads)

    def _ids_of(self, special_tokens: frozenset[str]) -> list[int]:
        return [self._special_ids[text] for text in special_tokens]

    def _encode_by_regex(self, data: bytes, allowed_special: frozenset[str]) -> list[int]:
        ids: list[int] = []
        for part, special in cut_at_special_tokens(data, allowed_special):
            ids += self._core.encode_pretokens(split_by_regex(part, self._pattern))
            if special is not None:
                ids.append(self._special_ids[special])
        return ids


def _count_by_regex(
    table: _core.CountTable,
    documents: Sequence[bytes],
    pattern: Pattern,
    special_tokens: Sequence[str],
    progress: Progress | None,
) -> None:
    total = sum(map(len, documents))
    done = 0
    for document in documents:
        for part, _ in cut_at_special_tokens(document, special_tokens):
            for pretoken in split_by_regex(part, pattern):
                table.add(pretoken, 1)
        done += len(document)
        if progress is not None:
            progress("counting", done, total)


def _native(table: engines.CountTable) -> _core.CountTable:
    if isinstance(table, _core.CountTable):
        return table
    return _core.CountTable(table.items())


engine = NativeEngine()
