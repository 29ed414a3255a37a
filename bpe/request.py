"""What is asked of a training: all that decides the result, checked before any text is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bpe.engines import TIE_BREAKS, TieBreak
from bpe.errors import TrainingError
from bpe.extension import Extension
from bpe.patterns import Pattern
from bpe.required import fit_required
from bpe.spec import MAX_ID, TokenizerSpec
from bpe.special_tokens import check_special_tokens
from bpe.superwords import superword_pattern
from bpe.text import to_bytes
from bpe.tokenizer import Tokenizer

Pair = tuple[int, int]


@dataclass(frozen=True)
class Request:
    """A checked request; the arguments are those of `bpe.train`, tokens through `token_tuple`.

    Raises:
        TrainingError: A value makes no sense, or two contradict each other.
        PatternError: The pattern is unknown, or knows no superwords.
        SpecialTokenError: A special token is empty or given twice.
    """

    pattern: Pattern
    special_tokens: tuple[str, ...] = ("<|endoftext|>",)
    tie_break: TieBreak = "id"
    min_frequency: int = 1
    max_token_bytes: int | None = None
    required_tokens: tuple[bytes, ...] = ()
    forbidden_tokens: tuple[bytes, ...] = ()
    superword_from: int | None = None
    superword_words: int = 4
    base: Tokenizer | None = None
    _extension: Extension | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "special_tokens", check_special_tokens(self.special_tokens))
        check_int("min_frequency", self.min_frequency, 1, 2**63 - 1)
        if self.max_token_bytes is not None:
            check_int("max_token_bytes", self.max_token_bytes, 1, 2**31 - 1)
        if self.tie_break not in TIE_BREAKS:
            raise TrainingError(
                f"tie_break must be one of {', '.join(TIE_BREAKS)}, not {self.tie_break!r}"
            )
        if self.base is not None:
            put(self, "pattern", self.base.spec.pattern)
            put(self, "_extension", Extension(self.base, self.special_tokens))
        if self.superword_from is not None:
            check_int("superword_from", self.superword_from, self.num_fixed, MAX_ID)
            check_int("superword_words", self.superword_words, 1, 2**31 - 1)
        assert self.final_pattern  # a pattern without superwords is refused here
        self._check_tokens()

    def _check_tokens(self) -> None:
        from bpe.regex_split import split

        known = set(self.base.spec.id_to_bytes.values()) if self.base else set()
        for token in self.forbidden_tokens:
            if len(token) < 2 or token in known:
                what = "a single byte" if len(token) < 2 else "a token of the base"
                raise TrainingError(f"forbidden token {token!r} is {what}, and those stay")
        for token in self.required_tokens:
            if token in self.forbidden_tokens:
                raise TrainingError(f"token {token!r} is both required and forbidden")
            if self.max_token_bytes is not None and len(token) > self.max_token_bytes:
                raise TrainingError(
                    f"required token {token!r} is longer than "
                    f"max_token_bytes={self.max_token_bytes}"
                )
            # Part of a character may be split otherwise where the rest of it stands beside it.
            if _is_utf8(token) and len(pieces := split(token, self.final_pattern)) > 1:
                raise TrainingError(
                    f"required token {token!r} would never be used: the pattern splits it into "
                    f"{pieces!r}; take another pattern, or make it a special token"
                )

    # ---- what follows from it ------------------------------------------------------------------

    @property
    def num_fixed(self) -> int:
        """How much of the vocabulary is decided before any merge is learned."""
        return self._extension.num_fixed if self._extension else 256 + len(self.special_tokens)

    @cached_property
    def cutting_tokens(self) -> tuple[str, ...]:
        """The special tokens that cut the text."""
        of_base = self.base.spec.special_tokens if self.base else ()
        return tuple(dict.fromkeys([*of_base, *self.special_tokens]))

    @cached_property
    def initial_pairs(self) -> Sequence[Pair]:
        """The merges that training begins with, in the trainer's numbers."""
        return self._extension.initial_pairs if self._extension else ()

    @cached_property
    def final_pattern(self) -> Pattern:
        """The pattern of the tokenizer: with superwords, the coarser one."""
        return self.pattern if self.superword_from is None else superword_pattern(self.pattern)

    def num_word_merges(self, num_merges: int) -> int:
        """Return how many of the merges are learned before superwords begin."""
        if self.superword_from is None:
            return num_merges
        return min(num_merges, self.superword_from - self.num_fixed)

    def num_merges(self, vocab_size: int) -> int:
        """Return how many merges a vocabulary of this size has besides those of the base."""
        check_int("vocab_size", vocab_size, self.num_fixed, MAX_ID)
        return vocab_size - self.num_fixed

    def tokenizer_spec(self, merges: Sequence[Pair], vocab_size: int) -> TokenizerSpec:
        """Return the tokenizer of this size, given the merges of it or of a larger one."""
        num_merges = self.num_merges(vocab_size)
        pairs = fit_required(
            self.initial_pairs,
            merges[:num_merges],
            num_merges,
            self.required_tokens,
            self.forbidden_tokens,
        )
        if self._extension:
            return self._extension.extended_spec(pairs, self.final_pattern)
        return TokenizerSpec.from_pairs(self.final_pattern, pairs, self.special_tokens)

    def describe(self) -> dict[str, Any]:
        """Return everything that decides which merges are learned, in which order."""
        superwords = None
        if self.superword_from is not None:
            superwords = {"from": self.superword_from, "words": self.superword_words}
        return {
            "pattern": list(self.pattern.stages),
            "special_tokens": sorted(self.cutting_tokens),
            "tie_break": self.tie_break,
            "min_frequency": self.min_frequency,
            "max_token_bytes": self.max_token_bytes,
            "forbidden_tokens": sorted(token.hex() for token in self.forbidden_tokens),
            "superwords": superwords,
            "base": self.base.content_hash if self.base else None,
        }


def check_int(name: str, value: object, smallest: int, largest: int) -> None:
    """Refuse what is not a whole number in the range; a bool is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        hint = " (256 bytes and the special tokens count)" if name == "vocab_size" else ""
        raise TrainingError(
            f"{name} must be an integer from {smallest} to {largest}{hint}, not {value!r}"
        )


def token_tuple(name: str, tokens: Iterable[str | bytes]) -> tuple[bytes, ...]:
    """Return the tokens as bytes; refuse a single str or bytes, empty ones and duplicates.

    Raises:
        TrainingError: The message says which, and `name`.

    >>> token_tuple("required_tokens", ["caf\u00e9", b"\\xff"])
    (b'caf\\xc3\\xa9', b'\\xff')
    """
    if isinstance(tokens, str | bytes):
        raise TrainingError(f"{name} must be several tokens, not the single {tokens!r}")
    as_bytes = tuple(map(to_bytes, tokens))
    if b"" in as_bytes:
        raise TrainingError(f"{name} holds an empty token; a token has at least one byte")
    if len(set(as_bytes)) != len(as_bytes):
        twice = next(token for token in as_bytes if as_bytes.count(token) > 1)
        raise TrainingError(f"{name} names {twice!r} twice")
    return as_bytes


def _is_utf8(token: bytes) -> bool:
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True
