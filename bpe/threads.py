"""How many threads to use, and which of them hears Ctrl-C."""

from __future__ import annotations

import os
import signal

#: More than this is a slip of the pen; refuse it rather than ask the system for a million threads.
MAX_THREADS = 1024


def resolve_num_threads(num_threads: int | None) -> int:
    """Return the number given, or `BPE_NUM_THREADS`, or the CPUs this process may use.

    Raises:
        ValueError: The number is not between 1 and 1024.

    >>> resolve_num_threads(3)
    3
    """
    source = "num_threads"
    value: object = num_threads
    if num_threads is None:
        source, value = "BPE_NUM_THREADS", os.environ.get("BPE_NUM_THREADS")
        if not value:
            return (
                len(os.sched_getaffinity(0))
                if hasattr(os, "sched_getaffinity")
                else (os.cpu_count() or 1)
            )
        value = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_THREADS:
        raise ValueError(f"{source} must be an integer from 1 to {MAX_THREADS}, not {value!r}")
    return value


def leave_signals_to_others() -> None:
    """Have this thread get no Ctrl-C: the main thread acts on it, and may not notice it elsewhere.

    Python notes a signal in whichever thread the system chose, and a main thread that waits for
    something is only woken by one that comes to itself.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
