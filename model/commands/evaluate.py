"""`gpt evaluate`: how good a model is on a text, in numbers that compare across vocabularies."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, replace

from bpe.cli.output import print_json, print_text
from model.checkpoint import load_checkpoint
from model.commands.shared import device_of
from model.dataset import open_data
from model.evaluate import evaluate
from model.objective import byte_lengths_of, make_batches
from model.options import UsageError, usage_errors

#: What may be other than in the run.
_MAY_CHANGE = ("val_fraction", "batch_size", "eval_batches", "pairs")


def run(args: Namespace) -> int:
    """Evaluate a model on the validation part of a text; return the exit status."""
    checkpoint = load_checkpoint(args.load_model, device_of(args.device), best=args.best)
    model, tokenizer, state = checkpoint.model, checkpoint.tokenizer, checkpoint.state
    changes = {name: getattr(args, name) for name in _MAY_CHANGE}
    with usage_errors():
        config = replace(state.train, **{k: v for k, v in changes.items() if v is not None})
    source = args.data or str(state.data.get("source"))
    data = open_data(source, tokenizer, model.config, config)
    batches = make_batches(data, tokenizer, model.config, config)
    if args.eval_batches is None:  # every token of it
        limit = len(data.val_tokens)
    else:
        limit = config.eval_batches * config.batch_size
    found = evaluate(model, batches.validation(limit), byte_lengths_of(tokenizer))
    if not found.num_bytes:
        raise UsageError(f"the validation part of {source} has no token that stands for text")
    result = {
        **asdict(found),
        "perplexity": found.perplexity,
        "objective": model.config.objective,
        "step": state.step,
        "source": source,
    }
    if args.json:
        print_json(result)
    else:
        for name in ("bits_per_byte", "loss", "perplexity", "accuracy"):
            print_text(f"{name.replace('_', ' '):<14}{result[name]:.4f}")
        print_text(
            f"on {found.num_tokens:,} tokens of {found.num_bytes:,} bytes, context {found.context}"
        )
    return 0
