"""What commands write to standard output, and say on standard error."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


def write_stdout(data: bytes) -> None:
    """Write bytes to standard output, all of them.

    Raises:
        OSError: It is closed, or its disk is full.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    rest = memoryview(data)
    while rest:
        # Under PYTHONUNBUFFERED this is a raw file, which may take less than it is given.
        with _named():
            taken = sys.stdout.buffer.write(rest)
        if taken is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), "standard output")
        rest = rest[taken:]


def flush_stdout() -> None:
    """Write what is buffered to standard output.

    Raises:
        OSError: Its disk is full, and so on.
    """
    if sys.stdout is not None:
        with _named():
            sys.stdout.flush()


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = error.filename or "standard output"
        raise


def print_text(text: str) -> None:
    """Write a line of text; what the terminal's encoding lacks is shown escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    write_stdout(text.encode(encoding, "backslashreplace") + b"\n")


def print_table(rows: Iterable[tuple[str, str]]) -> None:
    """Write a name and a value a line."""
    for name, value in rows:
        print_text(f"{name:<15} {value}")


def print_json(document: Any) -> None:
    """Write one JSON document with sorted keys, in ASCII."""
    import json

    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True)
    write_stdout(text.encode() + b"\n")


def say(sentence: str, *, quiet: bool = False) -> None:
    """Write a line to standard error."""
    if not quiet:
        print(sentence, file=sys.stderr)


def count_of(number: int, thing: str) -> str:
    """Return the number with its noun.

    >>> count_of(1, "document"), count_of(0, "document")
    ('1 document', '0 documents')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def show_bytes(data: bytes) -> str:
    """Return bytes as a literal that no terminal misreads.

    >>> show_bytes(b" caf\\xc3\\xa9"), show_bytes(b"\\xc3"), show_bytes(b"\\x1b[2J")
    ("' café'", "b'\\\\xc3'", "'\\\\x1b[2J'")
    """
    try:
        return repr(data.decode())
    except UnicodeDecodeError:
        return repr(data)


def bytes_to_json(data: bytes) -> dict[str, str | None]:
    """Return bytes as hexadecimal digits, and as text if they are valid UTF-8."""
    try:
        text: str | None = data.decode()
    except UnicodeDecodeError:
        text = None
    return {"hex": data.hex(), "text": text}
