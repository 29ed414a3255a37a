"""Arguments that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from bpe.corpora import Corpus

# These repeat what bpe.engines and bpe.counting say, because importing them would take longer than
# `bpe --help` may; a test holds them equal.
ENGINES = ("native", "reference")
TIE_BREAKS = ("id", "huggingface", "bytes_max", "bytes_min")
DEFAULT_PATTERN = "o200k"

_SIZE = re.compile(r"(\d[\d_]*)(?:\.(\d+))?(k|M|G|Ki|Mi|Gi)?", re.ASCII)
_UNITS = {"k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and whose options cannot be shortened."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments: ") and message[24] != "-":
            # argparse takes positional arguments in one piece.
            message += "; name all of them together, before or after the options"
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def parse_size(text: str) -> int:
    """Read a whole number, possibly with a unit: k is 1000, Ki is 1024.

    >>> parse_size("32k"), parse_size("32Ki"), parse_size("1.5M"), parse_size("50_257")
    (32000, 32768, 1500000, 50257)
    """
    match = _SIZE.fullmatch(text)
    if match:
        whole, fraction, unit = match[1].replace("_", ""), match[2] or "", match[3]
        scale: int = 10 ** len(fraction)
        value, rest = divmod(int(whole + fraction) * (_UNITS[unit] if unit else 1), scale)
        if not rest:
            return value
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a whole number such as 32000, 32k (= 32000) or 32Ki (= 32768)"
    )


def add_sources(parser: argparse.ArgumentParser, *, required: bool, weights: bool = False) -> None:
    """Add SOURCE... and the options that say how sources are read."""
    default = "" if required else "; default: standard input"
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+" if required else "*",
        help="file, folder, pattern ('data/**/*.py'), URL (s3://, https://, hf://) or - for "
        "standard input: text, .jsonl, .parquet, also compressed (.gz .xz .bz2 .zst)" + default,
    )
    group = parser.add_argument_group("reading")
    _add_documents(group)
    _add_selection(group, weights)
    group.add_argument(
        "--errors",
        choices=("bytes", "strict", "replace"),
        default="bytes",
        help="bytes that are not UTF-8: keep them as they are (default), stop, or put U+FFFD",
    )
    group.add_argument(
        "--on-bad-record",
        choices=("raise", "skip"),
        default="raise",
        help="a record without a text: stop (default), or skip and count it",
    )
    group.add_argument(
        "--allow-skips",
        action="store_true",
        help="exit with 0 although records were left out (otherwise with 1, the work done)",
    )


def _add_documents(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--text-field",
        metavar="NAME",
        default="text",
        help="field or column of .jsonl and .parquet that holds the text (default: text)",
    )
    group.add_argument(
        "--format",
        choices=("text", "jsonl", "parquet"),
        help="how files are read (default: as their names end; standard input is text)",
    )
    group.add_argument(
        "--documents",
        choices=("file", "line"),
        default="file",
        help="a text file is one document (default), or each of its lines is",
    )
    group.add_argument(
        "--separator",
        metavar="TEXT",
        help="cuts text files into documents, such as '<|endoftext|>' or $'\\n\\n'",
    )


def _add_selection(group: argparse._ActionsContainer, weights: bool) -> None:
    group.add_argument(
        "--sample",
        metavar="SHARE",
        type=float,
        default=1.0,
        help="read this share of the documents (0.1 is a tenth), chosen by a hash of their text",
    )
    group.add_argument(
        "--seed", metavar="N", type=parse_size, default=0, help="choose another sample (default: 0)"
    )
    group.add_argument(
        "--max-bytes", metavar="N", type=parse_size, help="read no more text than that (2G, 500M)"
    )
    if weights:
        group.add_argument(
            "--weight",
            metavar="SOURCE=N",
            action="append",
            dest="weights",
            default=[],
            help="count the documents of that SOURCE N times; give again for others",
        )


def paths_of(args: argparse.Namespace) -> list[os.PathLike[str]]:
    """Return the SOURCE arguments, standard input if there are none."""
    from bpe.corpora.remote import RemotePath, is_url

    return [
        RemotePath(source) if is_url(source) else Path(source) for source in args.sources or ["-"]
    ]


def corpus_of(args: argparse.Namespace) -> Corpus:
    """Return what the SOURCE arguments and the options of reading mean."""
    from bpe.corpora import Corpus

    paths = paths_of(args)
    corpus = Corpus(
        paths,
        text_field=args.text_field,
        format=args.format,
        documents=args.documents,
        separator=args.separator,
        sample=args.sample,
        seed=args.seed,
        max_bytes=args.max_bytes,
        errors=args.errors,
        on_bad_record=args.on_bad_record,
    )
    weights: list[str] = getattr(args, "weights", [])
    return _weighted(corpus, paths, weights) if weights else corpus


def _weighted(corpus: Corpus, paths: list[os.PathLike[str]], weights: list[str]) -> Corpus:
    """Give each path the weight that was asked for; `max_bytes` limits all of them together."""
    from dataclasses import replace

    path_to_weight = {os.fspath(path): 1 for path in paths}
    for text in weights:
        name, _, number = text.rpartition("=")
        path = name if name in path_to_weight else os.fspath(Path(name))
        if path not in path_to_weight or not number.isdecimal() or not int(number):
            raise ValueError(f"--weight takes SOURCE=N, one of the sources, not {text!r}")
        path_to_weight[path] = int(number)
    inner = [
        replace(corpus, source=path, weight=path_to_weight[os.fspath(path)], max_bytes=None)
        for path in paths
    ]
    return replace(corpus, source=inner)


def add_pattern(parser: argparse.ArgumentParser) -> None:
    """Add --pattern and the special tokens."""
    parser.add_argument(
        "--pattern",
        metavar="PATTERN",
        action="append",
        help="how text is split before merging: gpt2, cl100k, llama3, o200k, qwen2, nanochat, a "
        "regular expression, or none; given again, a further stage (default: o200k)",
    )
    parser.add_argument(
        "--special-token",
        metavar="TEXT",
        action="append",
        dest="special_tokens",
        help="give again for several, in order (default: <|endoftext|>; '' for none at all)",
    )


def pattern_of(args: argparse.Namespace) -> str | list[str] | None:
    """Return the pattern that was asked for."""
    stages: list[str] = args.pattern or [DEFAULT_PATTERN]
    if len(stages) > 1:
        return stages
    return None if stages[0] == "none" else stages[0]


def special_tokens_of(args: argparse.Namespace) -> list[str]:
    """Return the special tokens that were asked for, in order."""
    return (
        ["<|endoftext|>"]
        if args.special_tokens is None
        else list(filter(None, args.special_tokens))
    )


def add_tokenizer(parser: argparse.ArgumentParser, *, positional: bool = False) -> None:
    """Add the tokenizer to use."""
    what = "a tokenizer that bpe wrote, or a published name such as o200k_base"
    if positional:
        parser.add_argument("tokenizer", metavar="TOK", help=what)
    else:
        parser.add_argument("-t", "--tokenizer", metavar="TOK", required=True, help=what)


def add_output(parser: argparse.ArgumentParser, what: str, *, required: bool = False) -> None:
    """Add -o and --force."""
    parser.add_argument(
        "-o", "--output", metavar="PATH", type=parse_output, required=required, help=what
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")


def parse_output(text: str) -> str:
    """Refuse `-`, which elsewhere means standard output."""
    if text == "-":
        raise argparse.ArgumentTypeError(
            "'-' is not standard output here: what can go there does so without -o; a file of that "
            "name is ./-"
        )
    return text


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add the options that change how a command runs, never what it computes."""
    group = parser.add_argument_group("running")
    group.add_argument(
        "--num-threads",
        metavar="N",
        type=parse_size,
        help="default: BPE_NUM_THREADS, else the CPUs we may use",
    )
    add_engine(group)
    add_progress(group)


