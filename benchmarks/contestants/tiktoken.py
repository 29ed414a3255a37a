"""tiktoken: the encoder in Rust, and the trainer of its educational module in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import version as installed_version
from typing import Any

from benchmarks.corpora import documents

MODULES = ("tiktoken", "tiktoken_ext.openai_public")


def version() -> str:
    """The installed version."""
    return installed_version("tiktoken")


def train(job: dict[str, Any]) -> dict[bytes, int]:
    """Train with `tiktoken._educational`, which takes one text."""
    from tiktoken._educational import bpe_train

    from bpe.patterns import NAMED_PATTERNS

    text = "".join(documents(job["path"]))
    pattern = NAMED_PATTERNS[job["pattern"]]
    # It draws the text as it goes unless it is told not to.
    return dict(bpe_train(text, job["vocab_size"], pattern, None))


def tokens(trained: dict[bytes, int]) -> Iterable[bytes]:
    """The merged tokens in order."""
    return sorted(trained, key=trained.__getitem__)[256:]


def encoder(job: dict[str, Any]) -> Callable[[Any], Any]:
    """Encode as the form says; many texts one by one, which is no slower than its batch here."""
    import tiktoken

    encoding = tiktoken.get_encoding(job["encoding"])
    encode = encoding.encode_ordinary
    if job["form"] == "numpy":
        return lambda text: encoding.encode_to_numpy(text, disallowed_special=())
    if job["form"] == "list":
        return encode
    return lambda texts: [encode(text) for text in texts]


def decoder(job: dict[str, Any]) -> Callable[[Any], bytes]:
    """Decode a list; an array is taken as one."""
    import tiktoken

    return tiktoken.get_encoding(job["encoding"]).decode_bytes
