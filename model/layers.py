"""The layers that every architecture here is made of.

Shapes in names: B batch, T positions, C channels, N heads, H head width (C = N * H),
F feed-forward.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from model.config import ModelConfig

#: How much wider the hidden layer of the feed-forward is than the residual stream.
MLP_RATIO = 4


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention (https://arxiv.org/abs/1706.03762, section 3.2).

    Scores are divided by sqrt(H), the square root of the head width. With `causal`, position t sees
    the positions 0..t; without, it sees all.
    """

    def __init__(self, config: ModelConfig, *, causal: bool) -> None:
        super().__init__()
        self.heads = config.heads
        self.causal = causal
        self.dropout = config.dropout
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.out = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x_BTC: Tensor) -> Tensor:
        q_BNTH, k_BNTH, v_BNTH = (self._split_heads(x) for x in self.qkv(x_BTC).chunk(3, dim=-1))
        y_BNTH = F.scaled_dot_product_attention(
            q_BNTH,
            k_BNTH,
            v_BNTH,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal,
        )
        y_BTC = y_BNTH.transpose(1, 2).reshape(x_BTC.shape)
        return F.dropout(self.out(y_BTC), self.dropout, self.training)

    def _split_heads(self, x_BTC: Tensor) -> Tensor:
        B, T, C = x_BTC.shape
        return x_BTC.view(B, T, self.heads, C // self.heads).transpose(1, 2)


class MLP(nn.Module):
    """The feed-forward of a block: up to 4 C, GELU, back to C."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.up = nn.Linear(config.n_embd, MLP_RATIO * config.n_embd)
        self.down = nn.Linear(MLP_RATIO * config.n_embd, config.n_embd)

    def forward(self, x_BTC: Tensor) -> Tensor:
        hidden_BTF = F.gelu(self.up(x_BTC))
        return F.dropout(self.down(hidden_BTF), self.dropout, self.training)


class Block(nn.Module):
    """A pre-norm transformer block: each half reads a normed stream and adds to it."""

    def __init__(self, config: ModelConfig, *, causal: bool) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.n_embd)
        self.attention = SelfAttention(config, causal=causal)
        self.mlp_norm = nn.LayerNorm(config.n_embd)
        self.mlp = MLP(config)

    def forward(self, x_BTC: Tensor) -> Tensor:
        middle_BTC: Tensor = x_BTC + self.attention(self.attention_norm(x_BTC))
        out_BTC: Tensor = middle_BTC + self.mlp(self.mlp_norm(middle_BTC))
        return out_BTC


def init_weights(module: nn.Module, layers: int) -> None:
    """Draw every weight as GPT-2 does: normal(0, 0.02), biases zero.

    The matrices that write into the residual stream are smaller by sqrt(2 * layers), so that the
    stream's variance at the top does not grow with depth.
    """
    for name, child in module.named_modules():
        if isinstance(child, nn.Linear):
            writes_to_stream = name.endswith((".attention.out", ".mlp.down"))
            std = 0.02 / (2 * layers) ** 0.5 if writes_to_stream else 0.02
            nn.init.normal_(child.weight, std=std)
            if child.bias is not None:
                nn.init.zeros_(child.bias)
        elif isinstance(child, nn.Embedding):
            nn.init.normal_(child.weight, std=0.02)
