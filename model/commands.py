"""What `gpt train` and `gpt sample` do, once their arguments are parsed."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from bpe.cli.output import print_json
from bpe.errors import OutputExistsError
from model.checkpoint import Checkpoint, load_checkpoint
from model.config import TrainConfig
from model.dataset import TokenDataset, open_dataset
from model.options import (
    UsageError,
    chosen_settings,
    new_configs,
    resumed_train_config,
    usage_errors,
)
from model.progress import Progress
from model.run_directory import RunDirectory, run_of
from model.sample import SampleConfig, generate, start_ids, stream_text
from model.train import Trainer
from model.vocabulary import check_same_tokenizer, load_tokenizer

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: Where `-l untrained -s default` saves.
DEFAULT_RUN = "run"


def train(args: Namespace) -> int:
    """Train, from nothing or from a checkpoint; return the exit status."""
    chosen = chosen_settings(args)
    new_configs(chosen, vocab_size=1)  # what makes no sense is said before anything is read
    device = _device(args.device)
    loaded = _load(args, device)
    tokenizer = _tokenizer(args, loaded)
    if loaded is None:
        model_config, config = new_configs(chosen, tokenizer.n_vocab)
    else:
        state = loaded.state
        model_config = state.model
        config = resumed_train_config(chosen, state.model, state.train, str(loaded.path))
    run = _run_directory(args, loaded)
    with ExitStack() as stack:
        if run:
            stack.enter_context(run.locked())
        data = open_dataset(
            _data_source(args, loaded),
            tokenizer,
            block_size=model_config.block_size,
            val_fraction=config.val_fraction,
            cache=run.path if run else None,
            note=_note,
        )
        progress = Progress(loaded.state.step if loaded else 0, config.steps)
        if loaded:
            trainer = Trainer.resume(loaded, data, config, run=run, progress=progress)
        else:
            trainer = Trainer.start(
                model_config, tokenizer, data, config, device=device, run=run, progress=progress
            )
        return _train(trainer, data, config, run, as_json=args.json)


def sample(args: Namespace) -> int:
    """Load a model and let it write to standard output; return the exit status."""
    with usage_errors():
        config = SampleConfig(args.temperature, args.top_k, args.top_p, args.seed)
    if args.max_tokens < 0:
        raise UsageError(f"--max-tokens {args.max_tokens} should be at least 0")
    checkpoint = load_checkpoint(args.load_model, _device(args.device))
    tokenizer = checkpoint.tokenizer
    prompt = start_ids(tokenizer, args.prompt, allow_special=args.allow_special)
    ids: list[int] = []

    def remembered() -> Iterator[int]:
        for id_ in generate(
            checkpoint.model, tokenizer, prompt, max_tokens=args.max_tokens, config=config
        ):
            ids.append(id_)
            yield id_

    pieces = stream_text(tokenizer, remembered())
    if args.json:
        text = "".join(pieces)
        print_json({"prompt": args.prompt, "text": text, "prompt_ids": prompt, "ids": ids})
    else:
        _stream(args.prompt, pieces)
    return 0


def _load(args: Namespace, device: torch.device) -> Checkpoint | None:
    if args.load_model == "untrained":
        if args.tokenizer_model is None:
            raise UsageError("an untrained model needs a vocabulary: name a tokenizer with -m")
        if args.data is None:
            raise UsageError("an untrained model needs text: name it with -d")
        return None
    return load_checkpoint(args.load_model, device)


def _tokenizer(args: Namespace, loaded: Checkpoint | None) -> Tokenizer:
    """Return the tokenizer inside the checkpoint, or the one that the command line names."""
    if args.tokenizer_model is None and loaded is not None:
        return loaded.tokenizer
    with usage_errors():
        named = load_tokenizer(args.tokenizer or "bpe", args.tokenizer_model)
    if loaded is not None:
        check_same_tokenizer(named, loaded.tokenizer, str(loaded.path))
        return loaded.tokenizer
    return named


def _run_directory(args: Namespace, loaded: Checkpoint | None) -> RunDirectory | None:
    """Return where to save, or None; refuse to replace a run that is not the loaded one."""
    if args.save_model == "no_save":
        return None
    source = None if loaded is None else run_of(loaded.path)
    path = (source or Path(DEFAULT_RUN)) if args.save_model == "default" else Path(args.save_model)
    run = RunDirectory(path)
    goes_on = source is not None and path.resolve() == source.resolve()
    if not goes_on and not args.force and (found := run.checkpoints()):
        raise OutputExistsError(
            f"{str(path)!r} holds a run ({found[0].name}); go on with it by -l {path}, replace it "
            "with --force, or choose another folder with -s"
        )
    return run


def _data_source(args: Namespace, loaded: Checkpoint | None) -> str:
    if args.data is None and loaded is not None:
        return str(loaded.state.data.get("source"))
    return str(args.data)


def _train(
    trainer: Trainer,
    data: TokenDataset,
    config: TrainConfig,
    run: RunDirectory | None,
    *,
    as_json: bool,
) -> int:
    first_step = trainer.step
    if first_step >= config.steps:
        _note(f"step {first_step} of {config.steps} is reached already; --steps takes it further")
        return 0
    _describe(trainer, data, config)
    try:
        trainer.train()
    except KeyboardInterrupt:
        _note(f"stopped at step {trainer.step}" + (f"; go on with -l {run.path}" if run else ""))
        raise
    if run:
        _note(f"saved in {run.path}")
    if as_json:
        print_json(_result(trainer, run))
    return 0


def _describe(trainer: Trainer, data: TokenDataset, config: TrainConfig) -> None:
    """Say what will happen before it does."""
    model = trainer.model
    body, vocabulary = model.parameter_split()
    _note(
        f"model: {body + vocabulary:,} parameters, {body:,} in the body and {vocabulary:,} in the "
        f"vocabulary ({model.config.vocab_size:,} ids, {model.config.padded_vocab_size:,} rows)"
    )
    num_val = len(data.tokens) - data.num_train
    _note(
        f"data: {len(data.tokens):,} tokens of {data.source}; the last {num_val:,} "
        f"({num_val / len(data.tokens):.1%}) are for validation"
    )
    per_step = config.batch_size * model.config.block_size
    epochs = config.steps * per_step / data.num_train
    _note(
        f"training: steps {trainer.step} to {config.steps}, {per_step:,} tokens a step, "
        f"{epochs:.2f} epochs in all, on {model.head_weight.device}"
    )


def _result(trainer: Trainer, run: RunDirectory | None) -> dict[str, Any]:
    body, vocabulary = trainer.model.parameter_split()
    return {
        "run": str(run.path) if run else None,
        "step": trainer.step,
        "parameters": {"body": body, "vocabulary": vocabulary},
        "validation": asdict(trainer.last_evaluation) if trainer.last_evaluation else None,
        "tokens_per_second": round(trainer.progress.tokens_per_second, 1),
    }


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch finds no GPU here; use --device cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _stream(prompt: str, pieces: Iterator[str]) -> None:
    """Print text as it comes. On a terminal, control characters are shown and not obeyed."""
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(errors="backslashreplace")
    visible = _visible_controls() if out.isatty() else {}
    out.write(prompt.translate(visible))
    try:
        for text in pieces:
            out.write(text.translate(visible))
            out.flush()
    finally:
        out.write("\n")
        out.flush()


def _visible_controls() -> dict[int, str]:
    controls = [*range(0x20), *range(0x7F, 0xA0)]
    return {code: f"\\x{code:02x}" for code in controls if chr(code) not in "\n\t"}


def _note(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
