"""How good a model is on tokens that it never trained on: loss, bits per byte, accuracy.

Evaluation reads fixed windows that lie side by side (`BatchMaker.validation`), so every predicted
token is predicted once, with at most one window of context. Compare bits per byte between runs with
the same text and about the same context in bytes. A masked model sees both sides of a token, so its
numbers compare only with those of other masked models.

Shapes in names: B batch, T positions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from model.batches import Batch, to_device
from model.head_loss import head_token_losses
from model.loss import IGNORED, BitsPerByte
from model.transformer import Transformer

#: Above this, e to the loss is no float.
MAX_EXPONENT = 709.0


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        loss: Nats per token, special tokens included.
        bits_per_byte: Bits per byte of text, special tokens left out.
        accuracy: The share of the targets that were the likeliest id.
        num_tokens: Tokens that were predicted.
        num_bytes: Bytes that these tokens stand for.
        context: The window in tokens.
    """

    loss: float
    bits_per_byte: float
    accuracy: float
    num_tokens: int
    num_bytes: int
    context: int

    @property
    def perplexity(self) -> float:
        """e to the loss: among how many equally likely tokens the model hesitates."""
        return math.exp(self.loss) if self.loss < MAX_EXPONENT else math.inf


@torch.no_grad()
def evaluate(model: Transformer, batches: Iterable[Batch], byte_lengths_V: Tensor) -> Evaluation:
    """Evaluate a model on batches.

    Args:
        model: Any model; its training mode is left as it was.
        batches: What to predict; at least one target.
        byte_lengths_V: Bytes of text per id, int64; 0 for special tokens.
    """
    was_training = model.training
    model.eval()
    nats, num_tokens, num_hits, bits = 0.0, 0, 0, BitsPerByte()
    byte_lengths_V = byte_lengths_V.to(model.device)
    for batch in batches:
        inputs_BT, targets_BT = to_device(batch, model.device)
        losses_BT, hits_BT = head_token_losses(
            model.hidden(inputs_BT), model.head_weight, targets_BT, model.config.vocab_size
        )
        nats += losses_BT.double().sum().item()
        num_tokens += int((targets_BT != IGNORED).sum())
        num_hits += int(hits_BT.sum())
        bytes_BT = byte_lengths_V[targets_BT.clamp(min=0)] * (targets_BT != IGNORED)
        bits.add(losses_BT, bytes_BT)
    model.train(was_training)
    return Evaluation(
        nats / num_tokens,
        bits.value,
        num_hits / num_tokens,
        num_tokens,
        bits.num_bytes,
        model.config.block_size,
    )
