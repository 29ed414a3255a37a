"""JSON, read strictly: what Python's reader lets pass is refused with the place.

No duplicate keys (the last one would win silently), no NaN, no endless nesting, and each value of
the type that its format says. A bool is no number here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from bpe.errors import FormatError

T = TypeVar("T")

_WORDS = {str: "a string", int: "a whole number", bool: "true or false", list: "a list",
          dict: "an object", type(None): "null"}  # fmt: skip


def read(path: Path) -> Any:
    """Return the document of a file.

    Raises:
        FormatError: It is not JSON, or holds a key twice; the message says where.
    """
    return parse(path.read_bytes(), str(path))


def parse(data: bytes | str, where: str) -> Any:
    """Return the document of a text; `where` names it in messages.

    >>> parse(b'{"a": 1, "a": 2}', "here")
    Traceback (most recent call last):
    bpe.errors.FormatError: here: the key "a" stands twice in one object
    """
    try:
        return json.loads(
            data, object_pairs_hook=lambda pairs: _object(pairs, where), parse_constant=_constant
        )
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, a number of 5000 digits
        shown = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise FormatError(f"{where} is not JSON that can be read: {shown}") from None


def get(fields: dict[str, Any], key: str, kind: type[T], where: str) -> T:
    """Return a field of exactly this type.

    Raises:
        FormatError: It is missing or of another type.
    """
    if key not in fields:
        raise FormatError(f"{where}: the field {json.dumps(key)} is missing")
    return check(fields[key], kind, f"{where}: {key}")


def check(value: object, kind: type[T], where: str) -> T:
    """Return the value if it is of exactly this type.

    >>> check(True, int, "here")
    Traceback (most recent call last):
    bpe.errors.FormatError: here must be a whole number, not true
    """
    if type(value) is not kind:
        raise FormatError(f"{where} must be {_WORDS[kind]}, not {shorten(value)}")
    return value


def refuse_unknown(fields: dict[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse fields that this release does not know: they could change what the rest means."""
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise FormatError(f"{where}: unknown field {json.dumps(unknown[0][:60])}")


def shorten(value: object) -> str:
    """Return a value as JSON of at most about 60 characters."""
    if isinstance(value, dict | list):
        return f"{_WORDS[type(value)]} of {len(value)}"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _object(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise FormatError(
                    f"{where}: the key {json.dumps(key[:60])} stands twice in one object"
                )
            seen.add(key)
    return fields


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
