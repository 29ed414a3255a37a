"""The text of the demonstration: the Python source files that came with this Python."""

from __future__ import annotations

import hashlib
import sysconfig
from dataclasses import dataclass
from pathlib import Path

#: Folders of the standard library that hold other people's packages, or tables of characters, which
#: a small model learns to recite before anything else.
LEFT_OUT = {"site-packages", "dist-packages", "encodings"}


@dataclass(frozen=True)
class Text:
    """Documents, and the names of the files that could not be used."""

    folder: Path
    documents: list[str]
    skipped: list[str]

    @property
    def num_bytes(self) -> int:
        """Size of all documents in UTF-8."""
        return sum(len(document.encode()) for document in self.documents)


def standard_library(folder: Path | None = None) -> Text:
    """Read every Python file below a folder, the standard library's if none is given.

    The order is shuffled, always the same way: the end of the text, on which the model is judged,
    is then a fair sample and not the modules that begin with z.
    """
    folder = folder or Path(sysconfig.get_path("stdlib"))
    paths = [
        path
        for path in folder.rglob("*.py")
        if not LEFT_OUT.intersection(path.relative_to(folder).parts)
    ]
    paths.sort(
        key=lambda path: hashlib.sha256(path.relative_to(folder).as_posix().encode()).digest()
    )
    documents, skipped = [], []
    for path in paths:
        try:
            document = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            skipped.append(path.name)
            continue
        if document:
            documents.append(document)
    if not documents:
        raise SystemExit(f"there is no Python source in {folder}; name a folder with --text")
    return Text(folder, documents, sorted(skipped))


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
