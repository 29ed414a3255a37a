"""What both configs can do: go through JSON and back, and say how two of them differ."""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields
from typing import Any, Self


class Config:
    """A frozen dataclass that goes through JSON and back."""

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


def differences(before: Config, after: Config) -> dict[str, tuple[Any, Any]]:
    """Return the fields that differ, each with its value before and after.

    >>> from model.config import TrainConfig
    >>> differences(TrainConfig(steps=40), TrainConfig(steps=60))
    {'steps': (40, 60)}
    """
    old, new = before.to_json(), after.to_json()
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


def describe_differences(before: Config, after: Config) -> str:
    """Return the fields that differ as `name: before -> after`, or the empty string.

    >>> from model.config import TrainConfig
    >>> describe_differences(TrainConfig(steps=40), TrainConfig(steps=60))
    'steps: 40 -> 60'
    """
    changed = differences(before, after).items()
    return ", ".join(f"{name}: {old} -> {new}" for name, (old, new) in changed)
