"""Train one model of an experiment, and say in one row what came of it.

Time is processor time of this process: other work on the machine does not count. It draws nothing.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import bpe
from bpe.errors import CorpusError
from model.config import ModelConfig, TrainConfig
from model.dataset import TokenDataset
from model.flops import flops_per_token
from model.progress import Progress
from model.runs.plan import LEARNING, Scale, Trial, reference_of
from model.train import Trainer

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: More than there are: all of the text is measured on, and nothing before the end.
_MANY_STEPS = 10**6

END = "<|endoftext|>"


class Corpus:
    """The beginning of a file: text to train on, and text behind it to measure on."""

    def __init__(self, path: Path, scale: Scale) -> None:
        """Read the file; CorpusError if it is too short or no UTF-8."""
        wanted = scale.train_bytes + scale.val_bytes
        with path.open("rb") as file:
            data = file.read(wanted)
        if len(data) < wanted:
            raise CorpusError(f"{path} has {len(data):,} bytes; {wanted:,} are needed")
        self.name = path.name
        self._tokenizers: dict[int | str, Tokenizer] = {}
        # A character that is cut in two belongs to neither part.
        self.train = data[: scale.train_bytes].decode("utf-8", "ignore")
        self.val = data[scale.train_bytes :].decode("utf-8", "ignore")

    def tokenizer(self, vocabulary: int | str) -> Tokenizer:
        """Return a vocabulary: learned from the training text alone, or a published one."""
        if vocabulary not in self._tokenizers:
            self._tokenizers[vocabulary] = (
                bpe.get_encoding(vocabulary)
                if isinstance(vocabulary, str)
                else bpe.train([self.train], vocabulary)
            )
        return self._tokenizers[vocabulary]

    def encode(self, vocabulary: int | str) -> TokenDataset:
        """Return the tokens of both parts, split where the text is."""
        tokenizer = self.tokenizer(vocabulary)
        # Where a corpus separates its documents so, that is one token of no bytes in all of them.
        special = {END} & set(tokenizer.spec.special_tokens)
        train, val = (
            tokenizer.encode_to_numpy(text, allowed_special=special, disallowed_special=())
            for text in (self.train, self.val)
        )
        tokens = np.concatenate([train, val])
        return TokenDataset(tokens, len(train), self.name, tokenizer.content_hash)


def measure(
    trial: Trial, scale: Scale, corpus: Corpus, reference: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Train a model, and return its row.

    Args:
        trial: What to train.
        scale: How large.
        corpus: On what.
        reference: The row whose compute or time this one gets; None with equal bytes.
    """
    tokenizer, data = corpus.tokenizer(trial.vocabulary), corpus.encode(trial.vocabulary)
    bytes_per_token = len(corpus.train.encode()) / data.num_train
    model_config = _model_config(trial, scale, tokenizer, bytes_per_token)
    config = _train_config(trial, scale)
    trainer = _trainer(model_config, config, tokenizer, data)
    if reference is not None:
        steps = _steps_of(trial, trainer, reference)
        config = replace(config, steps=steps, warmup_steps=steps // 10)
        trainer = _trainer(model_config, config, tokenizer, data)
    started = time.process_time()
    while trainer.step < config.steps:
        trainer.train_step()
    seconds = time.process_time() - started
    found = trainer.evaluate()
    assert found is not None
    body, table = trainer.model.parameter_split()
    return {
        **trial.to_json(),
        "corpus": corpus.name,
        "optimizer": config.optimizer,
        "lr": config.lr,
        "vocab_size": tokenizer.n_vocab,
        "bits_per_byte": found.bits_per_byte,
        "val_bytes": found.num_bytes,
        "bytes_per_token": bytes_per_token,
        "context_tokens": model_config.block_size,
        "parameters_body": body,
        "parameters_vocabulary": table,
        "steps": config.steps,
        "bytes_seen": round(config.steps * trainer.tokens_per_step * bytes_per_token),
        "flops": _flops_per_step(trainer) * config.steps,
        "seconds": seconds,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def reference_row(trial: Trial, scale: Scale, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the row that sets the budget of a trial, or None if nothing does."""
    if trial.variant == "equal bytes":
        return None
    wanted = replace(trial, variant="equal bytes", vocabulary=reference_of(scale), ffn="swiglu")
    return next(row for row in rows if wanted.to_json().items() <= row.items())


def _model_config(
    trial: Trial, scale: Scale, tokenizer: Tokenizer, bytes_per_token: float
) -> ModelConfig:
    block_size = max(2, round(scale.context_bytes / bytes_per_token))
    return ModelConfig(
        tokenizer.n_vocab, scale.n_embd, block_size, scale.heads, scale.layers, 0.0,
        arch="llama", ffn=trial.ffn,  # type: ignore[arg-type]
    )  # fmt: skip


def _train_config(trial: Trial, scale: Scale) -> TrainConfig:
    optimizer, lr = LEARNING[trial.experiment]
    return TrainConfig(
        scale.windows, lr, scale.steps, trial.seed, eval_batches=_MANY_STEPS,
        eval_every=_MANY_STEPS, warmup_steps=scale.steps // 10, optimizer=optimizer,
    )  # fmt: skip


def _steps_of(trial: Trial, trainer: Trainer, reference: Mapping[str, Any]) -> int:
    """Return how many steps use up what the reference has used."""
    if trial.variant == "equal time":
        return _steps_in(trainer, reference["seconds"])
    steps: float = reference["flops"] / _flops_per_step(trainer)
    return max(1, round(steps))


def _flops_per_step(trainer: Trainer) -> int:
    return flops_per_token(trainer.model) * trainer.tokens_per_step


def _trainer(
    model: ModelConfig, config: TrainConfig, tokenizer: Tokenizer, data: TokenDataset
) -> Trainer:
    quiet = Progress(0, config.steps, io.StringIO())
    return Trainer.start(model, tokenizer, data, config, progress=quiet)


def _steps_in(trainer: Trainer, seconds: float) -> int:
    """Return how many steps fit into a time, from a few that are tried."""
    trainer.train_step()
    started = time.process_time()
    for _ in range(5):
        trainer.train_step()
    return max(1, round(seconds / ((time.process_time() - started) / 5)))
