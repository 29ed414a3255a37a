"""Read documents from JSON lines: one object a line, the text in one of its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bpe.errors import CorpusError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_jsonl(blocks: Iterable[bytes], text_field: str, name: str) -> Iterator[str]:
    """Yield the text of every line; blank lines carry none.

    Raises:
        CorpusError: A line is not UTF-8, not an object, or has no text; file and line are named.

    >>> list(read_jsonl([b'{"text": "a"}\\n\\n{"te', b'xt": "b"}'], "text", "x.jsonl"))
    ['a', 'b']
    """
    for number, line in enumerate(split_lines(blocks), start=1):
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line.isspace() and line:
            try:
                yield _text_of(line, text_field)
            except CorpusError as error:
                raise CorpusError(f"{name!r}, line {number}: {error}") from None


def split_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks into lines without their line feeds, each line joined once.

    >>> list(split_lines([b"a", b"b\\nc\\n", b"", b"d"]))
    [b'ab', b'c', b'd']
    """
    unfinished: list[bytes] = []
    for block in blocks:
        first, *others = block.split(b"\n")
        unfinished.append(first)
        if others:
            yield b"".join(unfinished)
            *lines, last = others
            yield from lines
            unfinished = [last]
    if any(unfinished):
        yield b"".join(unfinished)


def _text_of(line: bytes, text_field: str) -> str:
    record = _parse(line)
    if not isinstance(record, dict):
        raise CorpusError(f"this is {_kind(record)}, not an object; {_start(line)}")
    if text_field not in record:
        fields = ", ".join(map(repr, list(record)[:10])) or "none"
        raise CorpusError(f"there is no field {text_field!r}; the fields are {fields}")
    text = record[text_field]
    if not isinstance(text, str):
        raise CorpusError(f"the field {text_field!r} is {_kind(text)}, not a string")
    return text


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise CorpusError(f"byte 0x{byte:02x} at offset {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise CorpusError(
            f"not JSON: {error.msg} at character {error.pos}; {_start(line)}"
        ) from None
    except RecursionError:
        raise CorpusError("the JSON is nested too deeply") from None
    except ValueError as error:  # a number of thousands of digits
        raise CorpusError(f"not usable JSON: {error}") from None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _start(line: bytes) -> str:
    text = line[:60].decode("utf-8", "replace")
    return f"the line starts {text!r}"
