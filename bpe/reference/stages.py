"""The five stages as one object: what `bpe.engines.get_engine("reference")` returns.

Nothing is defined here. `num_threads` is taken and ignored, since no result depends on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bpe import engines
from bpe.engines import OnMerges, Progress, TieBreak, flatten
from bpe.patterns import Pattern
from bpe.reference.count import CountTable, count_documents
from bpe.reference.counts_file import StoredCounts, write_body
from bpe.reference.decode import all_tokens, decode_bytes
from bpe.reference.dropout import encode_with_dropout
from bpe.reference.encode import Encoder
from bpe.reference.split import split
from bpe.reference.train import Rules, train
from bpe.spec import TokenizerSpec
from bpe.special_tokens import cut_at_special_tokens
from bpe.text import Text, to_bytes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class ReferenceEngine:
    """See `bpe.engines.Engine`."""

    name = "reference"

    def split(self, data: bytes, pattern: Pattern) -> list[bytes]:
        return split(data, pattern)

    def count_table(self, items: Iterable[tuple[bytes, int]] = ()) -> CountTable:
        return CountTable(items)

    def find_cut(
        self, data: bytes, pattern: Pattern, special_tokens: Sequence[str], near: int
    ) -> int:
        return len(data)

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
        count_documents(table, documents, pattern, special_tokens, progress)

    def counter(
        self, pattern: Pattern, special_tokens: Sequence[str], num_threads: int
    ) -> engines.Counter | None:
        return None

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
        count_documents(table, [Path(path).read_bytes()], pattern, special_tokens, progress)

    def spill(self, folder: str, table_bytes: int, num_threads: int) -> NoSpill:
        return NoSpill()

    def add_counts(
        self,
        table: engines.CountTable,
        other: engines.Counts,
        min_frequency: int,
        progress: Progress | None,
    ) -> None:
        assert isinstance(table, CountTable), "each engine fills its own tables"
        table.merge(other, min_frequency)

    def open_counts(self, path: str, body: int, crc_before: int) -> StoredCounts:
        return StoredCounts(path, body, crc_before)

    def save_counts(
        self,
        counts: engines.Counts,
        file: BinaryIO,
        name: str,
        crc_before: int,
        dropped: tuple[int, int],
        progress: Progress | None,
    ) -> None:
        for block in write_body(counts.items(), dropped, crc_before):
            file.write(block)

    def merge_counts(
        self,
        files: Sequence[engines.StoredCounts],
        min_frequency: int,
        file: BinaryIO,
        name: str,
        crc_before: int,
        progress: Progress | None,
    ) -> None:
        merged = CountTable()
        for each in files:
            self.add_counts(merged, each, 1, progress)
        kept = [item for item in merged.items() if item[1] >= min_frequency]
        pretokens = sum(each.dropped[0] for each in files) + len(merged) - len(kept)
        occurrences = sum(each.dropped[1] for each in files) + merged.total
        occurrences -= sum(count for _, count in kept)
        for block in write_body(kept, (pretokens, occurrences), crc_before):
            file.write(block)

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
    ) -> list[tuple[int, int]]:
        rules = Rules(
            tie_break, min_frequency, max_token_bytes, max_token_words, frozenset(forbidden_tokens)
        )
        return train(table.items(), num_merges, rules, initial_pairs, progress, on_merges)

    def codec(self, spec: TokenizerSpec) -> ReferenceCodec:
        return ReferenceCodec(spec)


class NoSpill:
    """See `bpe.engines.Spill`: the reference keeps everything in memory."""

    def make_room(self, table: engines.CountTable) -> None:
        pass

    def finish(self, table: engines.CountTable, progress: Progress | None) -> engines.CountTable:
        return table


class ReferenceCodec:
    """See `bpe.engines.Codec`."""

    def __init__(self, spec: TokenizerSpec) -> None:
        self._encoder = Encoder(spec)
        self._id_to_bytes = all_tokens(spec)
        self._special_tokens = frozenset(spec.special_tokens)

    def encode_unless_special(self, text: Text) -> list[int] | None:
        return None if self.has_special(text) else self.encode_ordinary(text)

    def has_special(self, text: Text) -> bool:
        return self.find_special(text, self._special_tokens) is not None

    def encode_ordinary(self, text: Text) -> list[int]:
        return self._encoder.encode_ordinary(to_bytes(text))

    def encode(self, text: Text, allowed_special: frozenset[str]) -> list[int]:
        return self._encoder.encode(to_bytes(text), allowed_special)

    def encode_to_numpy(
        self, text: Text, allowed_special: frozenset[str], dtype: str, num_threads: int = 1
    ) -> npt.NDArray[np.uint16 | np.uint32]:
        import numpy

        return numpy.array(self.encode(text, allowed_special), dtype=dtype)

    def count(self, text: Text, allowed_special: frozenset[str]) -> int:
        return len(self.encode(text, allowed_special))

    def count_unless_special(self, text: Text) -> int | None:
        ids = self.encode_unless_special(text)
        return None if ids is None else len(ids)

    def encode_batch(
        self, texts: Sequence[Text], allowed_special: frozenset[str], num_threads: int
    ) -> list[list[int]]:
        return [self.encode(text, allowed_special) for text in texts]

    def encode_flat(
        self,
        texts: Sequence[Text],
        allowed_special: frozenset[str],
        num_threads: int,
        end: int | None = None,
    ) -> tuple[npt.NDArray[np.uint16 | np.uint32], npt.NDArray[np.int64]]:
        return flatten(
            self.encode_batch(texts, allowed_special, num_threads), max(self._id_to_bytes), end
        )

    encode_file = None

    def encode_with_dropout(
        self, data: bytes, allowed_special: frozenset[str], probability: float, seed: int
    ) -> list[int]:
        return encode_with_dropout(self._encoder, data, allowed_special, probability, seed)

    def freeze(self, pretokens: Sequence[bytes], content_hash: str) -> bytes:
        raise NotImplementedError("the reference engine remembers no pretokens")

    def use_frozen(self, image: object, content_hash: str) -> int:
        raise NotImplementedError("the reference engine remembers no pretokens")

    def find_special(self, text: Text, special_tokens: frozenset[str]) -> tuple[int, str] | None:
        before, special = next(cut_at_special_tokens(to_bytes(text), special_tokens))
        return None if special is None else (len(before), special)

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        return decode_bytes(ids, self._id_to_bytes)

    def decode_bytes_batch(self, batch: Sequence[Sequence[int]], num_threads: int) -> list[bytes]:
        return [self.decode_bytes(ids) for ids in batch]
