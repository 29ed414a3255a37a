"""A spill folder goes away with whoever needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bpe.spill_folder import SpillFolder


def test_the_folder_lives_as_long_as_the_object(tmp_path: Path) -> None:
    with SpillFolder(tmp_path) as folder:
        (folder.path / "file").write_text("x")
    assert folder.path.is_dir()
    assert os.name != "posix" or folder.path.stat().st_mode & 0o077 == 0
    del folder
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_exception_removes_the_folder(tmp_path: Path, error: type[BaseException]) -> None:
    folder = SpillFolder(tmp_path)
    (folder.path / "file").write_text("x")
    with pytest.raises(error), folder:
        raise error
    assert [] == list(tmp_path.iterdir())
    folder.remove()  # nothing left, no error


def test_the_folder_is_made_in_tmpdir_and_does_not_outlive_python(tmp_path: Path) -> None:
    code = "from bpe.spill_folder import SpillFolder; keep = SpillFolder(); print(keep.path)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(tmp_path / "bpe-spill-"))
    assert [] == list(tmp_path.iterdir())
