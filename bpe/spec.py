"""The narrow waist: what a tokenizer *is*, as plain data.

Formats make and eat a `TokenizerSpec`; engines are built from one. It knows no file and no engine.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple, cast, overload

from bpe.errors import VocabularyError
from bpe.patterns import Pattern
from bpe.ranked_tokens import RankedTokens
from bpe.unicode_version import UNICODE_VERSION

#: Ids are stored in 32 bits; the top bit stays free for engines.
MAX_ID = 2**31 - 1

_NO_ID = "a merge holds something that is not an id: {}"


class Merge(NamedTuple):
    """Two neighbouring tokens become one; the smallest rank goes first."""

    left: int
    right: int
    new_id: int
    rank: int


class Merges(Sequence[Merge]):
    """The merges of a tokenizer in rank order, held in four columns of 32-bit numbers.

    Rank (when a merge is tried) and id (what its token is called) are separate, and several merges
    may share one rank: that is how a list of ranked tokens (a `.tiktoken` file) reads, where any
    two neighbours whose bytes join to a token may merge.
    """

    __slots__ = ("left", "new_id", "rank", "right")

    def __init__(self, merges: Iterable[tuple[int, int, int, int]] = ()) -> None:
        columns = list(zip(*merges, strict=True)) or [(), (), (), ()]
        try:
            self.left, self.right, self.new_id, self.rank = (array("I", c) for c in columns)
        except (OverflowError, TypeError) as error:
            raise VocabularyError(_NO_ID.format(error)) from None

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[int, int]], first_id: int = 256) -> Merges:
        """Number the pairs: pair k has rank k and makes the token `first_id + k`.

        >>> Merges.from_pairs([(104, 105)])[0]
        Merge(left=104, right=105, new_id=256, rank=0)
        """
        pairs = list(pairs)
        merges = cls()
        try:
            merges.left = array("I", [left for left, _ in pairs])
            merges.right = array("I", [right for _, right in pairs])
        except (OverflowError, TypeError) as error:
            raise VocabularyError(_NO_ID.format(error)) from None
        merges.new_id = array("I", range(first_id, first_id + len(pairs)))
        merges.rank = array("I", range(len(pairs)))
        return merges

    @classmethod
    def from_ranked_tokens(cls, token_to_rank: Mapping[bytes, int]) -> Merges:
        """List every way to join two tokens into a third; the rank is that of the joined bytes.

        >>> list(Merges.from_ranked_tokens({b"a": 0, b"b": 1, b"ab": 2}))
        [Merge(left=0, right=1, new_id=2, rank=2)]
        """
        rank_of = token_to_rank.get
        left, right, new_id = array("I"), array("I"), array("I")
        # Only cuts into lengths that tokens have: one token of a megabyte is no trap then.
        lengths = sorted(set(map(len, token_to_rank)))
        for token, rank in sorted(token_to_rank.items(), key=lambda item: item[1]):
            for cut in lengths:
                if cut >= len(token):
                    break
                left_rank = rank_of(token[:cut])
                if left_rank is None:
                    continue
                right_rank = rank_of(token[cut:])
                if right_rank is not None:
                    left.append(left_rank)
                    right.append(right_rank)
                    new_id.append(rank)
        merges = cls()
        merges.left, merges.right, merges.new_id, merges.rank = left, right, new_id, new_id[:]
        return merges

    @overload
    def __getitem__(self, index: int) -> Merge: ...
    @overload
    def __getitem__(self, index: slice) -> list[Merge]: ...
    def __getitem__(self, index: int | slice) -> Merge | list[Merge]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return Merge(self.left[index], self.right[index], self.new_id[index], self.rank[index])

    def __len__(self) -> int:
        return len(self.left)

    def __iter__(self) -> Iterator[Merge]:
        return map(Merge._make, zip(self.left, self.right, self.new_id, self.rank, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Merges) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(tuple(column.tobytes() for column in self.columns))

    def __repr__(self) -> str:
        return f"<{len(self)} merges>"

    @property
    def columns(self) -> tuple[array[int], array[int], array[int], array[int]]:
        """The columns left, right, new_id and rank."""
        return self.left, self.right, self.new_id, self.rank


class RankedMerges(Merges):
    """The merges that ranked tokens mean; found when somebody looks at them."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: RankedTokens) -> None:
        self.tokens = tokens

    def __getattr__(self, name: str) -> array[int]:  # of a column that is not there yet
        if name not in Merges.__slots__:
            raise AttributeError(name)
        self.left, self.right, self.new_id, self.rank = self.tokens.merge_columns()
        column: array[int] = getattr(self, name)
        return column

    def __reduce__(self) -> tuple[type[Merges], tuple[list[tuple[int, ...]]]]:
        return Merges, (list(map(tuple, self)),)


