"""What a model is and how it is trained, as two frozen dataclasses that check themselves.

Both are written into every checkpoint as JSON and read back by `from_json`. No torch here: the
command line reads this file before it knows whether there is anything to compute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

Schedule = Literal["cosine", "constant"]

#: Rows of the embedding table come in multiples of this: matrix kernels like round numbers.
VOCAB_MULTIPLE = 64


class _Config:
    """JSON in and out, for the dataclasses below."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Build from plain data; ValueError names a missing, unknown or ill-typed field."""
        if not isinstance(data, dict):
            raise ValueError(f"{cls.__name__} should be an object, not {data!r}")
        known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(data.keys() - known.keys()):
            raise ValueError(f"{cls.__name__} has no field {unknown[0]!r}")
        for name, field in known.items():
            if name not in data and field.default is MISSING:
                raise ValueError(f"{cls.__name__} lacks the field {name!r}")
        return cls(**data)


@dataclass(frozen=True)
class ModelConfig(_Config):
    """The architecture: two models with equal configs have weights of equal names and shapes.

    Attributes:
        vocab_size: Ids of the tokenizer (`Tokenizer.n_vocab`); it has no default on purpose.
        n_embd: Channels, C.
        block_size: The longest context in tokens, T.
        heads: Attention heads, N; they divide `n_embd`.
        layers: Transformer blocks.
        dropout: Probability, in [0, 1).
        tie_weights: Whether the output head is the token table itself.
        padded_vocab_size: Rows of the token table, V; 0 means `vocab_size` rounded up to 64.
    """

    vocab_size: int
    n_embd: int = 128
    block_size: int = 128
    heads: int = 4
    layers: int = 4
    dropout: float = 0.1
    tie_weights: bool = True
    padded_vocab_size: int = 0

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_embd", "block_size", "heads", "layers"):
            _check_integer(name, getattr(self, name), minimum=1)
        _check_number("dropout", self.dropout, 0.0, 1.0, "in [0, 1)")
        _check_flag("tie_weights", self.tie_weights)
        if self.n_embd % self.heads:
            raise ValueError(
                f"heads = {self.heads} does not divide n_embd = {self.n_embd}: "
                "every head takes an equal share of the channels"
            )
        _check_integer("padded_vocab_size", self.padded_vocab_size, minimum=0)
        if not self.padded_vocab_size:
            rows = -(-self.vocab_size // VOCAB_MULTIPLE) * VOCAB_MULTIPLE
            object.__setattr__(self, "padded_vocab_size", rows)
        if self.padded_vocab_size < self.vocab_size:
            raise ValueError(
                f"padded_vocab_size = {self.padded_vocab_size} is below "
                f"vocab_size = {self.vocab_size}"
            )


@dataclass(frozen=True)
class TrainConfig(_Config):
    """How the model is trained. Everything here may change on resume; the change is logged.

    Attributes:
        batch_size: Windows per step, B.
        lr: The peak learning rate.
        steps: Where training ends, counted from the very first step.
        seed: Of the initial weights, the dropout and the order of the data.
        schedule: `cosine` falls to a tenth of `lr` at the last step; both warm up.
        warmup_steps: None means a tenth of the steps, 100 at most.
        weight_decay: Of matrices only.
        grad_clip: The largest norm of the gradient.
        val_fraction: The tail of the tokens that is never trained on, in (0, 1).
        eval_every: Steps between evaluations.
        eval_batches: Batches of validation windows per evaluation.
        save_every: Steps between checkpoints; the last step always saves.
        log_every: Steps between lines of the log.
    """

    batch_size: int = 32
    lr: float = 1e-3
    steps: int = 1000
    seed: int = 1337
    schedule: Schedule = "cosine"
    warmup_steps: int | None = None
    weight_decay: float = 0.1
    grad_clip: float = 1.0
    val_fraction: float = 0.1
    eval_every: int = 250
    eval_batches: int = 20
    save_every: int = 250
    log_every: int = 10

    def __post_init__(self) -> None:
        names = ("batch_size", "steps", "eval_every", "eval_batches", "save_every", "log_every")
        for name in names:
            _check_integer(name, getattr(self, name), minimum=1)
        _check_integer("seed", self.seed, minimum=0, maximum=2**63 - 1)
        if self.warmup_steps is not None:
            _check_integer("warmup_steps", self.warmup_steps, minimum=0)
        for name in ("lr", "grad_clip"):
            _check_number(name, getattr(self, name), 0.0, math.inf, "positive", open_left=True)
        _check_number("weight_decay", self.weight_decay, 0.0, math.inf, "at least 0")
        _check_number("val_fraction", self.val_fraction, 0.0, 1.0, "in (0, 1)", open_left=True)
        if self.schedule not in get_args(Schedule):
            raise ValueError(f"schedule = {self.schedule!r} is not one of cosine, constant")


#: The order of the eight positional numbers of `gpt train`, and the type of each.
POSITIONALS: Mapping[str, type[int] | type[float]] = {
    "n_embd": int,
    "batch_size": int,
    "block_size": int,
    "lr": float,
    "steps": int,
    "heads": int,
    "layers": int,
    "dropout": float,
}

#: Named settings, each in the order of the positionals.
PRESETS: Mapping[str, Mapping[str, int | float]] = {
    name: dict(zip(POSITIONALS, values, strict=True))
    for name, values in {
        "test": (8, 8, 4, 1e-3, 5000, 4, 3, 0.1),
        "chimera": (384, 64, 256, 3e-4, 5000, 6, 6, 0.2),
    }.items()
}


def differences(before: _Config, after: _Config) -> dict[str, tuple[Any, Any]]:
    """Return the fields that differ, each with its value before and after.

    >>> differences(TrainConfig(steps=40), TrainConfig(steps=60))
    {'steps': (40, 60)}
    """
    old, new = before.to_json(), after.to_json()
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


def describe_differences(before: _Config, after: _Config) -> str:
    """Return the fields that differ as `name: before -> after`, or the empty string.

    >>> describe_differences(TrainConfig(steps=40), TrainConfig(steps=60))
    'steps: 40 -> 60'
    """
    changed = differences(before, after).items()
    return ", ".join(f"{name}: {old} -> {new}" for name, (old, new) in changed)


def _check_integer(name: str, value: object, *, minimum: int, maximum: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} = {value!r} is not an integer")
    if value < minimum or (maximum is not None and value > maximum):
        bound = f"at least {minimum}" if maximum is None else f"in {minimum}..{maximum}"
        raise ValueError(f"{name} = {value} should be {bound}")


def _check_number(
    name: str, value: object, low: float, high: float, wanted: str, *, open_left: bool = False
) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} = {value!r} is not a number")
    if not (low < value if open_left else low <= value) or not value < high:
        raise ValueError(f"{name} = {value} should be {wanted}")


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} = {value!r} is not true or false")
