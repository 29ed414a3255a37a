"""What a model writes while it is still learning: the same prompt again and again.

The draws come from a generator of their own, with the same seed every time, so a run that looks at
samples ends with the same weights as one that does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpe.errors import TrainingError
from model.generation import generate, start_ids
from model.gpt import GPT
from model.sample import SampleConfig
from model.text_stream import stream_text
from model.transformer import Transformer

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

NUM_TOKENS = 64

_HOW = SampleConfig(temperature=0.8, top_p=0.95, seed=1)


def write_sample(model: Transformer, tokenizer: Tokenizer, prompt: str) -> str:
    """Return a prompt and how the model goes on; its training mode is left as it was."""
    assert isinstance(model, GPT)
    was_training = model.training
    ids = generate(
        model, tokenizer, start_ids(tokenizer, prompt), max_tokens=NUM_TOKENS, config=_HOW
    )
    text = prompt + "".join(stream_text(tokenizer, ids))
    model.train(was_training)
    return text


def check_can_write(model: Transformer) -> None:
    """Refuse samples of a model that fills gaps.

    Raises:
        TrainingError: It is no GPT.
    """
    if not isinstance(model, GPT):
        raise TrainingError(
            "a masked language model cannot write samples; leave out --sample-every"
        )
