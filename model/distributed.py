"""Several processes that train one model: each computes some windows, then gradients are added.

Started by `torchrun --nproc-per-node 2 -m model train ...`; without it there is one process, and
nothing here does anything. The sum of the parts' gradients is the gradient of the whole, because
each loss is divided by the number of targets of the whole step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Parameter

#: Gradients travel in parcels of about this size: many small messages would wait for each other.
_PARCEL_BYTES = 64 << 20


@dataclass(frozen=True)
class Processes:
    """Which process this is.

    Attributes:
        rank: Its number.
        count: How many there are.
        local_rank: Its number on this machine, and that of its GPU.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def is_main(self) -> bool:
        """Whether this process logs and saves."""
        return self.rank == 0

    def add_up(self, value: float, device: torch.device) -> float:
        """Return the sum of a number over all processes."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=device)
        dist.all_reduce(total)
        return float(total)

    def add_up_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Replace the gradients of all processes by their sum."""
        if self.count == 1:
            return
        parcel: list[Tensor] = []
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            parcel.append(parameter.grad)
            if sum(grad.nbytes for grad in parcel) >= _PARCEL_BYTES:
                _add_up_together(parcel)
                parcel = []
        _add_up_together(parcel)

    def wait(self) -> None:
        """Return when every process has come here."""
        if self.count > 1:
            dist.barrier()


#: The usual case.
ALONE = Processes()


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started, and leave them at the end; alone if it did not."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield ALONE
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        yield Processes(dist.get_rank(), dist.get_world_size(), local_rank)
    finally:
        dist.destroy_process_group()


def _add_up_together(grads: list[Tensor]) -> None:
    if not grads:
        return
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat)
    totals = torch.split(flat, [grad.numel() for grad in grads])
    for grad, total in zip(grads, totals, strict=True):
        grad.copy_(total.view_as(grad))
