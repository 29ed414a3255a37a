"""A run directory: the checkpoints of one training run, of which one is always complete.

    run/
      latest.json          which checkpoints count, newest first, and which of them is the best; is
                           replaced in one rename
      step-00000040/       one checkpoint: its files, and manifest.json with their sizes and SHA-256
      step-00000020/
      metrics.jsonl        one line per event
      data/                the corpus as tokens
      .lock                held by the process that trains here

A checkpoint is written under a temporary name, flushed, renamed, and only then named by
`latest.json`, which is itself replaced in one rename. A process killed at any moment leaves either
the old list or the new one, and both name complete directories. This file knows no torch: what lies
in a checkpoint is `checkpoint.py`'s business.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bpe.errors import CheckpointError
from bpe.files import write_bytes, writing_directory

POINTER = "latest.json"
MANIFEST = "manifest.json"
FORMAT = "chimera checkpoint"
VERSION = 1
PREFIX = "step-"

#: How many checkpoints stay beside the best: the newest, and one more in case a disk goes bad.
KEEP = 2

_CHUNK_BYTES = 1 << 20

# Strict, because what matches and does not count is deleted.
_CHECKPOINT_NAME = re.compile(PREFIX + r"\d{8,}(-\d+)?", re.ASCII)


class RunDirectory:
    """The folder that a run saves into."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints that count, newest first; empty if there is none yet.

        Raises:
            CheckpointError: `latest.json` is damaged.
        """
        pointer = self.path / POINTER
        if not pointer.exists():
            return []
        names = _read_json(pointer).get("checkpoints")
        if not isinstance(names, list) or not all(_is_checkpoint_name(name) for name in names):
            raise _damaged(pointer, "it names no checkpoints")
        return [self.path / name for name in names]

    def best(self) -> Path | None:
        """Return the checkpoint that was published as the best so far."""
        pointer = self.path / POINTER
        name = _read_json(pointer).get("best") if pointer.exists() else None
        return self.path / name if isinstance(name, str) and _is_checkpoint_name(name) else None

    def publish(
        self, step: int, fill: Callable[[Path], None], *, keep: int = KEEP, best: bool = False
    ) -> Path:
        """Write a checkpoint: `fill` writes the files into the empty folder it is given.

        Whatever happens, the checkpoints that were there stay until the new one is complete. Then
        the newest `keep` stay, and the last one that was published as the best.

        Raises:
            OSError: The disk is full, and so on.
        """
        kept = self.checkpoints()
        target = self._free_name(step, kept)
        with writing_directory(target) as folder:
            fill(folder)
            manifest = {"format": FORMAT, "version": VERSION, "files": _describe_files(folder)}
            folder.joinpath(MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        best_path = target if best else self.best()
        kept = [p for i, p in enumerate([target, *kept]) if i < keep or p == best_path]
        pointer: dict[str, object] = {"checkpoints": [path.name for path in kept]}
        if best_path in kept:
            pointer["best"] = best_path.name if best_path else None
        write_bytes(self.path / POINTER, json.dumps(pointer).encode() + b"\n", overwrite=True)
        self._remove_all_but(kept)
        return target

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training here, and clear away what a killed one left.

        A folder that was made for this and got nothing but an error goes again. The system drops
        the lock when the process ends, however it ends.

        Raises:
            CheckpointError: Another process holds it.
        """
        is_new = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        with self.path.joinpath(".lock").open("a+", encoding="utf-8") as file:
            try:
                _lock(file)
            except OSError:
                file.seek(0)
                raise CheckpointError(
                    f"{self.path} is in use by {file.read().strip() or 'another process'}; "
                    "wait for it, or choose another folder with -s"
                ) from None
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}\n")
            file.flush()
            for stale in self.path.glob(".bpe-*.tmp"):
                _remove(stale)
            try:
                yield
            except BaseException:
                if is_new and [".lock"] == [path.name for path in self.path.iterdir()]:
                    shutil.rmtree(self.path, ignore_errors=True)
                raise

    def _free_name(self, step: int, kept: list[Path]) -> Path:
        """Return a name for the checkpoint of a step that no checkpoint that counts has."""
        name = f"{PREFIX}{step:08d}"
        candidates = [name, *(f"{name}-{number}" for number in range(1, len(kept) + 1))]
        target = next(self.path / c for c in candidates if self.path / c not in kept)
        if target.exists():  # complete, perhaps, but killed before it counted
            _remove(target)
        return target

    def _remove_all_but(self, kept: list[Path]) -> None:
        for path in self.path.glob(f"{PREFIX}*"):
            if path not in kept and _is_checkpoint_name(path.name):
                _remove(path)


