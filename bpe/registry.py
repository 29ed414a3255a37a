"""Vocabularies by name: the published ones, through tiktoken's list, loader and cache, and the
user's own (`bpe.vocabularies`).
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from bpe.engines import EngineName
from bpe.errors import FormatError, MissingDependencyError
from bpe.patterns import Pattern
from bpe.published import load_cached
from bpe.spec import TokenizerSpec
from bpe.tokenizer import Tokenizer
from bpe.vocabularies import find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# It lists the user's vocabularies in tiktoken; they are no published ones.
_OUR_PLUGIN = "tiktoken_ext.chimera_bpe"

_loaded: dict[tuple[str, str], Tokenizer] = {}
_lock = Lock()


def get_encoding(name: str, engine: EngineName = "native") -> Tokenizer:
    """Return a vocabulary by its name; the second call gives the same object.

    A name that is not published is looked for in the user's folder: `BPE_VOCABULARIES`, else
    `chimera-bpe/vocabularies` in the user's data folder.

    The file of a published one comes from tiktoken's cache folder (`TIKTOKEN_CACHE_DIR`), else
    through tiktoken (`pip install chimera-bpe[tiktoken]`) from the network, its hash checked either
    way.

    Raises:
        ValueError: There is no vocabulary of this name.
        FormatError: Its file can be neither found nor downloaded.
        MissingDependencyError: tiktoken is not installed.
    """
    with _lock:
        tokenizer = _loaded.get((name, engine))
        if tokenizer is None:
            own = find().get(name)
            if own and name in _published_names():
                own = None  # a published name means the same everywhere
            spec = _load_own(own) if own else _load_published(name)
            tokenizer = Tokenizer(spec, engine=engine)._ready()
            tokenizer._registered_name = None if own else name  # the user's pickle by value
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
    own = find()
    published = _published_names() if own else _published()
    return list(dict.fromkeys([*published, *own]))


def _published() -> list[str]:
    names: list[str] = _tiktoken().list_encoding_names()
    constructors = _tiktoken().registry.ENCODING_CONSTRUCTORS
    return [name for name in names if constructors[name].__module__ != _OUR_PLUGIN]


def _published_names() -> list[str]:
    """Return the published names; none if tiktoken is not installed."""
    try:
        return _published()
    except MissingDependencyError:
        return []


def _load_own(path: Path) -> TokenizerSpec:
    # All formats take longer to import than a published vocabulary takes to load.
    from bpe.formats import load_spec

    return load_spec(path)


def _load_published(name: str) -> TokenizerSpec:
    cached = load_cached(name)
    if cached is not None:
        return cached
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
