"""Processes that share a step, or even the weights, end where one process does that does it all."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch

from bpe.errors import TrainingError
from model import ModelConfig, TrainConfig, load_checkpoint
from model.architectures import build_model
from model.cli import main
from model.distributed import Processes
from model.sharding import shard_model
from test_model.conftest import python_path

LINE = ["train", "-m", "tok", "-d", "text.txt", "16", "2", "12", "1e-2", "6", "2", "2", "0",
        "--tokens-per-step", "96", "--eval-batches", "2", "--device", "cpu"]  # fmt: skip

needs_distributed = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="torch without distributed"
)


def free_port() -> int:
    """Return a port that is free, of those that no outgoing connection is given meanwhile."""
    for port in Random().sample(range(20_000, 30_000), 50):
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def in_two_processes(*args: str) -> list[str]:
    """Run the program twice at once, as torchrun does; return what each said."""
    port = str(free_port())
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "model", *args],
            env=python_path()
            | {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=600)[1] for process in processes]
    assert [0, 0] == [process.returncode for process in processes], said
    return said


def assert_close(expected: str, found: str) -> None:
    one, two = (load_checkpoint(run).model.state_dict() for run in (expected, found))
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], atol=1e-5, rtol=1e-5)


@needs_distributed
def test_two_processes_equal_one_with_accumulation(
    tok_path: Path, text_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tok_path.parent)
    assert 0 == main([*LINE, "-s", "one"])
    said = in_two_processes(*LINE, "-s", "two")
    assert "saved in two" in said[0]
    assert "step" not in said[1], "one process speaks"
    assert_close("one", "two")


@needs_distributed
def test_shared_weights_equal_copies_and_resume_in_one_process_or_two(
    tok_path: Path, text_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tok_path.parent)
    # Without biases: those of the keys change nothing, so Adam moves them by rounding errors alone.
    whole = [*LINE, "--arch", "llama", "--schedule", "constant", "--warmup-steps", "0"]
    half = ["3" if word == "6" else word for word in whole]
    said = in_two_processes(*half, "-s", "half", "--sharded", "--sample-every", "2")
    assert "writes" in said[0]
    assert "step" not in said[1]
    assert load_checkpoint("half").state.train.sharded
    assert 0 == main([*whole, "-s", "straight"])
    in_two_processes("train", "-l", "half", "-s", "again", "--steps", "6", "--device", "cpu")
    assert_close("straight", "again")
    assert 0 == main(["train", "-l", "half", "-s", "alone", "--steps", "6", "--device", "cpu"])
    assert_close("straight", "alone")


@pytest.mark.parametrize("setting", [{"optimizer": "muon"}, {"dtype": "float16"}])
def test_what_needs_whole_matrices_is_refused(setting: dict[str, str], config: ModelConfig) -> None:
    settings = TrainConfig(sharded=True, **setting)  # type: ignore[arg-type]
    model = build_model(config)
    with pytest.raises(TrainingError, match=f"--{next(iter(setting))} .* leave out one"):
        shard_model(model, settings, Processes(0, 2, 0))
    assert not shard_model(model, settings, Processes()), "one process has nothing to share"
