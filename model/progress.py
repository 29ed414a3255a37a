"""What a person sees while a model trains: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_BAR_WIDTH = 24

#: A bar is drawn at most this often, and a plain line printed.
_BAR_SECONDS, _LINE_SECONDS = 0.1, 5.0


class Progress:
    """Shows how far training is; all of it goes to standard error."""

    def __init__(self, first_step: int, last_step: int, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._bar = self._stream.isatty()
        self._first, self._last = first_step, last_step
        self._started = self._shown = time.monotonic()
        self._num_tokens = 0
        self._width = 0

    def step(self, step: int, loss: float, num_tokens: int) -> None:
        """Count a finished step, and show it unless the last one was shown just now."""
        self._num_tokens += num_tokens
        now = time.monotonic()
        wait = _BAR_SECONDS if self._bar else _LINE_SECONDS
        if now - self._shown < wait and step < self._last:
            return
        self._shown = now
        line = (
            f"step {step}/{self._last}  loss {loss:.4f}  {self.tokens_per_second:,.0f} tokens/s  "
            f"ETA {_clock(self._seconds_left(step, now))}"
        )
        if self._bar:
            self._draw(f"{_bar((step - self._first) / (self._last - self._first))} {line}")
        else:
            self._print(line)

    def note(self, message: str) -> None:
        """Print a line that stays."""
        if self._width:
            self._draw("")
            self._stream.write("\r")
            self._width = 0
        self._print(message)

    @property
    def tokens_per_second(self) -> float:
        """Tokens trained on per second, evaluations and saving included."""
        return self._num_tokens / max(time.monotonic() - self._started, 1e-9)

    def _seconds_left(self, step: int, now: float) -> float:
        done = step - self._first
        return (now - self._started) / done * (self._last - step) if done else 0.0

    def _draw(self, line: str) -> None:
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = len(line)

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _bar(share: float) -> str:
    filled = round(share * _BAR_WIDTH)
    return "[" + "#" * filled + "." * (_BAR_WIDTH - filled) + "]"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
