"""Batches are a function of seed and step, and stay inside the tokens."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.batches import eval_starts, gather, to_device, train_starts


def test_the_same_seed_and_step_give_the_same_windows() -> None:
    first = train_starts(1000, 8, 64, seed=1, step=5)
    assert np.array_equal(first, train_starts(1000, 8, 64, seed=1, step=5))
    assert not np.array_equal(first, train_starts(1000, 8, 64, seed=1, step=6))
    assert not np.array_equal(first, train_starts(1000, 8, 64, seed=2, step=5))


def test_the_windows_of_a_step_never_change_between_releases() -> None:
    assert [585, 883, 142, 5] == train_starts(1000, 8, 4, seed=1337, step=0).tolist()


@pytest.mark.parametrize("num_tokens", [9, 10, 1000])
def test_every_window_and_its_targets_lie_inside(num_tokens: int) -> None:
    starts = np.concatenate([train_starts(num_tokens, 8, 99, seed=0, step=s) for s in range(99)])
    assert 0 == starts.min()
    assert num_tokens - 9 == starts.max(), "the last possible window is drawn too"


def test_targets_are_the_inputs_one_token_further_on() -> None:
    tokens = np.arange(100, dtype=np.uint16)
    inputs_BT, targets_BT = gather(tokens, np.array([0, 91]), 8)
    assert torch.int64 == inputs_BT.dtype
    assert [list(range(8)), list(range(91, 99))] == inputs_BT.tolist()
    assert torch.equal(inputs_BT + 1, targets_BT)


def test_large_ids_are_kept() -> None:
    tokens = np.array([65_535, 65_536, 200_018], dtype=np.uint32)
    assert [[65_536, 200_018]] == gather(tokens, np.array([0]), 2).targets_BT.tolist()


def test_evaluation_windows_lie_side_by_side_and_predict_each_token_once() -> None:
    starts = eval_starts(100, 10, 1000)
    assert list(range(0, 90, 10)) == starts.tolist()
    targets = gather(np.arange(100, dtype=np.uint16), starts, 10).targets_BT.flatten().tolist()
    assert list(range(1, 91)) == targets


def test_evaluation_windows_are_thinned_evenly() -> None:
    starts = eval_starts(10_001, 10, 5)
    assert [0, 2500, 5000, 7490, 9990] == starts.tolist()
    assert [0] == eval_starts(11, 10, 5).tolist()


def test_the_cpu_needs_no_copy() -> None:
    batch = gather(np.arange(20, dtype=np.uint16), np.array([0]), 4)
    assert batch is to_device(batch, torch.device("cpu"))
