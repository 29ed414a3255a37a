"""Cross-entropy of a head without ever holding all logits: a few rows at a time.

A vocabulary of V ids and N positions make N * V logits, and as many gradients: 13 GB for 8,192
positions and 200,019 ids, far more than the model itself. Nothing of that is needed at once. A row
of logits gives its loss and its gradient by itself; so this file makes some rows, uses them up, and
makes the next. What stays is as large as the hidden states and the table.

    for a chunk of rows:   logits = hidden @ weight.T         loss += -log softmax(logits)[target]
                           p = softmax(logits)      d_logits = p - onehot(target)
                           d_hidden = d_logits @ weight       d_weight += d_logits.T @ hidden

The gradients are made in the forward pass, while the logits are there; the backward pass only
scales them. Sums run in float32 whatever the matrices are multiplied in: `d_weight` adds up as many
parts as there are chunks, and in bfloat16 the later ones would be rounded away. For the same reason
the target's column, near -1 among 200,018 tiny numbers, stays out of the products and is added by
itself: inside, it cost two of float32's seven digits (1e-5 instead of 1e-7 of `d_hidden`).

Shapes in names: N positions with a target, R rows of a chunk, C channels, V rows of the table.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from model.loss import IGNORED

#: Bytes of float32 logits that are there at once. Measured on two cores and 200,019 ids: from
#: 32 MB on the matrix products are as fast as they get.
CHUNK_BYTES = 64 << 20

#: Rows of the table that are added up at once, where a sum runs over the table.
VOCAB_BLOCK = 8192


def head_cross_entropy(
    hidden: Tensor,
    weight_VC: Tensor,
    targets: Tensor,
    vocab_size: int,
    *,
    chunk_bytes: int = CHUNK_BYTES,
) -> Tensor:
    """Return the summed loss in nats of `hidden @ weight.T` against the targets, a float32 scalar.

    Differentiable in `hidden` and `weight_VC`. Under autocast the products are made in its dtype.

    Args:
        hidden: What the head reads, shape (..., C).
        weight_VC: The head.
        targets: Ids, int64, shape (...); `loss.IGNORED` means no target.
        vocab_size: Rows of the table from here on are padding and have no probability.
        chunk_bytes: How many bytes the float32 logits of a chunk may have.

    >>> weight_VC = torch.eye(4)
    >>> head_cross_entropy(weight_VC[:2] * 100, weight_VC, torch.tensor([0, 1]), 4)
    tensor(0.)
    """
    hidden_NC, targets_N = _with_target(hidden, targets)
    dtype = _product_dtype(hidden_NC)
    rows = _rows_per_chunk(weight_VC, chunk_bytes)
    loss: Tensor = _HeadCrossEntropy.apply(hidden_NC, weight_VC, targets_N, vocab_size, dtype, rows)  # type: ignore[no-untyped-call]
    return loss


@torch.no_grad()
def head_token_losses(
    hidden: Tensor,
    weight_VC: Tensor,
    targets: Tensor,
    vocab_size: int,
    *,
    chunk_bytes: int = CHUNK_BYTES,
) -> tuple[Tensor, Tensor]:
    """Return the loss in nats of every target, and whether it was the likeliest id; no gradients.

    Both of the shape of `targets`, float32 and bool; 0 and False where ignored.
    """
    hidden_NC, targets_N = _with_target(hidden, targets)
    weight_VC = weight_VC.to(_product_dtype(hidden_NC))
    losses = torch.zeros(targets.shape, device=targets.device)
    hits = torch.zeros(targets.shape, device=targets.device, dtype=torch.bool)
    losses_N, hits_N = torch.empty(len(targets_N)), torch.empty(len(targets_N), dtype=torch.bool)
    losses_N, hits_N = losses_N.to(targets.device), hits_N.to(targets.device)
    for rows in _chunks(len(targets_N), _rows_per_chunk(weight_VC, chunk_bytes)):
        logits_RV = _logits(hidden_NC[rows].to(weight_VC.dtype), weight_VC, vocab_size)
        hits_N[rows] = logits_RV.argmax(-1) == targets_N[rows]
        losses_N[rows], _, _ = _softmax_without_target(logits_RV, targets_N[rows])
    losses[targets != IGNORED] = losses_N
    hits[targets != IGNORED] = hits_N
    return losses, hits


class _HeadCrossEntropy(torch.autograd.Function):
    """The loop of the picture above."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden_NC: Tensor,
        weight_VC: Tensor,
        targets_N: Tensor,
        vocab_size: int,
        dtype: torch.dtype,
        rows_per_chunk: int,
    ) -> Tensor:
        weight = weight_VC.to(dtype)
        total = torch.zeros((), device=hidden_NC.device)
        d_hidden_NC = torch.empty_like(hidden_NC)
        d_weight_VC = torch.zeros(weight.shape, device=weight.device)
        for rows in _chunks(len(targets_N), rows_per_chunk):
            hidden_RC = hidden_NC[rows].to(dtype)
            targets_R = targets_N[rows]
            logits_RV = _logits(hidden_RC, weight, vocab_size)
            losses_R, others_RV, missing_R1 = _softmax_without_target(logits_RV, targets_R)
            total += losses_R.sum()
            others_RV = others_RV.to(dtype)
            from_others_RC, from_target_RC = (
                _product(others_RV, weight),
                missing_R1 * weight[targets_R],
            )
            d_hidden_NC[rows] = (from_others_RC - from_target_RC).to(hidden_NC.dtype)
            _add_product(d_weight_VC, others_RV.T, hidden_RC)
            d_weight_VC.index_add_(0, targets_R, -missing_R1 * hidden_RC.float())
        ctx.save_for_backward(d_hidden_NC, d_weight_VC)
        ctx.weight_dtype = weight_VC.dtype
        return total

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        (scale,) = grad_outputs
        d_hidden_NC, d_weight_VC = ctx.saved_tensors
        d_weight_VC = (d_weight_VC * scale).to(ctx.weight_dtype)
        return d_hidden_NC * scale.to(d_hidden_NC.dtype), d_weight_VC, None, None, None, None


