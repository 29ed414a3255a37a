"""Write files and folders complete or not at all.

What is written goes to a hidden neighbour first (same folder, so the same file system), is flushed
to the disk (`fsync`), takes its name in one `rename`, and the folder is flushed too. Whatever goes
wrong before the rename (a full disk, Ctrl-C, an exception of the caller) leaves what was there as
it was, and the neighbour is removed. Only a process that is killed outright can leave one behind:
a name like `.bpe-1f0c….tmp`, never a half-written file under the name that was asked for.

Symbolic links are followed, so that a link stays a link and its target is replaced. A pipe or a
device cannot be replaced and is written to directly.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from bpe.errors import OutputExistsError

StrPath = str | os.PathLike[str]

_BUFFER_BYTES = 1 << 20
# What a file system answers that has no such call at all.
_NOT_SUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


def write_bytes(path: StrPath, data: bytes, overwrite: bool = False) -> None:
    """Write one file, complete or not at all.

    Raises:
        OutputExistsError: The file is there and `overwrite` is not set.
        OSError: The disk is full, the folder is missing, and so on; the message names the file.
    """
    with open_for_writing(path, overwrite) as file:
        file.write(data)


@contextmanager
def open_for_writing(path: StrPath, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a binary file that takes its name only when the block ends without an exception.

    Raises:
        OutputExistsError: The file is there and `overwrite` is not set.
        OSError: The disk is full, the folder is missing, and so on; the message names the file.
    """
    target = check_output(path, overwrite)
    if _is_special(target):
        with target.open("wb") as stream:  # a pipe or a device
            yield cast(BinaryIO, stream)
        return
    temporary = _temporary_neighbour(target)
    raw: io.RawIOBase | None = None
    try:  # from before the file is there: Ctrl-C may come at any moment
        raw = _NamedFile(temporary, target)
        file = io.BufferedWriter(raw, _BUFFER_BYTES)
        yield cast(BinaryIO, file)
        with _naming(target):
            file.flush()
            _copy_mode(target, temporary)
            os.fsync(file.fileno())
            file.close()
            _take_name(temporary, target, overwrite)
            _flush_folder(target.parent)
    finally:
        if raw is not None:
            raw.close()  # not file.close(): that would try to flush to the full disk again
        temporary.unlink(missing_ok=True)


def leftovers(folder: Path) -> list[Path]:
    """Return the files that processes which were killed had half written into the folder."""
    return [path for path in folder.glob(".bpe-*.tmp") if path.is_file()]


