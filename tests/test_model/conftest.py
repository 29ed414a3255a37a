"""A small vocabulary, a small corpus and a small model for the tests of `model`."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bpe

if TYPE_CHECKING:
    from model import ModelConfig, TokenDataset, TrainConfig

ROOT = Path(__file__).resolve().parents[2]
HAS_TORCH = all(find_spec(name) is not None for name in ("torch", "safetensors"))

Gpt = Callable[..., "subprocess.CompletedProcess[str]"]


class _Skipped(pytest.Module):
    def collect(self) -> Iterator[pytest.Item]:
        pytest.skip("torch and safetensors are not installed: no model was tested")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> _Skipped | None:
    """Skip every file here with one reason when the extra `model` is not installed."""
    return None if HAS_TORCH else _Skipped.from_parent(parent, path=module_path)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Compute with one thread: models this small only wait for a second one."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def text() -> str:
    """About 30 kB of sentences over a few hundred words, some of them not ASCII."""
    draw = random.Random(0)
    syllables = ["ka", "lo", "mi", "ter", "én", "dor", "spu", "ra", "ß", "你", "😀", "ni", "os"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(300)]
    sentences = (" ".join(draw.choices(words, k=draw.randint(3, 9))) for _ in range(700))
    return "".join(sentence.capitalize() + ".\n" for sentence in sentences)


@pytest.fixture(scope="session")
def tokenizer(text: str) -> bpe.Tokenizer:
    """300 tokens and an end of text, which is the last id."""
    return bpe.train([text], 301, pattern="gpt2", num_threads=1)


@pytest.fixture(scope="session")
def chat_tokenizer(text: str) -> bpe.Tokenizer:
    """As `tokenizer`, with the markers of conversations."""
    special_tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    return bpe.train([text], 303, pattern="gpt2", special_tokens=special_tokens, num_threads=1)


@pytest.fixture
def text_path(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def tok_path(tmp_path: Path, tokenizer: bpe.Tokenizer) -> Path:
    path = tmp_path / "tok"
    tokenizer.save(path)
    return path


@pytest.fixture
def config(tokenizer: bpe.Tokenizer) -> ModelConfig:
    from model import ModelConfig

    return ModelConfig(
        vocab_size=tokenizer.n_vocab, n_embd=16, block_size=12, heads=2, layers=2, dropout=0.2
    )


@pytest.fixture
def train_config() -> TrainConfig:
    from model import TrainConfig

    return TrainConfig(
        batch_size=4, lr=1e-2, steps=8, eval_every=4, eval_batches=2, save_every=4, log_every=1
    )


@pytest.fixture
def data(text_path: Path, tokenizer: bpe.Tokenizer) -> TokenDataset:
    from model import open_dataset

    return open_dataset(str(text_path), tokenizer, block_size=12, val_fraction=0.1)


@pytest.fixture
def gpt(tmp_path: Path) -> Gpt:
    """Run the program `gpt` in a process of its own, in the temporary folder."""

    def run(*args: object, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "model", *map(str, args)],
            cwd=tmp_path,
            env=python_path(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )

    return run


def python_path() -> dict[str, str]:
    """Return an environment in which a new process finds the packages under test."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8",
        "OMP_NUM_THREADS": "1",
    }