def find_checkpoint(path: str | os.PathLike[str], *, best: bool = False) -> Path:
    """Return the folder of a checkpoint: the newest of a run, its best, or the one given.

    Raises:
        CheckpointError: There is none; the message says what is there.
    """
    path = Path(path)
    if (path / MANIFEST).is_file():
        return path
    if not path.exists():
        raise CheckpointError(f"there is no checkpoint {str(path)!r}: nothing has that name")
    found = RunDirectory(path).checkpoints() if path.is_dir() else []
    if not found:
        raise CheckpointError(f"{str(path)!r} holds no complete checkpoint; {_alternatives(path)}")
    if not best:
        return found[0]
    chosen = RunDirectory(path).best()
    if chosen is None:
        raise CheckpointError(f"{str(path)!r} has no best checkpoint: nothing was evaluated yet")
    return chosen


def run_of(checkpoint: Path) -> Path:
    """Return the run directory that a checkpoint lies in, or its own folder if it is in none."""
    return checkpoint.parent if (checkpoint.parent / POINTER).is_file() else checkpoint


def verify(checkpoint: Path) -> None:
    """Check every file of a checkpoint against the manifest: presence, size, SHA-256.

    Raises:
        CheckpointError: The message names the file and what else could be loaded.
    """
    manifest = _read_json(checkpoint / MANIFEST)
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise CheckpointError(
            f"{checkpoint / MANIFEST} is not of version {VERSION} of our checkpoints; "
            "a newer chimera-bpe may read it"
        )
    expected = manifest.get("files")
    if not isinstance(expected, dict):
        raise _damaged(checkpoint / MANIFEST, "it lists no files")
    found = {_relative_name(path, checkpoint) for path in _files_in(checkpoint)}
    for name in sorted(expected.keys() | found):
        problem = _problem(checkpoint / name, expected.get(name), name in found)
        if problem:
            raise CheckpointError(
                f"{checkpoint / name} {problem}; {_alternatives(checkpoint.parent, checkpoint)}"
            )


def _problem(path: Path, expected: object, is_there: bool) -> str | None:
    if not is_there:
        return "is missing"
    if not isinstance(expected, dict):
        return "is not listed in the manifest"
    size = path.stat().st_size
    if size != expected.get("size"):
        return f"has {size} bytes instead of {expected.get('size')}"
    if _sha256(path) != expected.get("sha256"):
        return "is damaged (its SHA-256 is not that of the manifest)"
    return None


def _alternatives(run: Path, broken: Path | None = None) -> str:
    others = sorted(p for p in run.glob(f"{PREFIX}*/{MANIFEST}") if p.parent != broken)
    if others:
        return f"-l {others[-1].parent} loads another checkpoint"
    return "there is no other checkpoint beside it; train anew with -l untrained"


def _describe_files(folder: Path) -> dict[str, dict[str, int | str]]:
    return {
        _relative_name(path, folder): {"size": path.stat().st_size, "sha256": _sha256(path)}
        for path in _files_in(folder)
    }


def _files_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST)


def _relative_name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _is_checkpoint_name(name: object) -> bool:
    return isinstance(name, str) and _CHECKPOINT_NAME.fullmatch(name) is not None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _read_json(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise _damaged(path, "it is missing") from None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    if not isinstance(data, dict):
        raise _damaged(path, "it holds no object")
    return data


def _damaged(path: Path, why: str) -> CheckpointError:
    """Say that a JSON file cannot be used, and what can be loaded instead."""
    folder = path.parent
    remedy = _alternatives(folder) if path.name == POINTER else _alternatives(folder.parent, folder)
    return CheckpointError(f"{path} is damaged ({why}); {remedy}")


def _remove(path: Path) -> None:
    """Delete a file or a folder that does not count; what cannot be deleted now may stay."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _lock(file: IO[str]) -> None:
    """Take the lock of an open file, or raise OSError at once."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
