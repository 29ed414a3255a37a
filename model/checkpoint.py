"""What lies in a checkpoint, and how a model comes out of it again.

    model.safetensors      the weights
    optimizer.safetensors  what AdamW remembers, as NAME.KEY for every parameter
    rng.safetensors        the states of torch's random generators
    state.json             step, both configs, the tokenizer's hash, the data it was trained on
    tok/                   the tokenizer

No pickle is written or read. `run_directory.py` makes all of it appear at once and checks it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from bpe.errors import BPEError, CheckpointError
from model.architectures import build_model
from model.config import ModelConfig, TrainConfig
from model.run_directory import RunDirectory, find_checkpoint, verify
from model.sharding import spread_like, whole
from model.standing import NO_STANDING, Standing
from model.transformer import Transformer

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

MODEL, OPTIMIZER, RNG, STATE = (
    "model.safetensors",
    "optimizer.safetensors",
    "rng.safetensors",
    "state.json",
)
TOKENIZER = "tok"


@dataclass(frozen=True)
class TrainingState:
    """The part of a checkpoint that is no tensor.

    Attributes:
        step: Steps taken.
        model: The architecture.
        train: How it is trained.
        tokenizer_hash: `Tokenizer.content_hash`.
        data: What it was trained on, as `TokenDataset.describe` says it.
        standing: Its best evaluation, and the time it took.
        loss_scale: That of float16, as `Precision.to_json` says it; empty otherwise.
    """

    step: int
    model: ModelConfig
    train: TrainConfig
    tokenizer_hash: str
    data: Mapping[str, Any]
    standing: Standing = NO_STANDING
    loss_scale: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "step": self.step,
            "model": self.model.to_json(),
            "train": self.train.to_json(),
            "tokenizer_hash": self.tokenizer_hash,
            "data": dict(self.data),
            "standing": self.standing.to_json(),
            "loss_scale": dict(self.loss_scale),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainingState:
        """Build from plain data; KeyError, TypeError or ValueError say what is wrong."""
        if not isinstance(data["step"], int) or data["step"] < 0:
            raise ValueError(f"step = {data['step']!r} is not a number of steps")
        return cls(
            step=data["step"],
            model=ModelConfig.from_json(data["model"]),
            train=TrainConfig.from_json(data["train"]),
            tokenizer_hash=str(data["tokenizer_hash"]),
            data=dict(data["data"]),
            standing=Standing.from_json(data.get("standing", {})),
            loss_scale=dict(data.get("loss_scale", {})),
        )


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint: everything that sampling needs, and the way to the rest.

    Attributes:
        path: Its folder.
        state: The part that is no tensor.
        tokenizer: The tokenizer it was trained with.
        model: The model with its weights, in evaluation mode.
    """

    path: Path
    state: TrainingState
    tokenizer: Tokenizer
    model: Transformer

    def restore_optimizer(self, optimizer: Optimizer) -> None:
        """Give an optimizer of `self.model` what it remembered.

        Raises:
            CheckpointError: The stored tensors are not those of this optimizer.
        """
        stored = _read_tensors(self.path / OPTIMIZER)
        if not stored and self.state.step == 0:
            return  # AdamW remembers nothing before its first step
        for name, parameter in self.model.named_parameters():
            prefix = name + "."
            keys = [
                key for key in stored if key.startswith(prefix) and "." not in key[len(prefix) :]
            ]
            if not keys:
                raise CheckpointError(f"{self.path / OPTIMIZER} has nothing about {name}")
            for key in keys:
                value = stored.pop(key)
                if value.dim() and value.shape != parameter.shape:
                    raise CheckpointError(
                        f"{key} in {self.path / OPTIMIZER} has shape {tuple(value.shape)}; "
                        f"the parameter has {tuple(parameter.shape)}"
                    )
                # A fresh tensor: a mapped one may be aligned differently, and add up differently.
                own = torch.empty_like(value, device=parameter.device).copy_(value)
                optimizer.state[parameter][key[len(prefix) :]] = spread_like(own, parameter)
        if stored:
            raise CheckpointError(
                f"{self.path / OPTIMIZER} also holds {min(stored)}, of no parameter"
            )

    def restore_random_state(self) -> None:
        """Set torch's random generators to where they stood."""
        states = _read_tensors(self.path / RNG)
        try:
            torch.set_rng_state(states["cpu"])
            if "cuda" in states and torch.cuda.is_available():
                torch.cuda.set_rng_state(states["cuda"])
        except (KeyError, RuntimeError, TypeError) as error:
            raise CheckpointError(f"{self.path / RNG} holds no random state: {error}") from None


