"""A folder of shards goes on after a kill at any moment, and is nobody else's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from bpe.errors import FormatError, OutputExistsError
from bpe.resumable_folder import ResumableFolder

KEY = {"files": [["a.txt", 1, 2]], "made": "so"}
HALF = ".bpe-0123456789abcdef.tmp"
NOTE = {"name": "shard-00000", "num_tokens": 1}


@dataclass(frozen=True)
class Shard:
    name: str
    num_tokens: int


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_kill_while_the_first_file_was_written_is_gone_on_from(tmp_path: Path) -> None:
    (tmp_path / HALF).write_bytes(b"{")
    ResumableFolder(tmp_path, KEY).make_room(force=False)
    assert ["plan.json"] == names(tmp_path)


def test_what_a_kill_left_of_a_shard_goes_and_the_shards_stay(tmp_path: Path) -> None:
    room = ResumableFolder(tmp_path, KEY)
    room.make_room(force=False)
    room.record("shard-00000", NOTE)
    (tmp_path / HALF).write_bytes(b"ids")
    room.make_room(force=False)
    assert ["plan.json", "shard-00000.json"] == names(tmp_path)
    assert [Shard("shard-00000", 1)] == room.finished(Shard)


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


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b"{}",
        json.dumps({**NOTE, "name": "shard-00001"}).encode(),
        json.dumps({**NOTE, "num_tokens": "1"}).encode(),
        json.dumps({**NOTE, "num_tokens": -1}).encode(),
        json.dumps({**NOTE, "more": 1}).encode(),
    ],
)
def test_a_damaged_note_of_a_shard_is_named_with_what_to_do(tmp_path: Path, damaged: bytes) -> None:
    room = ResumableFolder(tmp_path, KEY)
    room.make_room(force=False)
    (tmp_path / "shard-00000.json").write_bytes(damaged)
    with pytest.raises(FormatError, match=r"shard-00000.json' is damaged: .*; remove it and run"):
        room.finished(Shard)
    (tmp_path / "shard-00000.json").unlink()
    assert [] == room.finished(Shard)


@pytest.mark.parametrize("damaged", [b"", b"\xff", b"[]", b"3", b"[" * 100_000])
def test_a_damaged_plan_is_nobody_s_and_can_be_replaced(tmp_path: Path, damaged: bytes) -> None:
    room = ResumableFolder(tmp_path, KEY)
    (tmp_path / "plan.json").write_bytes(damaged)
    with pytest.raises(OutputExistsError, match=r"another corpus.*; --force replaces it"):
        room.make_room(force=False)
    room.make_room(force=True)
    assert KEY == json.loads((tmp_path / "plan.json").read_bytes())
