"""Ranked tokens, packed: what a `.tiktoken` file holds, without a Python object for each token.

A published vocabulary has 200,000 tokens and 446,000 merges. Reading them, checking them and
finding the merges takes seconds in Python and some hundredths of a second in `csrc/vocab`, which
both engines use; `Merges.from_ranked_tokens` and `read_ranks` say slowly what is done there.
Python objects are made of what somebody looks at.
"""

from __future__ import annotations

from array import array
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from functools import cached_property
from typing import TYPE_CHECKING

from bpe.errors import BPEError

if TYPE_CHECKING:
    from bpe import _core


class RankedTokens(Mapping[int, bytes]):
    """Id to bytes, in the order of the ids; immutable and checked.

    All 256 single bytes are there, no two ids share their bytes, and every id fits.
    """

    def __init__(self, table: _core.TokenTable) -> None:
        self.table = table

    @classmethod
    def read(cls, lines: bytes) -> RankedTokens | None:
        """Read lines of `base64(token) id`.

        None says that something is not as it should be, or the ids do not ascend: then
        `bpe.formats.ranks.read_ranks` has the word.
        """
        from bpe import _core

        table = _core.read_ranked_tokens(lines)
        return None if table is None else cls(table)

    @classmethod
    def of(cls, token_to_rank: Mapping[bytes, int]) -> RankedTokens | None:
        """Pack tokens; None if they are no byte-level vocabulary."""
        from bpe import _core

        try:
            pairs = sorted((rank, token) for token, rank in token_to_rank.items())
            table = _core.TokenTable(pairs)
        except (BPEError, TypeError):
            return None  # the checks of the spec say why
        return cls(table) if table.can_be_ranked() else None

    def __getitem__(self, id_: int) -> bytes:
        token = self.table.bytes_of(id_) if isinstance(id_, int) and 0 <= id_ < 2**32 else None
        if token is None:
            raise KeyError(id_)
        return token

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __reversed__(self) -> Iterator[int]:
        return reversed(self._ids)

    def __repr__(self) -> str:
        return f"<{len(self)} ranked tokens>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RankedTokens):
            return self.columns == other.columns
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # as for every mapping

    @cached_property
    def as_dict(self) -> dict[int, bytes]:
        """The same with a Python object for each token, for whoever looks at all of them."""
        return dict(zip(self._ids, self.table.tokens(), strict=True))

    def keys(self) -> KeysView[int]:
        return self.as_dict.keys()

    def values(self) -> ValuesView[bytes]:
        return self.as_dict.values()

    def items(self) -> ItemsView[int, bytes]:
        return self.as_dict.items()

    @property
    def columns(self) -> tuple[array[int], array[int], bytes]:
        """The ids, the lengths of their tokens, and all tokens in a row."""
        lengths = array("I")
        lengths.frombytes(self.table.lengths())
        return self._ids, lengths, self.table.joined()

    @cached_property
    def _ids(self) -> array[int]:
        ids = array("I")
        ids.frombytes(self.table.ids())
        return ids

    def merge_columns(self) -> tuple[array[int], array[int], array[int], array[int]]:
        """Return left, right, new id and rank of the merges that these tokens mean."""
        left, right, new_id = array("I"), array("I"), array("I")
        for column, data in zip((left, right, new_id), self.table.ranked_merges(), strict=True):
            column.frombytes(data)
        return left, right, new_id, new_id[:]
