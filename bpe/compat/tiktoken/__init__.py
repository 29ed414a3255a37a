"""The public names of `tiktoken`, over our engine.

Everything of `tiktoken.Encoding` is there under the same names, with the same results. Different,
on purpose: text may be bytes too, and texts on which tiktoken gives up are encoded.
Reference: tiktoken 0.14, `core.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bpe import registry as _registry
from bpe.errors import VocabularyError
from bpe.formats.regex_dialects import undo_total
from bpe.formats.tiktoken import encoding_arguments
from bpe.patterns import Pattern
from bpe.registry import list_encoding_names
from bpe.spec import TokenizerSpec
from bpe.special_tokens import SpecialPolicy, SpecialTokens
from bpe.text import Text
from bpe.tokenizer import Tokenizer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "Encoding",
    "encoding_for_model",
    "encoding_name_for_model",
    "get_encoding",
    "list_encoding_names",
]


class Encoding(Tokenizer):
    """A tokenizer with the constructor, the names and the defaults of `tiktoken.Encoding`.

    >>> ranks = {bytes([byte]): byte for byte in range(256)} | {b"hi": 256}
    >>> enc = Encoding("x", pat_str=r"\\S+|\\s+", mergeable_ranks=ranks, special_tokens={})
    >>> enc.encode("hi"), enc.n_vocab
    ([256], 257)
    """

    def __init__(
        self,
        name: str,
        *,
        pat_str: str,
        mergeable_ranks: Mapping[bytes, int],
        special_tokens: Mapping[str, int],
        explicit_n_vocab: int | None = None,
    ) -> None:
        """Make an encoding from ranked tokens.

        Raises:
            VocabularyError: The ranks, the special tokens and `explicit_n_vocab` contradict.
        """
        spec = TokenizerSpec.from_ranked_tokens(
            Pattern.of([undo_total(pat_str)]), mergeable_ranks, special_tokens, name=name
        )
        number = len(mergeable_ranks) + len(special_tokens)
        if explicit_n_vocab is not None and {explicit_n_vocab} != {number, spec.n_vocab}:
            raise VocabularyError(
                f"explicit_n_vocab is {explicit_n_vocab}, but there are {number} tokens and the "
                f"largest id is {spec.max_token_value}"
            )
        super().__init__(spec)

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Encoding:
        """Return the drop-in for a tokenizer; both share one engine."""
        encoding = cls.__new__(cls)
        encoding.__dict__.update(tokenizer.__dict__)
        return encoding

    def __repr__(self) -> str:
        return f"<Encoding {self.name!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, arguments = super().__reduce__()
        return _rebuild, (rebuild, arguments)

    def encode_batch(
        self,
        text: Iterable[Text],
        *,
        num_threads: int | None = 8,
        allowed_special: SpecialTokens = frozenset(),
        disallowed_special: SpecialTokens = "all",
        special: SpecialPolicy | None = None,
    ) -> list[list[int]]:
        """Encode several texts in parallel."""
        return super().encode_batch(
            text,
            num_threads=num_threads,
            allowed_special=allowed_special,
            disallowed_special=disallowed_special,
            special=special,
        )

    def encode_ordinary_batch(
        self, text: Iterable[Text], *, num_threads: int | None = 8
    ) -> list[list[int]]:
        """Encode several texts in parallel; special tokens are ordinary text."""
        return super().encode_ordinary_batch(text, num_threads=num_threads)

    def encode_to_numpy(
        self,
        text: Text,
        *,
        allowed_special: SpecialTokens = frozenset(),
        disallowed_special: SpecialTokens = "all",
        special: SpecialPolicy | None = None,
        num_threads: int | None = 1,
    ) -> npt.NDArray[np.uint32]:
        """Encode to an array of uint32, whatever the size of the vocabulary."""
        import numpy as np

        ids = super().encode_to_numpy(
            text,
            allowed_special=allowed_special,
            disallowed_special=disallowed_special,
            special=special,
            num_threads=num_threads,
        )
        return ids.astype(np.uint32, copy=False)

    def decode_batch(
        self,
        batch: Sequence[Sequence[int]],
        *,
        errors: str = "replace",
        num_threads: int | None = 8,
    ) -> list[str]:
        """Decode several sequences of ids to texts."""
        return super().decode_batch(batch, errors=errors, num_threads=num_threads)

    def decode_bytes_batch(
        self, batch: Sequence[Sequence[int]], *, num_threads: int | None = 8
    ) -> list[bytes]:
        """Decode several sequences of ids to bytes."""
        return super().decode_bytes_batch(batch, num_threads=num_threads)

    # What tiktoken's own README builds new encodings from, underscore and all.

    @property
    def _pat_str(self) -> str:
        return str(self._arguments["pat_str"])

    @property
    def _mergeable_ranks(self) -> dict[bytes, int]:
        return dict(self._arguments["mergeable_ranks"])

    @property
    def _special_tokens(self) -> dict[str, int]:
        return dict(self._spec.special_tokens)

    @cached_property
    def _arguments(self) -> dict[str, Any]:
        return encoding_arguments(self._spec)


def get_encoding(encoding_name: str) -> Encoding:
    """Return a published vocabulary, or one of the user's, by name.

    Raises:
        ValueError: There is none of this name.
    """
    if not isinstance(encoding_name, str):
        raise ValueError(f"the name of an encoding must be a str, not {encoding_name!r}")
    return Encoding.of(_registry.get_encoding(encoding_name))


def encoding_name_for_model(model_name: str) -> str:
    """Return the name of the vocabulary that a model of OpenAI's uses.

    Raises:
        KeyError: The model is unknown.
    """
    return _registry.encoding_for_model(model_name).name


def encoding_for_model(model_name: str) -> Encoding:
    """Return the vocabulary that a model of OpenAI's uses.

    Raises:
        KeyError: The model is unknown.
    """
    return Encoding.of(_registry.encoding_for_model(model_name))


def __getattr__(name: str) -> Any:
    # `import tiktoken` alone makes `tiktoken.core` and the others; here they are loaded when used.
    if name in ("core", "load", "model", "registry"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _rebuild(rebuild: Any, arguments: tuple[Any, ...]) -> Encoding:
    return Encoding.of(rebuild(*arguments))
