"""From a config to the model it describes."""

from __future__ import annotations

from model.config import ModelConfig
from model.gpt import GPT
from model.masked_lm import MaskedLM
from model.transformer import Transformer


def build_model(config: ModelConfig) -> Transformer:
    """Return a fresh model, with weights drawn from torch's random state."""
    return GPT(config) if config.objective == "causal" else MaskedLM(config)
