"""The masked language model (BERT, https://arxiv.org/abs/1810.04805): it sees both sides.

The same layers as the GPT with one switch turned, so the weights of a GPT fit and are a good start
(https://arxiv.org/abs/2507.00994). The head is the token table, as there.
"""

from __future__ import annotations

from model.transformer import Transformer


class MaskedLM(Transformer):
    """A bidirectional language model: it guesses the tokens that were hidden.

    >>> import torch
    >>> from model.config import ModelConfig
    >>> config = ModelConfig(vocab_size=300, objective="masked")
    >>> MaskedLM(config)(torch.zeros(1, 8, dtype=torch.long)).shape
    torch.Size([1, 8, 320])
    """

    causal = False
