"""`bpe train` and `bpe extend`: several sizes, an old tokenizer, Ctrl-C, and a checkpoint."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import bpe
from bpe.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = "the cat sat on the mat, the hat of the catalogue of catamarans\n" * 9


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that holds text.txt."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT)
    return tmp_path


@pytest.mark.parametrize("options", [(), ("--required-token", "dog"), ("--superword-from", "270")])
def test_several_sizes_are_each_what_training_to_it_alone_gives(
    folder: Path, options: tuple[str, ...]
) -> None:
    assert 0 == main(["train", "text.txt", "--vocab-size", "280,264,272", "-o", "tok", *options])
    for size in ("264", "272", "280"):
        assert 0 == main(["train", "text.txt", "--vocab-size", size, "-o", size, *options])
        for path in Path(size).iterdir():
            assert path.read_bytes() == Path(f"tok-{size}", path.name).read_bytes()
    assert not Path("tok").exists()


def test_sizes_of_a_tiktoken_file_keep_its_suffix(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "text.txt", "--vocab-size", "264,270", "-o", "tok.tiktoken", "--json"]
    assert 0 == main(command)
    reports = json.loads(capsys.readouterr().out)
    assert ["tok-264.tiktoken", "tok-270.tiktoken"] == [report["output"] for report in reports]
    assert [264, 270] == [report["num_tokens"] for report in reports]
    assert 270 == len(bpe.Tokenizer.load("tok-270.tiktoken"))


def test_no_size_is_written_when_one_of_them_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("tok-270").mkdir()
    Path("tok-270", "mine").touch()
    assert 1 == main(["train", "text.txt", "--vocab-size", "264,270", "-o", "tok"])
    assert "tok-270" in capsys.readouterr().err
    assert not Path("tok-264").exists()


def test_extend_keeps_what_there_is_and_learns_more() -> None:
    assert 0 == main(["train", "text.txt", "--vocab-size", "265", "-o", "old"])
    Path("more.txt").write_text("der Hut der Katze\n" * 9)
    command = ["extend", "old", "more.txt", "--vocab-size", "272,275", "-o", "new"]
    assert 0 == main([*command, "--special-token", "<|x|>", "--min-frequency", "2"])
    old = bpe.Tokenizer.load("old")
    expected = bpe.train(
        [Path("more.txt").read_text()], 275, base=old, special_tokens=["<|x|>"], min_frequency=2
    )
    assert expected == bpe.Tokenizer.load("new-275")
    assert dict(expected.spec.id_to_bytes).items() > dict(old.spec.id_to_bytes).items()
    assert expected.special_tokens_set == {"<|endoftext|>", "<|x|>"}
    assert 272 == bpe.Tokenizer.load("new-272").n_vocab


def test_extend_says_what_the_size_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["train", "text.txt", "--vocab-size", "265", "-o", "old"])
    assert 1 == main(["extend", "old", "text.txt", "--vocab-size", "260", "-o", "new"])
    assert "vocab_size must be an integer from 265" in capsys.readouterr().err


def test_a_checkpoint_of_another_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "text.txt", "--vocab-size", "270", "-o", "tok", "--checkpoint", "saved"]
    assert 0 == main(command)
    assert 1 == main([*command, "--force", "--tie-break", "bytes_max"])
    assert "its tie_break was 'id', not 'bytes_max'" in capsys.readouterr().err
    assert 0 == main([*command, "--force"])
    Path("text.txt").write_text(TEXT + "more")
    assert 1 == main([*command, "--force"])
    assert "its source was" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--keep-on-interrupt", None])
def test_ctrl_c_keeps_what_is_there_when_asked(folder: Path, option: str | None) -> None:
    """The first line of progress that counts merges says that some are there."""
    words = random.Random(1)
    Path("long.txt").write_bytes(words.randbytes(1 << 20).hex().encode())
    command = ["train", "long.txt", "--vocab-size", "1M", "-o", "tok", "--pattern", "none"]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bpe",
            *command,
            "--progress",
            "json",
            *([option] if option else []),
        ],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        step = json.loads(line)
        if step["stage"] == "merging" and step["current"] > 0:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert (0 if option else 130) == process.wait()
    process.stderr.close()
    if option:
        assert "warning: reached" in rest
        assert "tokens: interrupted" in rest
        kept = bpe.Tokenizer.load("tok")
        assert 257 < len(kept) < 300_000  # there are more pairs to merge than that
    else:
        assert "interrupted; nothing was written" in rest
        assert not Path("tok").exists()
