"""From `str` to bytes, the same way for every function of the package."""

from __future__ import annotations

from typing import TypeAlias

#: What may be encoded.
Text: TypeAlias = str | bytes | bytearray | memoryview


def to_bytes(text: Text, what: str = "text") -> bytes:
    """Return UTF-8 bytes; bytes, in whatever buffer, pass as they are, valid UTF-8 or not.

    A `str` may hold surrogates (it came from JavaScript, JSON or a file name). Two that form a
    pair are joined to the character they mean; a lone one becomes U+FFFD, as in tiktoken.

    Raises:
        TypeError: `text` is something else; `what` names it in the message.

    >>> to_bytes("é"), to_bytes("\\ud83d\\ude00") == "😀".encode(), to_bytes("\\ud83d")
    (b'\\xc3\\xa9', True, b'\\xef\\xbf\\xbd')
    """
    if isinstance(text, str):
        try:
            return text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    if isinstance(text, bytes):
        return text
    try:
        buffer = memoryview(text)
    except TypeError:
        raise TypeError(f"{what} must be str or bytes, not {type(text).__name__}") from None
    if buffer.itemsize != 1 or not buffer.c_contiguous:
        raise TypeError(f"{what} in a buffer must be contiguous and of single bytes")
    return bytes(buffer)
