"""Settings by name, and the order of the eight numbers that they are made of."""

from __future__ import annotations

from collections.abc import Mapping

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
