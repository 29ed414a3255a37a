"""`bpe train`: a corpus becomes a tokenizer."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.cli import arguments
from bpe.cli.output import print_json, say
from bpe.cli.progress import reporting

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

_DESCRIPTION = """\
Train a byte-level BPE tokenizer. The result is exact, and the same for every number of threads,
order of files and machine. What is in the output appears complete or not at all."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "train", help="train a tokenizer on text", description=_DESCRIPTION
    )
    arguments.add_sources(parser, required=True, weights=True)
    add_sizes_and_output(parser, "256 bytes + merges + special tokens")
    arguments.add_pattern(parser)
    add_rules(parser)
    add_keeping(parser)
    arguments.add_running(parser)
    arguments.add_memory(parser)
    arguments.add_reporting(parser, "describe the result as JSON on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Train and save."""
    train_and_save(args, None)


def add_sizes_and_output(parser: argparse.ArgumentParser, what_counts: str) -> None:
    """Add --vocab-size, -o and --force."""
    parser.add_argument(
        "--vocab-size",
        metavar="N[,N...]",
        type=_parse_sizes,
        required=True,
        help=f"{what_counts}; 32k is 32000, 32Ki is 32768. Several sizes cost little more than "
        "the largest, and are written to OUTPUT-N each",
    )
    arguments.add_output(parser, "folder to write, or a file that ends in .tiktoken", required=True)


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add what decides which merges are learned."""
    group = parser.add_argument_group("merging")
    group.add_argument(
        "--tie-break",
        choices=arguments.TIE_BREAKS,
        default="id",
        help="which of equally frequent pairs goes first (default: id)",
    )
    group.add_argument(
        "--min-frequency",
        metavar="N",
        type=arguments.parse_size,
        default=1,
        help="merge no pair that occurs less often (default: 1)",
    )
    group.add_argument(
        "--max-token-bytes", metavar="N", type=arguments.parse_size, help="make no longer token"
    )
    group.add_argument(
        "--required-token",
        metavar="TEXT",
        action="append",
        default=[],
        dest="required_tokens",
        help="make this a token however rare it is; give again for several",
    )
    group.add_argument(
        "--forbidden-token",
        metavar="TEXT",
        action="append",
        default=[],
        dest="forbidden_tokens",
        help="never make exactly this a token; give again for several",
    )
    group.add_argument(
        "--superword-from",
        metavar="N",
        type=arguments.parse_size,
        help="from this vocabulary size on, let merges join neighbouring words (SuperBPE)",
    )
    group.add_argument(
        "--superword-words",
        metavar="N",
        type=arguments.parse_size,
        default=4,
        help="words in such a token at most (default: 4)",
    )


def add_keeping(parser: argparse.ArgumentParser) -> None:
    """Add what becomes of a training that is stopped."""
    group = parser.add_argument_group("stopping")
    group.add_argument(
        "--keep-on-interrupt",
        action="store_true",
        help="Ctrl-C while merges are learned writes the smaller tokenizer that is there",
    )
    group.add_argument(
        "--checkpoint",
        metavar="FOLDER",
        help="keep counts and merges there; the same command goes on from them, even after kill -9",
    )


def train_and_save(args: argparse.Namespace, base: Tokenizer | None) -> None:
    """Train as the arguments say, and write every size that was asked for."""
    from bpe.request import Request, token_tuple
    from bpe.training import Running, open_counts, pattern_of, train_sizes

    outputs = _outputs(args)
    for output in outputs:
        _check_output(output, args.force)
    started = time.monotonic()
    source = open_counts(arguments.corpus_of(args), args.engine)
    request = Request(
        pattern=pattern_of(source, base.spec.pattern if base else arguments.pattern_of(args), base),
        special_tokens=tuple(arguments.special_tokens_of(args)),
        tie_break=args.tie_break,
        min_frequency=args.min_frequency,
        max_token_bytes=args.max_token_bytes,
        required_tokens=token_tuple("required_tokens", args.required_tokens),
        forbidden_tokens=token_tuple("forbidden_tokens", args.forbidden_tokens),
        superword_from=args.superword_from,
        superword_words=args.superword_words,
        base=base,
    )
    with reporting(args.progress, quiet=args.quiet) as progress:
        running = Running(
            on_interrupt="keep" if args.keep_on_interrupt else "raise",
            checkpoint=args.checkpoint,
            num_threads=args.num_threads,
            memory_limit=args.memory_limit,
            spill_folder=args.spill_folder,
            progress=progress,
            engine=args.engine,
        )
        tokenizers = train_sizes(source, args.vocab_size, request, running)
    reports = []
    for tokenizer, output, vocab_size in zip(tokenizers, outputs, args.vocab_size, strict=True):
        tokenizer.save(output, overwrite=args.force)
        seconds = time.monotonic() - started
        say(_summary(output, tokenizer, seconds), quiet=args.quiet)
        reports.append(_report(args, output, vocab_size, tokenizer, seconds))
    if args.json:
        print_json(reports[0] if len(reports) == 1 else reports)


def _parse_sizes(text: str) -> list[int]:
    sizes = [arguments.parse_size(size) for size in text.split(",")]
    if len(set(sizes)) != len(sizes):
        raise argparse.ArgumentTypeError(f"{text!r} names a size twice")
    return sizes


def _outputs(args: argparse.Namespace) -> list[Path]:
    """Return where each size goes: OUTPUT, or OUTPUT-N if there are several."""
    output = Path(args.output)
    if len(args.vocab_size) == 1:
        return [output]
    suffix = output.suffix if output.suffix == ".tiktoken" else ""
    stem = output.name.removesuffix(suffix)
    return [output.with_name(f"{stem}-{size}{suffix}") for size in args.vocab_size]


def _check_output(path: Path, force: bool) -> None:
    """Fail before the work, not after it, if the result could not be written."""
    from bpe.files import check_output
    from bpe.formats.directory import FILE_NAMES

    is_folder = path.suffix != ".tiktoken"
    names = FILE_NAMES if is_folder else ()
    check_output(path, force, directory=is_folder, known_names=names)


def _summary(output: Path, tokenizer: Tokenizer, seconds: float) -> str:
    num_special = len(tokenizer.special_tokens_set)
    return (
        f"{output}: {len(tokenizer)} tokens (256 bytes, {len(tokenizer) - 256 - num_special} "
        f"merges, {num_special} special) in {seconds:.1f} s, hash {tokenizer.content_hash[:12]}"
    )


def _report(
    args: argparse.Namespace, output: Path, vocab_size: int, tokenizer: Tokenizer, seconds: float
) -> dict[str, Any]:
    from bpe import UNICODE_VERSION, __version__

    return {
        "bpe_version": __version__,
        "content_hash": tokenizer.content_hash,
        "num_merges": len(tokenizer.spec.merges),
        "num_tokens": len(tokenizer),
        "output": str(output),
        "pattern": list(tokenizer.spec.pattern.stages),
        "requested_vocab_size": vocab_size,
        "seconds": round(seconds, 3),
        "special_tokens": dict(tokenizer.spec.special_tokens),
        "tie_break": args.tie_break,
        "unicode_version": UNICODE_VERSION,
    }
