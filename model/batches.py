"""Which tokens a step sees: a function of (seed, step, rank) and nothing else.

There is no loader with a position to save. Batch 1000 can be made without the 999 before it, so a
resumed run sees exactly the batches that an uninterrupted one would have seen. Several processes
share the windows of a step, so how many there are does not change what is trained on.

Shapes in names: B batch, T positions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.tokens import Column


class Batch(NamedTuple):
    """Windows of tokens, and the same windows one token further on; both int64, (B, T)."""

    inputs_BT: Tensor
    targets_BT: Tensor


def train_starts(
    num_tokens: int, block_size: int, batch_size: int, *, seed: int, step: int
) -> NDArray[np.int64]:
    """Return where the windows of a step start, shape (B,): uniform, with replacement.

    Philox is a counter-based generator: its key is (seed, step), and the raw stream of a numpy bit
    generator is promised to stay the same for ever. Taking it modulo the number of windows prefers
    small numbers by less than one in 2^30.

    >>> train_starts(1000, 8, 4, seed=1, step=0).shape
    (4,)
    """
    num_windows = num_tokens - block_size
    random = np.random.Philox(key=np.array([seed, step], dtype=np.uint64))
    return (random.random_raw(batch_size) % np.uint64(num_windows)).astype(np.int64)


def share_of(
    starts: NDArray[np.int64], rank: int, num_processes: int
) -> tuple[int, NDArray[np.int64]]:
    """Return the windows of a step that one process computes, and the number of its first one.

    Raises:
        ValueError: The windows cannot be shared evenly.

    >>> share_of(np.arange(6), rank=1, num_processes=2)
    (3, array([3, 4, 5]))
    """
    if len(starts) % num_processes:
        raise ValueError(
            f"{len(starts)} windows a step cannot be shared by {num_processes} processes evenly; "
            "choose another batch_size or tokens_per_step"
        )
    size = len(starts) // num_processes
    return rank * size, starts[rank * size : (rank + 1) * size]


def eval_starts(num_tokens: int, block_size: int, max_windows: int) -> NDArray[np.int64]:
    """Return where the evaluation windows start: side by side, and evenly thinned to the maximum.

    The same windows every time, so that two evaluations differ by the model alone.

    >>> eval_starts(100, 10, 3).tolist()
    [0, 40, 80]
    """
    starts = np.arange(0, num_tokens - block_size, block_size, dtype=np.int64)
    if len(starts) <= max_windows:
        return starts
    return starts[np.linspace(0, len(starts) - 1, max_windows).round().astype(np.int64)]


def gather(tokens: Column, starts: NDArray[np.int64], block_size: int) -> Batch:
    """Cut the windows that begin at `starts` out of the tokens."""
    positions = starts[:, None] + np.arange(block_size + 1)
    ids = torch.from_numpy(tokens[positions].astype(np.int64))
    return Batch(ids[:, :-1], ids[:, 1:])


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Copy a batch to a device; to a GPU without waiting for the copy."""
    if device.type == "cpu":
        return batch
    return Batch(*(ids_BT.pin_memory().to(device, non_blocking=True) for ids_BT in batch))
