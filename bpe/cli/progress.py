"""How far a long command is: a bar on a terminal, or lines of JSON, on standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from bpe.engines import Progress

_SECONDS_BETWEEN = 0.1
_BAR_WIDTH = 24


@contextmanager
def reporting(mode: str, *, quiet: bool = False) -> Iterator[Progress | None]:
    """Yield a progress callback for `--progress MODE`, or None if nothing is to be shown."""
    stream = sys.stderr
    if mode == "auto":
        mode = "bar" if is_terminal(stream) else "none"
    if quiet or mode == "none" or stream is None:
        yield None
    elif mode == "json":
        yield _JsonLines(stream)
    else:
        bar = _Bar(stream)
        try:
            yield bar
        finally:
            bar.end_line()


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a line on the stream can be drawn over."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colour(stream: TextIO) -> bool:
    """Return whether to use colour there (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


class _Throttle:
    """Says yes about ten times a second, to the first call of a phase, and to its last."""

    def __init__(self) -> None:
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, phase: str, done: int, total: int) -> bool:
        now = time.monotonic()
        if phase == self._last[0] and now - self._last[1] < _SECONDS_BETWEEN and done != total:
            return False
        self._last = (phase, now)
        return True


class _JsonLines:
    """One line of JSON a report; `seconds` since the stage began: current / seconds is a rate."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_due = _Throttle()
        self._phase = ""
        self._started = 0.0

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase != self._phase:
            self._phase, self._started = phase, time.monotonic()
        if self._is_due(phase, done, total):
            import json

            seconds = round(time.monotonic() - self._started, 3)
            line = {"current": done, "seconds": seconds, "stage": phase, "total": total}
            print(json.dumps(line, sort_keys=True), file=self._stream, flush=True)


class _Bar:
    """One line a phase, drawn over until the next phase begins."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_due = _Throttle()
        self._phase = ""
        self._started = 0.0
        self._full, self._rest = ("━", "─") if _can_show(stream, "━─") else ("#", "-")
        self._green, self._plain = ("\x1b[32m", "\x1b[0m") if has_colour(stream) else ("", "")

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase != self._phase:
            self.end_line()
            self._phase, self._started = phase, time.monotonic()
        if self._is_due(phase, done, total):
            self._draw(done, total)

    def end_line(self) -> None:
        """Leave the line as it is and go to the next one."""
        if self._phase:
            print(file=self._stream, flush=True)
            self._phase = ""

    def _draw(self, done: int, total: int) -> None:
        import shutil

        elapsed = time.monotonic() - self._started
        columns = shutil.get_terminal_size().columns
        line = self._line(done, total, elapsed)
        if len(line) - len(self._green) - len(self._plain) >= columns:
            line = f"{self._phase} {_si(done)}"[: columns - 1]
        # Carriage return, the line, and "erase to its end".
        print(f"\r{line}\x1b[K", end="", file=self._stream, flush=True)

    def _line(self, done: int, total: int, elapsed: float) -> str:
        rate = f"  {_si(int(done / elapsed))}/s" if elapsed > 0 else ""
        if total <= 0:
            return f"{self._phase:<9} {_si(done)}{rate}  {_seconds(elapsed)}"
        share = min(done / total, 1.0)
        num_full = int(share * _BAR_WIDTH)
        bar = self._full * num_full + self._plain + self._rest * (_BAR_WIDTH - num_full)
        left = f"  {_seconds(elapsed / share - elapsed)} left" if 0 < share < 1 else ""
        return (
            f"{self._phase:<9} {self._green}{bar} {share:4.0%}  {_si(done)}/{_si(total)}"
            f"{rate}  {_seconds(elapsed)}{left}"
        )


def _can_show(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _si(number: int) -> str:
    """Return three or four digits and a unit.

    >>> _si(999), _si(1_234), _si(28_100_000)
    ('999', '1.2k', '28.1M')
    """
    if number < 1000:
        return str(number)
    power = min((len(str(number)) - 1) // 3, 4)
    return f"{number / 1000**power:.1f}{'kMGT'[power - 1]}"


def _seconds(seconds: float) -> str:
    """Return a duration that can be read at a glance.

    >>> _seconds(1.23), _seconds(75), _seconds(7322)
    ('1.2s', '1m15s', '2h02m')
    """
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"
