"""Batches of conversations: each row is one, from its beginning, and only answers are targets.

    inputs    <start> user \\n  Who  are  you  <end>  \\n  <start> assistant \\n  A  GPT  <end>
    targets      .     .   .    .    .    .     .    .      .        .      A  GPT <end>   .

Rows are filled up on the right, where a causal model does not look from the left; so every answer
is learned exactly as it will be asked for, with its conversation alone before it.

Every epoch goes through all conversations once, in an order that is a function of (seed, epoch).
Step s takes the places s * B to (s + 1) * B - 1 of these orders end to end: there is no position to
save, as in `batches.py`.

Shapes in names: B rows, T positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from bpe.errors import TrainingError
from model.batches import Batch, share_of
from model.config import ModelConfig, TrainConfig
from model.conversations import Conversations
from model.loss import IGNORED

#: Rows of a batch are filled up to a multiple of this: few shapes, for whoever compiles them.
LENGTH_MULTIPLE = 32


class ChatBatches:
    """Makes the batches of a run on conversations, any step's at any time."""

    def __init__(
        self, found: Conversations, num_train: int, model: ModelConfig, config: TrainConfig
    ) -> None:
        """Prepare to make batches; the first `num_train` conversations are trained on.

        Raises:
            TrainingError: The model is a masked one, which has no turns.
        """
        if model.objective != "causal":
            raise TrainingError("a masked language model cannot answer: --pairs is for a GPT")
        self._found, self._num_train, self._config = found, num_train, config
        self._block_size = model.block_size
        self.num_windows = config.windows_per_step(model.block_size)

    @property
    def tokens_per_step(self) -> int:
        """Tokens that a step sees, on average and without what fills rows up."""
        return round(self.num_windows * int(self._found.starts[self._num_train]) / self._num_train)

    def epochs(self, steps: int) -> float:
        """Return how often so many steps see each conversation."""
        return steps * self.num_windows / self._num_train

    def train(self, step: int, rank: int = 0, num_processes: int = 1) -> list[Batch]:
        """Return what one process computes in a step, `batch_size` rows at a time."""
        rows = rows_of_step(self._num_train, self.num_windows, seed=self._config.seed, step=step)
        _, mine = share_of(rows, rank, num_processes)
        return list(self._batches(mine))

    def validation(self, max_windows: int | None = None) -> Iterator[Batch]:
        """Yield batches of the validation part, evenly thinned; the same ones every time."""
        rows = np.arange(self._num_train, len(self._found))
        limit = max_windows or self._config.batch_size * self._config.eval_batches
        if len(rows) > limit:
            rows = rows[np.linspace(0, len(rows) - 1, limit).round().astype(np.int64)]
        yield from self._batches(rows)

    def _batches(self, rows: NDArray[np.int64]) -> Iterator[Batch]:
        size = self._config.batch_size
        for i in range(0, len(rows), size):
            yield fill_rows(self._found, rows[i : i + size], self._block_size)


def rows_of_step(num_rows: int, num_windows: int, *, seed: int, step: int) -> NDArray[np.int64]:
    """Return which conversations a step sees, shape (num_windows,).

    >>> steps = [rows_of_step(4, 2, seed=1, step=step) for step in range(2)]
    >>> sorted(np.concatenate(steps).tolist())
    [0, 1, 2, 3]
    """
    places = [divmod(step * num_windows + i, num_rows) for i in range(num_windows)]
    return np.array([order_of(num_rows, seed, epoch)[at] for epoch, at in places], dtype=np.int64)


@lru_cache(maxsize=4)
def order_of(num_rows: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the order of an epoch, a permutation: by raw numbers of a counter-based generator."""
    # The last place of the counter: the other streams of the same seed are at 0 there.
    counter = np.array([0, 0, 0, 1], dtype=np.uint64)
    random = np.random.Philox(key=np.array([seed, epoch], dtype=np.uint64), counter=counter)
    return np.argsort(random.random_raw(num_rows), kind="stable")


def fill_rows(found: Conversations, rows: NDArray[np.int64], block_size: int) -> Batch:
    """Return conversations as inputs and targets, both (B, T); T fits the longest of them."""
    starts, stops = found.starts[rows], found.starts[rows + 1]
    longest = int((stops - starts).max()) - 1
    T = min(-(-longest // LENGTH_MULTIPLE) * LENGTH_MULTIPLE, block_size)
    inputs_BT = np.zeros((len(rows), T), np.int64)
    targets_BT = np.full((len(rows), T), IGNORED, np.int64)
    for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        before, after = slice(start, stop - 1), slice(start + 1, stop)
        columns = slice(stop - start - 1)
        inputs_BT[row, columns] = found.ids[before]
        targets_BT[row, columns] = found.ids[after]
        targets_BT[row, columns][~found.learned[after]] = IGNORED
    return Batch(torch.from_numpy(inputs_BT), torch.from_numpy(targets_BT))
