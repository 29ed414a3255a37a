"""What the GPT and the masked language model share: everything between the ids and the head.

Shapes in names: B batch, T positions, C channels, H head width, V rows of the (padded) token table.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model.cache import KVCache
from model.config import ModelConfig
from model.layers import Block, Context, init_weights, make_norm, rotary_angles


class ParameterSplit(NamedTuple):
    """Where the parameters are: in the network, or in tables that grow with the vocabulary."""

    body: int
    vocabulary: int


class Transformer(nn.Module):
    """Token table, positions, blocks, a final norm, and a head over the ids.

    `gpt2` adds a learned vector for each position to the tokens; `llama` turns queries and keys by
    their position instead, in every block.
    """

    causal: ClassVar[bool]

    #: Whether the backward pass computes the blocks anew instead of remembering what is in them.
    recompute = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.padded_vocab_size, config.n_embd)
        if config.arch == "gpt2":
            self.position_embedding = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config, causal=self.causal) for _ in range(config.layers))
        self.final_norm = make_norm(config)
        if not config.tie_weights:
            self.head = nn.Linear(config.n_embd, config.padded_vocab_size, bias=False)
        init_weights(self, config.layers)

    def forward(self, ids_BT: Tensor) -> Tensor:
        """Return the logits at every position, shape (B, T, V); padded rows are -inf."""
        return self.logits(self.hidden(ids_BT))

    def hidden(
        self, ids_BT: Tensor, cache: KVCache | None = None, memory_BSC: Tensor | None = None
    ) -> Tensor:
        """Return what the head reads, shape (B, T, C).

        Args:
            ids_BT: Ids, int64.
            cache: What was seen before; the positions of `ids_BT` follow it and are added to it.
            memory_BSC: What cross-attention looks at, if the model has any.

        Raises:
            ValueError: There are more positions than the context has room for.
        """
        num_new = ids_BT.shape[1]
        length = num_new + (cache.length if cache else 0)
        if length > self.config.block_size:
            raise ValueError(
                f"{length} tokens do not fit into a context of {self.config.block_size}"
            )
        positions = (
            cache.positions(num_new) if cache else torch.arange(num_new, device=ids_BT.device)
        )
        x_BTC, rotary = self._embed(ids_BT, positions)
        mask = cache.mask(num_new) if cache else None
        for index, block in enumerate(self.blocks):
            layer_cache = cache.layers[index] if cache else None
            context = Context(rotary, mask, layer_cache, memory_BSC)
            if self.recompute and self.training:
                x_BTC = checkpoint(block, x_BTC, context, use_reentrant=False)
            else:
                x_BTC = block(x_BTC, context)
        if cache:
            cache.advance(num_new)
        out_BTC: Tensor = self.final_norm(x_BTC)
        return out_BTC

    def _embed(
        self, ids_BT: Tensor, positions: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
        """Return what the first block reads, (B, T, C), and the rotary angles of `llama`."""
        x_BTC, rotary = self.token_embedding(ids_BT), None
        if self.config.arch == "gpt2":
            x_BTC = x_BTC + self.position_embedding(positions)
        else:
            angles = rotary_angles(positions, self.config.head_width, self.config.rope_base)
            rotary = (angles[0].unsqueeze(-3), angles[1].unsqueeze(-3))
        return F.dropout(x_BTC, self.config.dropout, self.training), rotary

    def logits(self, hidden_BTC: Tensor) -> Tensor:
        """Return the score of every id, shape (B, T, V); padded rows are -inf."""
        logits_BTV = F.linear(hidden_BTC, self.head_weight)
        # In place, on the view: the product does not need its own output for the backward pass.
        logits_BTV[..., self.config.vocab_size :] = -torch.inf
        return logits_BTV

    @property
    def head_weight(self) -> Tensor:
        """The output matrix, shape (V, C): the token table itself when the weights are tied."""
        return self.token_embedding.weight if self.config.tie_weights else self.head.weight

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.token_embedding.weight.device

    def parameter_split(self) -> ParameterSplit:
        """Count the parameters of the body and those of the vocabulary's tables."""
        total = sum(parameter.numel() for parameter in self.parameters())
        tables = 1 if self.config.tie_weights else 2
        vocabulary = tables * self.token_embedding.weight.numel()
        return ParameterSplit(total - vocabulary, vocabulary)
