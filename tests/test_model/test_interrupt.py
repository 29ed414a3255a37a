"""The first Ctrl-C or SIGTERM waits for the step, the second does not."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from model.interrupt import deferred_interrupt

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ on Windows")


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_noted_and_the_second_raises(first: int, second: int) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with deferred_interrupt() as interrupt:
        assert not interrupt.requested
        signal.raise_signal(first)
        assert interrupt.requested
        assert first == interrupt.signal_number
        with pytest.raises(KeyboardInterrupt, match=str(int(second))):
            signal.raise_signal(second)
    assert before == [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]


def test_without_ctrl_c_nothing_changes() -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupt() as interrupt:
        assert before is not signal.getsignal(signal.SIGINT)
    assert not interrupt.requested
    assert before is signal.getsignal(signal.SIGINT)


def test_another_thread_sets_no_handler() -> None:
    seen = []

    def work() -> None:
        with deferred_interrupt() as interrupt:
            seen.append((interrupt.requested, signal.getsignal(signal.SIGINT)))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [(False, before)] == seen
