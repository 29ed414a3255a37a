"""`bpe decode`: ids become text again, byte for byte."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.cli import arguments
from bpe.cli.output import write_stdout
from bpe.errors import DecodeError, FormatError

if TYPE_CHECKING:
    from bpe.token_files import Ids
    from bpe.tokenizer import Tokenizer

_DESCRIPTION = """\
Decode ids to text: token files (.bin, recognised by content) or numbers separated by blanks, commas
and brackets. All of it is joined, so that decoding what was encoded gives the same bytes."""

_IDS_AT_ONCE = 1 << 20
_MOST_DIGITS = 10  # of an id in 32 bits
_NUMBER = re.compile(rb"[0-9]+")
_BETWEEN = re.compile(rb"[\s,\[\]]*")


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("decode", help="decode ids to text", description=_DESCRIPTION)
    parser.add_argument(
        "files", metavar="FILE", nargs="*", help="ids; default: - for standard input"
    )
    arguments.add_tokenizer(parser)
    arguments.add_output(parser, "file to write (default: standard output)")
    parser.add_argument(
        "--dtype",
        choices=("uint16", "uint32"),
        help="the files are bare ids of this type, as encode --raw and numpy.tofile write them",
    )
    arguments.add_engine(parser)
    arguments.add_traceback(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Decode the files."""
    from bpe.cli.tokenizers import load_tokenizer
    from bpe.files import check_output, open_for_writing

    if args.output is not None:
        check_output(args.output, args.force)
    tokenizer = load_tokenizer(args.tokenizer, args.engine)
    blocks = (
        block for file in args.files or ["-"] for block in _decode(tokenizer, file, args.dtype)
    )
    if args.output is None:
        for block in blocks:
            write_stdout(block)
        return
    with open_for_writing(args.output, overwrite=args.force) as output:
        output.writelines(blocks)


def _decode(tokenizer: Tokenizer, file: str, dtype: str | None) -> Iterator[bytes]:
    from bpe.token_files import is_token_file, map_raw_ids, read_tokens

    if dtype is not None:
        blocks = _in_blocks(map_raw_ids(file, dtype))
    elif file != "-" and Path(file).is_file() and is_token_file(file):
        blocks = _in_blocks(read_tokens(file, tokenizer.content_hash))
    else:
        blocks = _read_numbers(file)
    first_index = 0
    for ids in blocks:
        try:
            yield tokenizer.decode_bytes(ids)
        except DecodeError as error:
            place = f" (counted from id {first_index})" if first_index else ""
            raise DecodeError(f"{file!r}: {error}{place}") from None
        first_index += len(ids)


def _in_blocks(ids: Ids) -> Iterator[list[int]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE].tolist()


def _read_numbers(file: str) -> Iterator[list[int]]:
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    ids = []
    end = 0
    for number in _NUMBER.finditer(data):
        _check_between(file, data, end, number.start())
        end = number.end()
        ids.append(_to_id(file, number))
    _check_between(file, data, end, len(data))
    yield ids


def _to_id(file: str, number: re.Match[bytes]) -> int:
    if len(number[0]) > _MOST_DIGITS:
        raise DecodeError(
            f"{file!r} holds a number of {len(number[0])} digits at byte {number.start()}, "
            "which is no id"
        )
    return int(number[0])


def _check_between(file: str, data: bytes, start: int, end: int) -> None:
    if start == end and start not in (0, len(data)):
        return
    legal = _BETWEEN.match(data, start, end)
    assert legal is not None  # the expression matches nothing, too
    if legal.end() != end:
        found = data[legal.end() : legal.end() + 20]
        raise FormatError(f"{file!r} holds {found!r} at byte {legal.end()}, which is no id")
