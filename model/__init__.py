"""A small GPT on a vocabulary of your own.

Read in this order: `config`, `layers`, `gpt`, `loss`, `dataset`, `batches`, `optim`, `train`,
`evaluate`, `sample`, `run_directory`, `checkpoint`. The command line is `python -m model`,
installed as `gpt`. Importing this package does not import torch; using what needs torch does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from model.config import PRESETS, ModelConfig, TrainConfig
from model.dependencies import require_model_dependencies

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint, load_checkpoint
    from model.dataset import TokenDataset, open_dataset
    from model.evaluate import Evaluation
    from model.gpt import GPT
    from model.sample import SampleConfig, generate, stream_text
    from model.train import Trainer

__all__ = [
    "GPT",
    "PRESETS",
    "Checkpoint",
    "Evaluation",
    "ModelConfig",
    "SampleConfig",
    "TokenDataset",
    "TrainConfig",
    "Trainer",
    "generate",
    "load_checkpoint",
    "open_dataset",
    "stream_text",
]

_HOME = {
    "GPT": "gpt",
    "Checkpoint": "checkpoint",
    "Evaluation": "evaluate",
    "SampleConfig": "sample",
    "TokenDataset": "dataset",
    "Trainer": "train",
    "generate": "sample",
    "load_checkpoint": "checkpoint",
    "open_dataset": "dataset",
    "stream_text": "sample",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    require_model_dependencies()
    value = getattr(import_module(f"model.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