def _logits(hidden_RC: Tensor, weight_VC: Tensor, vocab_size: int) -> Tensor:
    """Return the logits, float32, (R, V)."""
    logits_RV = (hidden_RC @ weight_VC.T).float()
    logits_RV[:, vocab_size:] = -torch.inf
    return logits_RV


def _softmax_without_target(logits_RV: Tensor, targets_R: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return losses (R,), probabilities (R, V; 0 at the target), and the target's shortfall (R, 1).

    The logits are overwritten. The shortfall 1 - p(target) is the sum of the others: a difference
    would have no digits left once the model is sure.
    """
    targets_R1 = targets_R[:, None]
    others_RV = logits_RV.sub_(logits_RV.amax(-1, keepdim=True))
    target_R1 = others_RV.gather(1, targets_R1)
    others_RV.scatter_(1, targets_R1, -torch.inf).exp_()
    others_R1 = others_RV.sum(-1, keepdim=True)
    total_R1 = others_R1 + target_R1.exp()
    losses_R = (total_R1.log() - target_R1).squeeze(1)
    return losses_R, others_RV.div_(total_R1), others_R1 / total_R1


def _product(left_RV: Tensor, right_VC: Tensor) -> Tensor:
    """Return a matrix product, float32, (R, C), added up over blocks of V.

    A kernel may add 200,000 terms one after the other, and with few rows some do.
    """
    sum_RC = torch.zeros(len(left_RV), right_VC.shape[1], device=left_RV.device)
    for block in _chunks(len(right_VC), VOCAB_BLOCK):
        _add_product(sum_RC, left_RV[:, block], right_VC[block])
    return sum_RC


def _add_product(sum_: Tensor, left: Tensor, right: Tensor) -> None:
    """Add a matrix product to a float32 sum."""
    if left.dtype == sum_.dtype:
        sum_.addmm_(left, right)
    else:
        sum_ += left @ right


def _with_target(hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the positions that have a target, (N, C) and (N,)."""
    hidden_NC, targets_N = hidden.flatten(0, -2), targets.flatten()
    has_target_N = targets_N != IGNORED
    if bool(has_target_N.all()):
        return hidden_NC, targets_N
    return hidden_NC[has_target_N], targets_N[has_target_N]


def _product_dtype(hidden: Tensor) -> torch.dtype:
    kind = hidden.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype


def _rows_per_chunk(weight_VC: Tensor, chunk_bytes: int) -> int:
    return max(1, chunk_bytes // (4 * len(weight_VC)))


def _chunks(num_rows: int, rows_per_chunk: int) -> list[slice]:
    """Cut rows into chunks of about equal size: below 12 rows, products are slow and less exact."""
    num_chunks = -(-num_rows // rows_per_chunk)
    bounds = [num_rows * i // num_chunks for i in range(num_chunks)] + [num_rows]
    return [slice(*pair) for pair in pairwise(bounds)]
