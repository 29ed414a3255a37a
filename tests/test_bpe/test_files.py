"""What is written is there complete or not at all."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from bpe import files
from bpe.errors import BPEError, OutputExistsError
from bpe.files import check_output, open_for_writing, write_bytes, writing_directory

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and devices")


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def write_folder(path: Path, overwrite: bool = False, **texts: str) -> None:
    with writing_directory(path, overwrite) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text)


# --- files --------------------------------------------------------------------


def test_a_new_file_has_its_bytes_and_the_rights_of_the_umask(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"new")
    (tmp_path / "ordinary").write_bytes(b"")
    assert b"new" == (tmp_path / "a").read_bytes()
    assert (tmp_path / "ordinary").stat().st_mode == (tmp_path / "a").stat().st_mode
    assert ["a", "ordinary"] == names(tmp_path)


def test_a_file_is_replaced_only_when_that_is_allowed(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    with pytest.raises(OutputExistsError, match=r"a' exists; give --force .*overwrite=True"):
        write_bytes(tmp_path / "a", b"new")
    assert b"old" == (tmp_path / "a").read_bytes()
    write_bytes(tmp_path / "a", b"new", overwrite=True)
    assert b"new" == (tmp_path / "a").read_bytes()
    assert issubclass(OutputExistsError, FileExistsError)
    assert issubclass(OutputExistsError, BPEError)


def test_a_replaced_file_keeps_its_rights_and_a_link_stays_a_link(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    (tmp_path / "a").chmod(0o600)
    (tmp_path / "link").symlink_to("a")
    write_bytes(tmp_path / "link", b"new", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert b"new" == (tmp_path / "a").read_bytes()
    assert 0o600 == stat.S_IMODE((tmp_path / "a").stat().st_mode)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_in_the_block_changes_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    write_bytes(tmp_path / "a", b"old")
    with pytest.raises(error), open_for_writing(tmp_path / "a", True) as file:  # noqa: PT012
        file.write(bytes(3 << 20))
        raise error
    assert b"old" == (tmp_path / "a").read_bytes()
    assert ["a"] == names(tmp_path)


FAULTS = [
    ("os.fsync", errno.EIO),
    ("os.fsync", errno.ENOSPC),
    ("pathlib.Path.replace", errno.EROFS),
    ("pathlib.Path.chmod", errno.EPERM),
]


@pytest.mark.parametrize(("call", "code"), FAULTS)
def test_a_failing_call_leaves_the_old_file_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    write_bytes(tmp_path / "a", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        with pytest.raises(OSError, match=os.strerror(code)) as caught:
            write_bytes(tmp_path / "a", b"new", overwrite=True)
    assert (code, str(tmp_path / "a")) == (caught.value.errno, caught.value.filename)
    assert b"old" == (tmp_path / "a").read_bytes()
    assert ["a"] == names(tmp_path)


@posix_only
def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    # A limit on the size of a file, in a process of its own, is the nearest thing to a full disk.
    code = """
        import resource, sys
        from bpe.files import open_for_writing
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
        try:
            with open_for_writing(sys.argv[1], overwrite=True) as file:
                for _ in range(5):
                    file.write(bytes(1 << 20))
        except OSError as error:
            print(error.strerror, error.filename)
    """
    done = run_python(code, tmp_path / "a")
    assert f"File too large {tmp_path / 'a'}" == done.stdout.strip()
    assert b"old" == (tmp_path / "a").read_bytes()
    assert ["a"] == names(tmp_path)


@posix_only
def test_a_process_killed_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    code = """
        import os, signal, sys
        from bpe.files import open_for_writing
        with open_for_writing(sys.argv[1], overwrite=True) as file:
            file.write(bytes(3 << 20))
            os.kill(os.getpid(), signal.SIGKILL)
    """
    assert -signal.SIGKILL == run_python(code, tmp_path / "a").returncode
    assert b"old" == (tmp_path / "a").read_bytes()


def test_ctrl_c_in_the_moment_in_which_a_file_appears_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(files._NamedFile):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "_NamedFile", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a", b"")
    assert [] == names(tmp_path)


def test_ctrl_c_in_the_moment_in_which_a_folder_appears_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path) -> None:
        os.mkdir(path)  # noqa: PTH102
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), writing_directory(tmp_path / "tok"):
        pass
    assert [] == names(tmp_path)


def test_a_file_that_appears_while_we_write_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputExistsError), open_for_writing(tmp_path / "a") as file:  # noqa: PT012
        file.write(b"ours")
        (tmp_path / "a").write_bytes(b"theirs")
    assert b"theirs" == (tmp_path / "a").read_bytes()
    assert ["a"] == names(tmp_path)


def test_a_file_system_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    write_bytes(tmp_path / "a", b"new")
    assert b"new" == (tmp_path / "a").read_bytes()
    with pytest.raises(OutputExistsError), open_for_writing(tmp_path / "b"):
        (tmp_path / "b").write_bytes(b"theirs")
    assert b"theirs" == (tmp_path / "b").read_bytes()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing"):
        write_bytes(tmp_path / "missing" / "a", b"")
    with pytest.raises(IsADirectoryError, match="this is a folder"):
        write_bytes(tmp_path, b"", overwrite=True)
    with pytest.raises(OSError, match="name too long"):
        write_bytes(tmp_path / ("x" * 300), b"")
    assert [] == names(tmp_path)


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_closed_to_us_is_named_before_the_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="no right to write into"):
            check_output(tmp_path / "a")
    finally:
        tmp_path.chmod(0o700)


@posix_only
def test_a_pipe_is_written_to_directly_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_bytes(pipe, b"through")
    reader.join(timeout=300)
    assert [b"through"] == received
    assert stat.S_ISFIFO(pipe.stat().st_mode)


# --- folders ------------------------------------------------------------------


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    with writing_directory(tmp_path / "tok") as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "a").write_text("1")
        assert not (tmp_path / "tok").exists()
    assert "1" == (tmp_path / "tok" / "sub" / "a").read_text()
    assert ["tok"] == names(tmp_path)


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_is_replaced_only_when_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(files, "_exchange", lambda *_: False)
    write_folder(tmp_path / "tok", a="old")
    with pytest.raises(OutputExistsError, match="--force"):
        write_folder(tmp_path / "tok", a="new")
    assert "old" == (tmp_path / "tok" / "a").read_text()
    write_folder(tmp_path / "tok", overwrite=True, a="new", b="more")
    assert "new" == (tmp_path / "tok" / "a").read_text()
    assert ["a", "b"] == names(tmp_path / "tok")
    assert ["tok"] == names(tmp_path)


@posix_only
def test_a_folder_that_cannot_be_made_is_named_and_not_its_temporary_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match="No space left") as caught:
        write_folder(tmp_path / "tok", a="new")
    assert str(tmp_path / "tok") == caught.value.filename


def test_an_empty_folder_is_free_to_take(tmp_path: Path) -> None:
    (tmp_path / "tok").mkdir()
    write_folder(tmp_path / "tok", a="new")
    assert ["a"] == names(tmp_path / "tok")


def test_a_folder_with_files_that_are_not_ours_is_never_replaced(tmp_path: Path) -> None:
    write_folder(tmp_path / "tok", a="old", thesis="mine")
    with pytest.raises(OutputExistsError, match=r"also holds 'thesis'.*would delete"):
        write_folder(tmp_path / "tok", overwrite=True, a="new")
    with pytest.raises(OutputExistsError, match=r"also holds 'thesis'"):
        check_output(tmp_path / "tok", True, directory=True, known_names=("a", "b"))
    assert "old" == (tmp_path / "tok" / "a").read_text()
    assert "mine" == (tmp_path / "tok" / "thesis").read_text()
    assert ["tok"] == names(tmp_path)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_while_a_folder_is_written_changes_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    write_folder(tmp_path / "tok", a="old")
    with pytest.raises(error), writing_directory(tmp_path / "tok", True) as folder:  # noqa: PT012
        (folder / "a").write_text("new")
        raise error
    assert "old" == (tmp_path / "tok" / "a").read_text()
    assert ["tok"] == names(tmp_path)


def test_an_old_folder_comes_back_if_the_new_one_cannot_take_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "tok", a="old")
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    rename = Path.rename

    def fail_for_the_new_one(self: Path, target: Path) -> Path:
        if (self / "a").read_text() == "new":
            raise OSError(errno.EIO, "broken")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new_one)
    with pytest.raises(OSError, match="broken"):
        write_folder(tmp_path / "tok", overwrite=True, a="new")
    assert "old" == (tmp_path / "tok" / "a").read_text()
    assert ["tok"] == names(tmp_path)


@posix_only
def test_a_process_killed_while_it_writes_a_folder_leaves_the_old_one(tmp_path: Path) -> None:
    write_folder(tmp_path / "tok", a="old")
    code = """
        import os, signal, sys
        from bpe.files import writing_directory
        with writing_directory(sys.argv[1], overwrite=True) as folder:
            (folder / "a").write_text("new")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    assert -signal.SIGKILL == run_python(code, tmp_path / "tok").returncode
    assert "old" == (tmp_path / "tok" / "a").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs an exchange of two names")
def test_a_reader_always_finds_a_complete_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "tok", a="0")
    write_folder(tmp_path / "other", a="0")
    if not files._exchange(tmp_path / "tok", tmp_path / "other"):
        pytest.skip("this file system cannot exchange two names in one step")
    finished = threading.Event()

    def rewrite() -> None:
        for number in range(50):
            write_folder(tmp_path / "tok", overwrite=True, a=str(number))
        finished.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    missing = 0
    while not finished.is_set():
        missing += not (tmp_path / "tok").is_dir()
    writer.join()
    assert 0 == missing
    assert "49" == (tmp_path / "tok" / "a").read_text()


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    write_bytes(tmp_path / "tok", b"")
    with pytest.raises(NotADirectoryError, match="a folder is to be written here"):
        write_folder(tmp_path / "tok", overwrite=True, a="new")


def run_python(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
