"""Every process keeps a part of the weights only (FSDP2): for models too large for one GPU.

With `--sharded` each block's weights, their gradients and what the optimizer remembers lie spread
over the processes; a block is put together just before it computes, and taken apart after it. The
results are those of copies that add up their gradients (`distributed.py`), and a checkpoint holds
whole tensors, so it can be resumed with any number of processes, sharded or not.

The libraries for it are imported when it is asked for: they take as long as torch itself does.

Source: torch.distributed.fsdp.fully_shard; sharding as in ZeRO-3, https://arxiv.org/abs/1910.02054.
"""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor

from bpe.errors import TrainingError
from model.config import TrainConfig
from model.distributed import Processes
from model.transformer import Transformer


def shard_model(model: Transformer, config: TrainConfig, processes: Processes) -> bool:
    """Spread a model over the processes; return whether there is anything to spread it over.

    Call it before the optimizer is made: the parameters are other ones afterwards.

    Raises:
        TrainingError: The settings do not go together with it.
    """
    if not config.sharded or processes.count == 1:
        return False
    for setting, value in (("optimizer", "muon"), ("dtype", "float16")):
        if getattr(config, setting) == value:
            raise TrainingError(
                f"--{setting} {value} needs whole matrices or one scale for all of them, and "
                "--sharded cuts them up; leave out one of the two"
            )
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

    mesh = init_device_mesh(model.device.type, (processes.count,))
    for module in (*model.blocks, model):
        fully_shard(module, mesh=mesh)
    register_fsdp_forward_method(model, "hidden")
    return True


def mean_factor(model: Transformer, processes: Processes) -> int:
    """Return by what a loss has to be multiplied for its gradients to add up.

    A sharded model takes their mean, and gloo can do nothing else. Ours want the sum: every loss is
    divided by the targets of the whole step already.
    """
    return processes.count if hasattr(model, "unshard") else 1  # a method of FSDPModule


def whole(tensor: Tensor) -> Tensor:
    """Return a tensor in one piece; all processes have to ask for it at the same time."""
    return cast(Any, tensor).full_tensor() if _is_spread(tensor) else tensor


def spread_like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """Return a whole tensor spread over the processes as a parameter is."""
    if not _is_spread(parameter) or not tensor.dim():
        return tensor
    from torch.distributed.tensor import distribute_tensor

    target = cast(Any, parameter)
    return distribute_tensor(tensor, target.device_mesh, target.placements)


def _is_spread(tensor: Tensor) -> bool:
    """Return whether it is a DTensor, without importing what defines them."""
    return hasattr(tensor, "full_tensor")
