"""The header of a counts file: whose counts these are. The rest is the engines' business.

    offset  0  magic FF 63 6F 75 6E 74 73 0A ("counts"; FF never occurs in UTF-8, so no text is one)
            8  version, uint32
           12  number of bytes of the JSON, uint32
           16  JSON in ASCII, sorted keys: pattern, special_tokens, unicode_version
          ...  CRC-32 of everything before it, uint32
          ...  the body (docs/counts_file.md), whose checksums go on from that one

Numbers are little-endian.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpe.errors import FormatError, TrainingError
from bpe.files import StrPath
from bpe.patterns import Pattern

MAGIC = b"\xffcounts\n"
VERSION = 1
_PREFIX = struct.Struct("<8sII")
_CRC = struct.Struct("<I")


@dataclass(frozen=True)
class CountsHeader:
    """How a corpus was counted; only counts with equal headers add up.

    Attributes:
        pattern: The split pattern.
        special_tokens: The texts that cut a document, sorted, each once.
        unicode_version: Of the character classes that the pattern speaks of.
    """

    pattern: Pattern
    special_tokens: tuple[str, ...]
    unicode_version: str

    def check_adds_up(self, other: CountsHeader, name: str = "the other counts") -> None:
        """Refuse to add what was counted otherwise.

        Raises:
            TrainingError: The pattern, the special tokens or the Unicode version differ.
        """
        for what, mine, theirs in (
            ("pattern", self.pattern.stages, other.pattern.stages),
            ("special tokens", self.special_tokens, other.special_tokens),
            ("Unicode version", self.unicode_version, other.unicode_version),
        ):
            if mine != theirs:
                raise TrainingError(
                    f"counts made with different {what}{'' if what[-1] == 's' else 's'} do not add "
                    f"up: {mine!r}, but {name} {theirs!r}; count both the same way"
                )

    def pack(self) -> tuple[bytes, int]:
        """Return the bytes of the header and the checksum that the body goes on from."""
        fields = {
            "pattern": list(self.pattern.stages),
            "special_tokens": list(self.special_tokens),
            "unicode_version": self.unicode_version,
        }
        text = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")
        data = _PREFIX.pack(MAGIC, VERSION, len(text)) + text
        crc = zlib.crc32(data)
        return data + _CRC.pack(crc), crc


def is_counts_file(path: StrPath) -> bool:
    """Return whether a file begins like a counts file."""
    with Path(path).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_header(path: StrPath) -> tuple[CountsHeader, int, int]:
    """Return the header, the offset of the body, and the checksum that it goes on from.

    Raises:
        FormatError: It is no counts file, of an unknown version, or damaged.
    """
    with Path(path).open("rb") as file:
        prefix = file.read(_PREFIX.size)
        if prefix[: len(MAGIC)] != MAGIC:
            raise FormatError(f"{path}, offset 0: this is no counts file; `bpe count -o` makes one")
        if len(prefix) < _PREFIX.size:
            raise _damaged(path, "the header is cut short")
        _, version, num_bytes = _PREFIX.unpack(prefix)
        if version != VERSION:
            raise FormatError(
                f"{path}, offset 8: version {version} of counts files is unknown, this is version "
                f"{VERSION}; read it with the release that wrote it, or count again"
            )
        size = file.seek(0, 2)
        if num_bytes > size - _PREFIX.size - _CRC.size:
            raise _damaged(path, "the header is longer than the file")
        file.seek(_PREFIX.size)
        text, stored = file.read(num_bytes), file.read(_CRC.size)
    crc = zlib.crc32(prefix + text)
    if stored != _CRC.pack(crc):
        raise _damaged(path, "the checksum of the header does not match")
    return _parse(path, text), _PREFIX.size + num_bytes + _CRC.size, crc


def _parse(path: StrPath, text: bytes) -> CountsHeader:
    try:
        fields: dict[str, Any] = json.loads(text)
        if set(fields) != {"pattern", "special_tokens", "unicode_version"}:
            raise ValueError(f"its fields are {', '.join(sorted(fields))}")
        stages, specials = fields["pattern"], fields["special_tokens"]
        pattern = Pattern.of(None if not stages else stages[0] if len(stages) == 1 else stages)
        if not all(isinstance(text, str) for text in [*specials, fields["unicode_version"]]):
            raise ValueError("a field is of the wrong type")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"the header cannot be read ({error})") from None
    return CountsHeader(pattern, tuple(specials), fields["unicode_version"])


def _damaged(path: StrPath, what: str) -> FormatError:
    return FormatError(f"{path}, offset 0: {what}; copy or count it again")
