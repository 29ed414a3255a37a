"""Lines of `base64(token) id`: the body of a `.tiktoken` file, read strictly."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from bpe.errors import FormatError
from bpe.ranked_tokens import RankedTokens

# Python's int() also takes signs, blanks, underscores and other digits; the format does not.
_LINE = re.compile(rb"([A-Za-z0-9+/]+={0,2}) (0|[1-9][0-9]{0,9})")


def write_ranks(id_to_bytes: Mapping[int, bytes]) -> bytes:
    """Return the lines, in the order of the ids.

    >>> write_ranks({0: b"a"})
    b'YQ== 0\\n'
    """
    return b"".join(
        b"%s %d\n" % (base64.b64encode(token), id_) for id_, token in id_to_bytes.items()
    )


def read_tokens(data: bytes, where: str) -> RankedTokens | dict[bytes, int]:
    """Read ranked tokens: packed if their lines are as they should be, else as `read_ranks` does.

    Raises:
        FormatError: As `read_ranks`.
    """
    packed = RankedTokens.read(data)
    return read_ranks(data, where) if packed is None else packed


def read_ranks(data: bytes, where: str) -> dict[bytes, int]:
    """Return token to id; empty lines are skipped, as tiktoken does.

    Raises:
        FormatError: A line is malformed, or a token or an id stands twice; `where` and the line
            number are in the message.

    >>> read_ranks(b"YQ== 0\\n", "here")
    {b'a': 0}
    """
    token_to_id: dict[bytes, int] = {}
    line_of_id: dict[int, int] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line:
            continue
        match = _LINE.fullmatch(line.removesuffix(b"\r"))
        try:
            token = base64.b64decode(match[1], validate=True) if match else b""
        except binascii.Error:
            token = b""
        if not match or not token:
            shown = line[:60] + b"..." * (len(line) > 60)
            raise FormatError(f"{where}, line {number}: {shown!r} is not `base64-token id`")
        id_ = int(match[2])
        if token in token_to_id:
            raise FormatError(f"{where}, line {number}: token {token!r} stands there twice")
        if line_of_id.setdefault(id_, number) != number:
            raise FormatError(
                f"{where}, line {number}: id {id_} stands already on line {line_of_id[id_]}"
            )
        token_to_id[token] = id_
    return token_to_id
