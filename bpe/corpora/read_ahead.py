"""Run a reader in a thread of its own, so that reading and counting overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

from bpe.threads import leave_signals_to_others

T = TypeVar("T")

_SECONDS_TO_END = 1.0


def read_ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the items; while one is in use, the next is being made, and one more may wait.

    What the reader raises is raised here. When this is closed, or an exception leaves the loop over
    it (Ctrl-C), the thread is told to stop and ends after the item that it is making.

    >>> list(read_ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    reader = _Reader(items)
    try:
        reader.start()
    except RuntimeError:  # the system has no thread left: do without
        yield from items
        return
    try:
        yield from reader.items()
    finally:
        reader.stop()


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Reader(threading.Thread):
    def __init__(self, items: Iterator[T]) -> None:
        super().__init__(name="bpe reader", daemon=True)
        self._source = items
        self._queue: queue.Queue[object] = queue.Queue(maxsize=1)
        self._stopped = threading.Event()

    def run(self) -> None:
        leave_signals_to_others()
        error = None
        try:
            for item in self._source:
                self._put(item)
                if self._stopped.is_set():
                    break
        except BaseException as caught:
            error = caught
        self._put(_End(error))

    def _put(self, item: object) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.1)
                return

    def items(self) -> Iterator[T]:
        while True:
            item = self._queue.get()  # Ctrl-C gets through here
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item  # type: ignore[misc]

    def stop(self) -> None:
        self._stopped.set()
        with suppress(queue.Empty):
            self._queue.get_nowait()
        self.join(_SECONDS_TO_END)
