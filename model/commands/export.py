"""`gpt export`: write a model as a folder for transformers, or as a file for llama.cpp."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from bpe.cli.output import print_json
from model.checkpoint import load_checkpoint
from model.commands.shared import note
from model.export import export_huggingface
from model.export_gguf import export_gguf


def run(args: Namespace) -> int:
    """Export a model; return the exit status."""
    checkpoint = load_checkpoint(args.load_model, best=args.best)
    if Path(args.output).suffix == ".gguf":
        kind = "architecture"
        name = export_gguf(checkpoint, args.output, overwrite=args.force)
        note(f"{args.output}: llama-cli -m {args.output} loads it, as {name}")
    else:
        kind = "class"
        name = export_huggingface(checkpoint, args.output, overwrite=args.force)
        note(f"{args.output}: transformers.{name}.from_pretrained({args.output!r}) loads it")
    if args.json:
        print_json({kind: name, "output": args.output, "step": checkpoint.state.step})
    return 0
