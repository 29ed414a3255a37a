"""The heart of a step: batches in, gradients out.

    loss = sum over all targets of the step of -log p(target) / number of targets

Batches are computed one after the other and their gradients add up, so a step may see more tokens
than fit into memory at once; processes compute theirs at the same time, and add up across. Because
every part is divided by the targets of the whole step, neither changes the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from model.batches import Batch, to_device
from model.distributed import Processes
from model.head_loss import head_cross_entropy
from model.loss import IGNORED
from model.transformer import Transformer


def accumulate_gradients(
    model: Transformer,
    hidden: Callable[[Tensor], Tensor],
    batches: Sequence[Batch],
    processes: Processes,
    *,
    bfloat16: bool = False,
) -> float:
    """Add the gradients of a step to the parameters; return its mean loss in nats per target.

    Args:
        model: The model.
        hidden: Its method of that name, compiled perhaps.
        batches: What this process computes.
        processes: Who computes the rest.
        bfloat16: Whether matrices are multiplied in bfloat16; weights and sums stay float32.
    """
    device = model.device
    num_here = sum(int((batch.targets_BT != IGNORED).sum()) for batch in batches)
    num_targets = max(processes.add_up(num_here, device), 1)
    loss = torch.zeros((), device=device)
    for batch in batches:
        inputs_BT, targets_BT = to_device(batch, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            part = head_cross_entropy(
                hidden(inputs_BT), model.head_weight, targets_BT, model.config.vocab_size
            )
        part = part / num_targets
        part.backward()  # type: ignore[no-untyped-call]
        loss += part.detach()
    processes.add_up_gradients(model.parameters())
    return processes.add_up(loss.item(), device)
