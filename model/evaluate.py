"""How good a model is on tokens that it never trained on: loss and bits per byte.

Evaluation reads fixed windows that lie side by side, so every predicted token is predicted once,
with at most one window of context. Compare bits per byte between runs with the same text and about
the same context in bytes.

Shapes in names: B batch, T positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.batches import TokenArray, eval_starts, gather, to_device
from model.gpt import GPT
from model.loss import BitsPerByte, token_losses


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        loss: Nats per token, special tokens included.
        bits_per_byte: Bits per byte of text, special tokens left out.
        num_tokens: Tokens that were predicted.
        num_bytes: Bytes that these tokens stand for.
        context: The window in tokens.
    """

    loss: float
    bits_per_byte: float
    num_tokens: int
    num_bytes: int
    context: int


@torch.inference_mode()
def evaluate(
    model: GPT,
    tokens: TokenArray,
    byte_lengths_V: Tensor,
    *,
    batch_size: int,
    max_batches: int,
) -> Evaluation:
    """Evaluate on up to `max_batches` batches of windows, evenly spread over the tokens.

    Args:
        model: Any model; its training mode is left as it was.
        tokens: Ids, shape (number of tokens,), more than one window of them.
        byte_lengths_V: Bytes of text per id, int64; 0 for special tokens.
        batch_size: Windows per batch.
        max_batches: How many batches at most.
    """
    block_size = model.config.block_size
    device = model.head_weight.device
    starts = eval_starts(len(tokens), block_size, batch_size * max_batches)
    was_training = model.training
    model.eval()
    nats, num_tokens, bits = 0.0, 0, BitsPerByte()
    for first in range(0, len(starts), batch_size):
        batch = gather(tokens, starts[first : first + batch_size], block_size)
        inputs_BT, targets_BT = to_device(batch, device)
        losses_BT = token_losses(model(inputs_BT), targets_BT)
        nats += losses_BT.double().sum().item()
        num_tokens += targets_BT.numel()
        bits.add(losses_BT, byte_lengths_V.to(device)[targets_BT])
    model.train(was_training)
    return Evaluation(nats / num_tokens, bits.value, num_tokens, bits.num_bytes, block_size)
