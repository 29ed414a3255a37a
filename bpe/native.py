"""The native engine: `bpe._core` behind the interface of `bpe.engines`.

A pattern with a scanner of its own is split, counted and encoded in C++. Any other is split by the
`regex` package, and its pretokens are counted and merged in C++.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bpe import _core, engines
from bpe.engines import OnMerges, Progress, TieBreak
from bpe.patterns import Pattern
from bpe.ranked_tokens import RankedTokens
from bpe.spec import TokenizerSpec
from bpe.special_tokens import cut_at_special_tokens
from bpe.text import Text, to_bytes

if TYPE_CHECKING:
    from mmap import mmap

    import numpy as np
    import numpy.typing as npt


def scanner_name(pattern: Pattern) -> str | None:
    """Return the name of the C++ scanner for a pattern, or None if it needs `regex`."""
    return pattern.name if pattern.stages else ""


def split_by_regex(data: bytes, pattern: Pattern) -> list[bytes]:
    """Split where there is no scanner; what that needs is loaded by whoever does it only."""
    from bpe.regex_split import split

    return split(data, pattern)


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
        spill: engines.Spill | None = None,
    ) -> None:
        native_table = _native(table)
        scanner = scanner_name(pattern)
        if scanner is None:
            _count_by_regex(native_table, documents, pattern, special_tokens, progress, spill)
        else:
            specials = [text.encode() for text in special_tokens]
            native_table.count_documents(
                documents, scanner, specials, num_threads, progress, spill=_runs(spill)
            )

    def counter(
        self, pattern: Pattern, special_tokens: Sequence[str], num_threads: int
    ) -> _core.Counter | None:
        scanner = scanner_name(pattern)
        if scanner is None:
            return None
        return _core.Counter(scanner, [text.encode() for text in special_tokens], num_threads)

    def count_file(
        self,
        table: engines.CountTable,
        path: str,
        pattern: Pattern,
        special_tokens: Sequence[str],
        num_threads: int,
        progress: Progress | None,
        spill: engines.Spill | None = None,
    ) -> None:
        scanner = scanner_name(pattern)
        if scanner is None:
            data = Path(path).read_bytes()
            self.count_documents(
                table, [data], pattern, special_tokens, num_threads, progress, spill
            )
        else:
            specials = [text.encode() for text in special_tokens]
            _native(table).count_file(
                path, scanner, specials, num_threads, progress, spill=_runs(spill)
            )

    def spill(self, folder: str, table_bytes: int, num_threads: int) -> NativeSpill:
        return NativeSpill(folder, table_bytes, num_threads)

    def add_counts(
        self,
        table: engines.CountTable,
        other: engines.Counts,
        min_frequency: int,
        progress: Progress | None,
    ) -> None:
        native = _native(table)
        if isinstance(other, _core.CountsFile):
            native.merge_file(other, min_frequency, progress)
        else:
            native.merge(_native(other), min_frequency)

    def open_counts(self, path: str, body: int, crc_before: int) -> _core.CountsFile:
        return _core.CountsFile(path, body, crc_before)

    def save_counts(
        self,
        counts: engines.Counts,
        file: BinaryIO,
        name: str,
        crc_before: int,
        dropped: tuple[int, int],
        progress: Progress | None,
    ) -> None:
        if isinstance(counts, _core.CountsFile):
            self.merge_counts([counts], 1, file, name, crc_before, progress)
        else:
            table = _native(counts)
            _core.save_counts(table, file.fileno(), name, crc_before, dropped, progress)

    def merge_counts(
        self,
        files: Sequence[engines.StoredCounts],
        min_frequency: int,
        file: BinaryIO,
        name: str,
        crc_before: int,
        progress: Progress | None,
    ) -> None:
        native = [file for file in files if isinstance(file, _core.CountsFile)]
        assert len(native) == len(files), "each engine opens its own files"
        _core.merge_counts(native, min_frequency, file.fileno(), name, crc_before, progress)

    def train(
        self,
        table: engines.Counts,
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
        verify: bool = False,
    ) -> list[tuple[int, int]]:
        """See `bpe.engines.Engine.train`; `verify` recounts every pair after every merge."""
        return _core.train(
            table if isinstance(table, _core.CountsFile) else _native(table),
            num_merges,
            tie_break,
            min_frequency,
            max_token_bytes,
            initial_pairs,
            num_threads,
            progress,
            verify,
            empty_table=empty_table,
            max_token_words=max_token_words,
            forbidden_tokens=list(forbidden_tokens),
            on_merges=on_merges,
        )

    def codec(self, spec: TokenizerSpec) -> NativeCodec:
        return NativeCodec(spec)


class NativeSpill:
    """See `bpe.engines.Spill`."""

    def __init__(
        self, folder: str, table_bytes: int, num_threads: int, max_pretokens: int | None = None
    ) -> None:
        self.runs = _core.Spill(folder, table_bytes, max_pretokens)

    def make_room(self, table: engines.CountTable) -> None:
        """Spill the table if it has reached its share."""
        native = _native(table)
        if self.runs.is_full(native, 1):
            self.runs.write_run(native)

    def finish(
        self, table: engines.CountTable, progress: Progress | None
    ) -> _core.CountTable | _core.CountsFile:
        """Return the table if it is small and nothing was spilled, else the merged runs.

        A large one is left on the disk: whoever set the limit wants the memory for the training.
        """
        native = _native(table)
        if not self.runs.num_runs and not self.runs.is_full(native, 4):
            return native
        if len(native):
            self.runs.write_run(native)
        return _core.CountsFile(self.runs.merge_runs(progress), 0, 0)


class NativeCodec:
    """See `bpe.engines.Codec`."""

    def __init__(self, spec: TokenizerSpec) -> None:
        self._pattern = spec.pattern
        self._special_ids = spec.special_tokens
        self._special_texts = {id_: text for text, id_ in spec.special_tokens.items()}
        self._uses_regex = scanner_name(spec.pattern) is None
        self._max_id = spec.max_token_value
        tokens = spec.id_to_bytes
        # Merges that the tokens imply are found in C++.
        left, right, new_id, rank = (
            (None, None, None, None) if spec.has_implied_merges else spec.merges.columns
        )
        self._core = _core.Codec(
            scanner_name(spec.pattern),
            tokens.table if isinstance(tokens, RankedTokens) else list(tokens.items()),
            left,
            right,
            new_id,
            rank,
            [(text.encode(), id_) for text, id_ in spec.special_tokens.items()],
            spec.whole_pretoken_first,
        )

        # Those that are called for every short text are the C functions themselves.
        self.has_special = self._core.has_special
        self.decode_bytes = self._core.decode_bytes
        self.encode_unless_special: Callable[[Text], list[int] | None]
        self.encode_ordinary: Callable[[Text], list[int]]
        self.count_unless_special: Callable[[Text], int | None]
        if self._uses_regex:
            self.encode_unless_special = self._encode_by_regex_unless_special
            self.encode_ordinary = self._encode_by_regex
            self.count_unless_special = self._count_by_regex_unless_special
        else:
            self.encode_unless_special = self._core.encode_unless_special
            self.encode_ordinary = self._core.encode_ordinary
            self.count_unless_special = self._core.count_unless_special

    def encode(self, text: Text, allowed_special: frozenset[str]) -> list[int]:
        if self._uses_regex:
            return self._encode_by_regex(text, allowed_special)
        return self._core.encode(text, self._ids_of(allowed_special))

    def encode_to_numpy(
        self, text: Text, allowed_special: frozenset[str], dtype: str, num_threads: int = 1
    ) -> npt.NDArray[np.uint16 | np.uint32]:
        """Encode into an array of `dtype` ("uint16" or "uint32"), on several threads if wanted."""
        if self._uses_regex:
            import numpy

            return numpy.array(self._encode_by_regex(text, allowed_special), dtype=dtype)
        ids = self._ids_of(allowed_special)
        return self._core.encode_to_array(text, ids, dtype, num_threads)

    def count(self, text: Text, allowed_special: frozenset[str]) -> int:
        """Return how many ids `encode` would give, without making them."""
        if self._uses_regex:
            return len(self._encode_by_regex(text, allowed_special))
        return self._core.count(text, self._ids_of(allowed_special))

    def encode_batch(
        self, texts: Sequence[Text], allowed_special: frozenset[str], num_threads: int
    ) -> list[list[int]]:
        if self._uses_regex:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(num_threads) as pool:
                return list(
                    pool.map(lambda text: self._encode_by_regex(text, allowed_special), texts)
                )
        return self._core.encode_batch(texts, self._ids_of(allowed_special), num_threads)

    def encode_flat(
        self,
        texts: Sequence[Text],
        allowed_special: frozenset[str],
        num_threads: int,
        end: int | None = None,
    ) -> tuple[npt.NDArray[np.uint16 | np.uint32], npt.NDArray[np.int64]]:
        if self._uses_regex:
            lists = self.encode_batch(texts, allowed_special, num_threads)
            return engines.flatten(lists, self._max_id, end)
        return _core.encode_flat(self._core, texts, self._ids_of(allowed_special), num_threads, end)

    @property
    def encode_file(self) -> engines.EncodeFile | None:
        """None with a pattern that has no scanner."""
        return None if self._uses_regex else self._encode_file

    def _encode_file(
        self,
        path: Path,
        separator: str | None,
        allowed_special: frozenset[str],
        end: int | None,
        place: engines.PlaceInFile,
        num_threads: int,
        progress: Progress | None,
    ) -> tuple[int, int, int]:
        cut_at = (separator or "").encode()
        ids = self._ids_of(allowed_special)
        return _core.encode_file(self._core, path, cut_at, ids, end, place, num_threads, progress)

    def encode_with_dropout(
        self, data: bytes, allowed_special: frozenset[str], probability: float, seed: int
    ) -> list[int]:
        scanner = scanner_name(self._pattern)
        if scanner is not None:
            ids = self._ids_of(allowed_special)
            return _core.encode_with_dropout(self._core, data, ids, scanner, probability, seed)
        parts = [
            (split_by_regex(part, self._pattern), special)
            for part, special in cut_at_special_tokens(data, allowed_special)
        ]
        pretokens = [pretoken for part, _ in parts for pretoken in part]
        encoded = iter(
            _core.encode_pretokens_with_dropout(self._core, pretokens, probability, seed)
        )
        ids = []
        for part, special in parts:
            for _ in part:
                ids += next(encoded)
            if special is not None:
                ids.append(self._special_ids[special])
        return ids

    def freeze(self, pretokens: Sequence[bytes], content_hash: str) -> bytes:
        return _core.freeze_pretokens(self._core, pretokens, bytes.fromhex(content_hash))

    def use_frozen(self, image: bytes | mmap, content_hash: str) -> int:
        return _core.use_frozen_pretokens(self._core, image, bytes.fromhex(content_hash))

    def find_special(self, text: Text, special_tokens: frozenset[str]) -> tuple[int, str] | None:
        found = self._core.find_special(text, self._ids_of(special_tokens))
        return None if found is None else (found[0], self._special_texts[found[1]])

    def decode_bytes_batch(self, batch: Sequence[Sequence[int]], num_threads: int) -> list[bytes]:
        return self._core.decode_bytes_batch(batch, num_threads)

    def _ids_of(self, special_tokens: frozenset[str]) -> list[int]:
        return [self._special_ids[text] for text in special_tokens]

    def _encode_by_regex_unless_special(self, text: Text) -> list[int] | None:
        return None if self.has_special(text) else self._encode_by_regex(text)

    def _count_by_regex_unless_special(self, text: Text) -> int | None:
        return None if self.has_special(text) else len(self._encode_by_regex(text))

    def _encode_by_regex(
        self, text: Text, allowed_special: frozenset[str] = frozenset()
    ) -> list[int]:
        ids: list[int] = []
        for part, special in cut_at_special_tokens(to_bytes(text), allowed_special):
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
    spill: engines.Spill | None,
) -> None:
    total = sum(map(len, documents))
    done = 0
    for document in documents:
        for part, _ in cut_at_special_tokens(document, special_tokens):
            for pretoken in split_by_regex(part, pattern):
                table.add(pretoken, 1)
        done += len(document)
        if spill is not None:
            spill.make_room(table)
        if progress is not None:
            progress("counting", done, total)


def _native(table: engines.Counts) -> _core.CountTable:
    if isinstance(table, _core.CountTable):
        return table
    return _core.CountTable(table.items())


def _runs(spill: engines.Spill | None) -> _core.Spill | None:
    return spill.runs if isinstance(spill, NativeSpill) else None


engine = NativeEngine()
