"""An evaluation is what adding up by hand gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

import bpe
from model.batches import Batch, eval_starts, gather
from model.config import ModelConfig
from model.evaluate import Evaluation, evaluate
from model.gpt import GPT
from model.loss import IGNORED
from model.vocabulary import byte_lengths


def small_evaluation(model: GPT, tokens: np.ndarray, lengths_V: torch.Tensor) -> Evaluation:
    return evaluate(model, windows(model, tokens, batch_size=2, max_batches=3), lengths_V)


def windows(
    model: GPT, tokens: np.ndarray, *, batch_size: int, max_batches: int
) -> Iterator[Batch]:
    block_size = model.config.block_size
    starts = eval_starts(len(tokens), block_size, batch_size * max_batches)
    for i in range(0, len(starts), batch_size):
        yield gather(tokens, starts[i : i + batch_size], block_size)


def test_a_model_that_knows_nothing_needs_log2_of_the_vocabulary_bits_per_token(
    tokenizer: bpe.Tokenizer, config: ModelConfig, text: str
) -> None:
    model = GPT(config)
    torch.nn.init.zeros_(model.token_embedding.weight)
    ids = tokenizer.encode_to_numpy(text)[:40]
    ids[5] = tokenizer.eot_token
    lengths = byte_lengths(tokenizer)
    found = small_evaluation(model, ids, torch.from_numpy(lengths))
    predicted = ids[1:37]  # three windows of twelve
    assert (36, int(lengths[predicted].sum()), 12) == (
        found.num_tokens,
        found.num_bytes,
        found.context,
    )
    assert math.log(301) == pytest.approx(found.loss)
    # The end of text is one of the 36 tokens, but stands for no byte.
    assert 35 * math.log2(301) / found.num_bytes == pytest.approx(found.bits_per_byte)


def test_evaluating_changes_nothing(
    tokenizer: bpe.Tokenizer, config: ModelConfig, text: str
) -> None:
    model = GPT(replace(config, dropout=0.5)).train()
    ids = tokenizer.encode_to_numpy(text)[:80]
    lengths_V = torch.from_numpy(byte_lengths(tokenizer))
    random_state = torch.get_rng_state()
    first, second = (small_evaluation(model, ids, lengths_V) for _ in range(2))
    assert first == second, "dropout is off, and the windows are the same"
    assert model.training
    assert torch.equal(random_state, torch.get_rng_state())


def test_the_batch_size_does_not_change_the_result(
    tokenizer: bpe.Tokenizer, config: ModelConfig, text: str
) -> None:
    model, ids = GPT(config), tokenizer.encode_to_numpy(text)[:200]
    lengths_V = torch.from_numpy(byte_lengths(tokenizer))
    one = evaluate(model, windows(model, ids, batch_size=1, max_batches=6), lengths_V)
    six = evaluate(model, windows(model, ids, batch_size=6, max_batches=1), lengths_V)
    assert one.num_tokens == six.num_tokens
    assert one.bits_per_byte == pytest.approx(six.bits_per_byte, rel=1e-6)


def test_accuracy_is_the_share_of_targets_that_were_the_likeliest(
    tokenizer: bpe.Tokenizer, config: ModelConfig, text: str
) -> None:
    """And what is ignored counts nowhere: half of the targets are told right, half are ignored."""
    model, ids = GPT(config).eval(), tokenizer.encode_to_numpy(text)[:40]
    (batch,) = windows(model, ids, batch_size=1, max_batches=1)
    targets_BT = model(batch.inputs_BT).argmax(-1)
    targets_BT[0, 0] = (targets_BT[0, 0] + 1) % 256
    targets_BT[0, 4:] = IGNORED
    lengths_V = torch.from_numpy(byte_lengths(tokenizer))
    found = evaluate(model, [Batch(batch.inputs_BT, targets_BT)], lengths_V)
    assert (0.75, 4) == (found.accuracy, found.num_tokens)
    assert int(lengths_V[targets_BT[0, :4]].sum()) == found.num_bytes
    assert math.exp(found.loss) == pytest.approx(found.perplexity)