def collect_tensors(model: Transformer, optimizer: Optimizer) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of each file; all processes of a sharded model have to call this."""
    return {
        MODEL: _contiguous(model.state_dict()),
        OPTIMIZER: _optimizer_tensors(model, optimizer),
        RNG: _random_states(),
    }


def save_checkpoint(
    run: RunDirectory,
    state: TrainingState,
    tensors: Mapping[str, dict[str, Tensor]],
    tokenizer_files: Mapping[str, bytes],
) -> Path:
    """Write a checkpoint into a run directory, complete or not at all; return its folder."""

    def fill(folder: Path) -> None:
        for name, found in tensors.items():
            save_file(found, folder / name)
        folder.joinpath(STATE).write_text(json.dumps(state.to_json(), indent=1) + "\n")
        folder.joinpath(TOKENIZER).mkdir()
        for name, content in tokenizer_files.items():
            folder.joinpath(TOKENIZER, name).write_bytes(content)

    best = state.standing.is_best
    return run.publish(state.step, fill, keep=state.train.keep, best=best)


def load_checkpoint(
    path: str | PathLike[str], device: torch.device | str = "cpu", *, best: bool = False
) -> Checkpoint:
    """Load the newest checkpoint of a run directory, or the checkpoint that is given.

    Args:
        path: A run directory, or one `step-...` folder in it.
        device: Where the model goes.
        best: Take the one with the smallest validation loss instead of the newest.

    Raises:
        CheckpointError: A file is damaged or missing, or the parts do not belong together.
    """
    folder = find_checkpoint(path, best=best)
    verify(folder)
    try:
        state = TrainingState.from_json(json.loads((folder / STATE).read_bytes()))
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise CheckpointError(f"{folder / STATE} cannot be used: {error}") from None
    tokenizer = _load_tokenizer(folder, state)
    return Checkpoint(folder, state, tokenizer, _load_model(folder / MODEL, state.model, device))


def _load_tokenizer(folder: Path, state: TrainingState) -> Tokenizer:
    from bpe.tokenizer import Tokenizer

    try:
        tokenizer = Tokenizer.load(folder / TOKENIZER)
    except BPEError as error:
        raise CheckpointError(f"{folder / TOKENIZER} cannot be used: {error}") from error
    if tokenizer.content_hash != state.tokenizer_hash:
        raise CheckpointError(
            f"{folder / TOKENIZER} is not the tokenizer that {folder / STATE} names: "
            f"{tokenizer.content_hash[:12]} instead of {state.tokenizer_hash[:12]}"
        )
    if tokenizer.n_vocab != state.model.vocab_size:
        raise CheckpointError(
            f"{folder / STATE} is for {state.model.vocab_size} ids, and the tokenizer beside it "
            f"has {tokenizer.n_vocab}"
        )
    return tokenizer


def _load_model(path: Path, config: ModelConfig, device: torch.device | str) -> Transformer:
    tensors = _read_tensors(path)
    try:
        with torch.device("meta"):  # shapes only: a wrong config must not cost memory
            model = build_model(config)
    except RuntimeError as error:
        raise CheckpointError(
            f"the architecture in {STATE} beside {path} is none: {error}"
        ) from None
    expected = model.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        want, have = _signature(expected.get(name)), _signature(tensors.get(name))
        if want != have:
            raise CheckpointError(
                f"{path} does not fit the architecture in {STATE}: {name} should be {want}, "
                f"but is {have}"
            )
    model = model.to_empty(device=device)
    model.load_state_dict(tensors)
    return model.eval()


def _signature(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else f"{tensor.dtype} {tuple(tensor.shape)}"


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from None


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: whole(tensor).detach().cpu().contiguous() for name, tensor in tensors.items()}


def _optimizer_tensors(model: Transformer, optimizer: Optimizer) -> dict[str, Tensor]:
    return _contiguous(
        {
            f"{name}.{key}": value
            for name, parameter in model.named_parameters()
            for key, value in optimizer.state[parameter].items()
        }
    )


def _random_states() -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states
