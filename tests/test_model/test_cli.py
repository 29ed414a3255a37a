"""The program says what is wrong in one line, with the right exit status."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import bpe
from model import cli
from model.cli import main
from model.commands import prepare, sample, shared
from test_model.conftest import python_path

EIGHT = "32 8 32 1e-3 40 4 2 0.1"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "required"),
        ("fly", "invalid choice"),
        ("train", "name a tokenizer with -m"),
        ("train -m tok", "name it with -d"),
        ("train -m tok -d x 1 2 3", "3 numbers given"),
        ("train -m tok -d x 32 8 32 1e-3 40 5 2 0.1", "heads = 5 does not divide n_embd = 32"),
        ("train -m tok -d x 32 8 32 1e-3 40 4 2 1", "dropout = 1.0 should be in [0, 1)"),
        ("train -m tok -d x 32 8 32 -1 40 4 2 0.1", "lr = -1.0 should be positive"),
        ("train -m tok -d x 32 0 32 1e-3 40 4 2 0.1", "batch_size = 0 should be at least 1"),
        ("train -m tok -d x --steps many", "invalid int value"),
        ("train -m tok -d x --preset huge", "invalid choice"),
        ("train -m tok -d x -t sentencepiece", "invalid choice"),
        ("sample", "-l/--load-model"),
        ("sample -l run --temperature -1", "temperature = -1.0"),
        ("sample -l run --temperature nan", "temperature = nan"),
        ("sample -l run --top-k 0", "top_k = 0"),
        ("sample -l run --top-p 0", "top_p = 0.0"),
        ("sample -l run --max-tokens -5", "--max-tokens -5"),
        ("sample -l run --num-samples 0", "--num-samples 0"),
        ("sample -l run --chat", "ask it with -p"),
        ("sample -l run --chat -p x --allow-special", "a question is text"),
        ("sample -l run --min-p 2", "min_p = 2.0"),
        ("sample -l run --repetition-penalty 0", "repetition_penalty = 0.0"),
        ("train -m tok -d x --arch mamba", "invalid choice"),
        ("train -m tok -d x --kv-heads 3", "kv_heads = 3 does not divide heads = 4"),
        ("train -m tok -d x --tokens-per-step 100", "is no multiple of batch_size x block_size"),
        ("train -m tok -d x --lr nan", "lr = nan should be positive"),
        ("train -m tok -d x --time-budget soon", "'soon' is no time such as 90, 20m or 1.5h"),
        ("train -l run --init-from other", "give one"),
        ("prepare -m tok", "-d/--data"),
        ("prepare -m tok -d x -o y --shard-tokens 0", "--shard-tokens 0"),
        ("fill-mask -l run x --top 0", "--top 0"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(line.split())
    out, err = capsys.readouterr()
    assert "" == out
    assert message in err
    assert 1 == err.count("\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train -m missing -d text.txt", "missing"),
        ("train -m tok -d missing.txt -s no_save", "missing.txt"),
        ("train -m tok -d empty.txt -s no_save", "1 tokens, of which 1 are for training"),
        ("train -m tok -d text.txt -s no_save --block-size 999999", "not one window of 999999"),
        ("train -m tok -d text.txt -s text.txt", "text.txt"),
        ("train -l missing", "there is no checkpoint 'missing'"),
        ("train -l tok", "holds no complete checkpoint"),
        ("sample -l missing", "there is no checkpoint 'missing'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_1(
    line: str,
    message: str,
    tok_path: Path,
    text_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tok_path.parent)
    Path("empty.txt").write_text("")
    assert 1 == main(line.split())
    out, err = capsys.readouterr()
    assert "" == out
    assert message in err
    assert err.splitlines()[-1].startswith(f"gpt {line.split()[0]}: error: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyboardInterrupt(15), 143, "interrupted"),
        (MemoryError(), 1, "out of memory; try a smaller --batch-size"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: x"), 1, "out of memory"),
        (bpe.CheckpointError("line one\nline two"), 1, "error: line one line two"),
        (OSError(28, "No space left on device", "run/x"), 1, "'run/x': No space left on device"),
        (OSError(28, "No space left on device"), 1, "error: No space left on device"),
        (RuntimeError("I/O error: full (os error 28)"), 1, "error: No space left on device"),
        (ZeroDivisionError("oh"), 1, "a bug in gpt (ZeroDivisionError: oh)"),
    ],
)
def test_every_error_becomes_a_sentence(
    error: BaseException,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(args: object) -> int:
        raise error

    monkeypatch.setattr(sample, "run", fail)
    assert status == main(["sample", "-l", "run"])
    err = capsys.readouterr().err
    assert message in err
    assert 1 == err.count("\n")


def test_an_error_of_the_disk_names_the_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prepare, "run", fail)
    assert 1 == main(["prepare", "-m", "tok", "-d", "text", "-o", "data"])
    assert "error: 'data': No space left on device" in capsys.readouterr().err


def test_a_warning_is_one_line_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warn(args: object) -> int:
        for _ in range(2):
            warnings.warn("this is lossy", bpe.errors.FormatWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(sample, "run", warn)
    assert 0 == main(["sample", "-l", "run"])
    assert "gpt sample: warning: this is lossy\n" == capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--version"])
    assert capsys.readouterr().out.startswith(f"gpt {bpe.__version__} (chimera-bpe; ")


def test_a_traceback_is_shown_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(args: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(sample, "run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["sample", "-l", "run", "--traceback"])


def test_a_gpu_that_is_not_there_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shared.torch.cuda, "is_available", lambda: False)
    assert 2 == main(["sample", "-l", "run", "--device", "cuda"])
    assert "torch finds no GPU" in capsys.readouterr().err


def test_options_cannot_be_shortened() -> None:
    for command in ("train", "sample"):
        with pytest.raises(SystemExit):
            cli.build_parser().parse_args([command, "-l", "run", "--dev", "cpu"])


@pytest.mark.parametrize(("several", "expected"), [(False, "the end\n"), (True, "")])
def test_one_of_several_processes_ends_without_the_end_of_the_interpreter(
    several: bool, expected: str
) -> None:
    code = (
        "import atexit, sys; atexit.register(print, 'the end', file=sys.stderr)\n"
        "from model.cli import run_program\n"
        "sys.argv[1:] = ['train', '--help']; run_program()"
    )
    env = {key: value for key, value in python_path().items() if key != "RANK"}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=env | ({"RANK": "0"} if several else {}),
        capture_output=True,
        text=True,
    )
    assert (0, expected) == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith("usage: gpt train"), "what was said has been written"
