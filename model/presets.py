"""Settings by name, and the order of the eight numbers that they are made of."""

from __future__ import annotations

import math
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

#: Preset -> how many ids its vocabulary gets if none is named, and the reason, as it is told.
PRESET_VOCABULARIES: Mapping[str, tuple[int, str]] = {
    "test": (
        512,
        "its body has 2,664 parameters, which a table of 512 x 8 outweighs already",
    ),
    "chimera": (
        8192,
        "4,096 and 8,192 were the best for the same arithmetic (model/runs/results/vocabulary.md), "
        "the larger of them is better for the same text, and its table is 23% of these parameters",
    ),
}

#: Parameters of the body -> vocabulary that serves it best at its optimal compute: the first of
#: three estimates in https://arxiv.org/abs/2407.13623, which begin at 33M. A vocabulary's table is
#: parameters and arithmetic too, and in a small model most of both.
_BEST_VOCABULARY = (
    (33e6, 5_800),
    (85e6, 8_400),
    (302e6, 18_000),
    (708e6, 25_000),
    (1.1e9, 27_000),
    (7e9, 62_000),
)


def suggested_vocab_size(body: int) -> int:
    """Return about how many ids go with a body of so many parameters.

    Between the sizes that were measured it is interpolated on logarithmic axes; smaller and larger
    bodies get the vocabulary of the nearest.

    >>> suggested_vocab_size(85_000_000), suggested_vocab_size(10_000_000)
    (8400, 5800)
    """
    sizes = [size for size, _ in _BEST_VOCABULARY]
    vocabularies = [vocabulary for _, vocabulary in _BEST_VOCABULARY]
    place = min(max(float(body), sizes[0]), sizes[-1])
    right = max(1, next(i for i, size in enumerate(sizes) if size >= place))
    share = math.log(place / sizes[right - 1]) / math.log(sizes[right] / sizes[right - 1])
    ratio: float = vocabularies[right] / vocabularies[right - 1]
    return round(vocabularies[right - 1] * math.exp(share * math.log(ratio)))


def remark_on_vocabulary(vocab_size: int, body: int, table: int) -> str | None:
    """Return what to say of a vocabulary whose table is larger than the network, or None.

    >>> remark_on_vocabulary(8192, body=10_600_000, table=3_145_728) is None
    True
    """
    best = suggested_vocab_size(body)
    if table <= body or vocab_size <= 2 * best:
        return None
    return (
        f"{table / (body + table):.0%} of the parameters are the vocabulary's table; "
        f"about {best:,} ids are said to go with such a body (https://arxiv.org/abs/2407.13623). "
        "Compare bits per byte: `bpe train --vocab-size`"
    )
