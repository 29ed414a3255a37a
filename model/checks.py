"""What a config may hold: each check raises ValueError with the name, the value and the bounds."""

from __future__ import annotations

from typing import Any, get_args


def check_integer(name: str, value: object, *, minimum: int, maximum: int | None = None) -> None:
    """Refuse what is no integer, or outside the bounds (both included)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} = {value!r} is not an integer")
    if value < minimum or (maximum is not None and value > maximum):
        bound = f"at least {minimum}" if maximum is None else f"in {minimum}..{maximum}"
        raise ValueError(f"{name} = {value} should be {bound}")


def check_number(
    name: str, value: object, low: float, high: float, wanted: str, *, open_left: bool = False
) -> None:
    """Refuse what is no number in [low, high), or (low, high) with `open_left`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} = {value!r} is not a number")
    if not (low < value if open_left else low <= value) or not value < high:
        raise ValueError(f"{name} = {value} should be {wanted}")


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} = {value!r} is not true or false")


def check_choice(name: str, value: object, choices: Any) -> None:
    """Refuse what is not one of the words of a Literal type."""
    if value not in get_args(choices):
        raise ValueError(f"{name} = {value!r} is not one of {', '.join(get_args(choices))}")
