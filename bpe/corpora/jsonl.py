"""Read documents from JSON lines: one object a line, the text in one of its fields.

The usual line is read in C++ (`csrc/corpora/json_lines.h`). Any other, right or wrong, is read by
`text_of` with Python's `json`, which therefore says what every line means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bpe.corpora.corpus import Corpus
from bpe.corpora.packer import Packer
from bpe.corpora.report import ReadingReport
from bpe.corpora.text import check_size
from bpe.errors import CorpusError
from bpe.text import to_bytes

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_jsonl(
    blocks: Iterable[bytes], corpus: Corpus, packer: Packer, report: ReadingReport, name: str
) -> Iterator[None]:
    """Pack the text of every line; blank lines carry none.

    Raises:
        CorpusError: A line is not UTF-8, not an object, or has no text; file and line are named.
    """
    number = 0
    for data in join_lines(blocks, name):
        data = packer.hold(data.removeprefix(_BYTE_ORDER_MARK) if number == 0 else data)
        offset = 0
        while True:
            offset, num_lines = packer.batch.add_json_lines(data, offset, corpus.text_field)
            number += num_lines
            if offset == len(data):
                break
            number += 1
            end = data.find(b"\n", offset)
            end = len(data) if end < 0 else end
            _pack_unusual(data[offset:end], number, corpus, packer, report, name)
            offset = min(end + 1, len(data))
        yield None


def join_lines(blocks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Turn blocks into blocks that end where a line does, each byte joined once.

    >>> list(join_lines([b"a", b"b\\nc\\n", b"", b"d"], "x"))
    [b'ab\\nc\\n', b'd']
    """
    unfinished: list[bytes] = []
    size = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*unfinished, block[:end]])
            unfinished, size = [], 0
        if end < len(block):
            unfinished.append(block[end:])
            size += len(block) - end
            check_size(size, name)
    if unfinished:
        yield b"".join(unfinished)


def _pack_unusual(
    line: bytes, number: int, corpus: Corpus, packer: Packer, report: ReadingReport, name: str
) -> None:
    if not line or line.isspace():
        return
    try:
        text = text_of(line, corpus.text_field)
    except CorpusError as error:
        message = f"{name!r}, line {number}: {error}"
        report.add_bad_record(message, corpus.on_bad_record)
    else:
        packer.batch.add(to_bytes(text))


def text_of(line: bytes, text_field: str) -> str:
    """Return the text in one line of JSON.

    Raises:
        CorpusError: The line is not UTF-8, not an object, or has no text, or two.

    >>> text_of(b'{"n": NaN, "te\\\\u0078t": "a"}', "text")
    'a'
    """
    record = _parse(line, text_field)
    if not isinstance(record, dict):
        raise CorpusError(f"this is {_kind(record)}, not an object; {_start(line)}")
    if text_field not in record:
        raise CorpusError(f"there is no field {text_field!r}; the fields are {list_names(record)}")
    text = record[text_field]
    if not isinstance(text, str):
        raise CorpusError(f"the field {text_field!r} is {_kind(text)}, not a string")
    return text


def list_names(names: Iterable[object]) -> str:
    """Return the first few names for a message."""
    return ", ".join(map(repr, list(names)[:10])) or "none"


def _parse(line: bytes, text_field: str) -> Any:
    names: list[str] = []

    def keep_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names[:] = [name for name, _ in pairs]  # the outermost object comes last
        return dict(pairs)

    try:
        record = json.loads(line.decode("utf-8"), object_pairs_hook=keep_names)
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
    if isinstance(record, dict) and names.count(text_field) > 1:
        raise CorpusError(f"the field {text_field!r} is there more than once")
    return record


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _start(line: bytes) -> str:
    text = line[:60].decode("utf-8", "replace")
    return f"the line starts {text!r}"
