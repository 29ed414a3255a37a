"""The next id is picked as asked for, and text comes out whole."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch

import bpe
from bpe.errors import SpecialTokenError
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from model import GPT, ModelConfig, SampleConfig, generate, stream_text
from model.sample import keep_likeliest, pick, start_ids

LOGITS_V = torch.tensor([1.0, 3.0, 2.0, -math.inf])


@pytest.fixture
def model(config: ModelConfig) -> GPT:
    torch.manual_seed(0)
    return GPT(config)


def drawn(config: SampleConfig, times: int = 2000) -> Counter[int]:
    random = torch.Generator().manual_seed(0)
    return Counter(pick(LOGITS_V, config, random) for _ in range(times))


@pytest.mark.parametrize("temperature", [0, 0.0, 1e-30, 1e-3])
def test_a_temperature_of_zero_or_near_it_takes_the_likeliest(temperature: float) -> None:
    assert {1: 50} == drawn(SampleConfig(temperature=temperature), 50)


def test_draws_follow_the_softmax_of_the_scaled_logits() -> None:
    for temperature in (0.5, 1.0, 2.0):
        weights = [math.exp(logit / temperature) for logit in (1.0, 3.0, 2.0)]
        found = drawn(SampleConfig(temperature=temperature))
        assert found.keys() <= {0, 1, 2}, "an id without probability is never drawn"
        for id_, weight in enumerate(weights):
            assert weight / sum(weights) == pytest.approx(found[id_] / 2000, abs=0.04)


def test_top_k_keeps_the_k_likeliest() -> None:
    assert {1} == drawn(SampleConfig(top_k=1)).keys()
    assert {1, 2} == drawn(SampleConfig(top_k=2, temperature=5.0)).keys()
    assert {0, 1, 2} == drawn(SampleConfig(top_k=10**9, temperature=5.0)).keys()


@pytest.mark.parametrize(
    ("top_p", "kept"), [(1e-9, [1]), (0.5, [1]), (0.51, [1, 2]), (0.8, [1, 2]), (1.0, [0, 1, 2, 3])]
)
def test_top_p_keeps_the_fewest_that_hold_the_share(top_p: float, kept: list[int]) -> None:
    probabilities_V = torch.tensor([0.15, 0.5, 0.3, 0.05])
    found_V = keep_likeliest(probabilities_V, None, top_p)
    assert kept == found_V.nonzero().flatten().tolist()
    assert torch.equal(probabilities_V[kept], found_V[kept])


def test_top_p_is_a_share_of_what_top_k_left() -> None:
    probabilities_V = torch.tensor([0.4, 0.35, 0.25])
    assert [0] == keep_likeliest(probabilities_V, 2, 0.5).nonzero().flatten().tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1.0},
        {"temperature": math.nan},
        {"temperature": math.inf},
        {"top_k": 0},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_p": math.nan},
        {"seed": -1},
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SampleConfig(**wrong)


def test_the_same_seed_writes_the_same(model: GPT, tokenizer: bpe.Tokenizer) -> None:
    def written(seed: int) -> list[int]:
        config = SampleConfig(temperature=1.0, seed=seed)
        return list(generate(model, tokenizer, [65], max_tokens=30, config=config))

    assert written(1) == written(1)
    assert written(1) != written(2)


def test_a_greedy_continuation_is_the_argmax_of_the_model(
    model: GPT, tokenizer: bpe.Tokenizer
) -> None:
    config = SampleConfig(temperature=0)
    ids = [65, 66]
    for next_id in generate(model, tokenizer, ids, max_tokens=20, config=config):
        context = torch.tensor([ids[-model.config.block_size :]])
        assert int(model(context)[0, -1].argmax()) == next_id
        ids = [*ids, next_id]
    assert len(ids) > model.config.block_size, "the window moved on"


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


def test_text_is_streamed_without_half_a_character(tokenizer: bpe.Tokenizer) -> None:
    text = "aé你😀"
    pieces = list(stream_text(tokenizer, list(text.encode())))
    assert ["a", "é", "你", "😀"] == pieces


@pytest.mark.parametrize("data", [b"\xf0\x9f\x98", b"a\xffb", b"\xe4\xbd", b"\xc3(", b""])
def test_bytes_that_are_no_character_become_replacements_in_the_end(
    tokenizer: bpe.Tokenizer, data: bytes
) -> None:
    assert data.decode("utf-8", "replace") == "".join(stream_text(tokenizer, list(data)))
