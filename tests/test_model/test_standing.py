"""How a run stands is remembered: the best loss, and how long ago it was."""

from __future__ import annotations

import json

import pytest

from model.standing import Standing


def test_better_losses_reset_the_count_and_others_add_to_it() -> None:
    standing = Standing()
    seen = []
    for loss in (3.0, 2.0, 2.0, 2.5, 1.0, float("nan")):
        standing = standing.after(loss)
        seen.append((standing.best_loss, standing.evaluations_since, standing.is_best))
    assert [
        (3.0, 0, True),
        (2.0, 0, True),
        (2.0, 1, False),
        (2.0, 2, False),
        (1.0, 0, True),
        (1.0, 1, False),
    ] == seen


def test_it_survives_json_and_refuses_what_is_none() -> None:
    standing = Standing(1.5, 2, 30.0)
    assert standing == Standing.from_json(json.loads(json.dumps(standing.to_json())))
    with pytest.raises(ValueError, match="no number"):
        Standing.from_json({"seconds": "long"})
