"""From command line arguments to configs: the eight numbers, the named options, the presets."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, get_args

from bpe.errors import BPEError, CheckpointError
from model.config import CHOICES, ModelConfig, TrainConfig
from model.config_base import describe_differences
from model.presets import POSITIONALS, PRESETS

_MODEL_FIELDS = frozenset(field.name for field in fields(ModelConfig))
_TRAIN_FIELDS = frozenset(field.name for field in fields(TrainConfig))

#: Named options: field, type, what it means.
_OPTIONS: Sequence[tuple[str, type, str]] = (
    ("n_embd", int, "channels"),
    ("batch_size", int, "windows a step"),
    ("block_size", int, "context in tokens"),
    ("lr", float, "peak learning rate"),
    ("steps", int, "where training ends, counted from the first step"),
    ("heads", int, "attention heads; they divide the channels"),
    ("layers", int, "transformer blocks"),
    ("dropout", float, "probability, in [0, 1)"),
    ("seed", int, "of the weights, the dropout and the order of the data"),
    ("schedule", str, "of the learning rate, after the warm-up"),
    ("warmup_steps", int, "steps of rising learning rate (a tenth of all, at most 100)"),
    ("weight_decay", float, "of matrices only"),
    ("grad_clip", float, "largest norm of the gradient"),
    ("val_fraction", float, "tail of the tokens that is never trained on"),
    ("eval_every", int, "steps between evaluations"),
    ("eval_batches", int, "batches per evaluation"),
    ("save_every", int, "steps between checkpoints"),
    ("log_every", int, "steps between lines of metrics.jsonl"),
    ("arch", str, "learned positions, LayerNorm and biases; or rotary ones, RMSNorm and none"),
    ("kv_heads", int, "heads of keys and values, shared by the others; 0: as many"),
    ("ffn", str, "the feed-forward (gelu for gpt2, swiglu for llama)"),
    ("ffn_width", int, "its hidden width; 0: as many parameters as 4 x channels with gelu"),
    ("rope_base", float, "of the rotary angles"),
    ("objective", str, "predict the next token, or hidden ones from both sides"),
    ("tokens_per_step", int, "computed one batch after the other; 0: one batch"),
    ("optimizer", str, "adamw, or muon for the matrices of the blocks and adamw for the rest"),
    ("sample_every", int, "steps between samples of what it writes; 0: none"),
    ("sample_prompt", str, "what samples go on from"),
    ("dtype", str, "of matrix products; auto: bfloat16 on a GPU"),
    ("nonfinite", str, "what a loss that is no number does"),
    ("keep", int, "checkpoints that stay, beside the best one"),
    ("patience", int, "evaluations without a better loss before it ends; 0: never"),
    ("pairs", str, "the data is JSON lines to answer: prompt and completion, or messages (chat)"),
    ("mask_rate", float, "share of the tokens that a masked model has to guess"),
    ("mask_unit", str, "what is hidden together"),
)

#: Switches: option, field, value, what it means.
_SWITCHES: Sequence[tuple[str, str, bool, str]] = (
    (
        "--no-tie",
        "tie_weights",
        False,
        "give the output a table of its own instead of the one of the input",
    ),
    ("--qk-norm", "qk_norm", True, "norm queries and keys before they meet"),
    ("--compile", "compile", True, "let torch compile the network"),
    ("--recompute", "recompute", True, "compute blocks anew backwards: less memory, more time"),
    ("--sharded", "sharded", True, "processes share the weights instead of keeping a copy each"),
    ("--tensorboard", "tensorboard", True, "write the log for TensorBoard as well"),
)

_NAMES = (*(option[0] for option in _OPTIONS), "time_budget", *(s[1] for s in _SWITCHES))


class UsageError(Exception):
    """The command line asks for something that does not exist or contradicts itself."""


def add_settings(parser: ArgumentParser) -> None:
    """Add the options that make up a `ModelConfig` and a `TrainConfig`."""
    parser.add_argument(
        "numbers",
        nargs="*",
        metavar="N",
        help=f"none, or eight numbers: {' '.join(POSITIONALS)}",
    )
    parser.add_argument(
        "--preset",
        choices=list(PRESETS),
        help="settings by name; without -m, a vocabulary that goes with them is learned from -d",
    )
    defaults = {f.name: f.default for c in (ModelConfig, TrainConfig) for f in fields(c)}
    for name, kind, meaning in _OPTIONS:
        default = "" if defaults[name] in (None, "") else f" [{defaults[name]}]"
        words = get_args(CHOICES[name]) if name in CHOICES else None
        parser.add_argument(
            _flag(name),
            type=kind,
            choices=words,
            metavar=None if words else kind.__name__.upper(),
            help=meaning + default,
        )
    parser.add_argument(
        "--time-budget",
        type=parse_seconds,
        metavar="TIME",
        help="end after this long, the schedule with it: 90, 20m, 1.5h [none]",
    )
    for option, name, value, meaning in _SWITCHES:
        parser.add_argument(option, dest=name, action="store_const", const=value, help=meaning)


def parse_seconds(text: str) -> float:
    """Read a time in seconds, or with a unit: s, m, h.

    >>> parse_seconds("90"), parse_seconds("1.5h")
    (90.0, 5400.0)
    """
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time such as 90, 20m or 1.5h") from None


def chosen_settings(args: Namespace) -> dict[str, Any]:
    """Return what the command line sets, field to value; fields it does not name are absent.

    Raises:
        UsageError: A number is missing or no number, or one thing is set twice.
    """
    chosen = _eight_numbers(args.numbers)
    if args.preset and chosen:
        raise UsageError("--preset and eight numbers say the same thing twice; give one of them")
    named = {name: value for name in _NAMES if (value := getattr(args, name)) is not None}
    for name, value in named.items():
        if name in chosen and chosen[name] != value:
            place = list(POSITIONALS).index(name) + 1
            raise UsageError(
                f"{_flag(name)} {value} contradicts number {place} of the eight, {chosen[name]}"
            )
    return {**PRESETS.get(args.preset, {}), **chosen, **named}


def new_configs(chosen: dict[str, Any], vocab_size: int) -> tuple[ModelConfig, TrainConfig]:
    """Return the configs of a fresh run: what was chosen, and the defaults.

    Raises:
        UsageError: The values do not fit together.
    """
    model, train = _by_config(chosen)
    with usage_errors():
        model_config, train_config = (
            ModelConfig(vocab_size=vocab_size, **model),
            TrainConfig(**train),
        )
        train_config.windows_per_step(model_config.block_size)
        return model_config, train_config


def resumed_train_config(
    chosen: dict[str, Any], model_config: ModelConfig, train_config: TrainConfig, name: str
) -> TrainConfig:
    """Return how a loaded run goes on: as before, but for what was chosen.

    Raises:
        CheckpointError: Another architecture was chosen than the one that was loaded.
        UsageError: The values do not fit together.
    """
    model, train = _by_config(chosen)
    with usage_errors():
        if changed := describe_differences(model_config, replace(model_config, **model)):
            raise CheckpointError(
                f"{name} has another architecture than the command line asks for ({changed}); "
                "leave these out to go on with it, or begin anew with -l untrained"
            )
        train_config = replace(train_config, **train)
        train_config.windows_per_step(model_config.block_size)
        return train_config


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turn the ValueError of a config that checks itself into a UsageError."""
    try:
        yield
    except BPEError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from None


def _eight_numbers(numbers: Sequence[str]) -> dict[str, Any]:
    if not numbers:
        return {}
    if len(numbers) != len(POSITIONALS):
        raise UsageError(
            f"{len(numbers)} numbers given; it takes none or eight: {' '.join(POSITIONALS)}"
        )
    values: dict[str, Any] = {}
    for place, ((name, kind), text) in enumerate(
        zip(POSITIONALS.items(), numbers, strict=True), start=1
    ):
        try:
            values[name] = kind(text)
        except ValueError:
            wanted = "an integer" if kind is int else "a number"
            raise UsageError(
                f"number {place} of the eight, {name} = {text!r}, is not {wanted}"
            ) from (None)
    return values


def _by_config(chosen: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    model = {name: value for name, value in chosen.items() if name in _MODEL_FIELDS}
    return model, {name: value for name, value in chosen.items() if name in _TRAIN_FIELDS}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