def add_progress(group: argparse._ActionsContainer) -> None:
    """Add --progress and --quiet."""
    group.add_argument(
        "--progress",
        choices=("auto", "bar", "json", "none"),
        default="auto",
        help="on standard error; auto is a bar if that is a terminal",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="only warnings and errors")


def add_memory(parser: argparse.ArgumentParser) -> None:
    """Add the options that bound the memory."""
    group = parser.add_argument_group("memory")
    group.add_argument(
        "--memory-limit",
        metavar="BYTES",
        type=parse_memory_limit,
        help="such as 300MB or 2GiB; what does not fit goes to a temporary folder",
    )
    group.add_argument(
        "--spill-folder",
        metavar="FOLDER",
        help="where that folder is made (default: TMPDIR, else what the system uses)",
    )


def parse_memory_limit(text: str) -> int:
    """Read a number of bytes.

    >>> parse_memory_limit("300MB")
    300000000
    """
    from bpe.errors import TrainingError
    from bpe.memory import parse_memory

    try:
        return parse_memory(int(text) if text.isdecimal() else text)
    except TrainingError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of bytes such as 300MB or 2GiB"
        ) from None


def add_engine(parser: argparse._ActionsContainer) -> None:
    """Add --engine."""
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="native",
        help="native (C++, the default) or reference (pure Python, slow); same results",
    )


def add_reporting(parser: argparse.ArgumentParser, json_help: str) -> None:
    """Add --json and --traceback."""
    group = parser.add_argument_group("reporting")
    group.add_argument("--json", action="store_true", help=json_help)
    add_traceback(group)


def add_traceback(parser: argparse._ActionsContainer) -> None:
    """Add --traceback."""
    parser.add_argument(
        "--traceback", action="store_true", help="show where an error comes from (or BPE_DEBUG=1)"
    )
