"""What happens when a loss or a gradient is no number: stop, or skip a step and go on.

Either way the weights stay as they were, and so does every checkpoint.
"""

from __future__ import annotations

import math

from bpe.errors import TrainingError
from model.config import Nonfinite
from model.metrics import MetricsLog
from model.progress import Progress

#: So many steps in a row may be skipped; then something is broken, not unlucky.
MAX_SKIPS = 10


class NonfiniteGuard:
    """Decides for each step whether the weights may be changed by it."""

    def __init__(self, policy: Nonfinite, log: MetricsLog, progress: Progress) -> None:
        self._policy, self._log, self._progress = policy, log, progress
        self._skips = 0

    def passes(self, step: int, loss: float, grad_norm: float, saved_step: int | None) -> bool:
        """Return whether both are numbers; if not, log it, and say so or raise.

        Raises:
            TrainingError: The policy is to stop, or too many steps in a row were skipped.
        """
        if math.isfinite(loss) and math.isfinite(grad_norm):
            self._skips = 0
            return True
        self._log.write("nonfinite", step=step, loss=repr(loss), grad_norm=repr(grad_norm))
        found = f"the loss is {loss}, the norm of its gradient {grad_norm}"
        self._skips += 1
        if self._policy == "skip" and self._skips <= MAX_SKIPS:
            self._progress.note(f"step {step} is skipped: {found}")
            return False
        kept = f"the checkpoint of step {saved_step} is untouched"
        raise TrainingError(
            f"step {step}: {found}; {kept if saved_step is not None else 'nothing was saved'}. "
            "A smaller --lr or a longer warm-up usually helps"
        )
