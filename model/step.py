"""The heart of a step: batches in, gradients out.

    loss = sum over all targets of the step of -log p(target) / number of targets

Batches are computed one after the other and their gradients add up, so a step may see more tokens
than fit into memory at once; processes compute theirs at the same time, and add up across. Because
every part is divided by the targets of the whole step, neither changes the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from model.batches import Batch, to_device
from model.distributed import Processes
from model.head_loss import head_cross_entropy
from model.loss import IGNORED
from model.precision import Precision
from model.sharding import mean_factor
from model.transformer import Transformer


class StepResult(NamedTuple):
    """What a step did: the loss before it, the norm of its gradient, its learning rate."""

    loss: float
    grad_norm: float
    lr: float


def accumulate_gradients(
    model: Transformer,
    hidden: Callable[[Tensor], Tensor],
    batches: Sequence[Batch],
    processes: Processes,
    precision: Precision | None = None,
) -> float:
    """Add the gradients of a step to the parameters; return its mean loss in nats per target.

    Args:
        model: The model.
        hidden: Its method of that name, compiled perhaps.
        batches: What this process computes.
        processes: Who computes the rest.
        precision: What matrices are multiplied in; float32 by default. The gradients are as much
            too large as its loss scale says.
    """
    device, precision = model.device, precision or Precision()
    num_here = sum(int((batch.targets_BT != IGNORED).sum()) for batch in batches)
    num_targets = max(processes.add_up(num_here, device), 1)
    loss, factor = torch.zeros((), device=device), mean_factor(model, processes)
    for batch in batches:
        inputs_BT, targets_BT = to_device(batch, device)
        with precision.autocast():
            # What the head makes of it keeps float32: a small gradient is scaled only after that.
            hidden_BTC = hidden(inputs_BT).float()
            part = head_cross_entropy(
                hidden_BTC, model.head_weight, targets_BT, model.config.vocab_size
            )
        part = part / num_targets
        precision.scale(part * factor).backward()  # type: ignore[no-untyped-call]
        loss += part.detach()
    if factor == 1:  # a sharded model has added them up on the way
        processes.add_up_gradients(model.parameters())
    return processes.add_up(loss.item(), device)
