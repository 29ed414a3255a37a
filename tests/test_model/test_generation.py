"""A model goes on from prompts; the cache changes the time that takes, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import bpe
from bpe.errors import SpecialTokenError
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from model import GPT, ModelConfig, SampleConfig, generate, generate_batch
from model.generation import start_ids

GREEDY = SampleConfig(temperature=0)


@pytest.fixture
def model(config: ModelConfig) -> GPT:
    torch.manual_seed(0)
    return GPT(config)


@pytest.fixture(params=["gpt2", "llama"])
def either(config: ModelConfig, request: pytest.FixtureRequest) -> GPT:
    """A model of each architecture, with sharper predictions than a fresh one has."""
    torch.manual_seed(0)
    more = {"arch": "llama", "kv_heads": 1, "qk_norm": True} if request.param == "llama" else {}
    model = GPT(replace(config, **more))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("sampling", [GREEDY, SampleConfig(temperature=1.0, seed=3, top_p=0.9)])
@pytest.mark.parametrize("length", [1, 7, 12, 40])
def test_the_cache_changes_no_token(
    either: GPT, tokenizer: bpe.Tokenizer, sampling: SampleConfig, length: int
) -> None:
    prompt = list(range(40, 40 + length))
    with_cache, without = (
        list(generate(either, tokenizer, prompt, max_tokens=50, config=sampling, use_cache=cache))
        for cache in (True, False)
    )
    assert without == with_cache
    assert len(set(with_cache)) > 2, "something is written that could differ"


@pytest.mark.parametrize("use_cache", [True, False])
def test_texts_written_together_are_those_written_alone(
    either: GPT, tokenizer: bpe.Tokenizer, use_cache: bool
) -> None:
    """Prompts of different lengths, one of them longer than the context."""
    prompts = [[65], [66, 67, 68, 69, 70, 71, 72], list(range(40, 60)), [65]]
    sampling = SampleConfig(temperature=1.0, seed=5)
    rows: list[list[int]] = [[] for _ in prompts]
    for picked in generate_batch(
        either, tokenizer, prompts, max_tokens=30, config=sampling, use_cache=use_cache
    ):
        for row, id_ in zip(rows, picked, strict=True):
            row.extend([] if id_ is None else [id_])
    alone = [
        list(
            generate(either, tokenizer, prompt, max_tokens=30, config=replace(sampling, seed=5 + i))
        )
        for i, prompt in enumerate(prompts)
    ]
    assert alone == rows
    assert rows[0] != rows[3], "every text has draws of its own"


def test_a_text_that_ends_lets_the_others_go_on(model: GPT, tokenizer: bpe.Tokenizer) -> None:
    stop = tokenizer.eot_token
    with torch.no_grad():
        model.token_embedding.weight[stop] *= 60  # the draws end texts early, at various places
    sampling = SampleConfig(temperature=1.0, seed=0)
    steps = list(generate_batch(model, tokenizer, [[65]] * 6, max_tokens=40, config=sampling))
    ended = [[row[i] is None for row in steps].index(True) for i in range(6) if None in
             [row[i] for row in steps]]  # fmt: skip
    assert len(set(ended)) > 1
    for row in range(6):
        nones = [step[row] is None for step in steps]
        assert sorted(nones) == nones, "what has ended stays ended"


def test_the_model_computes_each_position_once(
    model: GPT, tokenizer: bpe.Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    original = model.hidden

    def spy(ids: torch.Tensor, cache: object = None) -> torch.Tensor:
        seen.append(ids.shape[1])
        return original(ids, cache)  # type: ignore[arg-type]

    monkeypatch.setattr(model, "hidden", spy)
    list(generate(model, tokenizer, [65, 66, 67], max_tokens=9, config=GREEDY))
    assert [3, 1, 1, 1, 1, 1, 1, 1, 1] == seen


def test_the_same_seed_writes_the_same(model: GPT, tokenizer: bpe.Tokenizer) -> None:
    def written(seed: int) -> list[int]:
        config = SampleConfig(temperature=1.0, seed=seed)
        return list(generate(model, tokenizer, [65], max_tokens=30, config=config))

    assert written(1) == written(1)
    assert written(1) != written(2)


def test_a_greedy_continuation_is_the_argmax_of_the_model(
    model: GPT, tokenizer: bpe.Tokenizer
) -> None:
    context, room = [65, 66], model.config.block_size
    for next_id in generate(model, tokenizer, context, max_tokens=30, config=GREEDY):
        assert int(model(torch.tensor([context]))[0, -1].argmax()) == next_id
        if len(context) == room:
            context = context[room // 2 :]  # the older half goes
        context = [*context, next_id]


def test_a_prompt_longer_than_the_context_is_cut_from_the_left(
    model: GPT, tokenizer: bpe.Tokenizer
) -> None:
    config = SampleConfig(temperature=0)
    long = list(range(40, 100))
    written = [
        list(generate(model, tokenizer, prompt, max_tokens=5, config=config))
        for prompt in (long, long[-model.config.block_size :])
    ]
    assert written[0] == written[1]


def test_writing_ends_at_the_end_of_text(model: GPT, tokenizer: bpe.Tokenizer) -> None:
    # The final norm always points at the row of the end of text, which is by far the longest.
    torch.nn.init.zeros_(model.final_norm.weight)
    torch.nn.init.ones_(model.final_norm.bias)
    torch.nn.init.constant_(model.token_embedding.weight[tokenizer.eot_token], 9.0)
    assert [] == list(generate(model, tokenizer, [65], max_tokens=5))


def test_ids_without_a_token_are_never_written() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    spec = TokenizerSpec.from_ranked_tokens(Pattern.of("gpt2"), ranks, {"<|endoftext|>": 2000})
    holes = bpe.Tokenizer(spec)
    model = GPT(ModelConfig(vocab_size=holes.n_vocab, n_embd=8, heads=1, layers=1, block_size=4))
    config = SampleConfig(temperature=1.0, seed=0)
    ids = list(generate(model, holes, [65], max_tokens=100, config=config))
    assert max(ids) < 256


@pytest.mark.parametrize(("prompt", "max_tokens"), [([], 5), ([65], -1)])
def test_an_impossible_request_is_refused_at_once(
    model: GPT, tokenizer: bpe.Tokenizer, prompt: list[int], max_tokens: int
) -> None:
    with pytest.raises(ValueError, match=r"prompt|max_tokens"):
        generate(model, tokenizer, prompt, max_tokens=max_tokens)


def test_an_empty_prompt_starts_a_document_or_a_line(tokenizer: bpe.Tokenizer, text: str) -> None:
    assert [tokenizer.eot_token] == start_ids(tokenizer, "")
    assert [10] == start_ids(bpe.train([text], 256, special_tokens=()), "")


def test_special_tokens_in_a_prompt_are_special_only_if_asked(tokenizer: bpe.Tokenizer) -> None:
    with pytest.raises(SpecialTokenError, match="endoftext"):
        start_ids(tokenizer, "a<|endoftext|>")
    ids = start_ids(tokenizer, "a<|endoftext|>", allow_special=True)
    assert [97, tokenizer.eot_token] == ids
