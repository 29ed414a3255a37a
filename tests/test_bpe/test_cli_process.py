"""The command line as a process: signals, pipes, terminals and encodings."""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bpe
from bpe.cli.running import run_command

ROOT = Path(__file__).parents[2]
REFERENCE = ("--engine", "reference")
LETTERS = bytes(ord(" ") if byte < 40 else ord("a") + byte % 26 for byte in range(256))
# How long a machine that does a lot of other work may take for what is a second's on an idle one.
# A command that does not answer a signal ends with another code, so nothing hangs on this number.
PATIENCE = 300.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def start(*words: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    defaults: dict[str, Any] = {
        "cwd": ROOT,
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    command = [sys.executable, "-m", "bpe", *map(str, words)]
    return subprocess.Popen(command, **(defaults | options))


def random_words(num_bytes: int) -> bytes:
    return random.Random(1).randbytes(num_bytes).translate(LETTERS)


@pytest.fixture(scope="module")
def tok(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tok") / "tok"
    texts = ["Grüße, Grüße! the cat " * 9]
    bpe.train(texts, 270, engine="reference").save(path)
    return path


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the command never got that far"
        time.sleep(0.01)


# --- signals ------------------------------------------------------------------


@pytest.mark.parametrize("stage", [b"counting", b"merging"])
def test_ctrl_c_while_training_ends_with_130_and_leaves_nothing(
    tmp_path: Path, engine: str, stage: bytes
) -> None:
    num_bytes = 60_000_000 if engine == "native" else 500_000
    (tmp_path / "text.txt").write_bytes(random_words(num_bytes))
    process = start(
        *("train", tmp_path / "text.txt", "--vocab-size", "60k", "-o", tmp_path / "tok"),
        *("--progress", "json", "--engine", engine, "--num-threads", "1"),
    )
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if stage in line:
                break
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        assert 130 == process.wait(timeout=PATIENCE), errors
    assert errors.endswith(b"bpe train: interrupted; nothing was written\n")
    assert b"Traceback" not in errors
    assert ["text.txt"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_while_writing_leaves_nothing(
    tmp_path: Path, tok: Path, number: signal.Signals, code: int
) -> None:
    with start("encode", "-t", tok, "-o", tmp_path / "a.bin", *REFERENCE) as process:
        wait_until(lambda: list(tmp_path.glob(".bpe-*.tmp")))
        process.send_signal(number)
        assert code == process.wait(timeout=PATIENCE)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_is_a_signal_whatever_a_library_makes_of_it(
    number: signal.Signals, code: int
) -> None:
    def run(args: object) -> None:  # numpy does this when its import is interrupted
        try:
            signal.raise_signal(number)
        except BaseException:
            raise ImportError("a part of numpy is missing") from None

    arguments = argparse.Namespace(command="encode", run=run, traceback=False)
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    assert code == run_command(arguments)
    assert before == [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]


# --- pipes --------------------------------------------------------------------


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_reason_to_complain(
    tmp_path: Path, tok: Path, unbuffered: str
) -> None:
    (tmp_path / "text.txt").write_bytes(random_words(150_000))
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    options = ("encode", "-t", tok, tmp_path / "text.txt", *REFERENCE)
    with start(*options, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert b"" == process.stderr.read()
        assert 141 == process.wait(timeout=PATIENCE)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_slow_reader_gets_every_byte(tmp_path: Path, tok: Path, unbuffered: str) -> None:
    text = random_words(150_000)
    (tmp_path / "text.txt").write_bytes(text)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    encode = start("encode", "-t", tok, tmp_path / "text.txt", *REFERENCE, env=environment)
    with encode, start("decode", "-t", tok, *REFERENCE, stdin=encode.stdout) as decode:
        assert text == decode.communicate(timeout=PATIENCE)[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_line(tok: Path) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        start("inspect", tok, *REFERENCE, stdout=full) as process,
    ):
        assert process.stderr is not None
        errors = process.stderr.read()
        assert 1 == process.wait(timeout=PATIENCE)
    assert b"bpe inspect: error: 'standard output': No space left on device\n" == errors


def test_a_closed_stdout_is_one_line(tok: Path) -> None:
    command = f'"{sys.executable}" -m bpe inspect "{tok}" --engine reference >&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, check=False)
    assert 1 == done.returncode
    assert b"bpe inspect: error: 'standard output': Bad file descriptor\n" == done.stderr


# --- encodings ----------------------------------------------------------------


ASCII_ONLY = {
    "LC_ALL": "C",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}


def test_a_terminal_without_unicode_gets_escapes_and_data_stays_bytes(tok: Path) -> None:
    environment = os.environ | ASCII_ONLY
    with start("inspect", tok, *REFERENCE, env=environment) as process:
        shown, errors = process.communicate(timeout=PATIENCE)
    assert (0, b"") == (process.returncode, errors)
    assert rb"Gr\xfc\xdfe" in shown
    text = "Grüße \x1b[2J".encode() + b"\xff"
    with start("encode", "-t", tok, *REFERENCE, env=environment) as process:
        ids, _ = process.communicate(text, timeout=PATIENCE)
    with start("decode", "-t", tok, *REFERENCE, env=environment) as process:
        assert text == process.communicate(ids, timeout=PATIENCE)[0]


def test_a_file_name_that_is_not_unicode_is_shown_escaped(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/gr\xff\x1b[2J.txt")
    with start("count", name, *REFERENCE, env=os.environ | ASCII_ONLY) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert 1 == process.returncode
    assert rb"gr\udcff\x1b[2J.txt'" in errors
    assert b"\x1b" not in errors


# --- terminals ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "options", "expects_bar", "expects_colour"),
    [
        ({"TERM": "xterm"}, (), True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, (), True, False),
        ({"TERM": "dumb"}, (), False, False),
        ({"TERM": "xterm"}, ("--quiet",), False, False),
        ({"TERM": "xterm"}, ("--progress", "none"), False, False),
    ],
)
def test_the_bar_is_drawn_on_terminals_that_can_show_it(
    tmp_path: Path,
    variables: dict[str, str],
    options: tuple[str, ...],
    expects_bar: bool,
    expects_colour: bool,
) -> None:
    (tmp_path / "text.txt").write_text("the cat " * 100)
    ours, theirs = os.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "FORCE_COLOR"}
    process = start(
        *("train", tmp_path / "text.txt", "--vocab-size", "260", "-o", tmp_path / "tok"),
        *(*options, *REFERENCE),
        stderr=theirs,
        env=environment | {"NO_COLOR": ""} | variables,
    )
    os.close(theirs)
    with process:
        shown = read_terminal(ours)
        assert 0 == process.wait(timeout=PATIENCE)
    assert expects_bar == (b"100%" in shown) == (b"\r\x1b[K" in shown or b"\x1b[K" in shown)
    assert expects_colour == (b"\x1b[32m" in shown)


def read_terminal(descriptor: int) -> bytes:
    shown = b""
    while select.select([descriptor], [], [], PATIENCE)[0]:
        try:
            block = os.read(descriptor, 4096)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        shown += block
    os.close(descriptor)
    return shown


def test_the_console_script_is_the_module(tok: Path) -> None:
    code = "import sys, chimera_bpe; sys.argv[0] = 'bpe'; sys.exit(chimera_bpe.bpe_command())"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith(f"bpe {bpe.__version__} ")


def test_with_standard_error_closed_standard_output_holds_data_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cat " * 3)
    command = [sys.executable, "-m", "bpe", "count", str(tmp_path / "a.txt"), *REFERENCE]
    shell = ["sh", "-c", '"$@" 2>&-', "sh", *command]
    result = subprocess.run(shell, stdout=subprocess.PIPE, cwd=ROOT, check=False)
    assert 0 == result.returncode
    assert b"' cat'" in result.stdout
    assert b"distinct" not in result.stdout
