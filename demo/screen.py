"""What the demonstration draws: headings, facts, bars, tables, coloured tokens.

Colour and bars only on a terminal (NO_COLOR is honoured); anywhere else plain lines.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence

BAR_WIDTH = 28
INDENT = "   "
#: Pastel backgrounds of the 256-colour palette, taken in turn for neighbouring tokens.
TOKEN_COLOURS = (189, 194, 223, 224, 159, 225)


class Screen:
    """Writes to standard output; knows whether that is a terminal."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.live and "NO_COLOR" not in os.environ
        self.width = min(shutil.get_terminal_size().columns, 100)
        self._started = time.monotonic()

    def style(self, text: str, code: str) -> str:
        """Wrap text into an ANSI style, if there is colour."""
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def title(self, name: str, line: str) -> None:
        """Draw the first lines."""
        print(f"\n{self.style(name, '1;36')}  {line}\n", flush=True)

    def chapter(self, number: int, title: str) -> None:
        """Begin a step; the rule carries the time since the start."""
        clock = f"{time.monotonic() - self._started:4.0f} s"
        head = f" {number}  {title} "
        rule = "─" * max(self.width - len(head) - len(clock) - 2, 4)
        print(f"{self.style(head, '1;36')}{self.style(f'{rule} {clock}', '2')}", flush=True)

    def say(self, text: str = "") -> None:
        """Print a line of the story."""
        print(f"{INDENT}{text}" if text else "", flush=True)

    def command(self, line: str) -> None:
        """Print a command that the reader could type."""
        self.say(self.style(f"$ {line}", "1"))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; the first column is text, the others are numbers."""
        widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

        def line(row: Sequence[str]) -> str:
            first, *rest = (
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            return "   ".join((first, *rest))

        self.say(self.style(line(head), "2"))
        for row in rows:
            self.say(line(row))

    def tokens(self, tokens: Sequence[str]) -> None:
        """Print tokens side by side: coloured cells on a terminal, bars between them elsewhere."""
        if not self.colour:
            self.say("|".join(tokens))
            return
        cells = (
            f"\033[48;5;{TOKEN_COLOURS[i % len(TOKEN_COLOURS)]};38;5;16m{token}\033[0m"
            for i, token in enumerate(tokens)
        )
        self.say("".join(cells))


class Bar:
    """A progress bar that fits `progress=`: called with phase, done and total."""

    def __init__(self, screen: Screen, names: dict[str, str] | None = None) -> None:
        self._screen = screen
        self._names = names or {}
        self._phase = ""
        self._drawn = 0.0
        self._quarter = 0

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Draw, but not more often than a person can see."""
        if phase != self._phase:
            self.close()
            self._phase, self._quarter, self._drawn = phase, 0, 0.0
        if total <= 0:
            return
        share = min(done / total, 1.0)
        if self._screen.live:
            self._draw(share)
        elif int(share * 4) > self._quarter:
            self._quarter = int(share * 4)
            self._screen.say(f"{self._label()} {share:4.0%}")

    def close(self) -> None:
        """End the line of a bar that was drawn."""
        if self._screen.live and self._drawn:
            self._drawn = 0.0
            self._draw(1.0)
            print(flush=True)
        self._phase, self._drawn = "", 0.0

    def _label(self) -> str:
        return self._names.get(self._phase, self._phase).ljust(24)

    def _draw(self, share: float) -> None:
        now = time.monotonic()
        if now - self._drawn < 0.05:
            return
        self._drawn = now
        filled = round(share * BAR_WIDTH)
        bar = self._screen.style("━" * filled, "36")
        bar += self._screen.style("━" * (BAR_WIDTH - filled), "2")
        print(f"\r{INDENT}{self._label()} {bar} {share:4.0%}", end="", flush=True)
