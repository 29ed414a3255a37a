"""`bpe count`: how often each pretoken occurs in a corpus."""

from __future__ import annotations

import argparse
from typing import Any

from bpe.cli import arguments
from bpe.cli.output import bytes_to_json, print_json, print_text, say, show_bytes
from bpe.cli.progress import reporting

_DESCRIPTION = """\
Split a corpus into pretokens and count them: the most frequent go to standard output, and all of
them into a counts file with -o. `bpe train` goes on from there at any vocabulary size, and `bpe
inspect` describes them. Counts files are sources too; `bpe merge-counts` adds up those that are
together larger than the memory."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("count", help="count pretokens", description=_DESCRIPTION)
    arguments.add_sources(parser, required=True, weights=True)
    arguments.add_output(parser, "counts file to write")
    arguments.add_pattern(parser)
    parser.add_argument(
        "--top",
        metavar="N",
        type=arguments.parse_size,
        default=20,
        help="how many of the most frequent to list (default: 20)",
    )
    arguments.add_running(parser)
    arguments.add_memory(parser)
    arguments.add_reporting(parser, "one JSON document on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Count, list and save."""
    import bpe
    from bpe.files import check_output

    if args.output is not None:
        check_output(args.output, args.force)
    with reporting(args.progress, quiet=args.quiet) as progress:
        counts = bpe.count(
            arguments.corpus_of(args),
            pattern=arguments.pattern_of(args),
            special_tokens=arguments.special_tokens_of(args),
            num_threads=args.num_threads,
            memory_limit=args.memory_limit,
            spill_folder=args.spill_folder,
            progress=progress,
            engine=args.engine,
        )
    if args.output is not None:
        counts.save(args.output, overwrite=args.force)
    say(f"{len(counts)} distinct pretokens, {counts.total} in all", quiet=args.quiet)
    top = counts.top(args.top)
    if args.json:
        listed = [{"count": count, **bytes_to_json(pretoken)} for pretoken, count in top]
        print_json({"num_distinct": len(counts), "top": listed, "total": counts.total})
    else:
        for pretoken, count in top:
            print_text(f"{count:>12}  {show_bytes(pretoken)}")
