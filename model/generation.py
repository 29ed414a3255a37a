"""Let a GPT go on from a prompt, or from several at once.

A model has room for `block_size` ids. When a text has filled it, the older half is dropped, and
the model goes on from the rest: the cache of keys and values is then good for another half context,
where a window that moves with every id would have to be computed anew each time.

Shapes in names: B texts, T positions, V ids.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from model.cache import KVCache
from model.gpt import GPT
from model.sample import SampleConfig, pick
from model.vocabulary import end_of_text, known_ids

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


def generate(
    model: GPT,
    tokenizer: Tokenizer,
    prompt: Sequence[int],
    *,
    max_tokens: int,
    config: SampleConfig | None = None,
    use_cache: bool = True,
    stop_ids: Collection[int] = (),
) -> Iterator[int]:
    """Yield up to `max_tokens` ids that go on from the prompt; end before an end of text.

    The model sees the last `block_size` ids of a longer prompt.

    Args:
        model: Any model, set to evaluation mode here.
        tokenizer: The one it was trained with; ids without a token are never picked.
        prompt: Ids, at least one.
        max_tokens: How many at most.
        config: How to pick.
        use_cache: Whether to remember keys and values; the ids are the same without, only later.
        stop_ids: Ids to end before, beside the end of text.
    """
    steps = generate_batch(
        model,
        tokenizer,
        [prompt],
        max_tokens=max_tokens,
        config=config,
        use_cache=use_cache,
        stop_ids=stop_ids,
    )
    return (id_ for (id_,) in steps if id_ is not None)


def generate_batch(
    model: GPT,
    tokenizer: Tokenizer,
    prompts: Sequence[Sequence[int]],
    *,
    max_tokens: int,
    config: SampleConfig | None = None,
    use_cache: bool = True,
    stop_ids: Collection[int] = (),
) -> Iterator[list[int | None]]:
    """Yield the next id of every text, None for those that have ended; end when all have.

    Text i is what `generate` gives for prompt i with the seed `config.seed + i`.

    Args:
        model: Any model, set to evaluation mode here.
        tokenizer: The one it was trained with; ids without a token are never picked.
        prompts: Ids, at least one each; they may have different lengths.
        max_tokens: How many for each text at most.
        config: How to pick.
        use_cache: Whether to remember keys and values.
        stop_ids: Ids to end before, beside the end of text.
    """
    if not prompts or not all(prompts):
        raise ValueError("an empty prompt has nothing to go on from; see start_ids")
    if max_tokens < 0:
        raise ValueError(f"max_tokens = {max_tokens} should be at least 0")
    stops = {*stop_ids, end_of_text(tokenizer)}
    contexts = _Contexts(model.eval(), prompts, use_cache=use_cache)
    seen = [set(prompt) for prompt in prompts]
    return _generate(contexts, seen, tokenizer, max_tokens, config or SampleConfig(), stops)


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


def _generate(
    contexts: _Contexts,
    seen: list[set[int]],
    tokenizer: Tokenizer,
    max_tokens: int,
    config: SampleConfig,
    stops: Collection[int | None],
) -> Iterator[list[int | None]]:
    randoms = [_random(config.seed, row) for row in range(len(seen))]
    unknown_V = ~torch.from_numpy(known_ids(tokenizer))
    ended = [False] * len(seen)
    for _ in range(max_tokens):
        # Picked on the CPU in float32: the same seed gives the same draw wherever the model runs.
        logits_BV = contexts.next_logits().masked_fill(unknown_V, -math.inf)
        picked: list[int | None] = []
        for row, random in enumerate(randoms):
            id_ = None if ended[row] else pick(logits_BV[row], config, random, seen[row])
            ended[row] = id_ is None or id_ in stops
            picked.append(None if ended[row] else id_)
        if all(ended):
            return
        yield picked
        for row, id_ in enumerate(picked):
            seen[row].update([] if id_ is None else [id_])
        contexts.append([id_ if id_ is not None else 0 for id_ in picked])


def _random(seed: int | None, row: int) -> torch.Generator:
    random = torch.Generator()
    if seed is None:
        random.seed()
        return random
    return random.manual_seed((seed + row) % 2**63)


class _Contexts:
    """The ids that the model still sees of each text, and what it remembers of them."""

    def __init__(self, model: GPT, prompts: Sequence[Sequence[int]], *, use_cache: bool) -> None:
        self._model, self._use_cache = model, use_cache
        self._room = model.config.block_size
        self._rows = [list(prompt[-self._room :]) for prompt in prompts]
        self._cache: KVCache | None = None

    def append(self, ids: Sequence[int]) -> None:
        """Add an id to every text; where there is no room, the older half goes first."""
        for index, (row, id_) in enumerate(zip(self._rows, ids, strict=True)):
            if len(row) == self._room:
                self._rows[index] = row = row[len(row) - self._room // 2 :]
                self._cache = None
            row.append(id_)

    @torch.no_grad()
    def next_logits(self) -> Tensor:
        """Return the logits after the last id of every text, (B, V), float32 on the CPU."""
        width = max(map(len, self._rows))
        if self._cache is None:
            # Filled up on the left, so that the newest ids stand in the last column.
            padding = [width - len(row) for row in self._rows]
            filled = [[0] * count + row for count, row in zip(padding, self._rows, strict=True)]
            cache = KVCache(
                self._model.config,
                padding,
                device=self._model.device,
                dtype=self._model.head_weight.dtype,
            )
            new_BT = torch.tensor(filled, device=self._model.device)
        else:
            cache = self._cache
            new_BT = torch.tensor([row[-1:] for row in self._rows], device=self._model.device)
        hidden_BTC = self._model.hidden(new_BT, cache)
        self._cache = cache if self._use_cache else None
        logits_BV = self._model.logits(hidden_BTC[:, -1])
        return logits_BV[:, : self._model.config.vocab_size].float().cpu()
