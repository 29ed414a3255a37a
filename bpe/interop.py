"""How a tokenizer leaves and enters: files of all formats, and the objects of other libraries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bpe.engines import EngineName
from bpe.spec import TokenizerSpec

if TYPE_CHECKING:
    from mmap import mmap
    from os import PathLike
    from typing import Self

    import tiktoken
    import tokenizers

    import bpe.compat.tiktoken as compat_tiktoken
    import bpe.compat.tokenizers as compat_tokenizers
    from bpe.patterns import Pattern
    from bpe.tokenizer import Tokenizer


class Interop:
    """The part of `Tokenizer` that knows other formats and libraries; it needs only the spec."""

    if TYPE_CHECKING:
        _spec: TokenizerSpec
        _frozen: bytes | mmap | None

        def __init__(self, spec: TokenizerSpec, *, engine: EngineName = "native") -> None: ...
        def _ready(self) -> Self: ...
        def _load_frozen(self, folder: Path) -> Self: ...

    def to_tiktoken(self, name: str | None = None) -> tiktoken.Encoding:
        """Return a `tiktoken.Encoding` that gives the same ids.

        Raises:
            FormatError: tiktoken cannot express this vocabulary; the message says why.
            MissingDependencyError: tiktoken is not installed.
        """
        from bpe.formats.tiktoken import to_encoding

        return to_encoding(self._spec, name)

    @classmethod
    def from_tiktoken(cls, encoding: tiktoken.Encoding, *, engine: EngineName = "native") -> Self:
        """Return the tokenizer that a `tiktoken.Encoding` is."""
        from bpe.formats.tiktoken import from_encoding

        return cls(from_encoding(encoding), engine=engine)

    def to_huggingface(self) -> tokenizers.Tokenizer:
        """Return a live `tokenizers.Tokenizer` that gives the same ids.

        Like all of them it always recognises special tokens in text, and leaves them out when
        decoding unless told otherwise.

        Raises:
            FormatError: `tokenizers` cannot express this vocabulary; the message says why.
            MissingDependencyError: `tokenizers` is not installed.
        """
        from bpe.formats.huggingface import to_tokenizer

        return to_tokenizer(self._spec)

    @classmethod
    def from_huggingface(
        cls, tokenizer: Any, *, ignore: Collection[str] = (), engine: EngineName = "native"
    ) -> Self:
        """Return what a `tokenizers.Tokenizer` is, or one that transformers wraps around it.

        Args:
            tokenizer: A byte-level BPE tokenizer.
            ignore: As in `load`.
            engine: As in the constructor.

        Raises:
            FormatError: It is something else, or does something that is not supported.
        """
        from bpe.formats.huggingface import from_tokenizer

        return cls(from_tokenizer(tokenizer, ignore=ignore), engine=engine)

    # ---- drop-ins ----------------------------------------------------------------------------

    def as_tiktoken(self) -> compat_tiktoken.Encoding:
        """Return this tokenizer in the clothes of a `tiktoken.Encoding`; tiktoken is not needed."""
        from bpe.compat.tiktoken import Encoding

        return Encoding.of(cast("Tokenizer", self))

    def as_huggingface(self) -> compat_tokenizers.Tokenizer:
        """Return this tokenizer in the clothes of a `tokenizers.Tokenizer`, which is not needed."""
        from bpe.compat.tokenizers import Tokenizer

        return Tokenizer(cast("Any", self))

    # ---- files -------------------------------------------------------------------------------

    def save(
        self, path: str | PathLike[str], format: str | None = None, *, overwrite: bool = False
    ) -> None:
        """Write the tokenizer, complete or not at all; our folder holds frozen pretokens, too.

        Args:
            path: Where to.
            format: "directory" (our own, the default), "tiktoken", "huggingface", "gpt2",
                "minbpe", "tekken" or "gguf"; names such as `x.tiktoken`, `tokenizer.json`,
                `tekken.json`, `x.model`, `x.gguf` have the format that belongs to them.
            overwrite: Whether something that is there may be replaced.

        Raises:
            FormatError: The format cannot hold this vocabulary; the message says why.
        """
        from bpe.formats import save_spec

        save_spec(self._spec, Path(path), format, overwrite=overwrite, frozen=self._frozen)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *,
        pattern: Pattern | str | Sequence[str] | None = None,
        special_tokens: dict[str, int] | None = None,
        ignore: Collection[str] = (),
        engine: EngineName = "native",
    ) -> Self:
        """Read a tokenizer in any known format, recognised by its content.

        Args:
            path: A file or folder that `save` or another tool wrote.
            pattern: For a bare `.tiktoken` file, which does not say how text is split.
            special_tokens: For a bare `.tiktoken` file or a `vocab.json`: text to id.
            ignore: Parts of a foreign file to leave out although ids depend on them:
                "normalizer" (ids are equal for text that it leaves as it is) or
                "added_token_flags" (`lstrip` and the like).
            engine: As in the constructor.

        Raises:
            FormatError: The file is damaged, of an unknown format, or needs a `pattern`.
        """
        from bpe.formats import load_spec

        spec = load_spec(Path(path), pattern, special_tokens, ignore)
        return cls(spec, engine=engine)._ready()._load_frozen(Path(path))
