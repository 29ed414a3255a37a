"""What matrices are multiplied in, and the scale that keeps small gradients from vanishing.

Weights, sums and the optimizer stay float32 whatever is chosen (mixed precision,
https://arxiv.org/abs/1710.03740). bfloat16 has the range of float32 and needs nothing more. float16
ends near 6e-8 below and 65,504 above: the loss is multiplied before the backward pass and the
gradients divided after it, by a power of two that falls when a gradient overflows, and rises when
none did for a long time. A step that overflowed is not taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from bpe.errors import CheckpointError
from model.config import TrainConfig

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Precision:
    """The dtype of products on a device, and the loss scale that goes with it.

    Attributes:
        dtype: What matrices are multiplied in.
    """

    def __init__(self, name: str = "float32", device: torch.device | str = "cpu") -> None:
        """`auto` is bfloat16 on a GPU and float32 elsewhere."""
        self._kind = torch.device(device).type
        if name == "auto":
            name = "bfloat16" if self._kind == "cuda" else "float32"
        self.dtype = _DTYPES[name]
        self._scaler = torch.amp.GradScaler(self._kind, enabled=self.dtype is torch.float16)

    def autocast(self) -> torch.autocast:
        """Return the context in which products are made in `dtype`."""
        return torch.autocast(self._kind, self.dtype, enabled=self.dtype is not torch.float32)

    def scale(self, loss: Tensor) -> Tensor:
        """Return the loss as the backward pass should see it."""
        return self._scaler.scale(loss)

    def unscale(self, optimizer: Optimizer) -> None:
        """Divide the gradients again."""
        self._scaler.unscale_(optimizer)

    def overflowed(self, loss: float, grad_norm: float) -> bool:
        """Return whether a smaller scale may help: the loss is a number, its gradient is none."""
        can_shrink = self._scaler.is_enabled() and self._scaler.get_scale() > 1
        return can_shrink and math.isfinite(loss) and not math.isfinite(grad_norm)

    def update(self) -> None:
        """Adapt the scale after a step."""
        self._scaler.update()

    @property
    def loss_scale(self) -> float:
        """By how much losses are multiplied; 1 unless products are made in float16."""
        return float(self._scaler.get_scale())

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint has to keep of it: nothing, or the scale and its history."""
        return dict(self._scaler.state_dict())

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with the scale of a checkpoint; CheckpointError if that is none."""
        if not state or not self._scaler.is_enabled():
            return  # the run goes on in another dtype, which was said already
        try:
            self._scaler.load_state_dict(dict(state))
        except (KeyError, RuntimeError, TypeError) as error:
            raise CheckpointError(f"the checkpoint's loss scale {state} is none: {error}") from None


def precision_of(config: TrainConfig, device: torch.device) -> Precision:
    """Return the precision that a config asks for."""
    return Precision(config.dtype, device)
