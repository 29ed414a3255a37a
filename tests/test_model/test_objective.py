"""The batches of a step do not depend on who computes them, nor on how many at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import bpe
from bpe.errors import TrainingError
from bpe.token_files import write_tokens
from model import ModelConfig, TokenDataset, TrainConfig, open_dataset
from model.batches import share_of
from model.loss import IGNORED
from model.objective import BatchMaker


def maker(
    data: TokenDataset, tokenizer: bpe.Tokenizer, config: ModelConfig, **train: object
) -> BatchMaker:
    settings = {"batch_size": 4, "eval_batches": 2, "tokens_per_step": 12 * 24, **train}
    return BatchMaker(data, tokenizer, config, TrainConfig(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_a_step_has_the_same_windows_however_it_is_divided(
    data: TokenDataset, tokenizer: bpe.Tokenizer, config: ModelConfig, objective: str
) -> None:
    config = replace(config, objective=objective)  # type: ignore[arg-type]
    whole = maker(data, tokenizer, config, batch_size=24).train(5)
    assert 1 == len(whole)
    divided = [
        batch
        for rank in range(3)
        for batch in maker(data, tokenizer, config).train(5, rank=rank, num_processes=3)
    ]
    assert 6 == len(divided)
    for field in ("inputs_BT", "targets_BT"):
        together = torch.cat([getattr(batch, field) for batch in divided])
        assert torch.equal(getattr(whole[0], field), together)


def test_windows_that_cannot_be_shared_evenly_are_refused() -> None:
    with pytest.raises(ValueError, match="7 windows a step cannot be shared by 2 processes"):
        share_of(np.arange(7), 0, 2)


def test_a_masked_model_guesses_tokens_of_its_own_window(
    data: TokenDataset, tokenizer: bpe.Tokenizer, config: ModelConfig
) -> None:
    batches = maker(data, tokenizer, replace(config, objective="masked"))
    (first, *_), again = list(batches.validation()), list(batches.validation())
    assert torch.equal(first.targets_BT, again[0].targets_BT), "evaluation never changes"
    chosen = first.targets_BT != IGNORED
    unchanged = torch.where(chosen, first.targets_BT, first.inputs_BT)
    assert data.val_tokens[:12].tolist() == unchanged[0].tolist()
    assert 0.02 < chosen.float().mean() < 0.2
    assert bool((first.inputs_BT == tokenizer.n_vocab).any()), "the first padded row is the mask"


def test_whole_words_need_data_that_knows_words(
    tmp_path: Path, text: str, tokenizer: bpe.Tokenizer, config: ModelConfig
) -> None:
    write_tokens(tmp_path / "ids.bin", [tokenizer.encode_ordinary(text)], tokenizer)
    data = open_dataset(str(tmp_path / "ids.bin"), tokenizer, block_size=12, val_fraction=0.1)
    masked = replace(config, objective="masked")
    with pytest.raises(TrainingError, match=r"prepare the text with `gpt prepare`"):
        maker(data, tokenizer, masked)
    maker(data, tokenizer, masked, mask_unit="token").train(0)
