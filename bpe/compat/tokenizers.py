"""`tokenizers.Tokenizer` and its `Encoding`, over our engine.

For code that loads a tokenizer and encodes: special tokens are always recognised in text (unless
`encode_special_tokens` is set), decoding leaves them out, results have ids, tokens and offsets.
Nothing is added around a text, as there with `add_special_tokens=False`. What trains or takes a
tokenizer apart is not here; asking for it is an AttributeError.
Reference: tokenizers 0.23.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from bpe.compat.encodings import Encoding
from bpe.files import write_bytes
from bpe.formats import strict_json
from bpe.formats.byte_alphabet import to_characters
from bpe.formats.huggingface import from_json, to_json
from bpe.text import to_bytes
from bpe.tokenizer import Tokenizer as _Tokenizer

__all__ = ["Encoding", "Tokenizer"]

Direction = Literal["left", "right"]


class Tokenizer:
    """A tokenizer with the names and defaults of `tokenizers.Tokenizer`.

    >>> import bpe
    >>> trained = bpe.train(["low lower lowest"] * 9, 265, pattern="gpt2", num_threads=1)
    >>> tokenizer = Tokenizer(trained)
    >>> encoding = tokenizer.encode("low lower")
    >>> encoding.tokens, encoding.offsets
    (['low', 'Ġlower'], [(0, 3), (3, 9)])
    """

    def __init__(self, tokenizer: _Tokenizer) -> None:
        """Make the drop-in for a tokenizer; both share one engine."""
        if not isinstance(tokenizer, _Tokenizer):
            raise TypeError(
                f"this drop-in is made from a bpe.Tokenizer, not from a {type(tokenizer).__name__}"
            )
        self._tokenizer = tokenizer
        self._padding: dict[str, Any] | None = None
        self._truncation: dict[str, Any] | None = None
        #: Whether special tokens in a text are encoded like any other text.
        self.encode_special_tokens = False

    # ---- load and save -----------------------------------------------------------------------

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Tokenizer:
        """Read a `tokenizer.json`, or a vocabulary in any other format.

        Raises:
            FormatError: It does something that is not supported; the message names it.
        """
        return cls(_Tokenizer.load(path))

    @classmethod
    def from_str(cls, json: str) -> Tokenizer:
        """Read the text of a `tokenizer.json`."""
        return cls(_Tokenizer(from_json(strict_json.parse(json, "the text"), "the text")))

    @classmethod
    def from_buffer(cls, buffer: bytes) -> Tokenizer:
        """Read the bytes of a `tokenizer.json`."""
        return cls(_Tokenizer(from_json(strict_json.parse(buffer, "the buffer"), "the buffer")))

    def to_str(self, pretty: bool = False) -> str:
        """Return the text of a `tokenizer.json`."""
        text = to_json(self._tokenizer.spec)
        if not pretty:
            return text
        import json

        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)

    def save(self, path: str | PathLike[str], pretty: bool = True) -> None:
        """Write a `tokenizer.json`; what is there is replaced."""
        write_bytes(Path(path), self.to_str(pretty).encode(), overwrite=True)

    def __repr__(self) -> str:
        return f"<Tokenizer {self._tokenizer.name!r} in the clothes of tokenizers>"

    def __reduce__(self) -> tuple[Any, ...]:
        state = (self._padding, self._truncation, self.encode_special_tokens)
        return _rebuild, (self._tokenizer, *state)

    # ---- encode and decode -------------------------------------------------------------------

    def encode(
        self,
        sequence: str,
        pair: str | None = None,
        is_pretokenized: bool = False,
        add_special_tokens: bool = True,
    ) -> Encoding:
        """Encode a text.

        Raises:
            ValueError: A pair, or text that is already split: a byte-level tokenizer has no rule
                for either.
        """
        return self.encode_batch(
            [sequence if pair is None else (sequence, pair)], is_pretokenized, add_special_tokens
        )[0]

    def encode_batch(
        self,
        input: Iterable[Any],
        is_pretokenized: bool = False,
        add_special_tokens: bool = True,
    ) -> list[Encoding]:
        """Encode several texts, in parallel; padded to the longest if padding is on."""
        texts = []
        for text in input:
            if is_pretokenized or not isinstance(text, str):
                raise ValueError(
                    f"only plain texts are encoded here, not {type(text).__name__}: pairs and "
                    "texts that are already split are not supported"
                )
            texts.append(to_bytes(text).decode())  # surrogates repaired, as everywhere
        allowed: Any = () if self.encode_special_tokens else "all"
        batch = self._tokenizer.encode_batch(texts, allowed_special=allowed, disallowed_special=())
        encodings = [self._encoding(text, ids) for text, ids in zip(texts, batch, strict=True)]
        if self._truncation is not None:
            for encoding in encodings:
                encoding.truncate(
                    self._truncation["max_length"], direction=self._truncation["direction"]
                )
        if self._padding is not None:
            self._pad(encodings)
        return encodings

    encode_batch_fast = encode_batch

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """Decode ids; special tokens are left out, and so are ids that are none."""
        id_to_bytes = self._tokenizer.spec.id_to_bytes
        special = () if skip_special_tokens else self._special_ids
        kept = [id_ for id_ in ids if id_ in id_to_bytes or id_ in special]
        return self._tokenizer.decode(kept)

    def decode_batch(
        self, sequences: Iterable[Sequence[int]], skip_special_tokens: bool = True
    ) -> list[str]:
        """Decode several sequences of ids."""
        return [self.decode(ids, skip_special_tokens) for ids in sequences]

    # ---- the vocabulary ----------------------------------------------------------------------

    def token_to_id(self, token: str) -> int | None:
        """Return the id of a token as it is written in a `tokenizer.json`, or None."""
        return self._token_to_id.get(token)

    def id_to_token(self, id: int) -> str | None:
        """Return how the token of an id is written, or None."""
        return self._id_to_token.get(id)

    def get_vocab(self, with_added_tokens: bool = True) -> dict[str, int]:
        """Return written token to id; without added tokens, those that are no special tokens."""
        if with_added_tokens:
            return dict(self._token_to_id)
        return {
            to_characters(token): id_ for id_, token in self._tokenizer.spec.id_to_bytes.items()
        }

    def get_vocab_size(self, with_added_tokens: bool = True) -> int:
        """Return the number of tokens."""
        spec = self._tokenizer.spec
        return len(spec.id_to_bytes) + with_added_tokens * len(spec.special_tokens)

    def num_special_tokens_to_add(self, is_pair: bool) -> int:
        """Return 0: nothing is added around a text."""
        return 0

    # ---- padding and truncation --------------------------------------------------------------

    def enable_padding(
        self,
        direction: Direction = "right",
        pad_id: int = 0,
        pad_type_id: int = 0,
        pad_token: str = "[PAD]",
        length: int | None = None,
        pad_to_multiple_of: int | None = None,
    ) -> None:
        """Pad from now on: to `length`, else to the longest of a batch."""
        self._padding = {
            "length": length,
            "pad_to_multiple_of": pad_to_multiple_of,
            "pad_id": pad_id,
            "pad_token": pad_token,
            "pad_type_id": pad_type_id,
            "direction": direction,
        }

    def no_padding(self) -> None:
        """Pad no longer."""
        self._padding = None

    @property
    def padding(self) -> dict[str, Any] | None:
        """How texts are padded, or None."""
        return self._padding

    def enable_truncation(
        self,
        max_length: int,
        stride: int = 0,
        strategy: str = "longest_first",
        direction: Direction = "right",
    ) -> None:
        """Cut longer encodings from now on.

        Raises:
            ValueError: A stride: the pieces that are cut off are not kept here.
        """
        if stride:
            raise ValueError("a stride is not supported: what is cut off is not kept")
        self._truncation = {
            "max_length": max_length,
            "stride": stride,
            "strategy": strategy,
            "direction": direction,
        }

    def no_truncation(self) -> None:
        """Cut no longer."""
        self._truncation = None

    @property
    def truncation(self) -> dict[str, Any] | None:
        """How texts are cut, or None."""
        return self._truncation

    # ---- helpers -----------------------------------------------------------------------------

    def _encoding(self, text: str, ids: list[int]) -> Encoding:
        tokens = self._tokenizer.decode_tokens_bytes(ids)
        return Encoding(ids, [self._id_to_token[id_] for id_ in ids], text, list(map(len, tokens)))

    def _pad(self, encodings: list[Encoding]) -> None:
        options = dict(self._padding or {})
        length, multiple = options.pop("length"), options.pop("pad_to_multiple_of")
        if length is None:
            length = max(map(len, encodings), default=0)
        if multiple:
            length = -(-length // multiple) * multiple
        for encoding in encodings:
            encoding.pad(length, **options)

    @cached_property
    def _id_to_token(self) -> dict[int, str]:
        spec = self._tokenizer.spec
        ordinary = {id_: to_characters(token) for id_, token in spec.id_to_bytes.items()}
        return ordinary | {id_: text for text, id_ in spec.special_tokens.items()}

    @cached_property
    def _token_to_id(self) -> dict[str, int]:
        return {token: id_ for id_, token in self._id_to_token.items()}

    @cached_property
    def _special_ids(self) -> frozenset[int]:
        return frozenset(self._tokenizer.spec.special_tokens.values())


def _rebuild(
    tokenizer: _Tokenizer,
    padding: dict[str, Any] | None,
    truncation: dict[str, Any] | None,
    encode_special_tokens: bool,
) -> Tokenizer:
    made = Tokenizer(tokenizer)
    made._padding, made._truncation = padding, truncation
    made.encode_special_tokens = encode_special_tokens
    return made
