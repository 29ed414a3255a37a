"""The body of a counts file: sorted pretokens with their counts, in blocks that are checked alone.

    block  payload bytes (uint64), number of entries (uint32), CRC-32 (uint32), payload
    entry  shared, length of the rest, the rest, count; all numbers but the rest are varints
    end    a block of 0 entries; its payload: distinct, total, dropped pretokens, dropped
           occurrences (uint64 each)

An entry leaves out the `shared` first bytes, which are those of the entry before it; the first of a
block leaves out none. docs/counts_file.md says the same in words.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bpe.errors import FormatError, TrainingError
from bpe.reference.count import MAX_COUNT, CountTable

BLOCK_BYTES = 64 * 2**10
_BLOCK = struct.Struct("<QI")
_CRC = struct.Struct("<I")
_TOTALS = struct.Struct("<QQQQ")
_HEADER_BYTES = _BLOCK.size + _CRC.size
_END_BYTES = _HEADER_BYTES + _TOTALS.size
_MAX_VARINT_BYTES = 10


@dataclass(frozen=True)
class Totals:
    """The numbers at the end of the file."""

    distinct: int = 0
    total: int = 0
    dropped_pretokens: int = 0
    dropped_occurrences: int = 0


def write_body(
    items: Iterable[tuple[bytes, int]], dropped: tuple[int, int], crc_before: int
) -> Iterator[bytes]:
    """Yield the blocks for (pretoken, count), which come sorted, and the end.

    >>> body = b"".join(write_body([(b"an", 3), (b"and", 1)], (0, 0), crc_before=0))
    >>> body[_HEADER_BYTES:-_END_BYTES]
    b'\\x00\\x02an\\x03\\x02\\x01d\\x01'
    """
    payload, num_entries, previous = bytearray(), 0, b""
    distinct = total = 0
    for pretoken, count in items:
        shared = _shared_prefix(previous, pretoken) if num_entries else 0
        payload += _varint(shared) + _varint(len(pretoken) - shared)
        payload += pretoken[shared:] + _varint(count)
        num_entries, previous = num_entries + 1, pretoken
        distinct, total = distinct + 1, total + count
        if total > MAX_COUNT:
            raise TrainingError(f"the counts add up to more than {MAX_COUNT} at {pretoken!r}")
        if len(payload) >= BLOCK_BYTES:
            yield _block(payload, num_entries, crc_before)
            payload, num_entries = bytearray(), 0
    if num_entries:
        yield _block(payload, num_entries, crc_before)
    yield _block(_TOTALS.pack(distinct, total, *dropped), 0, crc_before)


def read_body(
    data: bytes, start: int, crc_before: int, name: str
) -> tuple[list[tuple[bytes, int]], Totals]:
    """Return the (pretoken, count) of the body that begins at `start`, and the totals.

    Raises:
        FormatError: The body is damaged; the message names the file and the offset of the block.
    """
    totals = _read_end(data, start, crc_before, name)
    end = len(data) - _END_BYTES
    items: list[tuple[bytes, int]] = []
    offset = start
    while offset < end:
        num_entries, payload = _checked_block(data[:end], offset, crc_before, name)
        try:
            if not num_entries:
                raise ValueError("the block is empty")
            items += _read_entries(payload, num_entries, items[-1][0] if items else b"")
        except (ValueError, IndexError) as error:
            raise _damaged(name, offset, str(error)) from None
        offset += _HEADER_BYTES + len(payload)
    if (len(items), sum(count for _, count in items)) != (totals.distinct, totals.total):
        raise _damaged(name, end, "the totals are not those of the pretokens")
    return items, totals


class StoredCounts(CountTable):
    """A counts file as counts; all of it is read and checked at once."""

    def __init__(self, path: str, body: int, crc_before: int) -> None:
        items, totals = read_body(Path(path).read_bytes(), body, crc_before, path)
        super().__init__(items)
        self.dropped = (totals.dropped_pretokens, totals.dropped_occurrences)


def _read_end(data: bytes, start: int, crc_before: int, name: str) -> Totals:
    end = len(data) - _END_BYTES
    if end < start:
        raise _damaged(name, len(data), "the file ends too early")
    num_entries, payload = _checked_block(data, end, crc_before, name)
    if num_entries or len(payload) != _TOTALS.size:
        raise _damaged(name, end, "the totals do not stand there")
    totals = Totals(*_TOTALS.unpack(payload))
    if totals.total > MAX_COUNT or totals.total < totals.distinct:
        raise _damaged(name, end, "the totals contradict each other")
    if not totals.dropped_pretokens <= totals.dropped_occurrences <= MAX_COUNT:
        raise _damaged(name, end, "the totals contradict each other")
    return totals


def _checked_block(data: bytes, offset: int, crc_before: int, name: str) -> tuple[int, bytes]:
    header = data[offset : offset + _HEADER_BYTES]
    if len(header) < _HEADER_BYTES:
        raise _damaged(name, offset, "the block is cut short")
    num_bytes, num_entries = _BLOCK.unpack_from(header)
    payload = data[offset + _HEADER_BYTES : offset + _HEADER_BYTES + num_bytes]
    if len(payload) < num_bytes:
        raise _damaged(name, offset, "the block is longer than the file")
    crc = zlib.crc32(payload, zlib.crc32(header[: _BLOCK.size], crc_before))
    if header[_BLOCK.size :] != _CRC.pack(crc):
        raise _damaged(name, offset, "the checksum of the block does not match")
    return num_entries, payload


def _read_entries(payload: bytes, num_entries: int, previous: bytes) -> Iterator[tuple[bytes, int]]:
    at = 0
    for index in range(num_entries):
        shared, at = _read_varint(payload, at)
        num_rest, at = _read_varint(payload, at)
        if shared > (len(previous) if index else 0):
            raise ValueError("a pretoken repeats more bytes than the one before it has")
        if num_rest > len(payload) - at:
            raise ValueError("an entry is cut short")
        pretoken = previous[:shared] + payload[at : at + num_rest]
        if pretoken <= previous or (index and shared != _shared_prefix(previous, pretoken)):
            raise ValueError(f"the pretokens are not sorted, or one stands twice, at {pretoken!r}")
        count, at = _read_varint(payload, at + num_rest)
        if not 1 <= count <= MAX_COUNT:
            raise ValueError(f"the count of {pretoken!r} is {count}")
        yield pretoken, count
        previous = pretoken
    if at != len(payload):
        raise ValueError("the block holds more than its entries")


def _block(payload: bytes | bytearray, num_entries: int, crc_before: int) -> bytes:
    header = _BLOCK.pack(len(payload), num_entries)
    crc = zlib.crc32(payload, zlib.crc32(header, crc_before))
    return header + _CRC.pack(crc) + bytes(payload)


def _shared_prefix(a: bytes, b: bytes) -> int:
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return length


def _varint(value: int) -> bytes:
    """Return seven bits a byte, the lowest first; the top bit says that more follow.

    >>> _varint(5), _varint(300)
    (b'\\x05', b'\\xac\\x02')
    """
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number and the offset behind it."""
    value = 0
    for index in range(_MAX_VARINT_BYTES):
        if at + index == len(data):
            break
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if value >= 2**64 or (index and not byte):
                break
            return value, at + index + 1
    raise ValueError("a number is cut short, too large, or longer than it need be")


def _damaged(name: str, offset: int, what: str) -> FormatError:
    return FormatError(f"{name}, offset {offset}: {what}; copy or count it again")
