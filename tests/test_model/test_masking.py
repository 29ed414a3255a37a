"""What is hidden: as much as asked for, whole words, and nothing that stands for no text."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.loss import IGNORED
from model.masking import Masking

MASK, SPECIAL = 50, 49
ORDINARY = np.arange(40)


def windows(rows: int = 200, length: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    ids_BT = random.integers(0, 40, (rows, length))
    ids_BT[:, 7] = SPECIAL
    words_BT = random.random((rows, length)) < 0.4
    words_BT[:, 7:9] = True
    return ids_BT, words_BT


def hide(unit: str, rate: float = 0.3, **more: int) -> tuple[np.ndarray, ...]:
    ids_BT, words_BT = windows()
    masking = Masking(MASK, ORDINARY, unit, seed=1)  # type: ignore[arg-type]
    batch = masking.hide(ids_BT, words_BT, rate=rate, step=more.get("step", 3))
    return ids_BT, words_BT, batch.inputs_BT.numpy(), batch.targets_BT.numpy()


@pytest.mark.parametrize("unit", ["token", "word", "span"])
@pytest.mark.parametrize("rate", [0.15, 0.3])
def test_the_share_of_hidden_tokens_is_that_asked_for(unit: str, rate: float) -> None:
    ids_BT, _, inputs_BT, targets_BT = hide(unit, rate)
    chosen = targets_BT != IGNORED
    too_many = chosen.sum(axis=1) > int(rate * 39)
    assert 0.1 > too_many.mean(), "only where the first word drawn is longer than all that"
    assert unit != "token" or not too_many.any()
    assert rate == pytest.approx(chosen.sum() / (ids_BT != SPECIAL).sum(), abs=0.03)
    assert np.array_equal(ids_BT[chosen], targets_BT[chosen]), "the targets are what was there"
    assert np.array_equal(ids_BT[~chosen], inputs_BT[~chosen]), "nothing else is changed"


@pytest.mark.parametrize("unit", ["token", "word", "span"])
def test_special_tokens_are_never_hidden_nor_drawn(unit: str) -> None:
    ids_BT, _, inputs_BT, targets_BT = hide(unit)
    assert not (targets_BT[ids_BT == SPECIAL] != IGNORED).any()
    drawn = inputs_BT[(targets_BT != IGNORED) & (inputs_BT != MASK)]
    assert drawn.max() < 40


@pytest.mark.parametrize("unit", ["token", "word", "span"])
def test_eighty_ten_ten(unit: str) -> None:
    ids_BT, _, inputs_BT, targets_BT = hide(unit)
    chosen = targets_BT != IGNORED
    masked = (inputs_BT[chosen] == MASK).mean()
    same = (inputs_BT[chosen] == ids_BT[chosen]).mean()
    assert 0.8 == pytest.approx(masked, abs=0.03)
    assert 0.1 + 0.1 / 40 == pytest.approx(same, abs=0.02)


@pytest.mark.parametrize("unit", ["word", "span"])
def test_words_are_hidden_whole(unit: str) -> None:
    _, words_BT, _, targets_BT = hide(unit)
    chosen = targets_BT != IGNORED
    inside = ~words_BT
    inside[:, 0] = False
    rows, places = np.nonzero(inside)
    assert np.array_equal(chosen[rows, places], chosen[rows, places - 1])


def test_spans_are_longer_than_words() -> None:
    def runs(unit: str) -> float:
        chosen = hide(unit)[3] != IGNORED
        return chosen.sum() / (chosen[:, 1:] & ~chosen[:, :-1]).sum()

    assert runs("span") > 1.3 * runs("word") > runs("token")


def test_the_same_step_and_window_hide_the_same_whatever_the_batch() -> None:
    ids_BT, words_BT = windows()
    masking = Masking(MASK, ORDINARY, "word", seed=1)
    whole = masking.hide(ids_BT, words_BT, rate=0.3, step=3)
    part = masking.hide(ids_BT[60:90], words_BT[60:90], rate=0.3, step=3, first_window=60)
    assert torch.equal(whole.inputs_BT[60:90], part.inputs_BT)
    assert torch.equal(whole.targets_BT[60:90], part.targets_BT)
    other = masking.hide(ids_BT, words_BT, rate=0.3, step=4)
    assert not torch.equal(whole.targets_BT, other.targets_BT)


def test_a_window_without_text_hides_nothing() -> None:
    masking = Masking(MASK, ORDINARY, "word", seed=1)
    batch = masking.hide(np.full((1, 5), SPECIAL), np.ones((1, 5), np.bool_), rate=0.3, step=0)
    assert bool((batch.targets_BT == IGNORED).all())


def test_one_long_word_is_hidden_though_it_is_more_than_the_rate() -> None:
    masking = Masking(MASK, ORDINARY, "word", seed=1)
    batch = masking.hide(np.full((1, 9), 3), np.zeros((1, 9), np.bool_), rate=0.3, step=0)
    assert bool((batch.targets_BT == 3).all())
