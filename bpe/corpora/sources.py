"""Find the files that a source means, and say of each how it is read."""

from __future__ import annotations

import difflib
import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bpe.corpora.compressed import COMPRESSIONS
from bpe.errors import CorpusError, SourceNotFoundError

#: A path (file, folder, glob, or `-` for standard input), or documents and paths, one by one.
Source = str | os.PathLike[str] | Iterable[str | bytes | os.PathLike[str]]
Kind = Literal["text", "jsonl", "parquet"]

#: What a folder is searched for; a file that is named itself may end in anything.
SUFFIX_TO_KIND: dict[str, Kind] = {
    ".txt": "text",
    ".md": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
# Reading these as text would train on the archive's own bytes.
_ARCHIVES = {".zip", ".tar", ".tgz", ".txz", ".tbz2", ".7z", ".rar"}
_LONGEST_SHOWN = 120


@dataclass(frozen=True)
class SourceFile:
    """One file of a corpus; `compression` is a suffix such as `.gz`, or empty."""

    path: Path
    kind: Kind
    compression: str = ""

    @property
    def is_stdin(self) -> bool:
        return self.path == STDIN.path

    @property
    def is_plain(self) -> bool:
        """Whether another reader may open the path itself and find nothing but text."""
        return self.kind == "text" and not self.compression and self.path.is_file()


STDIN = SourceFile(Path("-"), "text")


def find_files(source: str | os.PathLike[str]) -> list[SourceFile]:
    """List the files of one path: a file, a folder (searched deeply), a glob, or `-`.

    Folders and globs give their files sorted; hidden files are left out.

    Raises:
        SourceNotFoundError: There is no such file.
        CorpusError: A folder or glob holds nothing to read, or the path is a device or an archive.
    """
    if not os.fspath(source):
        raise SourceNotFoundError("the path is empty; to read a text itself, pass [text]")
    path = Path(source)
    if path == STDIN.path:
        return [STDIN]
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return _find_by_glob(source)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # rather a text than a name
            return _find_by_glob(source)
        raise
    if stat.S_ISDIR(mode):
        return _find_in_folder(path)
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise CorpusError(f"{str(path)!r} is a device; give a file, or - to read standard input")
    return [_classify(path)]


def _find_by_glob(source: str | os.PathLike[str]) -> list[SourceFile]:
    pattern = os.fspath(source)
    if not glob.has_magic(pattern):
        raise SourceNotFoundError(_describe_missing(source))
    # Path.glob knows no absolute patterns.
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    files = [Path(match) for match in matches if Path(match).is_file()]
    if not files:
        found = f"only folders, such as {matches[0]!r}" if matches else "nothing"
        raise SourceNotFoundError(
            f"the pattern {_shorten(pattern)} matches {found}{_text_hint(source)}"
        )
    return [_classify(path) for path in files]


def _find_in_folder(folder: Path) -> list[SourceFile]:
    paths = sorted(path for path in _walk(folder) if _has_known_suffix(path))
    if not paths:
        known = " ".join(SUFFIX_TO_KIND)
        raise CorpusError(
            f"the folder {str(folder)!r} holds no file that ends in {known} (or these with "
            f"{' '.join(COMPRESSIONS)}); name others by a pattern such as '{folder}/**/*.py'"
        )
    return [_classify(path) for path in paths]


def _walk(folder: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _has_known_suffix(path: Path) -> bool:
    return _suffixes(path)[0] in SUFFIX_TO_KIND


def _suffixes(path: Path) -> tuple[str, str]:
    """Return the format's suffix and the compression's, either of them possibly empty.

    >>> _suffixes(Path("a.b.JSONL.gz"))
    ('.jsonl', '.gz')
    """
    name = Path(path.name.lower())
    if name.suffix in COMPRESSIONS:
        return Path(name.stem).suffix, name.suffix
    return name.suffix, ""


def _classify(path: Path) -> SourceFile:
    suffix, compression = _suffixes(path)
    if suffix in _ARCHIVES:
        raise CorpusError(f"{str(path)!r} is an archive of files; unpack it and give the folder")
    kind = SUFFIX_TO_KIND.get(suffix, "text")
    if kind == "parquet" and compression:
        raise CorpusError(f"{str(path)!r}: parquet is read from the end; decompress the file first")
    return SourceFile(path, kind, compression)


def _describe_missing(source: str | os.PathLike[str]) -> str:
    name = os.fspath(source)
    sentence = f"there is no file or folder {_shorten(name)}"
    path = Path(source)
    if "\n" in name or len(name) > _LONGEST_SHOWN:
        return sentence + _text_hint(source)
    if not path.parent.is_dir():
        return f"{sentence}, nor a folder {str(path.parent)!r}{_text_hint(source)}"
    near = difflib.get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()])
    if near:
        return f"{sentence}; there is {' and '.join(repr(str(path.with_name(n))) for n in near)}"
    return sentence + _text_hint(source)


def _text_hint(source: object) -> str:
    return "; to read a text itself, pass [text]" if isinstance(source, str) else ""


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")
