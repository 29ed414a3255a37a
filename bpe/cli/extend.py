"""`bpe extend`: a tokenizer learns more, and keeps every id it has."""

from __future__ import annotations

import argparse
from typing import Any

from bpe.cli import arguments
from bpe.cli.tokenizers import load_tokenizer
from bpe.cli.train import add_keeping, add_rules, add_sizes_and_output, train_and_save

_DESCRIPTION = """\
Extend a tokenizer: its ids, merges and split pattern stay, and new merges are learned from the
text. Encoding with the result only joins tokens that the old one gives."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "extend", help="learn more merges on top of a tokenizer", description=_DESCRIPTION
    )
    arguments.add_tokenizer(parser, positional=True)
    arguments.add_sources(parser, required=True, weights=True)
    add_sizes_and_output(parser, "everything the tokenizer has + new special tokens + new merges")
    parser.add_argument(
        "--special-token",
        metavar="TEXT",
        action="append",
        default=[],
        dest="special_tokens",
        help="a new special token; give again for several, in order",
    )
    add_rules(parser)
    add_keeping(parser)
    arguments.add_running(parser)
    arguments.add_memory(parser)
    arguments.add_reporting(parser, "describe the result as JSON on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Extend and save."""
    train_and_save(args, load_tokenizer(args.tokenizer, args.engine))
