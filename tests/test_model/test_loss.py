"""The loss is cross-entropy; bits per byte is what one computes by hand."""

from __future__ import annotations

import math

import pytest
import torch

from model.loss import IGNORED, BitsPerByte, cross_entropy, token_losses


def test_the_loss_is_the_mean_of_minus_log_probability() -> None:
    logits_BTV = torch.randn(2, 3, 5, dtype=torch.float64)
    targets_BT = torch.tensor([[0, 4, 2], [1, 1, 3]])
    by_hand = [
        -math.log(logits_BTV[b, t].softmax(-1)[targets_BT[b, t]])
        for b in range(2)
        for t in range(3)
    ]
    assert sum(by_hand) / 6 == pytest.approx(cross_entropy(logits_BTV, targets_BT).item(), rel=1e-6)
    torch.testing.assert_close(
        torch.tensor(by_hand).view(2, 3), token_losses(logits_BTV, targets_BT)
    )


def test_ignored_targets_count_neither_above_nor_below_the_line() -> None:
    logits_BTV = torch.randn(1, 3, 5)
    all_but_one = cross_entropy(logits_BTV, torch.tensor([[2, IGNORED, IGNORED]]))
    torch.testing.assert_close(cross_entropy(logits_BTV[:, :1], torch.tensor([[2]])), all_but_one)


def test_a_batch_without_targets_has_loss_zero_and_a_finite_gradient() -> None:
    logits_BTV = torch.randn(1, 3, 5, requires_grad=True)
    loss = cross_entropy(logits_BTV, torch.full((1, 3), IGNORED))
    loss.backward()
    assert 0 == loss.item()
    assert logits_BTV.grad is not None
    assert bool(logits_BTV.grad.isfinite().all())


def test_bits_per_byte_by_hand() -> None:
    # Four tokens of 3, 1, 0 (special) and 2 bytes, each predicted with a probability.
    losses_BT = torch.tensor([[-math.log(0.5), -math.log(0.25), -math.log(0.01), -math.log(0.125)]])
    bits = BitsPerByte()
    bits.add(losses_BT, torch.tensor([[3, 1, 0, 2]]))
    assert 6 == bits.num_bytes
    assert (1 + 2 + 3) / 6 == pytest.approx(bits.value)
    bits.add(torch.tensor([[math.log(2)]]), torch.tensor([[6]]))
    assert 7 / 12 == pytest.approx(bits.value)


def test_no_bytes_give_no_number() -> None:
    assert math.isnan(BitsPerByte().value)
