"""The header of a counts file: what it says, and what is no header."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from bpe.counts_header import MAGIC, CountsHeader, is_counts_file, read_header
from bpe.errors import FormatError, TrainingError
from bpe.patterns import Pattern

HEADER = CountsHeader(Pattern.of("gpt2"), ("<a>", "<b>"), "16.0.0")


def packed(fields: object, version: int = 1) -> bytes:
    text = json.dumps(fields).encode() if not isinstance(fields, bytes) else fields
    data = MAGIC + struct.pack("<II", version, len(text)) + text
    return data + struct.pack("<I", zlib.crc32(data))


def test_a_header_is_read_as_it_was_written(tmp_path: Path) -> None:
    data, crc = HEADER.pack()
    (tmp_path / "c").write_bytes(data + b"body")
    assert (HEADER, len(data), crc) == read_header(tmp_path / "c")
    assert is_counts_file(tmp_path / "c")


def test_text_is_no_counts_file(tmp_path: Path) -> None:
    for data in (b"", b"counts\n", "ÿcounts\n".encode(), MAGIC[:-1]):
        (tmp_path / "t").write_bytes(data)
        assert not is_counts_file(tmp_path / "t")
        with pytest.raises(FormatError, match="offset 0: this is no counts file"):
            read_header(tmp_path / "t")
    with pytest.raises(UnicodeDecodeError):
        MAGIC.decode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packed({}, version=2), "offset 8: version 2 .* unknown"),
        (MAGIC, "cut short"),
        (MAGIC + struct.pack("<II", 1, 2**31), "longer than the file"),
        (packed({})[:-1] + b"\x00", "checksum of the header"),
        (packed({}), "its fields are"),
        (packed([]), "cannot be read"),
        (packed(b"["), "cannot be read"),
        (packed({"pattern": [], "special_tokens": [1], "unicode_version": "1"}), "wrong type"),
        (packed({"pattern": 3, "special_tokens": [], "unicode_version": "1"}), "cannot be read"),
        (packed({"pattern": ["("], "special_tokens": [], "unicode_version": "1"}), "cannot be"),
    ],
)
def test_a_damaged_header_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "c").write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        read_header(tmp_path / "c")
    assert str(tmp_path / "c") in str(caught.value)


def test_headers_that_differ_do_not_add_up() -> None:
    HEADER.check_adds_up(HEADER)
    other = CountsHeader(HEADER.pattern, ("<a>",), "16.0.0")
    with pytest.raises(TrainingError, match=r"special tokens .*'<b>'.* x\.counts has .*'<a>'"):
        HEADER.check_adds_up(other, "x.counts has")
