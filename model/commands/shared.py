"""What several commands do: find the device and the tokenizer, say something to a person."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from model.checkpoint import Checkpoint, load_checkpoint
from model.options import UsageError, usage_errors
from model.shards import is_prepared, tokenizer_of
from model.vocabulary import check_same_tokenizer, load_tokenizer

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


def device_of(name: str) -> torch.device:
    """Return the device that --device names; `auto` takes a GPU if there is one."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch finds no GPU here; use --device cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def tokenizer_for(args: Namespace, loaded: Checkpoint | None) -> Tokenizer:
    """Return the tokenizer of the checkpoint, the one that is named, or that of the data."""
    if args.tokenizer_model is None:
        if loaded is not None:
            return loaded.tokenizer
        if args.data is not None and is_prepared(Path(args.data)):
            return tokenizer_of(Path(args.data))
        raise UsageError(
            "an untrained model needs a vocabulary: name a tokenizer with -m; --preset learns one "
            "from text"
        )
    with usage_errors():
        named = load_tokenizer(args.tokenizer or "bpe", args.tokenizer_model)
    if loaded is not None:
        check_same_tokenizer(named, loaded.tokenizer, str(loaded.path))
        return loaded.tokenizer
    return named


def loaded_with_objective(args: Namespace, objective: str, remedy: str) -> Checkpoint:
    """Load a checkpoint, and refuse a model that was trained for something else."""
    checkpoint = load_checkpoint(args.load_model, device_of(args.device), best=args.best)
    if checkpoint.state.model.objective != objective:
        raise UsageError(
            f"{args.load_model} is a {checkpoint.state.model.objective} language model; {remedy}"
        )
    return checkpoint


def note(message: str) -> None:
    """Say something on standard error."""
    print(message, file=sys.stderr, flush=True)
