"""The libraries that `bpe` does without and a model cannot: torch and safetensors."""

from __future__ import annotations

from importlib.util import find_spec

from bpe.errors import MissingDependencyError

REQUIRED = ("torch", "safetensors")


def require_model_dependencies() -> None:
    """Return if torch and safetensors are installed; their import is left to who needs them.

    Raises:
        MissingDependencyError: One is not there; the message says what to install.
    """
    missing = [name for name in REQUIRED if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"a model needs {' and '.join(missing)}: pip install 'chimera-bpe[model]'"
        )
