"""Open files by URL (`s3://`, `https://`, `hf://`, ...) through fsspec, an optional package.

The one place of the package, apart from the download of published vocabularies, that lets a
library open a socket. What is read is read once, from start to end, and its length is checked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from bpe.errors import BPEError, CorpusError, MissingDependencyError, SourceNotFoundError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z0-9+.-]+)*://\S")
# Over HTTP there are no folders, and `?` begins a query instead of standing for a character.
_HTTP = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a URL; `size` is None where the server does not say."""

    url: str
    path: str
    size: int | None
    filesystem: Any
    is_in_folder: bool = False  # found by searching one, not named

    @property
    def name_for_suffix(self) -> str:
        """The part of the URL whose ending tells the format."""
        return re.split(r"[?#]", self.path)[0] if _HTTP.match(self.url) else self.path

    def version(self) -> str:
        """Return what is another for another content, as far as the file system can tell."""
        with naming_url(self.url):
            return str(self.filesystem.ukey(self.path))

    def open(self) -> BinaryIO:
        with naming_url(self.url):
            return cast(BinaryIO, self.filesystem.open(self.path, "rb"))


class RemotePath(os.PathLike[str]):
    """A URL that is no text, where a `str` would be one; `pathlib` would shorten its `//`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __fspath__(self) -> str:
        return self._url


def is_url(source: str | os.PathLike[str]) -> bool:
    """Tell whether a source is a URL.

    >>> is_url("s3://bucket/a.jsonl"), is_url("data/a.jsonl"), is_url("a : b")
    (True, False, False)
    """
    return _URL.match(os.fspath(source)) is not None


def find_remote_files(url: str) -> list[RemoteFile]:
    """List the files of a URL: one file, all that match a pattern, or all below a folder.

    Raises:
        CorpusError: The protocol is unknown, or the server refuses.
        MissingDependencyError: fsspec, or what it needs for this protocol, is not installed.
        SourceNotFoundError: There is nothing.
    """
    filesystem, path = _open_filesystem(url)
    is_folder = False
    with naming_url(url):
        if _HTTP.match(url):
            infos = [filesystem.info(path)]
        elif any(letter in path for letter in "*[?"):
            found = filesystem.glob(path, detail=True)
            infos = [found[name] for name in sorted(found) if found[name]["type"] == "file"]
        elif filesystem.isdir(path):
            is_folder = True
            found = filesystem.find(path, detail=True)
            infos = [found[name] for name in sorted(found)]
        else:
            infos = [filesystem.info(path)]
    if not infos:
        raise SourceNotFoundError(f"{url!r} matches nothing")
    return [
        RemoteFile(url, info["name"], info.get("size"), filesystem, is_folder) for info in infos
    ]


def _open_filesystem(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingDependencyError(
            f'reading {url!r} needs one more package: pip install "chimera-bpe[remote]"'
        ) from None
    try:
        filesystem, path = url_to_fs(url)
    except ImportError as error:
        raise MissingDependencyError(f"reading {url!r} needs one more package: {error}") from None
    except ValueError as error:
        raise CorpusError(f"{url!r} cannot be read: {error}") from None
    return filesystem, path


@contextmanager
def naming_url(url: str) -> Iterator[None]:
    """Turn what the libraries behind fsspec raise into an error that names the URL."""
    try:
        yield
    except (BPEError, MemoryError):
        raise
    except FileNotFoundError:
        raise SourceNotFoundError(f"there is nothing at {url!r}") from None
    except Exception as error:  # each protocol has a library of its own, with errors of its own
        what = str(error) or type(error).__name__
        raise CorpusError(f"{url!r} cannot be read: {what}") from error
