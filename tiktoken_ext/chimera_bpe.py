"""A plugin of tiktoken: `tiktoken.get_encoding(NAME)` finds the user's own vocabularies.

tiktoken imports every module of the namespace package `tiktoken_ext` at its first `get_encoding`;
one that raises, or repeats a name, breaks that call for everybody. So here nothing is loaded before
it is asked for, nothing raises, and names that another plugin has are left to it. Where the
vocabularies live: `bpe/vocabularies.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any


def _arguments(name: str, path: Path) -> dict[str, Any]:
    from bpe.formats import load_spec
    from bpe.formats.tiktoken import encoding_arguments

    return encoding_arguments(load_spec(path), name)


def _taken_names() -> set[str]:
    import tiktoken_ext

    taken: set[str] = set()
    for module in iter_modules(tiktoken_ext.__path__, "tiktoken_ext."):
        if module.name != __name__:
            try:
                taken.update(import_module(module.name).ENCODING_CONSTRUCTORS)
            except Exception:  # tiktoken itself will say what is wrong with that one
                continue
    return taken


def _constructor(name: str, path: Path) -> Callable[[], dict[str, Any]]:
    return lambda: _arguments(name, path)


def _find() -> dict[str, Callable[[], dict[str, Any]]]:
    try:
        from bpe.vocabularies import find

        found = find()
        taken = _taken_names() if found else set()
        for name in sorted(taken & set(found)):
            warnings.warn(
                f"{found[name]} is not available in tiktoken: another of its plugins has the name "
                f"{name!r}; rename the file",
                stacklevel=2,
            )
        return {n: _constructor(n, path) for n, path in found.items() if n not in taken}
    except Exception as error:  # a plugin that raises breaks every get_encoding
        warnings.warn(f"chimera-bpe's vocabularies are not available: {error}", stacklevel=2)
        return {}


ENCODING_CONSTRUCTORS: dict[str, Callable[[], dict[str, Any]]] = _find()