@contextmanager
def writing_directory(
    path: StrPath, overwrite: bool = False, *, known_names: Collection[str] = ()
) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block ends without an exception.

    POSIX replaces an empty folder atomically but not a full one. Linux and macOS can exchange two
    folders in one step, and so an old folder is replaced that way: at every moment `path` is the
    old one or the new one. Where the file system cannot, the old folder is moved aside first; a
    crash between these two renames leaves both folders complete, under `.bpe-….tmp` names.

    With `overwrite` an old folder is deleted, so it may hold nothing but names that the new one
    holds too: `--force` never removes a file that is not ours. Give `known_names`, all names that
    such a folder ever holds, to have others refused at once. An empty folder is free to take.

    Raises:
        OutputExistsError: The folder is there and `overwrite` is not set, or it holds other files.
        OSError: The disk is full, the parent is missing, and so on.
    """
    target = check_output(path, overwrite, directory=True, known_names=known_names)
    temporary = _temporary_neighbour(target)
    try:
        with _naming(target):
            temporary.mkdir()
        yield temporary
        with _naming(target):
            _flush_tree(temporary)
            _copy_mode(target, temporary)
            if overwrite and target.exists():
                new_names = {entry.name for entry in temporary.iterdir()}
                _refuse_foreign_files(target, new_names.union(known_names))
                _replace_directory(temporary, target)
            else:
                _take_directory_name(temporary, target)
            _flush_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # after an exchange: the old folder


def check_output(
    path: StrPath,
    overwrite: bool = False,
    *,
    directory: bool = False,
    known_names: Collection[str] = (),
) -> Path:
    """Say early whether writing there can work; return the path with symbolic links resolved.

    Raises:
        OutputExistsError: Something is there and `overwrite` is not set.
        OSError: The parent folder is missing or closed to us, or `path` is of the other kind.
    """
    if _is_special(Path(path)) and not directory:
        return Path(path)  # what such a link resolves to is no path (`/dev/stdout` -> `pipe:[7]`)
    target, shown = Path(os.path.realpath(path)), os.fspath(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, f"there is no folder {str(target.parent)!r} to write into", shown
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, f"no right to write into {str(target.parent)!r}", shown)
    if not target.exists():
        return target
    if directory and not target.is_dir():
        raise NotADirectoryError(
            errno.ENOTDIR, "a folder is to be written here, and this is a file", shown
        )
    if not directory and target.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, "a file is to be written here, and this is a folder", shown
        )
    occupied = not directory or any(target.iterdir())
    if occupied and not overwrite:
        raise _exists(target)
    if directory and known_names:
        _refuse_foreign_files(target, set(known_names))
    return target


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _exists(target: Path) -> OutputExistsError:
    return OutputExistsError(
        f"{str(target)!r} exists; give --force (in Python: overwrite=True) to replace it"
    )


class _NamedFile(io.FileIO):
    """A new file whose write errors name the file that was asked for."""

    def __init__(self, temporary: Path, target: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        super().__init__(temporary, "w+", opener=lambda name, _: os.open(name, flags, 0o666))
        self._target = target

    def write(self, data: object) -> int:
        with _naming(self._target):
            return super().write(data)  # type: ignore[arg-type]


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or ".bpe-" in str(error.filename)):
            raise OSError(error.errno, error.strerror, str(target)) from None
        raise


def _temporary_neighbour(target: Path) -> Path:
    return target.with_name(f".bpe-{os.urandom(8).hex()}.tmp")


def _copy_mode(source: Path, destination: Path) -> None:
    with suppress(FileNotFoundError):
        destination.chmod(stat.S_IMODE(source.stat().st_mode))


def _take_name(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    # Unlike a rename, a hard link fails if somebody took the name while we were writing.
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED | {errno.EMLINK}:
            raise
        if target.exists():
            raise _exists(target) from None
        temporary.replace(target)


def _take_directory_name(temporary: Path, target: Path) -> None:
    try:
        temporary.rename(target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise _exists(target) from None
        raise


def _refuse_foreign_files(target: Path, names: set[str]) -> None:
    foreign = sorted(entry.name for entry in target.iterdir() if entry.name not in names)
    if foreign:
        listed = ", ".join(map(repr, foreign[:3])) + (", ..." if len(foreign) > 3 else "")
        raise OutputExistsError(
            f"{str(target)!r} also holds {listed}, which replacing the folder would delete; "
            "move that away or write elsewhere"
        )


def _replace_directory(temporary: Path, target: Path) -> None:
    if _exchange(temporary, target):
        return
    aside = _temporary_neighbour(target)
    target.rename(aside)
    try:
        temporary.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False where the system has no such call."""
    import ctypes

    # Linux: renameat2(at, a, at, b, RENAME_EXCHANGE); macOS: renameatx_np(..., RENAME_SWAP). The
    # flag is 2 on both.
    symbol, here = ("renameatx_np", -2) if sys.platform == "darwin" else ("renameat2", -100)
    call = getattr(ctypes.CDLL(None, use_errno=True), symbol, None) if os.name == "posix" else None
    if call is None:
        return False
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if call(here, os.fsencode(first), here, os.fsencode(second), 2) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_SUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(second))


def _flush_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            with Path(parent, name).open("r+b") as file:
                os.fsync(file.fileno())
        _flush_folder(Path(parent))


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(descriptor)