@dataclass(frozen=True)
class TokenizerSpec:
    """Everything that decides what a tokenizer does, checked when built and then immutable.

    Attributes:
        pattern: How text is split into pretokens.
        id_to_bytes: The ordinary tokens: id to bytes, in the order of the ids. All 256 single bytes
            are there, no two ids share their bytes, and ids may have gaps.
        merges: The merges in rank order.
        special_tokens: Text to id; never made by merging.
        whole_pretoken_first: Whether a pretoken that is itself a token becomes that token before
            any merge is tried (what tiktoken does, and Hugging Face with `ignore_merges`).
        name: What to call it; not part of its identity.

    Raises:
        VocabularyError: Something contradicts itself; the message names the id or the merge.
    """

    pattern: Pattern
    id_to_bytes: Mapping[int, bytes]
    merges: Merges
    special_tokens: Mapping[str, int] = field(default_factory=dict)
    whole_pretoken_first: bool = False
    name: str = field(default="bpe", compare=False)

    def __post_init__(self) -> None:
        specials = dict(sorted(self.special_tokens.items(), key=lambda item: item[1]))
        object.__setattr__(self, "special_tokens", MappingProxyType(specials))
        if not isinstance(self.id_to_bytes, RankedTokens):
            ordered = dict(sorted(self.id_to_bytes.items()))
            object.__setattr__(self, "id_to_bytes", MappingProxyType(ordered))
            _check_tokens(ordered)
            _check_merges(self.merges, ordered)
        elif not self.has_implied_merges:
            _check_merges(self.merges, self.id_to_bytes.as_dict)
        _check_special_tokens(specials, self.id_to_bytes)

    @classmethod
    def from_pairs(
        cls,
        pattern: Pattern,
        pairs: Sequence[tuple[int, int]],
        special_tokens: Iterable[str] = (),
        *,
        name: str = "bpe",
    ) -> TokenizerSpec:
        """Build the spec of a trained tokenizer: bytes 0 to 255, then the merges, then specials.

        >>> spec = TokenizerSpec.from_pairs(Pattern.of("gpt2"), [(104, 105)], ["<|end|>"])
        >>> spec.id_to_bytes[256], spec.special_tokens["<|end|>"], spec.n_vocab
        (b'hi', 257, 258)
        """
        merges = Merges.from_pairs(pairs)
        tokens = _tokens_of_pairs(merges)
        # What `__post_init__` checks holds by construction, but for tokens that are made twice and
        # for the special tokens. A training ends here, so this is worth its lines.
        spec = object.__new__(cls)
        specials = {text: len(tokens) + i for i, text in enumerate(special_tokens)}
        for attribute, value in (
            ("pattern", pattern),
            ("id_to_bytes", MappingProxyType(dict(enumerate(tokens)))),
            ("merges", merges),
            ("special_tokens", MappingProxyType(specials)),
            ("whole_pretoken_first", False),
            ("name", name),
        ):
            object.__setattr__(spec, attribute, value)
        _check_no_token_twice(spec.id_to_bytes)
        _check_special_tokens(specials, spec.id_to_bytes)
        return spec

    @classmethod
    def from_ranked_tokens(
        cls,
        pattern: Pattern,
        token_to_rank: Mapping[bytes, int] | RankedTokens,
        special_tokens: Mapping[str, int] = MappingProxyType({}),
        *,
        name: str = "bpe",
    ) -> TokenizerSpec:
        """Build the spec that a `.tiktoken` file means: the rank is the id and the priority.

        >>> ranks = {bytes([b]): b for b in range(256)} | {b"hi": 256}
        >>> TokenizerSpec.from_ranked_tokens(Pattern.of("gpt2"), ranks).merges[0].new_id
        256
        """
        id_to_bytes, merges = unpack_ranked(token_to_rank)
        return cls(
            pattern=pattern,
            id_to_bytes=id_to_bytes,
            merges=merges,
            special_tokens=special_tokens,
            whole_pretoken_first=True,
            name=name,
        )

    def __hash__(self) -> int:
        return int(self.content_hash[:16], 16)

    def __reduce__(self) -> tuple[Callable[..., TokenizerSpec], tuple[object, ...]]:
        # Mapping proxies do not pickle; the constructor checks whatever comes back.
        if self.has_implied_merges and self.whole_pretoken_first:
            ranks = {token: id_ for id_, token in self.id_to_bytes.items()}
            return _rebuild_ranked, (self.pattern, ranks, dict(self.special_tokens), self.name)
        return TokenizerSpec, (
            self.pattern,
            dict(self.id_to_bytes),
            self.merges,
            dict(self.special_tokens),
            self.whole_pretoken_first,
            self.name,
        )

    @cached_property
    def byte_ids(self) -> tuple[int, ...]:
        """The byte alphabet: the id of each of the 256 single bytes."""
        id_of = {token: id_ for id_, token in self.id_to_bytes.items() if len(token) == 1}
        return tuple(id_of[bytes([byte])] for byte in range(256))

    @cached_property
    def is_ranked(self) -> bool:
        """Whether this is what a `.tiktoken` file means (see `from_ranked_tokens`)."""
        if self.has_implied_merges:
            return self.whole_pretoken_first
        ranks = {token: id_ for id_, token in self.id_to_bytes.items()}
        return self.whole_pretoken_first and self.merges == Merges.from_ranked_tokens(ranks)

    @property
    def has_implied_merges(self) -> bool:
        """Whether the merges are known to be those that the packed tokens imply."""
        return isinstance(self.merges, RankedMerges) and self.merges.tokens is self.id_to_bytes

    @property
    def max_token_value(self) -> int:
        """The largest id."""
        ordered = cast(dict[int, bytes], self.id_to_bytes)
        return max([next(reversed(ordered)), *self.special_tokens.values()])

    @property
    def n_vocab(self) -> int:
        """The largest id plus one: the number of rows that an embedding table needs."""
        return self.max_token_value + 1

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over everything that decides ids; equal hashes mean equal tokenizers."""
        digest = hashlib.sha256(b"chimera-bpe spec 1\n")

        def put(*parts: bytes) -> None:
            for part in parts:
                digest.update(len(part).to_bytes(8, "little") + part)

        put(UNICODE_VERSION.encode(), bytes([self.whole_pretoken_first]))
        put(b"pattern", *(stage.encode() for stage in self.pattern.stages))
        put(b"tokens", *_token_columns(self.id_to_bytes))
        put(b"merges", *map(_column, self.merges.columns))
        put(b"special tokens")
        for text, id_ in self.special_tokens.items():
            put(id_.to_bytes(4, "little"), text.encode())
        return digest.hexdigest()


def unpack_ranked(
    token_to_rank: Mapping[bytes, int] | RankedTokens,
) -> tuple[Mapping[int, bytes], Merges]:
    """Return id to bytes and the merges of ranked tokens, packed if they are in order."""
    packed: RankedTokens | None
    if isinstance(token_to_rank, RankedTokens):
        packed = token_to_rank
    else:
        packed = RankedTokens.of(token_to_rank)
        if packed is None:  # whoever gets this finds out what is wrong with it
            id_to_bytes = {rank: token for token, rank in token_to_rank.items()}
            return id_to_bytes, Merges.from_ranked_tokens(token_to_rank)
    return packed, RankedMerges(packed)


def _rebuild_ranked(
    pattern: Pattern, token_to_rank: dict[bytes, int], special_tokens: dict[str, int], name: str
) -> TokenizerSpec:
    return TokenizerSpec.from_ranked_tokens(pattern, token_to_rank, special_tokens, name=name)


def _token_columns(id_to_bytes: Mapping[int, bytes]) -> tuple[bytes, bytes, bytes]:
    """Return the ids, the lengths of their tokens, and all tokens in a row."""
    if isinstance(id_to_bytes, RankedTokens):
        ids, lengths, joined = id_to_bytes.columns
        return _column(ids), _column(lengths), joined
    tokens = id_to_bytes.values()
    return _column(id_to_bytes), _column(map(len, tokens)), b"".join(tokens)


def _column(numbers: Iterable[int]) -> bytes:
    """Return the numbers as little-endian 32-bit values."""
    column = array("I", numbers)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _tokens_of_pairs(merges: Merges) -> list[bytes]:
    """Return the tokens of merges numbered from 256: the single bytes, then one for each merge."""
    tokens = [bytes([byte]) for byte in range(256)]
    append = tokens.append
    try:
        for left, right in zip(merges.left, merges.right, strict=True):
            append(tokens[left] + tokens[right])
    except IndexError:
        raise VocabularyError(
            f"merge {len(tokens) - 256} joins {left} and {right}, "
            f"and there are {len(tokens)} tokens before it"
        ) from None
    return tokens


def _check_tokens(id_to_bytes: Mapping[int, bytes]) -> None:
    for id_, token in id_to_bytes.items():
        if not isinstance(id_, int) or not 0 <= id_ <= MAX_ID:
            raise VocabularyError(f"id {id_!r} of token {token!r} is not in 0..{MAX_ID}")
        if not isinstance(token, bytes) or not token:
            raise VocabularyError(f"token {token!r} of id {id_} is not a non-empty bytes object")
    _check_no_token_twice(id_to_bytes)
    single = {token for token in id_to_bytes.values() if len(token) == 1}
    missing = [byte for byte in range(256) if bytes([byte]) not in single]
    if missing:
        raise VocabularyError(
            f"the single bytes {missing[:8]}{'...' if len(missing) > 8 else ''} are not tokens; "
            "a byte-level vocabulary has all 256, or some text could not be encoded"
        )


def _check_no_token_twice(id_to_bytes: Mapping[int, bytes]) -> None:
    if len(set(id_to_bytes.values())) != len(id_to_bytes):
        seen: dict[bytes, int] = {}
        for id_, token in id_to_bytes.items():
            if seen.setdefault(token, id_) != id_:
                raise VocabularyError(f"ids {seen[token]} and {id_} are both {token!r}")


def _check_merges(merges: Merges, id_to_bytes: Mapping[int, bytes]) -> None:
    try:
        for left, right, new_id in zip(merges.left, merges.right, merges.new_id, strict=True):
            if id_to_bytes[left] + id_to_bytes[right] != id_to_bytes[new_id]:
                raise VocabularyError(
                    f"the merge of {id_to_bytes[left]!r} and {id_to_bytes[right]!r} is said to "
                    f"make id {new_id}, which is {id_to_bytes[new_id]!r}"
                )
    except KeyError as error:
        raise VocabularyError(f"a merge names id {error.args[0]}, which is no token") from None
    if any(before > after for before, after in pairwise(merges.rank)):
        raise VocabularyError("the merges are not in rank order")


def _check_special_tokens(
    special_tokens: Mapping[str, int], id_to_bytes: Mapping[int, bytes]
) -> None:
    owner: dict[int, str] = {}
    for text, id_ in special_tokens.items():
        if not isinstance(text, str) or not text:
            raise VocabularyError(f"a special token must be a non-empty str, not {text!r}")
        if not isinstance(id_, int) or not 0 <= id_ <= MAX_ID:
            raise VocabularyError(f"id {id_!r} of special token {text!r} is not in 0..{MAX_ID}")
        if id_ in id_to_bytes:
            raise VocabularyError(
                f"special token {text!r} has id {id_}, which is that of {id_to_bytes[id_]!r}"
            )
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise VocabularyError(f"special token {text!r} holds a lone surrogate")
        if id_ in owner:
            raise VocabularyError(f"special tokens {owner[id_]!r} and {text!r} share id {id_}")
        owner[id_] = text
