"""What a model is asked to predict: the next token, or the tokens that were hidden from it.

Shapes in names: B batch, T positions, V ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bpe.errors import TrainingError
from model.batches import Batch, eval_starts, gather, share_of, train_starts
from model.chat_batches import ChatBatches
from model.config import ModelConfig, TrainConfig
from model.dataset import TokenDataset
from model.masking import EVAL_RATE, EVAL_STEP, Masking
from model.tokens import Column
from model.vocabulary import byte_lengths, mask_id

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


class BatchMaker:
    """Makes the batches of a run on running text, any step's at any time."""

    def __init__(
        self, data: TokenDataset, tokenizer: Tokenizer, model: ModelConfig, config: TrainConfig
    ) -> None:
        """Prepare to make batches.

        Raises:
            TrainingError: Whole words or spans shall be hidden, and where words begin is unknown.
        """
        self._data, self._config = data, config
        self._block_size = model.block_size
        self.num_windows = config.windows_per_step(model.block_size)
        self.masking = make_masking(tokenizer, model, config)
        if self.masking and config.mask_unit != "token" and data.words is None:
            raise TrainingError(
                f"{data.source} does not say where words begin, which mask_unit = "
                f"{config.mask_unit!r} needs: prepare the text with `gpt prepare`, or hide single "
                "tokens with --mask-unit token"
            )

    @property
    def tokens_per_step(self) -> int:
        """Tokens that a step sees, of all processes together."""
        return self.num_windows * self._block_size

    def epochs(self, steps: int) -> float:
        """Return how often so many steps see each token, on average."""
        return steps * self.tokens_per_step / self._data.num_train

    def train(self, step: int, rank: int = 0, num_processes: int = 1) -> list[Batch]:
        """Return what one process computes in a step, `batch_size` windows at a time."""
        tokens, words = self._data.train_tokens, self._data.train_words
        starts = train_starts(
            len(tokens), self._block_size, self.num_windows, seed=self._config.seed, step=step
        )
        first, mine = share_of(starts, rank, num_processes)
        size = self._config.batch_size
        return [
            self._batch(tokens, words, mine[i : i + size], self._config.mask_rate, step, first + i)
            for i in range(0, len(mine), size)
        ]

    def validation(self, max_windows: int | None = None) -> Iterator[Batch]:
        """Yield batches of the validation part, evenly spread; the same ones every time."""
        tokens, words = self._data.val_tokens, self._data.val_words
        size = self._config.batch_size
        limit = max_windows or size * self._config.eval_batches
        starts = eval_starts(len(tokens), self._block_size, limit)
        for i in range(0, len(starts), size):
            yield self._batch(tokens, words, starts[i : i + size], EVAL_RATE, EVAL_STEP, i)

    def _batch(
        self,
        tokens: Column,
        words: Column | None,
        starts: NDArray[np.int64],
        rate: float,
        step: int,
        first: int,
    ) -> Batch:
        if self.masking is None:
            return gather(tokens, starts, self._block_size)
        positions_BT = starts[:, None] + np.arange(self._block_size)
        words_BT = None if words is None else words[positions_BT]
        ids_BT = tokens[positions_BT].astype(np.int64)
        return self.masking.hide(ids_BT, words_BT, rate=rate, step=step, first_window=first)


def make_batches(
    data: TokenDataset, tokenizer: Tokenizer, model: ModelConfig, config: TrainConfig
) -> BatchMaker | ChatBatches:
    """Return what makes the batches of this data.

    Raises:
        TrainingError: The model cannot be trained on it.
    """
    if data.conversations is None:
        return BatchMaker(data, tokenizer, model, config)
    num_train = int(np.searchsorted(data.conversations.starts, data.num_train))
    return ChatBatches(data.conversations, num_train, model, config)


def make_masking(
    tokenizer: Tokenizer, model: ModelConfig, config: TrainConfig | None = None
) -> Masking | None:
    """Return how tokens are hidden, or None for a model that predicts the next one."""
    if model.objective == "causal":
        return None
    config = config or TrainConfig()
    ordinary_ids = np.flatnonzero(byte_lengths(tokenizer))
    mask = mask_id(tokenizer, model.padded_vocab_size)
    return Masking(mask, ordinary_ids, config.mask_unit, config.seed)


def byte_lengths_of(tokenizer: Tokenizer) -> torch.Tensor:
    """Return how many bytes each id stands for, int64, shape (V,)."""
    return torch.from_numpy(byte_lengths(tokenizer))
