"""A small GPT on a vocabulary of your own.

Read in this order: `config`, `layers`, `transformer`, `gpt`, `masked_lm`, `kan`,
`cross_attention`, `loss`, `head_loss`; `tokens`, `shards`, `preparation`, `chat`,
`conversations`, `learned_vocabulary`, `dataset`, `batches`, `masking`, `chat_batches`, `objective`;
`optim`, `step`, `train`, `evaluate`; `cache`, `sample`, `generation`, `text_stream`, `filling`;
`run_directory`, `checkpoint`; `export`, `export_gguf`, `plots`. The command line is
`python -m model`, installed as `gpt`. Importing this package does not import torch; using
what needs torch does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from model.config import ModelConfig, TrainConfig
from model.dependencies import require_model_dependencies
from model.presets import PRESETS

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint, load_checkpoint
    from model.dataset import TokenDataset, open_dataset
    from model.evaluate import Evaluation
    from model.filling import fill_mask
    from model.generation import generate, generate_batch
    from model.gpt import GPT
    from model.masked_lm import MaskedLM
    from model.preparation import prepare
    from model.sample import SampleConfig
    from model.text_stream import stream_text
    from model.train import Trainer

__all__ = [
    "GPT",
    "PRESETS",
    "Checkpoint",
    "Evaluation",
    "MaskedLM",
    "ModelConfig",
    "SampleConfig",
    "TokenDataset",
    "TrainConfig",
    "Trainer",
    "fill_mask",
    "generate",
    "generate_batch",
    "load_checkpoint",
    "open_dataset",
    "prepare",
    "stream_text",
]

_HOME = {
    "GPT": "gpt",
    "Checkpoint": "checkpoint",
    "Evaluation": "evaluate",
    "MaskedLM": "masked_lm",
    "SampleConfig": "sample",
    "TokenDataset": "dataset",
    "Trainer": "train",
    "fill_mask": "filling",
    "generate": "generation",
    "generate_batch": "generation",
    "load_checkpoint": "checkpoint",
    "open_dataset": "dataset",
    "prepare": "preparation",
    "stream_text": "text_stream",
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
