"""How much arithmetic training takes, and which share of a device's peak a run reaches (MFU).

    FLOPs per token = 6 N + 12 L C T

N counts the parameters that take part in matrix products: the body without learned positions, and
the output table once (looking up an embedding is no product). A multiplication and an addition are
two, and the backward pass takes twice the forward pass. The second term is attention, uncausal as
is customary (PaLM, https://arxiv.org/abs/2204.02311, appendix B).
"""

from __future__ import annotations

import torch

from model.precision import Precision
from model.transformer import Transformer

#: Part of a device's name -> dense peak of 16-bit matrix products in FLOP/s, by its maker's data
#: sheet. The first that fits counts, so narrower names come first.
PEAKS = {
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "H200": 989e12,
    "B200": 2250e12,
    "A100": 312e12,
    "A10G": 70e12,
    "A10": 125e12,
    "L40S": 362e12,
    "L4": 121e12,
    "V100": 125e12,
    "T4": 65e12,
}


def flops_per_token(model: Transformer) -> int:
    """Return the floating-point operations of training on one token, forward and backward."""
    config = model.config
    positions = config.block_size * config.n_embd if config.arch == "gpt2" else 0
    head = config.padded_vocab_size * config.n_embd
    matrices = model.parameter_split().body - positions + head
    return 6 * matrices + 12 * config.layers * config.n_embd * config.block_size


class Utilization:
    """The share of the peak that a run reaches, where the peak is known."""

    def __init__(self, model: Transformer, precision: Precision, num_devices: int) -> None:
        is_known = model.device.type == "cuda" and precision.dtype is not torch.float32
        name = torch.cuda.get_device_name(model.device) if is_known else ""
        self._peak = peak_flops(name) or 0.0
        self._per_token = flops_per_token(model) / num_devices

    def of(self, tokens_per_second: float) -> dict[str, float]:
        """Return what the log says of it: `mfu`, or nothing."""
        if not self._peak:
            return {}
        return {"mfu": round(tokens_per_second * self._per_token / self._peak, 4)}


def peak_flops(device_name: str) -> float | None:
    """Return the 16-bit peak of a device in FLOP/s, or None if it is not in the table.

    >>> peak_flops("NVIDIA H100 80GB HBM3"), peak_flops("a CPU")
    (989000000000000.0, None)
    """
    return next((peak for name, peak in PEAKS.items() if name in device_name), None)
