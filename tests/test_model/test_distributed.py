"""Two processes that share a step end where one process does that computes all of it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model import load_checkpoint
from model.cli import main
from test_model.conftest import python_path

LINE = ["train", "-m", "tok", "-d", "text.txt", "16", "2", "12", "1e-2", "6", "2", "2", "0",
        "--tokens-per-step", "96", "--eval-batches", "2", "--device", "cpu"]  # fmt: skip


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes_equal_one_with_accumulation(
    tok_path: Path, text_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tok_path.parent)
    assert 0 == main([*LINE, "-s", "one"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "model", *LINE, "-s", "two"],
            env=python_path()
            | {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [0, 0] == [process.returncode for process in processes], said
    assert "saved in two" in said[0]
    assert "step" not in said[1], "one process speaks"
    one, two = (load_checkpoint(run).model.state_dict() for run in ("one", "two"))
    for name, expected in one.items():
        torch.testing.assert_close(expected, two[name], atol=1e-5, rtol=1e-5)
