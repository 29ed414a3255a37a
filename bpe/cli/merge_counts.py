"""`bpe merge-counts`: add up the counts of several machines, in bounded memory."""

from __future__ import annotations

import argparse
from typing import Any

from bpe.cli import arguments
from bpe.cli.output import count_of, print_json, say
from bpe.cli.progress import reporting

_DESCRIPTION = """\
Add up counts files that `bpe count -o` wrote, with the same pattern and special tokens, into one.
They are read side by side, so together they may be larger than the memory. With one file and
--min-frequency, the rare pretokens of that file are left out."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "merge-counts", help="add up counts files", description=_DESCRIPTION
    )
    parser.add_argument("counts", metavar="COUNTS", nargs="+", help="counts file")
    arguments.add_output(parser, "counts file to write", required=True)
    parser.add_argument(
        "--min-frequency",
        metavar="N",
        type=arguments.parse_size,
        default=1,
        help="leave out what occurs less often in all files together (default: 1)",
    )
    group = parser.add_argument_group("running")
    arguments.add_engine(group)
    arguments.add_progress(group)
    arguments.add_reporting(parser, "describe the result as JSON on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Merge and save."""
    import bpe
    from bpe.files import check_output

    check_output(args.output, args.force)
    with reporting(args.progress, quiet=args.quiet) as progress:
        counts = bpe.merge_counts(
            args.counts,
            args.output,
            min_frequency=args.min_frequency,
            overwrite=args.force,
            progress=progress,
            engine=args.engine,
        )
    pretokens, occurrences = counts.dropped
    dropped = f"; {pretokens} distinct, {occurrences} in all were left out" if pretokens else ""
    files = count_of(len(args.counts), "file")
    say(
        f"{args.output}: {len(counts)} distinct pretokens, {counts.total} in all, from "
        f"{files}{dropped}",
        quiet=args.quiet,
    )
    if args.json:
        print_json(
            {
                "dropped_occurrences": occurrences,
                "dropped_pretokens": pretokens,
                "num_distinct": len(counts),
                "path": args.output,
                "total": counts.total,
            }
        )
