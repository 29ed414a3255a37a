"""Find the tokenizer that an argument names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpe.errors import FormatError, MissingDependencyError

if TYPE_CHECKING:
    from bpe.engines import EngineName
    from bpe.tokenizer import Tokenizer


def load_tokenizer(name: str, engine: EngineName = "native") -> Tokenizer:
    """Load a tokenizer from a path if there is something, else by its published name.

    Raises:
        FormatError: It is neither, or damaged.
    """
    from bpe.tokenizer import Tokenizer

    if Path(name).exists():
        return Tokenizer.load(name, engine=engine)
    from bpe.registry import get_encoding, list_encoding_names

    if "/" not in name:
        try:
            names = list_encoding_names()
        except MissingDependencyError as error:
            raise FormatError(f"there is no tokenizer at {name!r}; {error}") from None
        if name in names:
            return get_encoding(name, engine)
        raise FormatError(
            f"there is no tokenizer at {name!r}, and the published names are {', '.join(names)}"
        )
    raise FormatError(f"there is no tokenizer at {name!r}")
