"""`gpt export`: write a model as a folder that transformers loads."""

from __future__ import annotations

from argparse import Namespace

from bpe.cli.output import print_json
from model.checkpoint import load_checkpoint
from model.commands.shared import note
from model.export import export_huggingface


def run(args: Namespace) -> int:
    """Export a model; return the exit status."""
    checkpoint = load_checkpoint(args.load_model, best=args.best)
    name = export_huggingface(checkpoint, args.output, overwrite=args.force)
    note(f"{args.output}: transformers.{name}.from_pretrained({args.output!r}) loads it")
    if args.json:
        print_json({"class": name, "output": args.output, "step": checkpoint.state.step})
    return 0
