"""Find the files that a source means, and say of each how it is read."""

from __future__ import annotations

import errno
import glob
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from bpe.corpora.compressed import COMPRESSIONS
from bpe.corpora.corpus import FileFormat
from bpe.corpora.remote import RemoteFile, find_remote_files, is_url, naming_url
from bpe.errors import CorpusError, SourceNotFoundError

#: What a folder is searched for; a file that is named itself may end in anything.
SUFFIX_TO_KIND: dict[str, FileFormat] = {
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
    kind: FileFormat
    compression: str = ""
    remote: RemoteFile | None = None

    @property
    def name(self) -> str:
        if self.remote is not None:
            return self.remote.path
        return "standard input" if self.is_stdin else str(self.path)

    @property
    def is_stdin(self) -> bool:
        return self.remote is None and self.path == STDIN.path

    @property
    def is_regular(self) -> bool:
        """Whether it is a file of this machine, with a size, and no pipe."""
        return self.remote is None and not self.is_stdin and self.path.is_file()

    @property
    def size(self) -> int | None:
        """Its bytes on the disk; None if only reading would tell."""
        if self.remote is not None:
            return self.remote.size
        return self.path.stat().st_size if self.is_regular else None

    def state(self) -> list[str | int | None]:
        """Return its place, its size, and what changes when it is written again, if that is known.

        >>> SourceFile(Path(__file__), "text").state()[1] == Path(__file__).stat().st_size
        True
        """
        if self.remote is not None:
            return [self.remote.url, self.remote.size, self.remote.version()]
        stat = self.path.stat()
        return [str(self.path.resolve()), stat.st_size, stat.st_mtime_ns]

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file; a read error in the block names it."""
        naming = naming_url(self.name) if self.remote else _naming(self.path)
        with naming, self._open() as handle:
            yield handle

    def _open(self) -> Any:
        if self.remote is not None:
            return self.remote.open()
        if self.is_stdin:
            return _open_stdin()
        return self.path.open("rb", buffering=0)


def _open_stdin() -> Any:
    """Open the descriptor itself where there is one.

    `sys.stdin.buffer` has a lock, and Python aborts if it must end, after Ctrl-C, while another
    thread holds it and waits for input.
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard input")
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):  # somebody put a stream of their own there
        return nullcontext(sys.stdin.buffer)
    return io.FileIO(descriptor, closefd=False)


STDIN = SourceFile(Path("-"), "text")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def find_files(
    source: str | os.PathLike[str], file_format: FileFormat | None = None
) -> list[SourceFile]:
    """List the files of one path: a file, a folder (searched deeply), a glob, a URL, or `-`.

    Folders and globs give their files sorted; hidden files are left out. `file_format` says how
    they are read, whatever their names end in.

    Raises:
        SourceNotFoundError: There is no such file.
        CorpusError: A folder or glob holds nothing to read, or the path is a device or an archive.
    """
    if not os.fspath(source):
        raise SourceNotFoundError("the path is empty; to read a text itself, pass [text]")
    if is_url(source):
        return _find_remote(os.fspath(source), file_format)
    files = _find_local_files(source)
    return [_as_format(file, file_format) for file in files] if file_format else files


def _find_remote(url: str, file_format: FileFormat | None) -> list[SourceFile]:
    found = [
        file
        for file in find_remote_files(url)
        if not file.is_in_folder or _has_known_suffix(Path(file.path))
    ]
    if not found:
        raise _nothing_to_read(url)
    return [_classify_remote(file, file_format) for file in found]


def _find_local_files(source: str | os.PathLike[str]) -> list[SourceFile]:
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
        raise _nothing_to_read(str(folder))
    return [_classify(path) for path in paths]


def _nothing_to_read(folder: str) -> CorpusError:
    known = " ".join(SUFFIX_TO_KIND)
    return CorpusError(
        f"the folder {folder!r} holds no file that ends in {known} (or these with "
        f"{' '.join(COMPRESSIONS)}); name others by a pattern such as '{folder}/**/*.py'"
    )


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
    return _as_format(SourceFile(path, kind, compression), kind)


def _classify_remote(remote: RemoteFile, file_format: FileFormat | None) -> SourceFile:
    file = _classify(Path(remote.name_for_suffix))
    return _as_format(replace(file, remote=remote), file_format or file.kind)


def _as_format(file: SourceFile, file_format: FileFormat) -> SourceFile:
    if file_format == "parquet" and (file.compression or file.is_stdin):
        raise CorpusError(
            f"{file.name!r}: parquet is read from the end; decompress it into a file first"
        )
    return replace(file, kind=file_format)


def _describe_missing(source: str | os.PathLike[str]) -> str:
    name = os.fspath(source)
    sentence = f"there is no file or folder {_shorten(name)}"
    path = Path(source)
    if "\n" in name or len(name) > _LONGEST_SHOWN:
        return sentence + _text_hint(source)
    if not path.parent.is_dir():
        return f"{sentence}, nor a folder {str(path.parent)!r}{_text_hint(source)}"
    import difflib

    near = difflib.get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()])
    if near:
        return f"{sentence}; there is {' and '.join(repr(str(path.with_name(n))) for n in near)}"
    return sentence + _text_hint(source)


def _text_hint(source: object) -> str:
    return "; to read a text itself, pass [text]" if isinstance(source, str) else ""


def _shorten(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")
