"""A run directory holds a complete checkpoint at every moment, and names what is damaged."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bpe.errors import CheckpointError
from model.run_directory import MANIFEST, POINTER, RunDirectory, find_checkpoint, run_of, verify
from test_model.conftest import python_path


def fill_with(step: int) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        (folder / "a.bin").write_bytes(step.to_bytes(4, "little") * 500)
        (folder / "sub").mkdir()
        (folder / "sub" / "b.json").write_text(json.dumps({"step": step}))

    return fill


def newest_step(run: RunDirectory) -> int:
    """Return the step of the newest checkpoint, after checking all of it."""
    checkpoint = find_checkpoint(run.path)
    verify(checkpoint)
    step = json.loads((checkpoint / "sub" / "b.json").read_text())["step"]
    assert step == int.from_bytes((checkpoint / "a.bin").read_bytes()[:4], "little")
    return int(step)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    return run


def test_the_newest_checkpoint_is_found_and_the_one_before_is_kept(run: RunDirectory) -> None:
    assert [] == run.checkpoints()
    for step in (10, 20, 30):
        run.publish(step, fill_with(step))
        assert step == newest_step(run)
    kept = ["step-00000030", "step-00000020"]
    assert kept == [path.name for path in run.checkpoints()]
    assert {POINTER, *kept} == {path.name for path in run.path.iterdir()}


def test_a_step_can_be_saved_again(run: RunDirectory) -> None:
    for step in (10, 10, 10, 5, 10):
        run.publish(step, fill_with(step))
        assert step == newest_step(run)
        assert len(run.checkpoints()) <= 2


def test_the_best_stays_however_many_come_after_it(run: RunDirectory) -> None:
    assert run.best() is None
    for step in (10, 20, 30, 40, 50):
        run.publish(step, fill_with(step), keep=3, best=step in (10, 20))
    assert [50, 40, 30, 20] == [int(path.name[-2:]) for path in run.checkpoints()]
    assert run.path / "step-00000020" == run.best() == find_checkpoint(run.path, best=True)
    assert 4 == len(list(run.path.glob("step-*")))
    run.publish(60, fill_with(60), keep=1, best=True)
    assert ["step-00000060"] == [path.name for path in run.checkpoints()]
    assert 60 == newest_step(run)


def test_a_run_without_evaluation_has_no_best(run: RunDirectory) -> None:
    run.publish(10, fill_with(10))
    with pytest.raises(CheckpointError, match="nothing was evaluated yet"):
        find_checkpoint(run.path, best=True)


def test_a_checkpoint_can_be_named_itself(run: RunDirectory) -> None:
    for step in (10, 20):
        run.publish(step, fill_with(step))
    older = run.path / "step-00000010"
    assert older == find_checkpoint(older)
    assert run.path == run_of(older)


def test_only_our_own_folders_are_ever_deleted(run: RunDirectory) -> None:
    for name in ("step-by-step", "step-1", "steps", "step-00000001-backup"):
        (run.path / name).mkdir()
    for step in (1, 2, 3, 4):
        run.publish(step, fill_with(step))
    assert 4 + 2 + 1 == len(list(run.path.iterdir()))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_leaves_the_checkpoint_before_it(run: RunDirectory, code: int) -> None:
    run.publish(10, fill_with(10))

    def fill(folder: Path) -> None:
        fill_with(20)(folder)
        raise OSError(code, os.strerror(code))

    with pytest.raises(OSError, match=os.strerror(code)):
        run.publish(20, fill)
    assert 10 == newest_step(run)
    assert {POINTER, "step-00000010"} == {path.name for path in run.path.iterdir()}


SYSTEM_CALLS = ("rename", "replace", "fsync", "link", "unlink", "mkdir", "rmdir", "open", "close")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to be killed at a chosen call")
def test_a_kill_at_any_system_call_leaves_the_old_or_the_new_checkpoint(run: RunDirectory) -> None:
    run.publish(1, fill_with(1))
    before, num_kills = run.path.with_name("before"), 0
    shutil.copytree(run.path, before)
    while True:
        shutil.rmtree(run.path)
        shutil.copytree(before, run.path)
        if save_and_die(run, at_call=num_kills + 1) == 0:
            break
        num_kills += 1
        assert newest_step(run) in (1, 2)
        run.publish(3, fill_with(3))
        assert 3 == newest_step(run), "what was left behind is no obstacle"
    assert 2 == newest_step(run)
    assert num_kills > 15, "the calls were really counted"


def save_and_die(run: RunDirectory, at_call: int) -> int:
    """Save step 2 in a forked process that dies before its n-th call; return its exit status."""
    child = os.fork()
    if child == 0:
        calls = 0

        def dying(original: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **options: object) -> object:
                nonlocal calls
                calls += 1
                if calls == at_call:
                    os._exit(9)
                return original(*args, **options)

            return call

        try:
            for name in SYSTEM_CALLS:
                setattr(os, name, dying(getattr(os, name)))
            run.publish(2, fill_with(2))
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), "the process that saves failed by itself"
    return status


SAVE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from model.run_directory import RunDirectory
run = RunDirectory(sys.argv[1])
def fill(step):
    def fill(folder):
        (folder / "sub").mkdir()
        (folder / "a.bin").write_bytes(step.to_bytes(4, "little") * 500)
        (folder / "sub" / "b.json").write_text('{"step": %d}' % step)
    return fill
with run.locked():
    for step in itertools.count(int(sys.argv[2])):
        run.publish(step, fill(step))
        print(step, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_kills_at_random_moments_lose_no_checkpoint(run: RunDirectory) -> None:
    saved = 0
    for attempt in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(run.path), str(saved + 1)],
            stdout=subprocess.PIPE,
            env=python_path(),
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.003 * attempt)
        process.send_signal(signal.SIGKILL)
        printed = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        found = newest_step(run)
        assert found > saved
        assert not printed or found >= int(printed[-1]), "what was announced is there"
        saved = found


def test_every_kind_of_damage_is_named(run: RunDirectory) -> None:
    run.publish(10, fill_with(10))
    newest = run.publish(20, fill_with(20))
    whole = run.path.with_name("whole")
    shutil.copytree(newest, whole)
    data = (newest / "a.bin").read_bytes()
    damages: list[tuple[str, Callable[[], object]]] = [
        (r"a\.bin has 1999 bytes", lambda: (newest / "a.bin").write_bytes(data[:-1])),
        (r"a\.bin is damaged", lambda: (newest / "a.bin").write_bytes(b"\1" + data[1:])),
        (r"a\.bin is missing", lambda: (newest / "a.bin").unlink()),
        (r"extra is not listed", lambda: (newest / "extra").write_bytes(b"")),
        (r"manifest\.json is damaged", lambda: (newest / MANIFEST).write_bytes(b"{")),
        (r"manifest\.json is damaged", lambda: (newest / MANIFEST).write_bytes(b"[" * 10**5)),
        (r"manifest\.json is damaged", lambda: (newest / MANIFEST).unlink()),
        (r"not of version 1", lambda: (newest / MANIFEST).write_text('{"format": "x"}')),
    ]
    for message, damage in damages:
        damage()
        with pytest.raises(CheckpointError, match=message) as caught:
            verify(find_checkpoint(run.path))
        if "version" not in message:
            assert f"-l {run.path / 'step-00000010'} loads another" in str(caught.value)
        shutil.rmtree(newest)
        shutil.copytree(whole, newest)
    verify(newest)


def test_one_flipped_bit_anywhere_is_noticed(run: RunDirectory) -> None:
    checkpoint = run.publish(10, fill_with(10))
    for name in ("a.bin", "sub/b.json"):
        path = checkpoint / name
        data = path.read_bytes()
        for place in range(0, len(data), max(1, len(data) // 20)):
            path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
            with pytest.raises(CheckpointError, match="is damaged"):
                verify(checkpoint)
        path.write_bytes(data)
    verify(checkpoint)


@pytest.mark.parametrize(
    "pointer", [b"", b"{}", b"[]", b'{"checkpoints": ["../other"]}', b'{"checkpoints": [1]}']
)
def test_a_damaged_pointer_is_named_with_what_can_be_loaded(
    run: RunDirectory, pointer: bytes
) -> None:
    checkpoint = run.publish(10, fill_with(10))
    (run.path / POINTER).write_bytes(pointer)
    with pytest.raises(CheckpointError, match=rf"latest\.json is damaged.*-l {checkpoint} loads"):
        find_checkpoint(run.path)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name, message in (
        ("nothing", "nothing has that name"),
        ("file", "no complete"),
        (".", "no"),
    ):
        with pytest.raises(CheckpointError, match=message):
            find_checkpoint(tmp_path / name)


def test_a_second_process_is_kept_out_and_told_by_whom(run: RunDirectory) -> None:
    with (
        run.locked(),
        pytest.raises(CheckpointError, match=rf"in use by process {os.getpid()} on"),
        RunDirectory(run.path).locked(),
    ):
        pass
    with run.locked():
        assert (run.path / ".lock").exists()


def test_what_a_killed_process_left_is_cleared_away(run: RunDirectory) -> None:
    (run.path / ".bpe-0123.tmp").mkdir()
    (run.path / ".bpe-0123.tmp" / "half").write_bytes(b"")
    (run.path / ".bpe-4567.tmp").write_bytes(b"")
    with run.locked():
        assert [".lock"] == [path.name for path in run.path.iterdir()]


def test_a_folder_made_for_a_run_that_never_began_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no data"), RunDirectory(tmp_path / "new").locked():
        raise ValueError("no data")
    assert [] == list(tmp_path.iterdir())
    (tmp_path / "old").mkdir()
    with pytest.raises(ValueError, match="no data"), RunDirectory(tmp_path / "old").locked():
        raise ValueError("no data")
    assert (tmp_path / "old").is_dir()
