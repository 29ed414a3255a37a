"""The tokenizer: one vocabulary, ready to encode and decode.

Names and semantics are those of `tiktoken.Encoding`, so code written against one runs on the other.
Two differences, both on purpose: text may be `bytes` too, and lone surrogates are repaired by every
method, not by some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from bpe.encoding.arrow_texts import is_column, texts_of_column
from bpe.encoding.corpus_methods import CorpusMethods
from bpe.encoding.frozen import FrozenMethods
from bpe.encoding.text_methods import TextMethods
from bpe.engines import Codec, EngineName, get_engine
from bpe.errors import DecodeError, EncodeError
from bpe.interop import Interop
from bpe.spec import TokenizerSpec
from bpe.special_check import SpecialCheck
from bpe.special_tokens import SpecialPolicy, SpecialTokens
from bpe.text import Text, to_bytes
from bpe.threads import resolve_num_threads

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# The defaults, by identity: a short text takes as long as looking closer would.
_NOTHING: frozenset[str] = frozenset()
_ALL: Literal["all"] = "all"

END_OF_TEXT = "<|endoftext|>"


class Tokenizer(TextMethods, CorpusMethods, FrozenMethods, Interop):
    """Encode text to ids and back.

    Immutable, so one object may serve any number of threads; pickles and copies by its spec.

    >>> import bpe
    >>> tokenizer = bpe.train(["low lower lowest"] * 9, vocab_size=265, num_threads=1)
    >>> tokenizer.decode(tokenizer.encode("lower"))
    'lower'
    """

    def __init__(self, spec: TokenizerSpec, *, engine: EngineName = "native") -> None:
        """Make a tokenizer from its spec.

        Args:
            spec: What the tokenizer is.
            engine: "native" (C++) or "reference" (pure Python); both give the same ids.
        """
        self._spec = spec
        self._engine: EngineName = engine
        self._registered_name: str | None = None

    @cached_property
    def _codec(self) -> Codec:
        """The engine's tables, made when they are first needed."""
        return get_engine(self._engine).codec(self._spec)

    def _ready(self) -> Self:
        """Make the tables now: who loads a vocabulary wants to encode."""
        _ = self._codec
        return self

    @cached_property
    def _special(self) -> SpecialCheck:
        codec = self._codec
        return SpecialCheck(
            frozenset(self._spec.special_tokens), codec.find_special, codec.has_special
        )

    # ---- what it is --------------------------------------------------------------------------

    @property
    def spec(self) -> TokenizerSpec:
        """The plain data this tokenizer was built from."""
        return self._spec

    @property
    def engine(self) -> EngineName:
        """The engine that does the work."""
        return self._engine

    @property
    def name(self) -> str:
        """What it is called."""
        return self._spec.name

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything that decides ids: equal hashes mean equal tokenizers."""
        return self._spec.content_hash

    @cached_property
    def max_token_value(self) -> int:
        """The largest id."""
        return self._spec.max_token_value

    @property
    def n_vocab(self) -> int:
        """The largest id plus one: the rows an embedding table needs."""
        return self.max_token_value + 1

    @property
    def eot_token(self) -> int:
        """The id of `<|endoftext|>`.

        Raises:
            EncodeError: The vocabulary has no such special token.
        """
        try:
            return self._spec.special_tokens[END_OF_TEXT]
        except KeyError:
            raise EncodeError(f"this vocabulary has no special token {END_OF_TEXT!r}") from None

    @property
    def special_tokens_set(self) -> set[str]:
        """The texts of the special tokens."""
        return set(self._spec.special_tokens)

    def is_special_token(self, token: int) -> bool:
        """Return whether the id is that of a special token."""
        return token in self._special_id_to_bytes

    def token_byte_values(self) -> list[bytes]:
        """Return the bytes of all ordinary tokens, sorted."""
        return sorted(self._spec.id_to_bytes.values())

    def __len__(self) -> int:
        """Return the number of tokens, special ones included; ids may have gaps (see n_vocab)."""
        return len(self._spec.id_to_bytes) + len(self._spec.special_tokens)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self.content_hash == other.content_hash

    def __hash__(self) -> int:
        return hash(self.content_hash)

    def __repr__(self) -> str:
        return f"<Tokenizer {self.name!r}: {len(self)} tokens, {self._engine} engine>"

    def __reduce__(self) -> tuple[Callable[..., Tokenizer], tuple[Any, ...]]:
        if self._registered_name is not None:
            from bpe.registry import get_encoding

            return get_encoding, (self._registered_name, self._engine)
        return _rebuild, (self._spec, self._engine)

    # ---- encode ------------------------------------------------------------------------------

    def encode(
        self,
        text: Text,
        *,
        allowed_special: SpecialTokens = _NOTHING,
        disallowed_special: SpecialTokens = _ALL,
        special: SpecialPolicy | None = None,
    ) -> list[int]:
        """Encode text to ids.

        Text that looks like a special token is refused by default, because whoever wrote the text
        could otherwise steer a model with it. `allowed_special` turns the named ones into their
        ids; `disallowed_special=()` encodes them as ordinary text.

        Args:
            text: Any str, or bytes (valid UTF-8 or not).
            allowed_special: "all", or texts of special tokens.
            disallowed_special: "all" (those not allowed), or texts; finding one is an error.
            special: One word in place of these two: "raise" (any special token is an error),
                "text" (all are ordinary text), "all" or texts (these become ids, others are
                errors).

        Raises:
            SpecialTokenError: The text contains a disallowed one, an allowed one is unknown, or
                `special` is given beside the other two.

        Time is O(n log n) in the longest pretoken and linear in everything else.
        """
        if allowed_special is _NOTHING and disallowed_special is _ALL and special is None:
            ids = self._codec.encode_unless_special(text)
            if ids is not None:
                return ids
        allowed = self._check_special(text, allowed_special, disallowed_special, special)
        return self._codec.encode(text, allowed) if allowed else self._codec.encode_ordinary(text)

    def encode_ordinary(self, text: Text) -> list[int]:
        """Encode text to ids; special tokens are ordinary text."""
        return self._codec.encode_ordinary(text)

    def encode_to_numpy(
        self,
        text: Text,
        *,
        allowed_special: SpecialTokens = _NOTHING,
        disallowed_special: SpecialTokens = _ALL,
        special: SpecialPolicy | None = None,
        num_threads: int | None = 1,
    ) -> npt.NDArray[np.uint16 | np.uint32]:
        """Encode like `encode`, to an array of shape (number of ids,).

        The dtype is `id_dtype`: uint16 if every id of the vocabulary fits, else uint32.

        Args:
            text: Any.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            special: As in `encode`.
            num_threads: Threads that share the one text, cut where that changes no id; None for
                all CPUs. A pattern without a scanner of its own has one.

        Raises:
            SpecialTokenError: As `encode`.
            ValueError: The number of threads is none.
        """
        threads = resolve_num_threads(num_threads)
        allowed = self._check_special(text, allowed_special, disallowed_special, special)
        return self._codec.encode_to_numpy(text, allowed, self.id_dtype, threads)

    @cached_property
    def id_dtype(self) -> str:
        """The smallest of "uint16" and "uint32" that holds every id."""
        return "uint16" if self.max_token_value < 2**16 else "uint32"

    def count(
        self,
        text: Text,
        *,
        limit: int | None = None,
        allowed_special: SpecialTokens = _NOTHING,
        disallowed_special: SpecialTokens = _ALL,
        special: SpecialPolicy | None = None,
    ) -> int:
        """Return `len(encode(...))` without making the list.

        Args:
            text: Any.
            limit: Stop as soon as there are more ids than this; `limit` + 1 says so. Time is then
                that of the ids up to the limit, and of what safe cuts add.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            special: As in `encode`.
        """
        is_default = allowed_special is _NOTHING and disallowed_special is _ALL and special is None
        if is_default and limit is None:
            count = self._codec.count_unless_special(text)
            if count is not None:
                return count
        allowed = self._check_special(text, allowed_special, disallowed_special, special)
        if limit is None:
            return self._codec.count(text, allowed)
        from bpe.encoding.limits import check_limit, count_up_to

        check_limit("limit", limit)
        return count_up_to(self._codec, self._cutter(allowed), to_bytes(text), allowed, limit)

    def encode_batch(
        self,
        texts: Iterable[Text],
        *,
        num_threads: int | None = None,
        allowed_special: SpecialTokens = _NOTHING,
        disallowed_special: SpecialTokens = _ALL,
        special: SpecialPolicy | None = None,
    ) -> list[list[int]]:
        """Encode several texts like `encode`, in parallel; the order is kept.

        Args:
            texts: Any texts, or one column of them: what speaks the Arrow C data interface (arrays
                of pyarrow, series of polars) is read from the buffers it has.
            num_threads: None for all CPUs.
            allowed_special: As in `encode`.
            disallowed_special: As in `encode`.
            special: As in `encode`.

        Raises:
            SpecialTokenError: As `encode`; the message names the text by its index.
            TypeError: One is no text, or a row of a column is null.
        """
        documents = documents_of_batch(texts)
        allowed, disallowed = self._special.resolve(allowed_special, disallowed_special, special)
        self._special.refuse_in_batch(documents, disallowed)
        return self._codec.encode_batch(documents, allowed, resolve_num_threads(num_threads))

    def encode_ordinary_batch(
        self, texts: Iterable[Text], *, num_threads: int | None = None
    ) -> list[list[int]]:
        """Encode several texts like `encode_ordinary`, in parallel; the order is kept."""
        return self._codec.encode_batch(
            documents_of_batch(texts), frozenset(), resolve_num_threads(num_threads)
        )

    def encode_single_token(self, text_or_bytes: str | bytes) -> int:
        """Return the id of one token, special tokens included.

        Raises:
            EncodeError: There is no such token (a KeyError).
        """
        token = to_bytes(text_or_bytes)
        id_ = self._bytes_to_id.get(token)
        if id_ is None:
            raise EncodeError(f"{text_or_bytes!r} is not one token of this vocabulary")
        return id_

    # ---- decode ------------------------------------------------------------------------------

    def decode(self, tokens: Sequence[int], errors: str = "replace") -> str:
        """Decode ids to text.

        Ids may cut a character in two, so the bytes need not be valid UTF-8: `errors` says what
        happens then, as in `bytes.decode` ("replace" gives U+FFFD, "strict" raises).

        Raises:
            DecodeError: An id is not in the vocabulary (a KeyError); the message names its index.
        """
        return self.decode_bytes(tokens).decode("utf-8", errors=errors)

    def decode_bytes(self, tokens: Sequence[int]) -> bytes:
        """Decode ids to bytes: always exactly what was encoded."""
        return self._codec.decode_bytes(tokens)

    def decode_single_token_bytes(self, token: int) -> bytes:
        """Return the bytes of one id, special tokens included.

        Raises:
            DecodeError: There is no such id (a KeyError).
        """
        if isinstance(token, bool) or not hasattr(token, "__index__"):
            raise TypeError(f"an id must be an integer, not {type(token).__name__}")
        id_ = token.__index__()
        found = self._spec.id_to_bytes.get(id_) or self._special_id_to_bytes.get(id_)
        if found is None:
            raise DecodeError(f"id {id_} is not in the vocabulary, whose ids end at {self.n_vocab}")
        return found

    def decode_tokens_bytes(self, tokens: Iterable[int]) -> list[bytes]:
        """Return the bytes of each id."""
        return [self.decode_single_token_bytes(token) for token in tokens]

    def decode_batch(
        self,
        batch: Sequence[Sequence[int]],
        *,
        errors: str = "replace",
        num_threads: int | None = None,
    ) -> list[str]:
        """Decode several sequences of ids to texts; the order is kept."""
        return [
            data.decode("utf-8", errors=errors)
            for data in self.decode_bytes_batch(batch, num_threads=num_threads)
        ]

    def decode_bytes_batch(
        self, batch: Sequence[Sequence[int]], *, num_threads: int | None = None
    ) -> list[bytes]:
        """Decode several sequences of ids to bytes; the order is kept."""
        return self._codec.decode_bytes_batch(batch, resolve_num_threads(num_threads))

    # ---- other tokenizers --------------------------------------------------------------------

    def resize(self, vocab_size: int) -> Tokenizer:
        """Return the tokenizer that training to a smaller size would have given.

        A prefix of the merges is a tokenizer too. `vocab_size` counts everything, as in `train`;
        special tokens keep their order and follow the merges.

        Raises:
            VocabularyError: The vocabulary has no such prefix (gaps between ids), or is smaller.
        """
        from bpe.resizing import resized

        return Tokenizer(resized(self._spec, vocab_size), engine=self._engine)

    # ---- helpers -----------------------------------------------------------------------------

    @cached_property
    def _special_id_to_bytes(self) -> dict[int, bytes]:
        return {id_: text.encode() for text, id_ in self._spec.special_tokens.items()}

    @cached_property
    def _bytes_to_id(self) -> dict[bytes, int]:
        specials = {token: id_ for id_, token in self._special_id_to_bytes.items()}
        return specials | {token: id_ for id_, token in self._spec.id_to_bytes.items()}

    def _check_special(
        self,
        text: Text,
        allowed_special: SpecialTokens,
        disallowed_special: SpecialTokens,
        special: SpecialPolicy | None = None,
    ) -> frozenset[str]:
        """Return the allowed special tokens; raise if a disallowed one is in the text."""
        is_default = allowed_special is _NOTHING and disallowed_special is _ALL
        if is_default and special is None and not self._codec.has_special(text):
            return _NOTHING
        allowed, disallowed = self._special.resolve(allowed_special, disallowed_special, special)
        self._special.refuse(text, disallowed)
        return allowed


def _rebuild(spec: TokenizerSpec, engine: EngineName) -> Tokenizer:
    return Tokenizer(spec, engine=engine)


def documents_of_batch(texts: Iterable[Text]) -> Sequence[Text]:
    """Return several texts, each str or bytes, or a column of Arrow; refuse a single one."""
    if isinstance(texts, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"a batch must be several texts, not one {type(texts).__name__}")
    if not isinstance(texts, (list, tuple)) and is_column(texts):
        return texts_of_column(texts)
    documents = list(texts)
    for index, text in enumerate(documents):
        if not isinstance(text, (str, bytes)):
            documents[index] = to_bytes(text, f"text {index}")  # or it says which is no text
    return documents
