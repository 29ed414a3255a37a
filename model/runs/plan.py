"""What is compared with what, and what is held equal.

Vocabularies. A token of a large vocabulary holds more text, so equal steps or equal tokens would
be no comparison. Every model here sees the same text: windows of about as many *bytes*, as many
windows a step, the same validation text, measured in bits per byte. Two variants:

    equal bytes    every model takes the same number of steps; what a step costs differs
    equal compute  every model gets the floating-point operations that the reference (the own
                   vocabulary nearest to 4,096) has used after these steps, so the cheaper one
                   sees more text; the reference itself is the same run in both

The body is the same in all of them; the table of a large vocabulary comes on top, as it does when
somebody takes a published vocabulary for a small model. Optimizer and learning rate are the same
too; they were not tuned for any of them. Those whose results lie close to each other are repeated
with several seeds, so that a difference can be told from luck; the others run once.

Feed-forwards. As many parameters, the same vocabulary, text and steps; and as much *time* as the
MLP took, because a KAN needs more for the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Experiment = Literal["vocabulary", "feed-forward"]
Variant = Literal["equal bytes", "equal compute", "equal time"]

#: Optimizer and peak learning rate. Muon takes a small model further in a few hundred steps; but it
#: would treat the matrices of an MLP and the splines of a KAN differently, so those get AdamW.
LEARNING: dict[Experiment, tuple[Literal["adamw", "muon"], float]] = {
    "vocabulary": ("muon", 8e-3),
    "feed-forward": ("adamw", 3e-3),
}

#: The own vocabulary whose arithmetic the others get.
REFERENCE_SIZE = 4096


@dataclass(frozen=True)
class Scale:
    """How large the models and the runs are.

    Attributes:
        sizes: Own vocabularies.
        steps: Of the variants with equal bytes.
        windows: A step sees.
        context_bytes: About as many in a window.
        n_embd: Channels.
        layers: Blocks.
        heads: Attention heads.
        train_bytes: Text to train on, and to learn the vocabularies from.
        val_bytes: Text after it, to measure on.
        seeds: Each trial is run with; of vocabularies, those that are `repeated`.
        repeated: Vocabularies that run with every seed; the others with the first one.
    """

    sizes: tuple[int, ...] = (512, 1024, 2048, 4096, 8192, 16384, 32768)
    steps: int = 300
    windows: int = 32
    context_bytes: int = 256
    n_embd: int = 96
    layers: int = 3
    heads: int = 4
    train_bytes: int = 8_000_000
    val_bytes: int = 100_000
    seeds: tuple[int, ...] = (1,)
    repeated: tuple[int | str, ...] = (2048, 4096, 8192, 16384, "cl100k_base")


#: Seconds instead of minutes: for tests, and to see whether everything works.
SMALL = Scale((300, 400), 6, 4, 32, 16, 1, 2, 20_000, 3_000, repeated=(300, 400))


@dataclass(frozen=True)
class Trial:
    """One model to train.

    Attributes:
        experiment: What it belongs to.
        vocabulary: The size of an own one, or the name of a published one.
        ffn: The feed-forward.
        variant: What it gets as much of as the others.
        seed: Of weights and order of the data.
    """

    experiment: Experiment
    vocabulary: int | str
    ffn: str
    variant: Variant
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return plain data; two trials are the same if this is."""
        return asdict(self)


def trials(experiment: Experiment, scale: Scale, published: tuple[str, ...]) -> list[Trial]:
    """Return what an experiment consists of, in the order in which it has to run.

    >>> [trial.vocabulary for trial in trials("vocabulary", SMALL, ("o200k_base",))]
    [400, 300, 300, 'o200k_base', 'o200k_base']
    """
    if experiment == "vocabulary":
        return _vocabulary_trials(scale, published)
    equal_bytes = [
        Trial(experiment, reference_of(scale), ffn, "equal bytes", seed)
        for seed in scale.seeds
        for ffn in ("swiglu", "relu2", "kan")
    ]
    kans = [trial for trial in equal_bytes if trial.ffn == "kan"]
    return equal_bytes + [replace(trial, variant="equal time") for trial in kans]


def _vocabulary_trials(scale: Scale, published: tuple[str, ...]) -> list[Trial]:
    # The reference first, because it sets the budget; what takes longest last, and once.
    reference = reference_of(scale)
    sizes = sorted(scale.sizes, key=lambda size: size != reference)
    names: tuple[int | str, ...] = (*sizes, *published)
    once = [
        Trial("vocabulary", name, "swiglu", "equal bytes", seed)
        for seed in scale.seeds
        for name in names
        if seed == scale.seeds[0] or name in scale.repeated
    ]
    own = [trial for trial in once if trial.vocabulary in sizes]
    others = [trial for trial in once if trial.seed == scale.seeds[0] and trial not in own]
    equal_compute = [
        replace(trial, variant="equal compute") for trial in once if trial.vocabulary != reference
    ]
    return [*own, *equal_compute, *others]


def reference_of(scale: Scale) -> int:
    """Return the own vocabulary nearest to 4,096."""
    return nearest_to_reference(scale.sizes)


def nearest_to_reference(sizes: Iterable[int]) -> int:
    """Return the size nearest to 4,096.

    >>> nearest_to_reference([512, 3000, 8192])
    3000
    """
    return min(sizes, key=lambda size: abs(size - REFERENCE_SIZE))
