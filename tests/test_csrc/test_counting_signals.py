"""Ctrl-C and native counting: it is heard at once, whichever thread gets it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bpe import _core


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_ctrl_c_ends_counting_at_once() -> None:
    # The work is endless, and what counts is how much of it is done after the signal.
    program = textwrap.dedent(
        """
        import os, signal, threading, time
        from bpe import _core

        documents = ["naïve, 1234567 it's\\r\\n ".encode() * 1_000_000] * 500_000  # 10 TB
        sent = []

        def press():
            sent.append(time.process_time())
            os.kill(os.getpid(), signal.SIGINT)

        try:
            threading.Timer(0.3, press).start()
            _core.CountTable().count_documents(documents, "o200k", [], 2, None)
        except KeyboardInterrupt:
            print("interrupted after", time.process_time() - sent[0])
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, timeout=120, check=False,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert ended.stdout.startswith("interrupted after "), ended.stderr
    assert float(ended.stdout.split()[-1]) < 2 * 1.0  # two threads, a second
    assert 0 == ended.returncode


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's list of threads")
def test_no_thread_of_ours_takes_a_signal_away_from_the_main_thread() -> None:
    # Python may not notice a Ctrl-C that another thread got: one in a dozen was lost.
    tasks = Path("/proc/self/task")
    before = set(tasks.iterdir())
    blocked: list[bool] = []

    def look(*_: object) -> None:
        for task in set(tasks.iterdir()) - before:
            (line,) = re.findall(r"SigBlk:\s*(\w+)", (task / "status").read_text())
            blocked.append(bool(int(line, 16) & 1 << (signal.SIGINT - 1)))
        raise LookupError("seen")

    documents = [b"to be or not to be " * 1_000_000] * 5_000
    with pytest.raises(LookupError, match="seen"):
        _core.CountTable().count_documents(documents, "gpt2", [], 3, look)
    assert {True} == set(blocked)  # how many have started by then is up to the system
