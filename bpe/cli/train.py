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
    parser.add_argument(
        "--vocab-size",
        metavar="N",
        type=arguments.parse_size,
        required=True,
        help="256 bytes + merges + special tokens; 32k is 32000, 32Ki is 32768",
    )
    arguments.add_output(parser, "folder to write, or a file that ends in .tiktoken", required=True)
    arguments.add_pattern(parser)
    _add_rules(parser)
    arguments.add_running(parser)
    arguments.add_reporting(parser, "describe the result as JSON on standard output")
    parser.set_defaults(run=run)


def _add_rules(parser: argparse.ArgumentParser) -> None:
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


def run(args: argparse.Namespace) -> None:
    """Train and save."""
    import bpe

    _check_output(Path(args.output), args.force)
    started = time.monotonic()
    with reporting(args.progress, quiet=args.quiet) as progress:
        tokenizer = bpe.train(
            arguments.corpus_of(args),
            args.vocab_size,
            pattern=arguments.pattern_of(args),
            special_tokens=arguments.special_tokens_of(args),
            tie_break=args.tie_break,
            min_frequency=args.min_frequency,
            max_token_bytes=args.max_token_bytes,
            num_threads=args.num_threads,
            progress=progress,
            engine=args.engine,
        )
    tokenizer.save(args.output, overwrite=args.force)
    seconds = time.monotonic() - started
    say(_summary(args.output, tokenizer, seconds), quiet=args.quiet)
    if args.json:
        print_json(_report(args, tokenizer, seconds))


def _check_output(path: Path, force: bool) -> None:
    """Fail before the work, not after it, if the result could not be written."""
    from bpe.files import check_output
    from bpe.formats.directory import FILE_NAMES

    is_folder = path.suffix != ".tiktoken"
    names = FILE_NAMES if is_folder else ()
    check_output(path, force, directory=is_folder, known_names=names)


def _summary(output: str, tokenizer: Tokenizer, seconds: float) -> str:
    num_special = len(tokenizer.special_tokens_set)
    return (
        f"{output}: {len(tokenizer)} tokens (256 bytes, {len(tokenizer) - 256 - num_special} "
        f"merges, {num_special} special) in {seconds:.1f} s, hash {tokenizer.content_hash[:12]}"
    )


def _report(args: argparse.Namespace, tokenizer: Tokenizer, seconds: float) -> dict[str, Any]:
    from bpe import UNICODE_VERSION, __version__

    return {
        "bpe_version": __version__,
        "content_hash": tokenizer.content_hash,
        "num_merges": len(tokenizer.spec.merges),
        "num_tokens": len(tokenizer),
        "output": args.output,
        "pattern": list(tokenizer.spec.pattern.stages),
        "requested_vocab_size": args.vocab_size,
        "seconds": round(seconds, 3),
        "special_tokens": dict(tokenizer.spec.special_tokens),
        "tie_break": args.tie_break,
        "unicode_version": UNICODE_VERSION,
    }
