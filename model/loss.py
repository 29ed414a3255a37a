"""Cross-entropy, and the one number that compares models over different vocabularies.

Training and evaluation never hold all logits at once (`head_loss.py`); the plain forms here say
what the loss is, and are what that file is held to.

Shapes in names: B batch, T positions, V rows of the (padded) token table.

A loss per token depends on how much text a token holds. Bits per byte does not:
    sum of nats / (ln 2 * sum of bytes)
over the raw bytes of the tokens that were predicted. Special tokens stand for no bytes, so they
count neither above nor below the line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

#: A target with this value is not predicted.
IGNORED = -100


def cross_entropy(logits_BTV: Tensor, targets_BT: Tensor) -> Tensor:
    """Return the mean loss in nats per target, a scalar; 0 when every target is ignored."""
    total = token_losses(logits_BTV, targets_BT).sum()
    return total / (targets_BT != IGNORED).sum().clamp(min=1)


def token_losses(logits_BTV: Tensor, targets_BT: Tensor) -> Tensor:
    """Return the loss of every target in nats, shape (B, T), float32; 0 where ignored."""
    losses = F.cross_entropy(
        logits_BTV.flatten(0, 1).float(),
        targets_BT.flatten(),
        ignore_index=IGNORED,
        reduction="none",
    )
    return losses.view(targets_BT.shape)


@dataclass
class BitsPerByte:
    """Adds up nats and bytes over batches.

    Attributes:
        nats: Of the targets that stand for bytes.
        num_bytes: How many bytes those are.
    """

    nats: float = 0.0
    num_bytes: int = 0

    def add(self, losses_BT: Tensor, num_bytes_BT: Tensor) -> None:
        """Add a batch: the loss of every target, and how many bytes it stands for."""
        self.nats += losses_BT.double()[num_bytes_BT > 0].sum().item()
        self.num_bytes += int(num_bytes_BT.sum().item())

    @property
    def value(self) -> float:
        """Bits per byte; nan when no byte was predicted."""
        return self.nats / (math.log(2) * self.num_bytes) if self.num_bytes else math.nan
