"""Prompts and completions: a model that writes learns to answer, and is judged by the answer alone.

The data is JSON lines, each an object with the texts `prompt` and `completion`. A window holds one
pair; what is predicted is the completion and its end, and the prompt is only read.

Shapes in names: B batch, T positions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from bpe.errors import CorpusError, TrainingError
from model.batches import Batch, share_of, train_starts
from model.chat import pair_ids
from model.config import ModelConfig, TrainConfig
from model.dataset import TokenDataset, open_dataset
from model.loss import IGNORED

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class PairDataset(TokenDataset):
    """Pairs, one behind the other in `tokens`; the last of them are for validation.

    Attributes:
        bounds: Where each begins, and the end of the last, int64.
        completions: Where the completion of each begins, int64.
        num_train_pairs: How many of them, from the first, are trained on.
    """

    bounds: NDArray[np.int64]
    completions: NDArray[np.int64]
    num_train_pairs: int

    def batch(self, pairs: NDArray[np.int64]) -> Batch:
        """Return some pairs, filled up on the right to the longest of them."""
        lengths_B = self.bounds[pairs + 1] - self.bounds[pairs]
        ids = np.zeros((len(pairs), int(lengths_B.max())), np.int64)
        is_target = np.zeros(ids.shape, np.bool_)
        for row, pair in enumerate(pairs.tolist()):
            first, last = self.bounds[pair], self.bounds[pair + 1]
            ids[row, : last - first] = self.tokens[np.arange(first, last)]
            is_target[row, self.completions[pair] - first : last - first] = True
        targets = np.where(is_target, ids, IGNORED)
        return Batch(torch.from_numpy(ids[:, :-1].copy()), torch.from_numpy(targets[:, 1:].copy()))


class PairBatchMaker:
    """Makes batches of pairs; as `BatchMaker`, a function of (seed, step, rank) alone."""

    def __init__(self, data: PairDataset, model: ModelConfig, config: TrainConfig) -> None:
        """Prepare to make batches; TrainingError if the model guesses hidden tokens."""
        if model.objective != "causal":
            raise TrainingError("a completion is written, not guessed: --pairs is for a GPT")
        self._data, self._config = data, config
        self.num_windows = config.windows_per_step(model.block_size)

    def train(self, step: int, rank: int = 0, num_processes: int = 1) -> list[Batch]:
        """Return what one process computes in a step, `batch_size` pairs at a time."""
        pairs = train_starts(
            self._data.num_train_pairs, 0, self.num_windows, seed=self._config.seed, step=step
        )
        _, mine = share_of(pairs, rank, num_processes)
        size = self._config.batch_size
        return [self._data.batch(mine[i : i + size]) for i in range(0, len(mine), size)]

    def validation(self, max_windows: int | None = None) -> Iterator[Batch]:
        """Yield batches of the validation pairs, evenly thinned; the same ones every time."""
        size = self._config.batch_size
        first, last = self._data.num_train_pairs, len(self._data.completions)
        limit = min(max_windows or size * self._config.eval_batches, last - first)
        pairs = first + np.linspace(0, last - first - 1, limit).round().astype(np.int64)
        for i in range(0, limit, size):
            yield self._data.batch(pairs[i : i + size])


def open_data(
    source: str,
    tokenizer: Tokenizer,
    model: ModelConfig,
    config: TrainConfig,
    *,
    cache: Path | None = None,
    note: Callable[[str], None] = lambda message: None,
) -> TokenDataset:
    """Return what a run trains on: pairs if its config says so, running text otherwise."""
    if config.pairs == "none":
        return open_dataset(
            source,
            tokenizer,
            block_size=model.block_size,
            val_fraction=config.val_fraction,
            cache=cache,
            note=note,
        )
    return open_pairs(source, tokenizer, model.block_size, config, note=note)


def open_pairs(
    source: str,
    tokenizer: Tokenizer,
    block_size: int,
    config: TrainConfig,
    *,
    note: Callable[[str], None] = lambda message: None,
) -> PairDataset:
    """Return the pairs of a file.

    A prompt that does not fit loses its beginning, and `note` is told how many did; a completion
    that does not fit is refused.

    Raises:
        CorpusError: A line is no pair, there are fewer than two, or a completion is too long.
    """
    ids: list[int] = []
    bounds, completions, num_cut = [0], [], 0
    for number, prompt, completion in _read_pairs(Path(source)):
        asked, answer = pair_ids(tokenizer, prompt, completion, config.pairs)
        room = block_size + 1 - len(answer)
        if room < 1:
            raise CorpusError(
                f"{source}, line {number}: the completion has {len(answer)} tokens, and the "
                f"context of {block_size} must also hold some of the prompt; shorten it"
            )
        num_cut += len(asked) > room
        # One token of context at least, so that the first of the completion can be predicted.
        ids += (asked or answer[-1:])[-room:]
        completions.append(len(ids))
        ids += answer
        bounds.append(len(ids))
    num_train = len(completions) - max(1, int(len(completions) * config.val_fraction))
    if num_train < 1:
        raise CorpusError(f"{source} has {len(completions)} pairs; training takes two or more")
    if num_cut:
        note(
            f"{num_cut} prompts of {source} did not fit into {block_size} and lost their beginning"
        )
    tokens = np.array(ids, dtype=tokenizer.id_dtype)
    return PairDataset(
        tokens, bounds[num_train], str(Path(source).resolve()),
        hashlib.sha256(tokens.tobytes()).hexdigest(), bounds=np.array(bounds),
        completions=np.array(completions), num_train_pairs=num_train,
    )  # fmt: skip


def _read_pairs(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each line that is not empty, its prompt and its completion."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is no UTF-8: {error}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            prompt, completion = record["prompt"], record["completion"]
        except (ValueError, TypeError, KeyError, RecursionError):
            prompt = completion = None
        if not isinstance(prompt, str) or not isinstance(completion, str):
            raise CorpusError(
                f"{path}, line {number}: it should be a JSON object with the texts `prompt` and "
                "`completion`"
            )
        yield number, prompt, completion
