"""Files a vocabulary can live in: each module turns a path into a `TokenizerSpec` and back.

`directory` is our own format, `tiktoken` the `.tiktoken` files and live encodings, `huggingface`
the `tokenizer.json`, `gpt2` the pair `vocab.json` and `merges.txt`, `minbpe` its `.model`, `tekken`
Mistral's `tekken.json`; `gguf` (llama.cpp) is written only. What a format cannot hold is refused by
name. docs/formats.md has the table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.errors import FormatError
from bpe.formats import directory, gguf, gpt2, huggingface, minbpe, strict_json, tekken, tiktoken
from bpe.formats.huggingface_pieces import IGNORABLE
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec

if TYPE_CHECKING:
    from mmap import mmap

#: Format name to the module that reads and writes it.
FORMATS: dict[str, Any] = {
    "directory": directory,
    "tiktoken": tiktoken,
    "huggingface": huggingface,
    "gpt2": gpt2,
    "minbpe": minbpe,
    "tekken": tekken,
    "gguf": gguf,
}

_SUFFIX_TO_FORMAT = {
    "tokenizer.json": "huggingface",
    "tekken.json": "tekken",
    ".tiktoken": "tiktoken",
    ".model": "minbpe",
    ".gguf": "gguf",
    ".json": "huggingface",
}
_PEEK_BYTES = 4096


def load_spec(
    path: Path,
    pattern: Pattern | str | Sequence[str] | None = None,
    special_tokens: Mapping[str, int] | None = None,
    ignore: Collection[str] = (),
) -> TokenizerSpec:
    """Read a vocabulary in any known format, recognised by its content.

    Raises:
        FileNotFoundError: There is nothing at the path.
        FormatError: The format is unknown, the file is damaged, or `pattern` and `special_tokens`
            are given for a format that holds its own.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no tokenizer at {path}")
    unknown = sorted(set(ignore) - set(IGNORABLE))
    if unknown:
        raise FormatError(f"cannot ignore {unknown[0]!r}, only {' and '.join(IGNORABLE)}")
    format = recognise(path)
    if format == "tiktoken":
        return tiktoken.load(path, pattern, special_tokens)
    if pattern is not None or (special_tokens is not None and format != "gpt2"):
        raise FormatError(f"{path} holds its own pattern and special tokens; give none")
    if format == "directory":
        return directory.load(path)
    if format == "gpt2":
        return gpt2.load(path, special_tokens)
    spec: TokenizerSpec = FORMATS[format].load(path, ignore=ignore)
    return spec


def save_spec(
    spec: TokenizerSpec,
    path: Path,
    format: str | None = None,
    *,
    overwrite: bool = False,
    frozen: bytes | mmap | None = None,
) -> None:
    """Write a vocabulary; the default format follows from the path's suffix.

    Frozen pretokens, on which ids do not depend, go where there is a place for them: our folder.

    Raises:
        FormatError: There is no such format, or it cannot hold this vocabulary.
    """
    format = check_format(format or default_format(path))
    if format == "directory":
        directory.save(spec, path, overwrite=overwrite, frozen=frozen)
    else:
        FORMATS[format].save(spec, path, overwrite=overwrite)


def default_format(path: Path) -> str:
    """Return the format that a path's name asks for.

    >>> default_format(Path("a/tokenizer.json")), default_format(Path("a/vocab"))
    ('huggingface', 'directory')

    Raises:
        FormatError: It is the name of one file of several.
    """
    if path.name in gpt2.FILE_NAMES:
        raise FormatError(
            f"{str(path)!r}: {' and '.join(gpt2.FILE_NAMES)} are written together: name their "
            "folder, and the format gpt2 (--to gpt2)"
        )
    return next((f for end, f in _SUFFIX_TO_FORMAT.items() if path.name.endswith(end)), "directory")


def check_format(format: str) -> str:
    """Return the format if there is one of that name.

    Raises:
        FormatError: There is none.
    """
    if format not in FORMATS:
        raise FormatError(f"there is no format {format!r}; the formats are {', '.join(FORMATS)}")
    return format


def recognise(path: Path) -> str:
    """Return the name of the format that is at a path.

    Raises:
        FormatError: It is a format that is not read here; a file that is nothing we know is taken
            for a `.tiktoken` file, whose reader says what is wrong in which line.
    """
    if path.is_dir():
        return _recognise_folder(path)
    with path.open("rb") as file:
        start = file.read(_PEEK_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"{":
        return _recognise_json(path)
    if start.startswith(minbpe.VERSION[:6].encode()):
        return "minbpe"
    if start.startswith(b"#version") or path.name == "merges.txt":
        return "gpt2"
    if start.startswith(b"GGUF"):
        return "gguf"  # whose reader refuses it
    if start.startswith(b"\x80") and b"." in start:
        raise FormatError(
            f"{path} looks like a pickle, which could run any code and is never read here"
        )
    return "tiktoken"


def _recognise_folder(path: Path) -> str:
    if (path / "meta.json").exists() and (path / "vocab.tiktoken").exists():
        return "directory"
    if (path / "tokenizer.json").exists():
        return "huggingface"
    if all((path / name).exists() for name in gpt2.FILE_NAMES):
        return "gpt2"
    return "directory"  # whose reader says what is missing


def _recognise_json(path: Path) -> str:
    fields = strict_json.check(strict_json.read(path), dict, str(path))
    if "model" in fields:
        return "huggingface"
    if isinstance(fields.get("vocab"), list) and "config" in fields:
        return "tekken"
    if path.name == "vocab.json":
        return "gpt2"
    if fields.get("format") == directory.FORMAT:
        raise FormatError(f"{path} is part of a tokenizer folder; load {path.parent}")
    raise FormatError(
        f"{path} is JSON, but neither a tokenizer.json (field model), nor a tekken.json (fields "
        "config and vocab), nor a vocab.json beside a merges.txt"
    )
