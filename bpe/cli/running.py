"""Run a command: what happens to its errors, its warnings, signals and a reader that goes away."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from bpe.cli.output import flush_stdout
from bpe.errors import BPEError, SkippedRecordsWarning

FAILED, INTERRUPTED, BROKEN_PIPE, TERMINATED = 1, 130, 141, 143


def run_command(args: argparse.Namespace) -> int:
    """Call `args.run(args)` and turn whatever comes out of it into an exit status."""
    name = f"bpe {args.command}"
    heard: list[int] = []
    open_closed_stderr()
    try:
        with warnings_on_one_line(name) as seen, _hear_signals(heard):
            args.run(args)
            flush_stdout()
        skipped = any(issubclass(category, SkippedRecordsWarning) for category in seen)
        return FAILED if skipped and not getattr(args, "allow_skips", False) else 0
    except BrokenPipeError:
        _abandon_stdout()
        return BROKEN_PIPE
    except (KeyboardInterrupt, _Terminated):
        return _stopped(name, heard)
    except Exception as error:
        if heard and not isinstance(error, BPEError | OSError):
            return _stopped(name, heard)
        _report(name, error, show_stack=args.traceback or _is_set("BPE_DEBUG"))
        if isinstance(error, OSError):
            _abandon_stdout()
        return FAILED


class _Terminated(BaseException):
    pass


@contextmanager
def _hear_signals(heard: list[int]) -> Iterator[None]:
    """Let SIGTERM unwind the stack like Ctrl-C does, so that unfinished files are removed.

    Each of the two is noted: a module that is being imported may turn either into an ImportError.
    """

    def terminate(number: int, frame: FrameType | None) -> None:
        heard.append(TERMINATED)
        raise _Terminated

    def interrupt(number: int, frame: FrameType | None) -> None:
        heard.append(INTERRUPTED)
        signal.default_int_handler(number, frame)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, terminate)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stopped(name: str, heard: list[int]) -> int:
    status = heard[0] if heard else INTERRUPTED
    if status == INTERRUPTED:
        print(f"{name}: interrupted; nothing was written", file=sys.stderr)
    return status


def open_closed_stderr() -> None:
    """If standard error is closed (`2>&-`), say things to nobody: `print` would take stdout."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process


@contextmanager
def warnings_on_one_line(name: str) -> Iterator[list[type[Warning]]]:
    """Print each warning once, as a sentence; yield a list that their classes are added to."""
    seen: list[type[Warning]] = []
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        seen.append(category)
        if str(message) not in said:
            said.add(str(message))
            print(f"{name}: warning: {message}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield seen


def _report(name: str, error: Exception, *, show_stack: bool) -> None:
    if show_stack:
        import traceback

        traceback.print_exc()
        return
    print(f"{name}: error: {_sentence(error)}", file=sys.stderr)


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"out of memory{f': {error}' if str(error) else ''}"
    if isinstance(error, OSError) and error.errno is not None:
        names = [repr(name) for name in (error.filename, error.filename2) if name is not None]
        return ": ".join([*names, error.strerror or os.strerror(error.errno)])
    if isinstance(error, BPEError | OSError | ValueError | ImportError):
        return " ".join(str(error).splitlines())
    kind = type(error).__name__
    return f"a bug in bpe ({kind}: {error}); run it again with --traceback and report that"


def _abandon_stdout() -> None:
    """Point standard output at nothing, or Python would complain once more when it exits."""
    with suppress(OSError, ValueError, AttributeError):  # no real file behind it
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")
