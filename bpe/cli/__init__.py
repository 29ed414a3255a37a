"""The command `bpe`: one module a command, and here what they share.

Data goes to standard output, everything else to standard error. Exit status: 0 done, 1 failed,
2 wrong usage, 130 interrupted (Ctrl-C), 141 the reader of our output went away, 143 terminated.
Errors are one line; `--traceback` or BPE_DEBUG=1 shows where they come from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bpe.cli import convert, count, decode, encode, extend, inspect, merge_counts, train
from bpe.cli.arguments import Parser
from bpe.cli.running import run_command

__all__ = ["main"]

_COMMANDS = (train, extend, encode, decode, convert, inspect, count, merge_counts)
_EPILOG = "bpe COMMAND --help says more. Exit status: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `argv` is `sys.argv[1:]` by default."""
    try:
        args = _make_parser().parse_args(argv)
    except SystemExit as stop:  # --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else 0
    return run_command(args)


def _make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="bpe", description="Train and use byte-level BPE tokenizers.", epilog=_EPILOG
    )
    parser.add_argument("--version", action=Version, nargs=0, help="show the versions and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in _COMMANDS:
        module.add_command(commands)
    return parser


class Version(argparse.Action):
    """Prints the versions that a report of a bug should name, and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import platform

        from bpe import UNICODE_VERSION, __version__

        python = platform.python_version()
        print(
            f"{parser.prog} {__version__} (chimera-bpe; Unicode {UNICODE_VERSION}, Python {python})"
        )
        parser.exit()
