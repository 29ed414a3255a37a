"""A signal at a moment of our choosing: between two steps, when the weights are whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

#: Ctrl-C, and what schedulers of clusters, containers and `kill` send before they use force.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """The first signal that came, if any."""

    signal_number: int | None = None

    @property
    def requested(self) -> bool:
        """Whether one came."""
        return self.signal_number is not None


@contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Note the first SIGINT or SIGTERM; a second one raises KeyboardInterrupt at once.

    Its argument is the number of the signal. Only the main thread receives signals; in any other
    this changes nothing.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def note(number: int, frame: FrameType | None) -> None:
        interrupt.signal_number = number
        for each in _SIGNALS:
            signal.signal(each, _raise)

    before = [signal.signal(each, note) for each in _SIGNALS]
    try:
        yield interrupt
    finally:
        for each, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handler)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)
