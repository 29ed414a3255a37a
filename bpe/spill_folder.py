"""A folder for what does not fit into memory; it goes away with whoever needs it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from os import PathLike
from pathlib import Path


class SpillFolder:
    """A temporary folder, removed when the block ends with an exception, Ctrl-C included.

    Otherwise it stays as long as the object is referenced, at most until the interpreter ends.
    Only a process that is killed outright leaves it behind: a name like `bpe-spill-1f0c`.

    >>> with SpillFolder() as folder:
    ...     folder.path.is_dir()
    True
    """

    def __init__(self, parent: str | PathLike[str] | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="bpe-spill-", dir=parent))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def __enter__(self) -> SpillFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.remove()

    def remove(self) -> None:
        """Remove the folder and all that is in it, now."""
        self._remove()
