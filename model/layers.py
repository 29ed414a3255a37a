"""The layers that every architecture here is made of.

Shapes in names: B batch, T positions, S positions that are looked at (T, or more with a cache),
C channels, N heads, M heads of keys and values, H head width (C = N * H), F feed-forward.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import ModelConfig
from model.cross_attention import CrossAttention
from model.kan import KANFeedForward

if TYPE_CHECKING:
    from model.cache import LayerCache

#: Added to the variance before the root; GPT-2's and Llama's value.
NORM_EPS = 1e-5


class Context(NamedTuple):
    """What a block has to know beside its input.

    Attributes:
        rotary: Cosines and sines of the positions, each broadcastable to (B, 1, T, H / 2).
        mask_B1TS: Which positions may be seen, bool, (B, 1, T, S); None: by the rule `causal`.
        cache: Keys and values of the positions before these, which are added to it.
        memory_BSC: What cross-attention looks at.
    """

    rotary: tuple[Tensor, Tensor] | None = None
    mask_B1TS: Tensor | None = None
    cache: LayerCache | None = None
    memory_BSC: Tensor | None = None


#: The ends of the names of layers whose output is added to the stream.
_WRITES_TO_STREAM = (
    ".attention.out",
    ".cross.out",
    ".mlp.down",
    ".mlp.down.base",
    ".mlp.down.spline",
)

#: What a block knows when it is called by itself.
NO_CONTEXT = Context()


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention (https://arxiv.org/abs/1706.03762, section 3.2).

    Scores are divided by sqrt(H), the square root of the head width. With `causal`, position t sees
    the positions 0..t; without, it sees all. Heads of queries may share heads of keys and values
    (grouped queries, https://arxiv.org/abs/2305.13245); queries and keys may be normed, which keeps
    the scores small (https://arxiv.org/abs/2010.04245).
    """

    def __init__(self, config: ModelConfig, *, causal: bool) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.heads, config.num_kv_heads
        self.causal = causal
        self.dropout = config.dropout
        width, bias = config.head_width, has_bias(config)
        self.qkv = nn.Linear(config.n_embd, (self.heads + 2 * self.kv_heads) * width, bias=bias)
        self.out = nn.Linear(config.n_embd, config.n_embd, bias=bias)
        self.q_norm = nn.RMSNorm(width, NORM_EPS) if config.qk_norm else nn.Identity()
        self.k_norm = nn.RMSNorm(width, NORM_EPS) if config.qk_norm else nn.Identity()

    def forward(self, x_BTC: Tensor, context: Context = NO_CONTEXT) -> Tensor:
        """Mix the positions, shape (B, T, C) to (B, T, C)."""
        q_BNTH, k_BMSH, v_BMSH = self._queries_keys_values(x_BTC, context)
        if self.kv_heads != self.heads:
            k_BMSH, v_BMSH = (
                x.repeat_interleave(self.heads // self.kv_heads, dim=1) for x in (k_BMSH, v_BMSH)
            )
        y_BNTH = F.scaled_dot_product_attention(
            q_BNTH,
            k_BMSH,
            v_BMSH,
            attn_mask=context.mask_B1TS,
            dropout_p=self.dropout if self.training else 0.0,
            # A single position, the newest, sees all there is.
            is_causal=self.causal and context.mask_B1TS is None and x_BTC.shape[1] > 1,
        )
        y_BTC = y_BNTH.transpose(1, 2).reshape(x_BTC.shape)
        return F.dropout(self.out(y_BTC), self.dropout, self.training)

    def _queries_keys_values(
        self, x_BTC: Tensor, context: Context
    ) -> tuple[Tensor, Tensor, Tensor]:
        B, T, _ = x_BTC.shape
        by_head = self.qkv(x_BTC).view(B, T, self.heads + 2 * self.kv_heads, -1).transpose(1, 2)
        q_BNTH, k_BMTH, v_BMTH = by_head.split([self.heads, self.kv_heads, self.kv_heads], dim=1)
        q_BNTH, k_BMTH = self.q_norm(q_BNTH), self.k_norm(k_BMTH)
        if context.rotary is not None:
            q_BNTH, k_BMTH = (rotate(x, *context.rotary) for x in (q_BNTH, k_BMTH))
        if context.cache is not None:
            k_BMTH, v_BMTH = context.cache.extend(k_BMTH, v_BMTH)
        return q_BNTH, k_BMTH, v_BMTH


class MLP(nn.Module):
    """The feed-forward of a block: up to F, a nonlinearity, back to C.

    `gelu` (https://arxiv.org/abs/1606.08415, exact), `relu2` (https://arxiv.org/abs/2109.08668), or
    `swiglu`, whose second way up opens and closes the first (https://arxiv.org/abs/2002.05202).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.kind = config.feed_forward
        self.dropout = config.dropout
        bias = has_bias(config)
        if self.kind == "swiglu":
            self.gate = nn.Linear(config.n_embd, config.hidden_width, bias=bias)
        self.up = nn.Linear(config.n_embd, config.hidden_width, bias=bias)
        self.down = nn.Linear(config.hidden_width, config.n_embd, bias=bias)

    def forward(self, x_BTC: Tensor) -> Tensor:
        """Change each position by itself, shape (B, T, C) to (B, T, C)."""
        hidden_BTF = self.up(x_BTC)
        if self.kind == "gelu":
            hidden_BTF = F.gelu(hidden_BTF)
        elif self.kind == "relu2":
            hidden_BTF = F.relu(hidden_BTF).square()
        else:
            hidden_BTF = F.silu(self.gate(x_BTC)) * hidden_BTF
        return F.dropout(self.down(hidden_BTF), self.dropout, self.training)


class Block(nn.Module):
    """A pre-norm transformer block: each half reads a normed stream and adds to it."""

    def __init__(self, config: ModelConfig, *, causal: bool) -> None:
        super().__init__()
        self.attention_norm = make_norm(config)
        self.attention = SelfAttention(config, causal=causal)
        self.mlp_norm = make_norm(config)
        self.mlp = make_feed_forward(config)
        if config.cross_attention:
            self.cross_norm = make_norm(config)
            self.cross = CrossAttention(config)

    def forward(self, x_BTC: Tensor, context: Context = NO_CONTEXT) -> Tensor:
        """Add what attention and feed-forward have to say, shape (B, T, C) to (B, T, C).

        Raises:
            ValueError: There is cross-attention and no memory, or the other way round.
        """
        middle_BTC: Tensor = x_BTC + self.attention(self.attention_norm(x_BTC), context)
        if hasattr(self, "cross") != (context.memory_BSC is not None):
            raise ValueError("cross_attention and a memory go together: give both or neither")
        if context.memory_BSC is not None:
            middle_BTC = middle_BTC + self.cross(self.cross_norm(middle_BTC), context.memory_BSC)
        out_BTC: Tensor = middle_BTC + self.mlp(self.mlp_norm(middle_BTC))
        return out_BTC


def make_feed_forward(config: ModelConfig) -> nn.Module:
    """Return the feed-forward that a config asks for."""
    if config.feed_forward == "kan":
        return KANFeedForward(config.n_embd, config.hidden_width, config.dropout)
    return MLP(config)


def make_norm(config: ModelConfig) -> nn.Module:
    """Return the norm of the architecture: LayerNorm, or RMSNorm (no mean, no bias)."""
    if config.arch == "gpt2":
        return nn.LayerNorm(config.n_embd, NORM_EPS)
    return nn.RMSNorm(config.n_embd, NORM_EPS)


def has_bias(config: ModelConfig) -> bool:
    """Return whether the linear layers of the architecture have biases."""
    return config.arch == "gpt2"


def rotary_angles(positions: Tensor, width: int, base: float) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of the angles by which channels turn, float32, (..., T, H / 2).

    Pair i turns by position * base^(-2 i / H) (RoPE, https://arxiv.org/abs/2104.09864), so that the
    product of a query and a key depends on how far apart they are, not on where.

    Args:
        positions: Integers, shape (..., T).
        width: Channels of a head, H.
        base: 10,000 in the paper; larger bases turn slower and reach further.
    """
    exponents_K = torch.arange(0, width, 2, device=positions.device, dtype=torch.float32) / width
    angles = positions.unsqueeze(-1).float() * base**-exponents_K
    return angles.cos(), angles.sin()


def rotate(x_BNTH: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn channel i with channel i + H / 2 (the pairing of Llama in transformers)."""
    first, second = x_BNTH.float().chunk(2, dim=-1)
    turned = torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
    return turned.to(x_BNTH.dtype)


def init_weights(module: nn.Module, layers: int) -> None:
    """Draw every weight as GPT-2 does: normal(0, 0.02), biases zero.

    The matrices that write into the residual stream are smaller by sqrt(2 * layers), so that the
    stream's variance at the top does not grow with depth.
    """
    for name, child in module.named_modules():
        if isinstance(child, nn.Linear):
            writes_to_stream = name.endswith(_WRITES_TO_STREAM)
            std = 0.02 / (2 * layers) ** 0.5 if writes_to_stream else 0.02
            nn.init.normal_(child.weight, std=std)
            if child.bias is not None:
                nn.init.zeros_(child.bias)
        elif isinstance(child, nn.Embedding):
            nn.init.normal_(child.weight, std=0.02)
