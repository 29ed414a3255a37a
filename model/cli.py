"""The program `gpt`: train a model on a vocabulary of your own, and let it write.

Data goes to standard output, everything else to standard error. Exit status: 0 done, 1 an error,
2 wrong usage, 130 Ctrl-C, 143 a SIGTERM that was waited for, 141 the reader of our output went
away. Torch is imported when a command needs it, so that `gpt --help` does not wait for it.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from signal import SIGINT
from typing import NoReturn

from bpe.cli import Version
from bpe.cli.arguments import Parser, add_traceback, parse_size
from bpe.cli.running import open_closed_stderr, warnings_on_one_line
from model.dependencies import require_model_dependencies
from model.failures import sentence_of
from model.options import UsageError, add_settings

_TRAIN_EXAMPLE = """\
example: a fresh run, and the same run taken further

  gpt train -t bpe -m tok -l untrained -s run -d text.txt 32 8 32 1e-3 40 4 2 0.1
  gpt train -l run --steps 60

example: let it learn to answer, from lines {"prompt": ..., "completion": ...}, and ask it

  gpt train --init-from run -s tuned -d chat.jsonl --pairs chat --lr 1e-4 --steps 100
  gpt sample -l tuned --chat -p "Who are you?"
"""
_EPILOG = "gpt COMMAND --help says more. Exit status: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status; `argv` is `sys.argv[1:]` by default."""
    try:
        args = build_parser().parse_args(argv)
    except SystemExit as stop:  # --help, wrong usage
        return stop.code if isinstance(stop.code, int) else 0
    open_closed_stderr()
    try:
        with warnings_on_one_line(f"gpt {args.command}"):
            return _run(args)
    except KeyboardInterrupt as stop:
        return _fail(args, "interrupted", 128 + (stop.args[0] if stop.args else SIGINT))
    except BrokenPipeError:
        # Whoever read our output has gone; closing standard output must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UsageError as error:
        return _fail(args, f"error: {error} (see gpt {args.command} --help)", 2)
    except Exception as error:
        if args.traceback or os.environ.get("BPE_DEBUG", "") not in ("", "0"):
            raise
        return _fail(args, f"error: {sentence_of(error, args)}", 1)


