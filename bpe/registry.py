"""The published vocabularies, by name: tiktoken's list, loader and cache."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from bpe.engines import EngineName
from bpe.errors import FormatError, MissingDependencyError
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from bpe.tokenizer import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

_loaded: dict[tuple[str, str], Tokenizer] = {}
_lock = Lock()


def get_encoding(name: str, engine: EngineName = "native") -> Tokenizer:
    """Return a published vocabulary; the second call gives the same object.

    The file comes through tiktoken (`pip install chimera-bpe[tiktoken]`): from its cache folder
    (`TIKTOKEN_CACHE_DIR`), else from the network, its hash checked either way.

    Raises:
        ValueError: There is no vocabulary of this name.
        FormatError: Its file can be neither found nor downloaded.
        MissingDependencyError: tiktoken is not installed.
    """
    with _lock:
        tokenizer = _loaded.get((name, engine))
        if tokenizer is None:
            tokenizer = Tokenizer(_load_spec(name), engine=engine)
            tokenizer._registered_name = name
            _loaded[name, engine] = tokenizer
        return tokenizer


def encoding_for_model(model_name: str, engine: EngineName = "native") -> Tokenizer:
    """Return the vocabulary that a model of OpenAI's uses.

    Raises:
        KeyError: tiktoken does not know the model.
    """
    return get_encoding(_tiktoken().encoding_name_for_model(model_name), engine)


def list_encoding_names() -> list[str]:
    """Return the names that `get_encoding` knows."""
    names: list[str] = _tiktoken().list_encoding_names()
    return names


def _load_spec(name: str) -> TokenizerSpec:
    names = list_encoding_names()
    if name not in names:
        raise ValueError(f"there is no vocabulary named {name!r}; the names are {', '.join(names)}")
    constructors: dict[str, Callable[[], dict[str, Any]]]
    constructors = _tiktoken().registry.ENCODING_CONSTRUCTORS
    try:
        parts = constructors[name]()
    except (OSError, ValueError) as error:
        raise FormatError(
            f"the vocabulary {name} could not be loaded through tiktoken: {error}. Without a "
            "network, set TIKTOKEN_CACHE_DIR to a folder that holds its file."
        ) from error
    return TokenizerSpec.from_ranked_tokens(
        Pattern.of(parts["pat_str"]),
        parts["mergeable_ranks"],
        parts["special_tokens"],
        name=name,
    )


def _tiktoken() -> Any:
    try:
        import tiktoken
    except ImportError:
        raise MissingDependencyError(
            "the published vocabularies come through tiktoken, which is not installed: "
            "pip install 'chimera-bpe[tiktoken]'"
        ) from None
    return tiktoken
