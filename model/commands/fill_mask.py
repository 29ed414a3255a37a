"""`gpt fill-mask`: what a masked language model would write into the blanks of a text."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from bpe.cli.output import print_json, print_text, show_bytes
from model.commands.shared import loaded_with_objective
from model.filling import fill_mask
from model.options import UsageError


def run(args: Namespace) -> int:
    """Print the likeliest tokens for every blank; return the exit status."""
    if args.top < 1:
        raise UsageError(f"--top {args.top} should be at least 1")
    checkpoint = loaded_with_objective(args, "masked", "`gpt sample` lets it write")
    blanks = fill_mask(checkpoint.model, checkpoint.tokenizer, args.text, top=args.top)
    if args.json:
        print_json({"text": args.text, "blanks": [[asdict(g) for g in b] for b in blanks]})
        return 0
    for number, guesses in enumerate(blanks, start=1):
        print_text(f"blank {number}")
        for guess in guesses:
            print_text(f"  {guess.probability:7.2%}  {show_bytes(guess.text.encode())}")
    return 0
