"""The keys and values of the positions that a model has seen, so that it need not see them again.

A batch holds texts of different lengths. Each row is filled up on the left, so that the newest
position of every row stands in the same column; what fills a row up is never looked at.

Shapes in names: B batch, T new positions, S all positions, M heads of keys and values, H width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from model.config import ModelConfig


class KVCache:
    """Room for `block_size` positions of a batch, in every layer.

    Attributes:
        layers: One `LayerCache` for each block.
        length: Columns in use.
    """

    def __init__(
        self,
        config: ModelConfig,
        padding: Sequence[int],
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Make an empty cache.

        Args:
            config: Of the model that fills it.
            padding: Columns on the left of each row that hold nothing, length B.
            device: Where the model is.
            dtype: What the model computes its keys and values in.
        """
        self.length = 0
        self.padding_B = torch.tensor(padding, device=device)
        self._is_padded = any(padding)
        self.capacity = config.block_size
        shape = (len(padding), config.num_kv_heads, config.block_size, config.head_width)
        self.layers = [
            LayerCache(self, *(torch.empty(shape, device=device, dtype=dtype) for _ in range(2)))
            for _ in range(config.layers)
        ]

    def positions(self, num_new: int) -> Tensor:
        """Return where the next columns stand in their texts, int64, (B, T); 0 left of them."""
        columns_T = torch.arange(self.length, self.length + num_new, device=self.padding_B.device)
        return (columns_T - self.padding_B[:, None]).clamp(min=0)

    def mask(self, num_new: int) -> Tensor | None:
        """Return what the next columns may see, bool, (B, 1, T, S); None if the plain rule holds.

        A column sees itself even left of its text: a softmax over nothing would not be a number.
        """
        if not self._is_padded and (num_new == 1 or self.length == 0):
            return None
        seen_S = torch.arange(self.length + num_new, device=self.padding_B.device)
        new_T1 = seen_S[self.length :, None]
        in_text_B1S = seen_S >= self.padding_B[:, None, None]
        return ((seen_S <= new_T1) & in_text_B1S | (seen_S == new_T1))[:, None]

    def advance(self, num_new: int) -> None:
        """Count the columns that every layer has added."""
        self.length += num_new


class LayerCache:
    """The keys and values of one layer; `KVCache` counts for all of them."""

    def __init__(self, owner: KVCache, keys_BMSH: Tensor, values_BMSH: Tensor) -> None:
        self._owner = owner
        self._keys_BMSH, self._values_BMSH = keys_BMSH, values_BMSH

    def extend(self, k_BMTH: Tensor, v_BMTH: Tensor) -> tuple[Tensor, Tensor]:
        """Add new positions, and return those of all positions, (B, M, S, H) each."""
        start, stop = self._owner.length, self._owner.length + k_BMTH.shape[2]
        self._keys_BMSH[:, :, start:stop] = k_BMTH
        self._values_BMSH[:, :, start:stop] = v_BMTH
        return self._keys_BMSH[:, :, :stop], self._values_BMSH[:, :, :stop]
