"""A feed-forward of learned functions: every edge has its own, drawn as a sum of Gaussians.

Experimental. A Kolmogorov-Arnold network (https://arxiv.org/abs/2404.19756) has no fixed
nonlinearity; each edge from an input to an output is a function of one variable,

    edge(z) = base * silu(z) + sum over k of spline_k * exp(-((z - center_k) / width)^2)

and an output is the sum of its edges. The Gaussians stand where the original has B-splines, because
they make it one matrix product (FastKAN, https://arxiv.org/abs/2405.06721). Inputs are normed
first, so that they stay where the centres are; unlike FastKAN the SiLU reads the normed input too,
for only then is an edge a function of one number, which can be plotted.

Expect an equal or worse loss than that of an MLP of as many parameters, and a slower step; what it
is good for is looking at (`plot_edges`). `python -m model.runs --experiment feed-forward` compares.

Shapes in names: B batch, T positions, I inputs, O outputs, K centres, P points.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import KAN_EDGE

#: The Gaussians stand evenly on [-GRID, GRID]; FastKAN's numbers.
GRID, NUM_CENTERS = 2.0, KAN_EDGE - 1

#: The distance between two centres, and the width of each.
SPACING = 2 * GRID / (NUM_CENTERS - 1)


class KANLayer(nn.Module):
    """From I channels to O channels, over I * O edges."""

    def __init__(self, num_inputs: int, num_outputs: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(num_inputs)
        self.base = nn.Linear(num_inputs, num_outputs, bias=False)
        self.spline = nn.Linear(num_inputs * NUM_CENTERS, num_outputs, bias=False)

    def forward(self, x_BTI: Tensor) -> Tensor:
        """Return the sums of the edges, shape (B, T, I) to (B, T, O)."""
        z_BTI = self.norm(x_BTI)
        out_BTO: Tensor = self.base(F.silu(z_BTI)) + self.spline(gaussians(z_BTI).flatten(-2))
        return out_BTO

    @torch.no_grad()
    def edge(self, index_in: int, index_out: int, z_P: Tensor) -> Tensor:
        """Return the function of one edge at normed inputs, shape (P,)."""
        splines_K = self.spline.weight[index_out].view(-1, NUM_CENTERS)[index_in]
        base: Tensor = self.base.weight[index_out, index_in] * F.silu(z_P)
        return base + gaussians(z_P) @ splines_K


class KANFeedForward(nn.Module):
    """Two layers of edges: C channels to F, and back."""

    def __init__(self, n_embd: int, hidden_width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.up = KANLayer(n_embd, hidden_width)
        self.down = KANLayer(hidden_width, n_embd)

    def forward(self, x_BTC: Tensor) -> Tensor:
        """Change each position by itself, shape (B, T, C) to (B, T, C)."""
        return F.dropout(self.down(self.up(x_BTC)), self.dropout, self.training)


def gaussians(z: Tensor) -> Tensor:
    """Return every Gaussian at every input, float32, shape (..., K)."""
    # Made anew each time: K numbers cost nothing, and no checkpoint has to hold them.
    centers_K = torch.linspace(-GRID, GRID, NUM_CENTERS, device=z.device)
    return torch.exp(-(((z.float().unsqueeze(-1) - centers_K) / SPACING) ** 2))
