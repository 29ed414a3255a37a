"""A bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import io

import pytest

from model import progress
from model.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_line_says_step_loss_speed_and_time_left(clock: Clock) -> None:
    stream = io.StringIO()
    shown = Progress(0, 100, stream)
    clock.now = 10.0
    shown.step(25, 3.5, 5000)
    assert "step 25/100  loss 3.5000  500 tokens/s  ETA 0:30\n" == stream.getvalue()


def test_lines_are_seldom_but_the_last_step_is_always_shown(clock: Clock) -> None:
    stream = io.StringIO()
    shown = Progress(0, 100, stream)
    for step in range(1, 101):
        clock.now = step * 0.1
        shown.step(step, 1.0, 1)
    lines = stream.getvalue().splitlines()
    assert ["step 50/100", "step 100/100"] == [line.split("  ")[0] for line in lines]


def test_a_resumed_run_counts_its_own_steps_only(clock: Clock) -> None:
    stream = io.StringIO()
    shown = Progress(900, 1000, stream)
    clock.now = 3600.0
    shown.step(950, 1.0, 3600)
    assert "  1 tokens/s  ETA 1:00:00\n" == stream.getvalue()[-26:]


def test_a_terminal_gets_a_bar_that_is_drawn_over(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(0, 4, stream)
    clock.now = 1.0
    shown.step(2, 1.0, 1)
    assert stream.getvalue().startswith("\r[############............] step 2/4")
    assert "\n" not in stream.getvalue()
    shown.note("a line that stays")
    last = stream.getvalue().split("\r")[-1]
    assert "a line that stays\n" == last
    assert "\r" + " " * 20 in stream.getvalue(), "the bar was wiped first"
