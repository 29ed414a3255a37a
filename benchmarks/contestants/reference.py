"""chimera-bpe, the reference engine in pure Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpe
from benchmarks.contestants import ours
from benchmarks.contestants.ours import MODULES, tokens, version

__all__ = ["MODULES", "encoder", "tokens", "train", "version"]


def train(job: dict[str, Any]) -> bpe.Tokenizer:
    """Train from the file."""
    return ours.train(job, engine="reference")


def encoder(job: dict[str, Any]) -> Callable[[Any], Any]:
    """Encode as the form says."""
    return ours.encoder(job, engine="reference")
