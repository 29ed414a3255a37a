"""A folder of shards goes on after a kill at any moment, and is nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpe.errors import OutputExistsError
from bpe.resumable_folder import ResumableFolder

KEY = {"files": [["a.txt", 1, 2]], "made": "so"}
HALF = ".bpe-0123456789abcdef.tmp"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_kill_while_the_first_file_was_written_is_gone_on_from(tmp_path: Path) -> None:
    (tmp_path / HALF).write_bytes(b"{")
    ResumableFolder(tmp_path, KEY).make_room(force=False)
    assert ["plan.json"] == names(tmp_path)


def test_what_a_kill_left_of_a_shard_goes_and_the_shards_stay(tmp_path: Path) -> None:
    room = ResumableFolder(tmp_path, KEY)
    room.make_room(force=False)
    room.record("shard-00000", {"number": 1})
    (tmp_path / HALF).write_bytes(b"ids")
    room.make_room(force=False)
    assert ["plan.json", "shard-00000.json"] == names(tmp_path)
    assert [{"number": 1}] == room.finished()


def test_a_kill_right_after_the_index_leaves_no_notes_for_ever(tmp_path: Path) -> None:
    room = ResumableFolder(tmp_path, KEY)
    room.make_room(force=False)
    room.finish(KEY)
    for name in ("plan.json", "shard-00000.json"):
        (tmp_path / name).write_bytes(b"{}")
    room.make_room(force=False)
    assert ["index.json"] == names(tmp_path)


def test_a_folder_of_other_files_is_left_as_it_is(tmp_path: Path) -> None:
    for name in (HALF, "theirs"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(OutputExistsError, match="other files"):
        ResumableFolder(tmp_path, KEY).make_room(force=True)
    assert [HALF, "theirs"] == names(tmp_path)
