"""quicktok-v1 (its module is `quicktok`): an encoder in C++ that brings its vocabularies."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed_version
from typing import Any

MODULES = ("quicktok",)


def version() -> str:
    """The installed version."""
    return installed_version("quicktok-v1")


def encoder(job: dict[str, Any]) -> Callable[[Any], Any]:
    """Encode as the form says; an array is what its batch of one gives."""
    import quicktok

    encoding = quicktok.get_encoding(job["encoding"])
    encode = encoding.encode_ordinary
    if job["form"] == "numpy":
        return lambda text: encoding.encode_batch([text], threads=1)[0]
    if job["form"] == "list":
        return lambda text: encode(text)
    return lambda texts: [encode(text) for text in texts]


def decoder(job: dict[str, Any]) -> Callable[[Any], bytes]:
    """Decode a list; an array is taken as one."""
    import quicktok

    decode: Callable[[Any], bytes] = quicktok.get_encoding(job["encoding"]).decode_bytes
    return decode
