"""`gpt train`: train a model, from nothing, from another one, or from where it stopped."""

from __future__ import annotations

import io
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import torch

from bpe.cli.output import print_json
from bpe.errors import OutputExistsError
from model.checkpoint import Checkpoint, load_checkpoint
from model.commands.shared import device_of, note, tokenizer_for
from model.config import ModelConfig, TrainConfig
from model.dataset import TokenDataset, open_data
from model.distributed import Processes, joined_processes
from model.learned_vocabulary import holds_text, learn_vocabulary
from model.options import (
    UsageError,
    chosen_settings,
    new_configs,
    resumed_train_config,
    usage_errors,
)
from model.presets import remark_on_vocabulary
from model.progress import Progress
from model.run_directory import RunDirectory, run_of
from model.train import Trainer

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

#: Where `-l untrained -s default` saves.
DEFAULT_RUN = "run"


def run(args: Namespace) -> int:
    """Train, from nothing or from a checkpoint; return the exit status."""
    chosen = chosen_settings(args)
    new_configs(chosen, vocab_size=1)  # what makes no sense is said before anything is read
    device = device_of(args.device)
    with joined_processes(device) as processes:
        if device.type == "cuda" and processes.count > 1:
            device = torch.device("cuda", processes.local_rank)
        return _run(args, chosen, device, processes)


def _run(
    args: Namespace, chosen: dict[str, Any], device: torch.device, processes: Processes
) -> int:
    """Do one process's part; what it holds of the others is gone when it returns."""
    loaded, origin = _load(args, device)
    tokenizer = _tokenizer(args, loaded or origin, chosen, processes)
    model_config, config = _configs(chosen, tokenizer.n_vocab, loaded, origin, args.init_from)
    run = _run_directory(args, loaded)
    with ExitStack() as stack:
        if run and processes.is_main:
            stack.enter_context(run.locked())
        data = _open_data(args, loaded, tokenizer, model_config, config, run, processes)
        progress = Progress(loaded.state.step if loaded else 0, config.steps, _stream(processes))
        if loaded:
            trainer = Trainer.resume(
                loaded, data, config, run=run, progress=progress, processes=processes
            )
        else:
            trainer = Trainer.start(
                model_config, tokenizer, data, config, device=device, run=run,
                weights=origin.model.state_dict() if origin else None,
                progress=progress, processes=processes,
            )  # fmt: skip
        return _train(trainer, data, config, run if processes.is_main else None, as_json=args.json)


def _load(args: Namespace, device: torch.device) -> tuple[Checkpoint | None, Checkpoint | None]:
    """Return the checkpoint to go on with, or the one whose weights are a start, or neither."""
    if args.load_model != "untrained":
        if args.init_from is not None:
            raise UsageError("--init-from begins a new run, and -l goes on with one; give one")
        return load_checkpoint(args.load_model, device), None
    origin = None if args.init_from is None else load_checkpoint(args.init_from)
    if args.data is None and (origin or args.preset or args.tokenizer_model is not None):
        raise UsageError("an untrained model needs text: name it with -d")
    return None, origin


def _tokenizer(
    args: Namespace, known: Checkpoint | None, chosen: dict[str, Any], processes: Processes
) -> Tokenizer:
    """Return the tokenizer of the run: one that exists, or the one that its preset describes."""
    is_named = args.tokenizer is not None or args.tokenizer_model is not None
    if known is not None or is_named or args.preset is None or not holds_text(args.data):
        return tokenizer_for(args, known)
    if chosen.get("pairs", "none") != "none" or args.data == "-":
        raise UsageError(
            "--preset learns a vocabulary from running text that can be read twice; for --pairs, "
            "or text from standard input, name a tokenizer with -m"
        )
    # Each process learns the same one, whatever its threads.
    return learn_vocabulary(args.preset, args.data, note=note if processes.is_main else _silence)


def _silence(message: str) -> None:
    """Say nothing: another process says it."""


def _configs(
    chosen: dict[str, Any],
    vocab_size: int,
    loaded: Checkpoint | None,
    origin: Checkpoint | None,
    origin_name: str | None,
) -> tuple[ModelConfig, TrainConfig]:
    """Return the configs of the run: chosen, loaded, or those of its origin."""
    if loaded is not None:
        state = loaded.state
        config = resumed_train_config(chosen, state.model, state.train, str(loaded.path))
        return state.model, config
    if origin is None:
        return new_configs(chosen, vocab_size)
    free = {name: chosen.pop(name) for name in ("objective", "dropout") if name in chosen}
    config = resumed_train_config(chosen, origin.state.model, TrainConfig(), str(origin_name))
    with usage_errors():
        return replace(origin.state.model, **free), config


def _open_data(
    args: Namespace,
    loaded: Checkpoint | None,
    tokenizer: Tokenizer,
    model_config: ModelConfig,
    config: TrainConfig,
    run: RunDirectory | None,
    processes: Processes,
) -> TokenDataset:
    """Open the data, the main process first: what it encodes is there for the others."""
    if not processes.is_main:
        processes.wait()
    data = open_data(
        _data_source(args, loaded),
        tokenizer,
        model_config,
        config,
        cache=run.path if run else None,
        note=note,
    )
    if processes.is_main:
        processes.wait()
    return data


def _stream(processes: Processes) -> TextIO | None:
    """Return where progress goes: one process is enough to look at."""
    return None if processes.is_main else io.StringIO()


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
        note(f"step {first_step} of {config.steps} is reached already; --steps takes it further")
        return 0
    if trainer.is_main:
        _describe(trainer, data, config)
    try:
        trainer.train()
    except KeyboardInterrupt:
        note(f"stopped at step {trainer.step}" + (f"; go on with -l {run.path}" if run else ""))
        raise
    if run:
        note(f"saved in {run.path}")
    if as_json:
        print_json(_result(trainer, run))
    return 0


def _describe(trainer: Trainer, data: TokenDataset, config: TrainConfig) -> None:
    """Say what will happen before it does."""
    model = trainer.model
    body, vocabulary = model.parameter_split()
    note(
        f"model: {body + vocabulary:,} parameters, {body:,} in the body and {vocabulary:,} in the "
        f"vocabulary ({model.config.vocab_size:,} ids, {model.config.padded_vocab_size:,} rows)"
    )
    if remark := remark_on_vocabulary(model.config.vocab_size, body, vocabulary):
        note(remark)
    num_val = len(data.tokens) - data.num_train
    note(
        f"data: {len(data.tokens):,} tokens of {data.source}; the last {num_val:,} "
        f"({num_val / len(data.tokens):.1%}) are for validation"
    )
    per_step = trainer.tokens_per_step
    epochs = trainer.batches.epochs(config.steps)
    note(
        f"training: steps {trainer.step} to {config.steps}, {per_step:,} tokens a step, "
        f"{epochs:.2f} epochs in all, on {model.device}"
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
