"""What other kinds of tokenizers are made of: it can be imported and named, and refuses to work."""

from __future__ import annotations

from typing import Any, NoReturn


class Refusal(NotImplementedError):
    """This drop-in does byte-level BPE, and this is something else."""


def refused(module: str, name: str, known: tuple[str, ...]) -> type:
    """Return a class that says, when somebody makes one, that it is not supported.

    Raises:
        AttributeError: `tokenizers` has no such name either.
    """
    if name not in known:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    class Unsupported:
        def __init__(self, *_: Any, **__: Any) -> None:
            refuse(f"{module.rpartition('.')[2]}.{name}")

    Unsupported.__name__ = name
    return Unsupported


def refuse(what: str) -> NoReturn:
    """Raise Refusal naming what is not supported."""
    raise Refusal(f"{what} is not supported: this drop-in is for byte-level BPE alone")
