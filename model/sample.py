"""Write text with a model: pick the next id, turn ids into text as they come.

Shapes in names: T positions, V ids.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from model.gpt import GPT
from model.vocabulary import end_of_text, known_ids

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


@dataclass(frozen=True)
class SampleConfig:
    """How the next id is picked.

    Attributes:
        temperature: Divides the logits; 0 always takes the likeliest id.
        top_k: Pick among the k likeliest ids; more than there are means all.
        top_p: Pick among the fewest likeliest ids that hold this share of the probability, (0, 1].
        seed: Of the draws; None draws afresh each time.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"temperature = {self.temperature} should be 0 or a positive number")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k = {self.top_k} should be at least 1")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p = {self.top_p} should be in (0, 1]")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise ValueError(f"seed = {self.seed} should be in 0..2^63-1")


def generate(
    model: GPT,
    tokenizer: Tokenizer,
    prompt: Sequence[int],
    *,
    max_tokens: int,
    config: SampleConfig | None = None,
) -> Iterator[int]:
    """Yield up to `max_tokens` ids that go on from the prompt; end before an end of text.

    The model sees the last `block_size` ids of prompt and continuation.

    Args:
        model: Any model, set to evaluation mode here.
        tokenizer: The one it was trained with; ids without a token are never picked.
        prompt: Ids, at least one.
        max_tokens: How many at most.
        config: How to pick.
    """
    if not prompt:
        raise ValueError("an empty prompt has nothing to go on from; see start_ids")
    if max_tokens < 0:
        raise ValueError(f"max_tokens = {max_tokens} should be at least 0")
    return _generate(model, tokenizer, list(prompt), max_tokens, config or SampleConfig())


def start_ids(tokenizer: Tokenizer, prompt: str, *, allow_special: bool = False) -> list[int]:
    """Encode a prompt; an empty one starts a document (or, without an end of text, a line).

    Raises:
        SpecialTokenError: The prompt contains a special token and `allow_special` is not set.
    """
    ids = tokenizer.encode(prompt, allowed_special="all" if allow_special else frozenset())
    if ids:
        return ids
    start = end_of_text(tokenizer)
    return tokenizer.encode_ordinary("\n") if start is None else [start]


def pick(logits_V: Tensor, config: SampleConfig, random: torch.Generator) -> int:
    """Pick an id by its logit.

    >>> pick(torch.tensor([0.0, 2.0, 1.0]), SampleConfig(temperature=0), torch.Generator())
    1
    """
    if config.temperature == 0:
        return int(logits_V.argmax())
    # The largest logit becomes 0 first, or a tiny temperature would overflow.
    logits_V = (logits_V - logits_V.max()) / config.temperature
    probabilities_V = keep_likeliest(logits_V.softmax(-1), config.top_k, config.top_p)
    return int(torch.multinomial(probabilities_V, 1, generator=random))


def keep_likeliest(probabilities_V: Tensor, top_k: int | None, top_p: float | None) -> Tensor:
    """Set all but the likeliest ids to 0: at most k of them, and no more than reach share p.

    Nucleus sampling (top-p): https://arxiv.org/abs/1904.09751.

    >>> keep_likeliest(torch.tensor([0.5, 0.3, 0.2]), None, 0.6)
    tensor([0.5000, 0.3000, 0.0000])
    """
    descending_V, order_V = probabilities_V.sort(descending=True, stable=True)
    if top_k is not None:
        descending_V[top_k:] = 0
    if top_p is not None:
        share_before_V = descending_V.cumsum(-1) - descending_V
        descending_V[share_before_V >= top_p * descending_V.sum()] = 0
    return torch.empty_like(probabilities_V).scatter_(0, order_V, descending_V)


def stream_text(tokenizer: Tokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Yield the text of a stream of ids as it comes, never half a character.

    Bytes that begin a character are held back until it is complete; bytes that never become one
    give U+FFFD.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for id_ in ids:
        if text := decoder.decode(tokenizer.decode_single_token_bytes(id_)):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _generate(
    model: GPT, tokenizer: Tokenizer, ids: list[int], max_tokens: int, config: SampleConfig
) -> Iterator[int]:
    random = torch.Generator()
    random.seed() if config.seed is None else random.manual_seed(config.seed)
    stop = end_of_text(tokenizer)
    unknown_V = ~torch.from_numpy(known_ids(tokenizer))
    model.eval()
    for _ in range(max_tokens):
        # Picked on the CPU in float32: the same seed gives the same draw wherever the model runs.
        logits_V = _next_logits(model, ids).masked_fill(unknown_V, -math.inf)
        next_id = pick(logits_V, config, random)
        if next_id == stop:
            return
        yield next_id
        ids.append(next_id)


@torch.inference_mode()
def _next_logits(model: GPT, ids: Sequence[int]) -> Tensor:
    """Return the logits after the last id, shape (vocab_size,), float32 on the CPU."""
    context_1T = torch.tensor([ids[-model.config.block_size :]], device=model.head_weight.device)
    logits_1TV: Tensor = model(context_1T)
    return logits_1TV[0, -1, : model.config.vocab_size].float().cpu()
