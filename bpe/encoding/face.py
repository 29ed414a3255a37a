"""What the methods of `Tokenizer` in this folder stand on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from bpe.special_tokens import SpecialPolicy, SpecialTokens, resolve_policy
from bpe.text import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

    from bpe.encoding.cutting import Cutter
    from bpe.encoding.unstable import UnstableEncoder
    from bpe.engines import Codec, EngineName
    from bpe.spec import TokenizerSpec
    from bpe.special_check import SpecialCheck
    from bpe.text import Text


class Face:
    """A tokenizer as these methods see it."""

    if TYPE_CHECKING:
        _spec: TokenizerSpec
        _engine: EngineName

        @property
        def _codec(self) -> Codec: ...
        @property
        def _special(self) -> SpecialCheck: ...
        @property
        def id_dtype(self) -> str: ...
        def decode_tokens_bytes(self, tokens: Iterable[int]) -> list[bytes]: ...
        def _check_special(
            self,
            text: Text,
            allowed_special: SpecialTokens,
            disallowed_special: SpecialTokens,
            special: SpecialPolicy | None = None,
        ) -> frozenset[str]: ...

    def _checked(self, text: Text, special: SpecialPolicy) -> tuple[bytes, frozenset[str]]:
        """Return the bytes of a text and the special tokens to recognise in it."""
        data = to_bytes(text)
        allowed, disallowed = resolve_policy(special, self._special.known)
        self._special.refuse(data, disallowed)
        return data, allowed

    def _cutter(self, special_tokens: frozenset[str]) -> Cutter:
        from bpe.encoding.cutting import Cutter

        return Cutter(self._engine, self._spec.pattern, special_tokens)

    @cached_property
    def _token_lengths(self) -> npt.NDArray[np.int64]:
        """How many bytes each id stands for, shape (n_vocab,); 0 for ids that are no token."""
        import numpy as np

        lengths = np.zeros(self._spec.n_vocab, np.int64)
        tokens: dict[int, Any] = dict(self._spec.id_to_bytes)
        tokens |= {id_: text.encode() for text, id_ in self._spec.special_tokens.items()}
        lengths[list(tokens)] = list(map(len, tokens.values()))
        return lengths

    @cached_property
    def _unstable_encoder(self) -> UnstableEncoder:
        from bpe.encoding.unstable import UnstableEncoder

        return UnstableEncoder(self._engine, self._spec, self._codec)
