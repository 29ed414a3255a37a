"""AdamW, or Muon for matrices and AdamW for the rest, and the learning rate of every step.

The schedule is a function of the step alone (and, with a time budget, of the clock), so a resumed
run needs nothing but the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from bpe.errors import TrainingError
from model.config import TrainConfig

#: Adam's memory of the gradient and of its square; 0.95 forgets faster than Adam's 0.999, which
#: suits short runs on small batches.
BETAS = (0.9, 0.95)

#: The cosine ends at this share of the peak.
FINAL_LR_SHARE = 0.1

#: WSD falls over this last share of the run.
DECAY_SHARE = 0.2

MAX_DEFAULT_WARMUP = 100


class MuonAndAdamW(Optimizer):
    """Muon for some matrices, AdamW for everything else, under one learning rate.

    Muon makes the step of a matrix orthogonal (https://kellerjordan.github.io/posts/muon); its size
    is scaled to that of AdamW's steps (https://arxiv.org/abs/2502.16982), so one rate fits both.
    """

    def __init__(
        self, matrices: Sequence[Tensor], others: Sequence[dict[str, Any]], decay: float, lr: float
    ) -> None:
        # Each of the two sees its own groups of this list, and writes what it remembers in here.
        super().__init__([{"params": [*matrices], "weight_decay": decay}, *others], {"lr": lr})
        muon = torch.optim.Muon(self.param_groups[:1], lr=lr, adjust_lr_fn="match_rms_adamw")
        adamw = AdamW(self.param_groups[1:], lr=lr, betas=BETAS, fused=True)
        self._parts = (muon, adamw)
        for part in self._parts:
            part.state = self.state

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take a step with each."""
        for part in self._parts:
            part.step()  # type: ignore[no-untyped-call]


def make_optimizer(model: nn.Module, config: TrainConfig) -> Optimizer:
    """Return the optimizer; matrices and tables decay, biases and norms do not.

    Decoupled weight decay: https://arxiv.org/abs/1711.05101. Muon is for matrices between two
    streams of channels: it takes those of the blocks, and neither tables nor the splines of a KAN.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    muon = [p for name, p in named if config.optimizer == "muon" and _is_for_muon(name, p)]
    taken = {id(p) for p in muon}
    rest = [p for _, p in named if id(p) not in taken]
    groups = [
        {"params": [p for p in rest if p.dim() >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0},
    ]
    if muon and not hasattr(torch.optim, "Muon"):
        raise TrainingError(f"--optimizer muon needs torch 2.9; this is {torch.__version__}")
    if not muon:
        return AdamW(groups, lr=config.lr, betas=BETAS, fused=True)
    return MuonAndAdamW(muon, groups, config.weight_decay, config.lr)


def _is_for_muon(name: str, parameter: Tensor) -> bool:
    return name.startswith("blocks.") and parameter.dim() == 2 and ".spline." not in name


def learning_rate(step: int, config: TrainConfig, time_share: float = 0.0) -> float:
    """Return the learning rate of a step, counted from 0.

    The way down follows the steps, or the clock where a time budget runs out before them.

    Args:
        step: Steps taken so far.
        config: The schedule and its numbers. WSD (warm-up, stable, decay) is that of
            https://arxiv.org/abs/2404.06395.
        time_share: How much of the time budget is used up, in [0, 1].

    >>> learning_rate(0, TrainConfig(lr=1.0, steps=100, warmup_steps=10))
    0.1
    """
    warmup = warmup_steps(config)
    if step < warmup:
        return config.lr * (step + 1) / warmup
    if config.schedule == "constant":
        return config.lr
    if config.schedule == "wsd":
        progress = max((step - warmup) / max(1, config.steps - warmup), time_share)
        return config.lr * min(1.0, max(0.0, 1 - progress) / DECAY_SHARE)
    progress = min(1.0, max((step - warmup) / max(1, config.steps - 1 - warmup), time_share))
    share = FINAL_LR_SHARE + (1 - FINAL_LR_SHARE) * (1 + math.cos(math.pi * progress)) / 2
    return config.lr * share


def warmup_steps(config: TrainConfig) -> int:
    """Return how many steps the learning rate rises."""
    if config.warmup_steps is not None:
        return config.warmup_steps
    return min(MAX_DEFAULT_WARMUP, config.steps // 10)


def set_learning_rate(optimizer: Optimizer, lr: float) -> None:
    """Give every group of the optimizer this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def current_learning_rate(optimizer: Optimizer) -> float:
    """Return the learning rate that the optimizer really uses."""
    return float(optimizer.param_groups[0]["lr"])
