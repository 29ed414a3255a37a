"""The program `gpt`: train a model on a vocabulary of your own, and let it write.

Data goes to standard output, everything else to standard error. Exit status: 0 done, 1 an error,
2 wrong usage, 130 Ctrl-C, 141 the reader of our output went away. Torch is imported when a command
needs it, so that `gpt --help` does not wait for it.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

from bpe.cli.arguments import Parser, add_traceback
from bpe.errors import BPEError
from model.dependencies import require_model_dependencies
from model.options import UsageError, add_settings

_TRAIN_EXAMPLE = """\
example: a fresh run, and the same run taken further

  gpt train -t bpe -m tok -l untrained -s run -d text.txt 32 8 32 1e-3 40 4 2 0.1
  gpt train -l run --steps 60
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status; `argv` is `sys.argv[1:]` by default."""
    try:
        args = build_parser().parse_args(argv)
    except SystemExit as stop:  # --help, wrong usage
        return stop.code if isinstance(stop.code, int) else 0
    try:
        return _run(args)
    except KeyboardInterrupt:
        return _fail(args, "interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has gone; closing standard output must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UsageError as error:
        return _fail(args, f"error: {error} (see gpt {args.command} --help)", 2)
    except Exception as error:
        if args.traceback or os.environ.get("BPE_DEBUG", "") not in ("", "0"):
            raise
        return _fail(args, f"error: {_sentence(error)}", 1)


def build_parser() -> ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog="gpt", description="Train a GPT on your own vocabulary.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(
        commands.add_parser(
            "train",
            help="train a model, from nothing or from a checkpoint",
            epilog=_TRAIN_EXAMPLE,
            formatter_class=RawDescriptionHelpFormatter,
        )
    )
    _add_sample(commands.add_parser("sample", help="let a model write"))
    return parser


def _add_train(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-t",
        "--tokenizer",
        choices=("bpe", "tiktoken"),
        help="bpe: -m is a path; tiktoken: -m is the name of a published vocabulary [bpe]",
    )
    parser.add_argument("-m", "--tokenizer-model", metavar="NAME|PATH", help="which tokenizer")
    parser.add_argument(
        "-l",
        "--load-model",
        default="untrained",
        metavar="LOAD",
        help="a run to go on with; `untrained` begins a new one [untrained]",
    )
    parser.add_argument(
        "-s",
        "--save-model",
        default="default",
        metavar="SAVE",
        help="a folder to save into; `no_save` saves nothing, `default` saves where -l loaded "
        "from, or into ./run [default]",
    )
    parser.add_argument(
        "-d",
        "--data",
        metavar="DATA",
        help="text (a file, a folder, a glob), or a .bin that `bpe encode` wrote; with -l, the "
        "data of that run is the default",
    )
    add_settings(parser)
    parser.add_argument("--force", action="store_true", help="replace the run that -s names")
    _add_common(parser)


def _add_sample(parser: ArgumentParser) -> None:
    parser.add_argument("-l", "--load-model", required=True, metavar="LOAD", help="a run")
    parser.add_argument("-p", "--prompt", default="", help="what to go on from [a new document]")
    parser.add_argument("--max-tokens", type=int, default=200, metavar="N", help="at most [200]")
    parser.add_argument(
        "--temperature", type=float, default=0.8, metavar="T", help="0: always the likeliest [0.8]"
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="pick among the K likeliest")
    parser.add_argument("--top-p", type=float, metavar="P", help="pick among the likeliest P of 1")
    parser.add_argument("--seed", type=int, help="of the draws [another each time]")
    parser.add_argument(
        "--allow-special", action="store_true", help="let special tokens in the prompt be special"
    )
    _add_common(parser)


def _add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="[auto]")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_traceback(parser)


def _run(args: Namespace) -> int:
    require_model_dependencies()
    from model import commands

    return commands.train(args) if args.command == "train" else commands.sample(args)


def _fail(args: Namespace, message: str, status: int) -> int:
    print(f"gpt {args.command}: {message}", file=sys.stderr)
    return status


def _sentence(error: Exception) -> str:
    """Say on one line what went wrong."""
    # torch.OutOfMemoryError on a GPU, a plain RuntimeError of the allocator on the CPU.
    kind = type(error).__name__
    if kind in ("MemoryError", "OutOfMemoryError") or "can't allocate memory" in str(error):
        return "out of memory; try a smaller --batch-size, --block-size or model"
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return f"{str(error.filename)!r}: {error.strerror}"
    if isinstance(error, BPEError | OSError):
        return " ".join(str(error).splitlines())
    return f"a bug in gpt ({kind}: {error}); run it again with --traceback and report that"
