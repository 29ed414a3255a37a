"""The user's own vocabularies, by name: files in a folder of the user's.

The folders are those of `BPE_VOCABULARIES` (several with the system's separator), else
`chimera-bpe/vocabularies` in the user's data folder: `$XDG_DATA_HOME`, by default `~/.local/share`,
on macOS `~/Library/Application Support`. A vocabulary is a folder that `Tokenizer.save` wrote or a
file `NAME.tiktoken` (with its sidecar), `NAME.model` or `NAME.json`; its name is NAME. Looking
for them reads no file and imports nothing heavy: tiktoken's plugin does it too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "BPE_VOCABULARIES"

_SUFFIXES = (".tiktoken", ".model", ".json")
_SIDECAR = ".tiktoken.json"
_IN_A_FOLDER = ("meta.json", "tokenizer.json")


def user_folder() -> Path:
    """Return the folder to save one's vocabularies in: the first that is searched.

    It may not exist yet.
    """
    return folders()[0]


def folders() -> list[Path]:
    """Return the folders that are searched, in order."""
    named = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    if named:
        return named
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    if sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        # A relative path in the variable is to be ignored, says the XDG specification.
        data = Path(os.environ.get("XDG_DATA_HOME", ""))
        data = data if data.is_absolute() else home / ".local" / "share"
    return [data / "chimera-bpe" / "vocabularies"]


def find() -> dict[str, Path]:
    """Return name to path; of two with one name the first that is found counts."""
    found: dict[str, Path] = {}
    for folder in folders():
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - the names are all it takes
        except OSError:
            continue  # there is none, or it is closed to us
        for name in names:
            vocabulary = _name_of(folder, name)
            if vocabulary:
                found.setdefault(vocabulary, folder / name)
    return found


def _name_of(folder: Path, name: str) -> str | None:
    if name.startswith(".") or name.endswith(_SIDECAR):
        return None
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    if suffix in _SUFFIXES:
        return stem
    is_ours = any((folder / name / part).is_file() for part in _IN_A_FOLDER)
    return name if is_ours else None
