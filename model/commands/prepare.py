"""`gpt prepare`: encode a corpus once, into shards that any number of runs train on."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from bpe.cli.output import print_json
from model.commands.shared import note
from model.options import UsageError, usage_errors
from model.preparation import prepare
from model.vocabulary import load_tokenizer


def run(args: Namespace) -> int:
    """Prepare a corpus; return the exit status."""
    if args.shard_tokens < 1:
        raise UsageError(f"--shard-tokens {args.shard_tokens} should be at least 1")
    with usage_errors():
        tokenizer = load_tokenizer(args.tokenizer or "bpe", args.tokenizer_model)
    folder = Path(args.output)
    index = prepare(
        args.data,
        tokenizer,
        folder,
        shard_tokens=args.shard_tokens,
        force=args.force,
        note=note,
    )
    totals = index.to_json()
    num_documents = totals["num_documents"]
    note(
        f"{folder}: {totals['num_tokens']:,} tokens ({totals['dtype']}) of "
        f"{num_documents:,} document{'' if num_documents == 1 else 's'}, "
        f"{totals['num_bytes']:,} bytes, "
        f"{totals['num_bytes'] / totals['num_tokens']:.3f} bytes a token; "
        f"train on it with gpt train -d {folder}"
    )
    if args.json:
        print_json(totals)
    return 0
