"""Folders that are written shard by shard, and whose writing goes on where it was stopped.

    plan.json          while it is not complete: the key, which says what the shards are made from
    shard-00000.json   while it is not complete: what the index will say of this shard; it is
                       written after the files of the shard, and makes them count
    index.json         when it is complete: the key and all shards

Equal keys give equal shards, so whoever finds the key of what he wants to write leaves the shards
that are there, and nothing depends on when a process was stopped.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from bpe.errors import FormatError, OutputExistsError
from bpe.files import leftovers, write_bytes

INDEX, PLAN = "index.json", "plan.json"

_Shard = TypeVar("_Shard")


class ResumableFolder:
    """One such folder, complete or not."""

    def __init__(self, folder: Path, key: dict[str, Any]) -> None:
        """Take a folder; nothing is written yet.

        Args:
            folder: Where the shards lie, or will.
            key: Plain data; what "files" of it lists are those that are read, with size and time.
        """
        self.folder, self._key = folder, key

    @property
    def is_complete(self) -> bool:
        """Whether the index is there."""
        return (self.folder / INDEX).is_file()

    def make_room(self, *, force: bool, also: Sequence[str] = ()) -> None:
        """Make the folder ready for the next shard: as it is, if it has the same key.

        Args:
            force: Whether shards of something else may be removed.
            also: Folders that belong to the shards.

        Raises:
            OutputExistsError: It holds something else, and `force` is not set or it is not ours.
        """
        folder = self.folder
        folder.mkdir(parents=True, exist_ok=True)
        ours = any((folder / name).exists() for name in (INDEX, PLAN))
        halves = leftovers(folder)  # of a process that was killed, the first file perhaps
        if ours or len(halves) == sum(1 for _ in folder.iterdir()):
            for path in halves:
                path.unlink(missing_ok=True)
        if is_current(folder, self._key):
            if self.is_complete:
                self._remove_notes()  # the kill may have come when the index was there
            return
        if any(folder.iterdir()):
            if not (ours and force):
                what = "another corpus, or the same made otherwise" if ours else "other files"
                remedy = "; --force replaces it" if ours else ""
                raise OutputExistsError(f"{str(folder)!r} holds {what}{remedy}")
            for path in (folder / INDEX, folder / PLAN, *folder.glob("shard-*")):
                path.unlink(missing_ok=True)
            for name in also:
                shutil.rmtree(folder / name, ignore_errors=True)
        write_bytes(folder / PLAN, to_json(self._key))

    def finished(self, kind: type[_Shard]) -> list[_Shard]:
        """Return what was recorded of the shards that are there, in order.

        Args:
            kind: A dataclass of strings and counts; its `name` is that of the shard.

        Raises:
            FormatError: What was recorded is damaged.
        """
        shards: list[_Shard] = []
        while (path := self.folder / f"{shard_name(len(shards))}.json").is_file():
            shards.append(_read_note(path, kind))
        return shards

    def record(self, name: str, shard: dict[str, Any]) -> None:
        """Make a shard count, once its files are written."""
        write_bytes(self.folder / f"{name}.json", to_json(shard), overwrite=True)

    def finish(self, index: dict[str, Any]) -> None:
        """Write the index, and remove what it replaces."""
        write_bytes(self.folder / INDEX, to_json(index), overwrite=True)
        self._remove_notes()

    def _remove_notes(self) -> None:
        """Remove what an index replaces."""
        for path in (self.folder / PLAN, *self.folder.glob("shard-*.json")):
            path.unlink(missing_ok=True)


def is_current(folder: Path, key: dict[str, Any]) -> bool:
    """Return whether the folder, complete or not, has this key.

    What is not read from files cannot be compared, and is never current.
    """
    for name in (INDEX, PLAN):
        try:
            stored = json.loads((folder / name).read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if not isinstance(stored, dict):
            continue
        return bool(key["files"]) and {name: stored.get(name) for name in key} == key
    return False


def _read_note(path: Path, kind: type[_Shard]) -> _Shard:
    """Read what was recorded of one shard."""
    try:
        fields = json.loads(path.read_bytes())
        if not isinstance(fields, dict):
            raise ValueError("it holds no object")
        shard = kind(**fields)
        for name, wanted in get_type_hints(kind).items():
            value = fields[name]
            if type(value) is not wanted or (wanted is int and value < 0):
                raise ValueError(f"{name!r} is {value!r:.99}")
        if fields["name"] != path.stem:
            raise ValueError(f"it is of shard {fields['name']!r:.99}")
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(
            f"{str(path)!r} is damaged: {error}; remove it and run the same again, which makes the "
            "shard anew and keeps those before it"
        ) from None
    return shard


def files_key(paths: Iterable[Path]) -> list[list[Any]]:
    """Return what tells whether files have changed."""
    return [[str(p), p.stat().st_size, p.stat().st_mtime_ns] for p in paths]


def shard_name(number: int) -> str:
    """Return the name of a shard, without an ending."""
    return f"shard-{number:05d}"


def to_json(data: dict[str, Any]) -> bytes:
    """Return the text of a small file."""
    return json.dumps(data, indent=1).encode() + b"\n"
