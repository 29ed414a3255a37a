"""Files a vocabulary can live in: each module turns a path into a `TokenizerSpec` and back.

`directory` is our own format; `tiktoken` reads and writes `.tiktoken` files and live encodings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bpe.errors import FormatError
from bpe.formats import directory, tiktoken
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec

#: Format name to the module that reads and writes it.
FORMATS = {"directory": directory, "tiktoken": tiktoken}


def load_spec(
    path: Path,
    pattern: Pattern | str | Sequence[str] | None = None,
    special_tokens: Mapping[str, int] | None = None,
) -> TokenizerSpec:
    """Read a vocabulary in any known format, recognised by its content.

    Raises:
        FileNotFoundError: There is nothing at the path.
        FormatError: The format is unknown, the file is damaged, or `pattern` and `special_tokens`
            are given for a format that holds its own.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no tokenizer at {path}")
    if path.is_dir():
        if pattern is not None or special_tokens is not None:
            raise FormatError(f"{path} holds its own pattern and special tokens; give none")
        return directory.load(path)
    return tiktoken.load(path, pattern, special_tokens)


def save_spec(
    spec: TokenizerSpec, path: Path, format: str | None = None, *, overwrite: bool = False
) -> None:
    """Write a vocabulary; the default format follows from the path's suffix.

    Raises:
        FormatError: There is no such format, or it cannot hold this vocabulary.
    """
    if format is None:
        format = "tiktoken" if path.suffix == ".tiktoken" else "directory"
    if format not in FORMATS:
        raise FormatError(f"there is no format {format!r}; the formats are {', '.join(FORMATS)}")
    FORMATS[format].save(spec, path, overwrite=overwrite)
