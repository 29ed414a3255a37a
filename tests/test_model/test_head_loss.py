"""The head's loss in chunks is the plain cross-entropy, with a fraction of its memory."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from model import head_loss
from model.head_loss import head_cross_entropy, head_token_losses
from model.loss import IGNORED

V, ROWS, C = 100, 128, 8


def example(dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(3, 5, C, generator=random, dtype=dtype)
    weight = torch.randn(ROWS, C, generator=random, dtype=dtype)
    targets = torch.randint(V, (3, 5), generator=random)
    targets[1, 2:] = IGNORED
    return hidden.requires_grad_(), weight.requires_grad_(), targets


def plain(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    logits = (hidden @ weight.T)[..., :V]
    return F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )


@pytest.mark.parametrize("rows", range(1, 17))
def test_every_chunk_size_gives_the_plain_loss_and_gradients(rows: int) -> None:
    hidden, weight, targets = example()
    expected = plain(hidden, weight, targets)
    wanted = torch.autograd.grad(expected * 0.25, (hidden, weight))
    found = head_cross_entropy(hidden, weight, targets, V, chunk_bytes=rows * ROWS * 4)
    torch.testing.assert_close(expected.float(), found)
    for want, have in zip(wanted, torch.autograd.grad(found * 0.25, (hidden, weight)), strict=True):
        torch.testing.assert_close(want, have, rtol=1e-5, atol=1e-7)


def test_padded_rows_have_no_probability_and_no_gradient() -> None:
    hidden, weight, targets = example()
    with torch.no_grad():
        weight[V:] = 1e3
    head_cross_entropy(hidden, weight, targets, V).backward()
    assert weight.grad is not None
    assert 0 == weight.grad[V:].abs().max()


def test_a_batch_without_targets_has_loss_zero_and_gradient_zero() -> None:
    hidden, weight, targets = example()
    loss = head_cross_entropy(hidden, weight, torch.full_like(targets, IGNORED), V)
    loss.backward()
    assert 0 == loss.item()
    assert hidden.grad is not None
    assert weight.grad is not None
    assert 0 == hidden.grad.abs().max() == weight.grad.abs().max()


def test_token_losses_are_those_of_the_plain_loss_and_say_what_was_guessed() -> None:
    hidden, weight, targets = example()
    losses, hits = head_token_losses(hidden, weight, targets, V, chunk_bytes=ROWS * 4 * 2)
    logits = (hidden @ weight.T)[..., :V].detach()
    expected = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
    )
    torch.testing.assert_close(expected.view(3, 5).float(), losses, rtol=1e-5, atol=1e-6)
    assert torch.equal(logits.argmax(-1) == targets, hits)


def test_a_sure_model_still_has_digits_in_its_gradient() -> None:
    hidden, weight, targets = example(torch.float32)
    with torch.no_grad():
        hidden.copy_(weight[targets.clamp(min=0)] * 3)
    head_cross_entropy(hidden, weight, targets, V).backward()
    hidden64, weight64 = (x.detach().double().requires_grad_() for x in (hidden, weight))
    plain(hidden64, weight64, targets).backward()
    assert hidden.grad is not None
    assert hidden64.grad is not None
    error = (hidden.grad.double() - hidden64.grad).norm() / hidden64.grad.norm()
    assert error < 1e-5, "1 - p would have lost all of them"


def test_a_vocabulary_of_200019_is_as_exact_as_float32_can_be() -> None:
    """Against float64; few channels and rows, so that it takes a second."""
    random = torch.Generator().manual_seed(1)
    weight = torch.randn(200_064, 16, generator=random) * 0.3
    hidden = torch.randn(24, 16, generator=random)
    targets = torch.randint(200_019, (24,), generator=random)
    ours = [x.clone().requires_grad_() for x in (hidden, weight)]
    head_cross_entropy(*ours, targets, 200_019, chunk_bytes=12 * 4 * 200_064).backward()
    exact = [x.double().requires_grad_() for x in (hidden, weight)]
    logits = (exact[0] @ exact[1].T)[:, :200_019]
    F.cross_entropy(logits, targets, reduction="sum").backward()
    for mine, theirs in zip(ours, exact, strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert (mine.grad.double() - theirs.grad).norm() < 1e-6 * theirs.grad.norm()


def test_no_chunk_is_larger_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    original = head_loss._logits

    def spy(hidden: torch.Tensor, weight: torch.Tensor, vocab_size: int) -> torch.Tensor:
        seen.append(len(hidden))
        return original(hidden, weight, vocab_size)

    monkeypatch.setattr(head_loss, "_logits", spy)
    hidden, weight, targets = example(torch.float32)
    head_cross_entropy(hidden, weight, targets, V, chunk_bytes=5 * 4 * ROWS)
    assert [4, 4, 4] == seen, "twelve of the fifteen have a target"


def test_products_in_bfloat16_still_add_up_in_float32() -> None:
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(4096, C, generator=random)
    weight = torch.randn(ROWS, C, generator=random, requires_grad=True)
    targets = torch.randint(V, (4096,), generator=random)
    exact = weight.detach().clone().requires_grad_()
    head_cross_entropy(hidden, exact, targets, V).backward()
    with torch.autocast("cpu", torch.bfloat16):
        head_cross_entropy(hidden, weight, targets, V, chunk_bytes=4 * 4 * ROWS).backward()
    assert weight.grad is not None
    assert exact.grad is not None
    error = (weight.grad - exact.grad).norm() / exact.grad.norm()
    assert error < 0.02, "a bfloat16 sum of 1024 chunks is off by a tenth and more"
