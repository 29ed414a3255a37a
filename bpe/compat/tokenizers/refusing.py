"""What other kinds of tokenizers are made of: it can be imported and named, and refuses to work."""

from __future__ import annotations

from operator import index
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


def check_text(text: object, what: str) -> None:
    """Raise TypeError unless it is a str."""
    if not isinstance(text, str):
        raise TypeError(f"{what} must be a str, not {type(text).__name__}")


def check_number(number: Any, what: str) -> int:
    """Return it as an int of 32 bits.

    Raises:
        TypeError: It is no integer.
        OverflowError: It is negative or too large.
    """
    value = index(number)
    if not 0 <= value < 2**32:
        raise OverflowError(f"{what} must be an integer from 0 to {2**32 - 1}, not {value}")
    return value


def check_one_of(value: object, choices: tuple[str, ...], what: str) -> None:
    """Raise ValueError unless it is one of the words."""
    if value not in choices:
        raise ValueError(f"{what} must be {' or '.join(choices)}, not {value!r}")


def refuse(what: str) -> NoReturn:
    """Raise Refusal naming what is not supported."""
    raise Refusal(f"{what} is not supported: this drop-in is for byte-level BPE alone")
