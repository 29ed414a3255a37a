"""The GPT: token and position embeddings, causal blocks, a final norm, and a head over the ids.

Shapes in names: B batch, T positions, C channels, V rows of the (padded) token table.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import ModelConfig
from model.layers import Block, init_weights


class ParameterSplit(NamedTuple):
    """Where the parameters are: in the network, or in tables that grow with the vocabulary."""

    body: int
    vocabulary: int


class GPT(nn.Module):
    """A causal language model (the GPT-2 architecture, pre-norm, learned positions).

    >>> logits_BTV = GPT(ModelConfig(vocab_size=300))(torch.zeros(1, 8, dtype=torch.long))
    >>> logits_BTV.shape
    torch.Size([1, 8, 320])
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.padded_vocab_size, config.n_embd)
        self.position_embedding = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config, causal=True) for _ in range(config.layers))
        self.final_norm = nn.LayerNorm(config.n_embd)
        if not config.tie_weights:
            self.head = nn.Linear(config.n_embd, config.padded_vocab_size, bias=False)
        init_weights(self, config.layers)

    def forward(self, ids_BT: Tensor) -> Tensor:
        """Return the logits of the next token at every position; padded rows are -inf."""
        logits_BTV = F.linear(self.hidden(ids_BT), self.head_weight)
        # In place, on the view: the product does not need its own output for the backward pass.
        logits_BTV[..., self.config.vocab_size :] = -torch.inf
        return logits_BTV

    def hidden(self, ids_BT: Tensor) -> Tensor:
        """Return what the head reads, shape (B, T, C)."""
        length = ids_BT.shape[1]
        if length > self.config.block_size:
            raise ValueError(
                f"{length} tokens do not fit into a context of {self.config.block_size}"
            )
        positions_T = torch.arange(length, device=ids_BT.device)
        x_BTC = self.token_embedding(ids_BT) + self.position_embedding(positions_T)
        x_BTC = F.dropout(x_BTC, self.config.dropout, self.training)
        for block in self.blocks:
            x_BTC = block(x_BTC)
        out_BTC: Tensor = self.final_norm(x_BTC)
        return out_BTC

    @property
    def head_weight(self) -> Tensor:
        """The output matrix, shape (V, C): the token table itself when the weights are tied."""
        return self.token_embedding.weight if self.config.tie_weights else self.head.weight

    def parameter_split(self) -> ParameterSplit:
        """Count the parameters of the body and those of the vocabulary's tables."""
        total = sum(parameter.numel() for parameter in self.parameters())
        tables = 1 if self.config.tie_weights else 2
        vocabulary = tables * self.token_embedding.weight.numel()
        return ParameterSplit(total - vocabulary, vocabulary)