def run_program() -> NoReturn:
    """Run the program, and end the process with its exit status.

    One of several processes ends at once: gloo's threads can outlive their group, and one that
    lets go of a tensor while the interpreter comes to its end takes the process down (SIGABRT;
    before Python 3.14 a thread that asks for the interpreter then is killed).
    """
    status = main()
    if "RANK" in os.environ:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def build_parser() -> ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog="gpt", description="Train a GPT on your own vocabulary.", epilog=_EPILOG)
    parser.add_argument("--version", action=Version, nargs=0, help="show the versions and exit")
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
    _add_prepare(commands.add_parser("prepare", help="encode a corpus once, into shards"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a model on text it has not seen"))
    _add_fill_mask(commands.add_parser("fill-mask", help="fill in the blanks of a text"))
    _add_export(commands.add_parser("export", help="write a model for transformers or llama.cpp"))
    _add_plot(commands.add_parser("plot", help="draw the curves of runs"))
    return parser


def _add_train(parser: ArgumentParser) -> None:
    _add_tokenizer(parser)
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
        help="text (a file, a folder, a glob), a folder of `gpt prepare`, or a .bin of "
        "`bpe encode`; with -l, the data of that run is the default",
    )
    parser.add_argument(
        "--init-from",
        metavar="RUN",
        help="begin with the weights of another run, such as a masked model with those of a GPT",
    )
    add_settings(parser)
    parser.add_argument("--force", action="store_true", help="replace the run that -s names")
    _add_common(parser)


def _add_tokenizer(parser: ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument(
        "-t",
        "--tokenizer",
        choices=("bpe", "tiktoken"),
        help="bpe: -m is a path; tiktoken: -m is the name of a published vocabulary [bpe]",
    )
    parser.add_argument(
        "-m",
        "--tokenizer-model",
        metavar="NAME|PATH",
        required=required,
        help="which tokenizer",
    )


def _add_sample(parser: ArgumentParser) -> None:
    _add_load(parser)
    parser.add_argument("-p", "--prompt", default="", help="what to go on from [a new document]")
    parser.add_argument("--max-tokens", type=int, default=200, metavar="N", help="at most [200]")
    parser.add_argument(
        "--temperature", type=float, default=0.8, metavar="T", help="0: always the likeliest [0.8]"
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="pick among the K likeliest")
    parser.add_argument("--top-p", type=float, metavar="P", help="pick among the likeliest P of 1")
    parser.add_argument(
        "--min-p",
        type=float,
        default=0.0,
        metavar="P",
        help="drop what is less likely than P times the likeliest [0]",
    )
    parser.add_argument(
        "--repetition-penalty",
        type=float,
        default=1.0,
        metavar="X",
        help="above 1: what was written becomes less likely [1]",
    )
    parser.add_argument(
        "--stop", action="append", default=[], metavar="TEXT", help="end before this text"
    )
    parser.add_argument(
        "-n", "--num-samples", type=int, default=1, metavar="N", help="texts, written together [1]"
    )
    parser.add_argument("--seed", type=int, help="of the draws [another each time]")
    parser.add_argument(
        "--chat", action="store_true", help="the prompt is a question to a model of --pairs chat"
    )
    parser.add_argument(
        "--allow-special", action="store_true", help="let special tokens in the prompt be special"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="compute everything anew for each token"
    )
    _add_common(parser)


def _add_prepare(parser: ArgumentParser) -> None:
    _add_tokenizer(parser, required=True)
    parser.add_argument(
        "-d", "--data", required=True, metavar="DATA", help="text: a file, a folder, a glob"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="where to write")
    parser.add_argument(
        "--shard-tokens",
        type=parse_size,
        default=100_000_000,
        metavar="N",
        help="a shard ends with the document that reaches N tokens [100M]",
    )
    parser.add_argument("--force", action="store_true", help="replace another corpus that is there")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_traceback(parser)


def _add_evaluate(parser: ArgumentParser) -> None:
    _add_load(parser)
    parser.add_argument("-d", "--data", metavar="DATA", help="as in train [that of the run]")
    parser.add_argument(
        "--val-fraction", type=float, metavar="X", help="tail of the tokens to use [as in the run]"
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="windows at once [as in train]")
    parser.add_argument("--eval-batches", type=int, metavar="N", help="at most [all]")
    parser.add_argument(
        "--pairs", choices=("none", "plain", "chat"), help="as in train [as in the run]"
    )
    _add_common(parser)


def _add_fill_mask(parser: ArgumentParser) -> None:
    _add_load(parser)
    parser.add_argument("text", metavar="TEXT", help="text with <|mask|> where tokens are missing")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="guesses for each [5]")
    _add_common(parser)


def _add_export(parser: ArgumentParser) -> None:
    _add_load(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FOLDER|FILE.gguf",
        help="a folder for transformers, or a name ending in .gguf, for llama.cpp",
    )
    parser.add_argument("--force", action="store_true", help="replace an export that is there")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_traceback(parser)


def _add_plot(parser: ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="what to draw, and to compare")
    parser.add_argument(
        "-o",
        "--output",
        default="plot",
        metavar="FILE",
        help="a name ending in .png or .svg; without an ending, both are written [plot]",
    )
    parser.add_argument(
        "--edges", action="store_true", help="the learned functions of a model with --ffn kan"
    )
    parser.add_argument("--force", action="store_true", help="replace a picture that is there")
    add_traceback(parser)


def _add_load(parser: ArgumentParser) -> None:
    parser.add_argument("-l", "--load-model", required=True, metavar="LOAD", help="a run")
    parser.add_argument(
        "--best", action="store_true", help="its best checkpoint instead of its newest"
    )


def _add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="[auto]")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_traceback(parser)


def _run(args: Namespace) -> int:
    require_model_dependencies()
    command = import_module(f"model.commands.{args.command.replace('-', '_')}")
    status: int = command.run(args)
    return status


def _fail(args: Namespace, message: str, status: int) -> int:
    print(f"gpt {args.command}: {message}", file=sys.stderr)
    return status
