"""Decoding: ids → bytes. The bytes of the tokens, joined; nothing is added or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index as as_integer

from bpe.errors import DecodeError
from bpe.spec import TokenizerSpec


def all_tokens(spec: TokenizerSpec) -> dict[int, bytes]:
    """Return the bytes of every id; a special token is its text in UTF-8."""
    specials = {id_: text.encode() for text, id_ in spec.special_tokens.items()}
    return dict(spec.id_to_bytes) | specials


def decode_bytes(ids: Sequence[int], id_to_bytes: Mapping[int, bytes]) -> bytes:
    """Join the bytes of the tokens.

    Raises:
        DecodeError: An id belongs to no token; the message names it and its index.
        TypeError: Something in `ids` is no whole number.

    >>> decode_bytes([1, 0], {0: b"i", 1: b"h"})
    b'hi'
    """
    tokens: list[bytes] = []
    for index, id_ in enumerate(ids):
        if isinstance(id_, bool):
            raise TypeError(f"id {id_} at index {index} must be an integer, not bool")
        token = id_to_bytes.get(as_integer(id_))
        if token is None:
            raise DecodeError(f"id {id_} at index {index} belongs to no token of this vocabulary")
        tokens.append(token)
    return b"".join(tokens)
