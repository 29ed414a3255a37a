"""Padding and truncation of the drop-in for `tokenizers`."""

from __future__ import annotations

from typing import Any

from bpe.compat.tokenizers.encodings import Direction, Encoding
from bpe.compat.tokenizers.refusing import check_number, check_one_of

_DIRECTIONS = ("left", "right")
_STRATEGIES = ("longest_first", "only_first", "only_second")


class Limits:
    """The part of the drop-in that makes encodings shorter and longer."""

    def __init__(self) -> None:
        """Neither pad nor truncate."""
        self._padding: dict[str, Any] | None = None
        self._truncation: dict[str, Any] | None = None

    def enable_padding(
        self,
        direction: Direction = "right",
        pad_id: int = 0,
        pad_type_id: int = 0,
        pad_token: str = "[PAD]",
        length: int | None = None,
        pad_to_multiple_of: int | None = None,
    ) -> None:
        """Pad from now on: to `length`, else to the longest of a batch.

        Raises:
            ValueError: The direction is unknown.
            OverflowError: A number is negative or too large.
        """
        check_one_of(direction, _DIRECTIONS, "direction")
        for name, number in (
            ("pad_id", pad_id),
            ("pad_type_id", pad_type_id),
            ("length", length or 0),
            ("pad_to_multiple_of", pad_to_multiple_of or 0),
        ):
            check_number(number, name)
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
        """Cut longer encodings from now on; what is cut off goes to `overflowing`.

        Raises:
            ValueError: The strategy or the direction is unknown, or the stride is not below the
                length.
            OverflowError: A number is negative or too large.
        """
        check_one_of(strategy, _STRATEGIES, "strategy")
        check_one_of(direction, _DIRECTIONS, "direction")
        max_length, stride = check_number(max_length, "max_length"), check_number(stride, "stride")
        if stride and stride >= max_length:
            raise ValueError(f"stride {stride} must be below the maximal length {max_length}")
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

    def _truncate(self, texts: list[Encoding], num_added: int) -> None:
        """Cut the one text or two, so that with what is added they fit."""
        if self._truncation is None:
            return
        options = dict(self._truncation)
        strategy, limit = options.pop("strategy"), options.pop("max_length") - num_added
        sizes = [len(text) for text in texts]
        if limit < 0:
            raise ValueError(f"max_length leaves no room for the {num_added} tokens around a text")
        for text, size in zip(texts, _shares(sizes, limit, strategy), strict=True):
            text.truncate(size, **options)

    def _pad(self, encodings: list[Encoding]) -> None:
        if self._padding is None:
            return
        options = dict(self._padding)
        length, multiple = options.pop("length"), options.pop("pad_to_multiple_of")
        if length is None:
            length = max(map(len, encodings), default=0)
        if multiple:
            length = -(-length // multiple) * multiple
        for encoding in encodings:
            encoding.pad(length, **options)


def _shares(sizes: list[int], limit: int, strategy: str) -> list[int]:
    """Return how long each text may be.

    >>> _shares([9, 3], 8, "longest_first"), _shares([9, 9], 7, "longest_first")
    ([5, 3], [3, 4])
    """
    too_many = sum(sizes) - limit
    if too_many <= 0:
        return sizes
    if len(sizes) == 1:
        if strategy == "only_second":
            raise ValueError("Truncation error: Second sequence not provided")
        return [limit]
    if strategy != "longest_first":
        cut = int(strategy == "only_second")
        if sizes[cut] <= too_many:
            raise ValueError(
                "Truncation error: Sequence to truncate too short to respect the "
                "provided max_length"
            )
        return [size - too_many * (index == cut) for index, size in enumerate(sizes)]
    short, long = sorted(sizes)
    long = short if short > limit else max(short, limit - short)
    if short + long > limit:
        short, long = limit // 2, limit // 2 + limit % 2
    return [long, short] if sizes[0] > sizes[1] else [short, long]
