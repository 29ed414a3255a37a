"""The GPT: a transformer whose positions see only what stands before them."""

from __future__ import annotations

from model.transformer import Transformer


class GPT(Transformer):
    """A causal language model: at every position it predicts the next token.

    `arch="gpt2"` is the architecture of GPT-2, pre-norm with learned positions; `arch="llama"` that
    of Llama: rotary positions, RMSNorm, SwiGLU, no biases.

    >>> import torch
    >>> from model.config import ModelConfig
    >>> logits_BTV = GPT(ModelConfig(vocab_size=300))(torch.zeros(1, 8, dtype=torch.long))
    >>> logits_BTV.shape
    torch.Size([1, 8, 320])
    """

    causal = True
