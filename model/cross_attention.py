"""Attention from one stream to another: the positions of a decoder look at those of an encoder.

Off unless `ModelConfig.cross_attention` asks for it; nothing in `gpt train` does. It is here for
models of two halves: `model.hidden(ids_BT, memory_BSC=encoder.hidden(source_BS))`.

Shapes in names: B batch, T positions, S positions of the memory, C channels, N heads, H head width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from model.config import ModelConfig


class CrossAttention(nn.Module):
    """Queries from here, keys and values from the memory (https://arxiv.org/abs/1706.03762, 3.2.3).

    Every position sees the whole memory, and no position has a place: the memory knows its own.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        bias = config.arch == "gpt2"
        self.q = nn.Linear(config.n_embd, config.n_embd, bias=bias)
        self.kv = nn.Linear(config.n_embd, 2 * config.n_embd, bias=bias)
        self.out = nn.Linear(config.n_embd, config.n_embd, bias=bias)

    def forward(self, x_BTC: Tensor, memory_BSC: Tensor) -> Tensor:
        """Return what the memory has to say to each position, shape (B, T, C)."""
        q_BNTH = self._by_head(self.q(x_BTC))
        k_BNSH, v_BNSH = (self._by_head(part) for part in self.kv(memory_BSC).chunk(2, dim=-1))
        dropout = self.dropout if self.training else 0.0
        y_BNTH = F.scaled_dot_product_attention(q_BNTH, k_BNSH, v_BNSH, dropout_p=dropout)
        y_BTC = y_BNTH.transpose(1, 2).reshape(x_BTC.shape)
        return F.dropout(self.out(y_BTC), self.dropout, self.training)

    def _by_head(self, x_BSC: Tensor) -> Tensor:
        B, S, _ = x_BSC.shape
        return x_BSC.view(B, S, self.heads, -1).transpose(1, 2)
