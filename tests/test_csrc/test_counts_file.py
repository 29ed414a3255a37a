"""The native counts file equals the reference's, byte for byte, and believes no file."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest

from bpe import _core
from bpe.errors import FormatError, TrainingError
from bpe.files import open_for_writing
from bpe.reference.counts_file import read_body, write_body

Items = list[tuple[bytes, int]]


def native_body(path: Path, items: Items, dropped: tuple[int, int] = (0, 0), crc: int = 7) -> bytes:
    with open_for_writing(path, overwrite=True) as file:
        table = _core.CountTable(items)
        _core.save_counts(table, file.fileno(), str(path), crc, dropped, None)
    return path.read_bytes()


def random_items(seed: int, number: int) -> Items:
    rng = random.Random(seed)
    lengths = (1, 2, 3, 7, 8, 9, 15, 16, 17, 40, 300)
    pretokens = {
        bytes(rng.choices(rng.choice([b"a", b"ab\xff\x00", bytes(range(256))]), k=length))
        for length in rng.choices(lengths, k=number)
    }
    return sorted((pretoken, rng.choice([1, 2, 127, 128, 2**40])) for pretoken in pretokens)


def block(payload: bytes, num_entries: int, crc_before: int = 7) -> bytes:
    header = struct.pack("<QI", len(payload), num_entries)
    crc = zlib.crc32(payload, zlib.crc32(header, crc_before))
    return header + struct.pack("<I", crc) + payload


def end(distinct: int, total: int, dropped: tuple[int, int] = (0, 0), crc: int = 7) -> bytes:
    return block(struct.pack("<QQQQ", distinct, total, *dropped), 0, crc)


#: Bodies whose checksums are right, and which are wrong all the same.
WRONG_BODIES = {
    "unsorted": block(b"\x00\x01b\x01" + b"\x00\x01a\x01", 2) + end(2, 2),
    "twice": block(b"\x00\x01a\x01" + b"\x01\x00\x01", 2) + end(2, 2),
    "twice over blocks": block(b"\x00\x01a\x01", 1) * 2 + end(2, 2),
    "unsorted over blocks": block(b"\x00\x01b\x01", 1) + block(b"\x00\x01a\x01", 1) + end(2, 2),
    "empty pretoken": block(b"\x00\x00\x01", 1) + end(1, 1),
    "count 0": block(b"\x00\x01a\x00", 1) + end(1, 0),
    "count beyond": block(b"\x00\x01a" + b"\xff" * 9 + b"\x01", 1) + end(1, 1),
    "count without end": block(b"\x00\x01a" + b"\xff" * 11, 1) + end(1, 1),
    "count longer than needed": block(b"\x00\x01a\x81\x00", 1) + end(1, 1),
    "shared of nothing": block(b"\x01\x01a\x01", 1) + end(1, 1),
    "shared too long": block(b"\x00\x01a\x01" + b"\x02\x01b\x01", 2) + end(2, 2),
    "shared too short": block(b"\x00\x01a\x01" + b"\x00\x02ab\x01", 2) + end(2, 2),
    "rest too long": block(b"\x00\x05a\x01", 1) + end(1, 1),
    "cut in a number": block(b"\x00\x01a\x01" + b"\x80", 2) + end(2, 2),
    "more than its entries": block(b"\x00\x01a\x01" + b"\x00\x01b\x01", 1) + end(1, 1),
    "fewer than its entries": block(b"\x00\x01a\x01", 2) + end(2, 2),
    "empty block": block(b"", 0) + block(b"\x00\x01a\x01", 1) + end(1, 1),
    "wrong total": block(b"\x00\x01a\x02", 1) + end(1, 3),
    "wrong distinct": block(b"\x00\x01a\x02", 1) + end(2, 2),
    "block left out": end(1, 2),
    "total below distinct": block(b"\x00\x01a\x02", 1) + end(3, 2),
    "total beyond": block(b"\x00\x01a\x02", 1) + end(1, 2**63),
    "dropped contradicts": block(b"\x00\x01a\x02", 1) + end(1, 2, (3, 2)),
    "other header": block(b"\x00\x01a\x02", 1, 8) + end(1, 2),
    "other header at the end": block(b"\x00\x01a\x02", 1) + end(1, 2, crc=8),
    "long block": struct.pack("<QII", 2**63, 1, 0) + end(1, 2),
    "no end": block(b"\x00\x01a\x02", 1),
    "nothing": b"",
}


@pytest.mark.parametrize("number", [0, 1, 5, 300, 20_000])
def test_both_engines_write_the_same_bytes(tmp_path: Path, number: int) -> None:
    items = random_items(number, number)
    expected = b"".join(write_body(items, (1, 2), 7))
    assert expected == native_body(tmp_path / "c", items, (1, 2))
    file = _core.CountsFile(str(tmp_path / "c"), 0, 7)
    assert (items, (1, 2)) == (file.items(), file.dropped)
    assert (len(items), sum(count for _, count in items)) == (len(file), file.total)
    table = _core.CountTable()
    table.merge_file(file)
    assert items == table.items() == _core.CountTable(items).items()
    assert table.top(7) == file.top(7) == sorted(items, key=lambda i: (-i[1], i[0]))[:7]
    assert table.summary() == file.summary()


def test_pretokens_longer_than_a_block_are_written(tmp_path: Path) -> None:
    items = [(b"an", 2**62), (b"and", 300), (b"\xff" * 70_000, 5), (b"\xff" * 70_001, 1)]
    expected = b"".join(write_body(items, (0, 0), 7))
    assert expected == native_body(tmp_path / "c", items)
    assert items == _core.CountsFile(str(tmp_path / "c"), 0, 7).items()


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_wrong_body_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.counts").write_bytes(WRONG_BODIES[name])
    with pytest.raises(FormatError, match=r"x\.counts, offset \d+: .*again"):
        _core.CountsFile(str(tmp_path / "x.counts"), 0, 7).items()
    with pytest.raises(FormatError, match=r"x\.counts, offset \d+: .*again"):
        read_body(WRONG_BODIES[name], 0, 7, "x.counts")


def test_totals_that_no_file_of_this_size_can_have_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(block(b"\x00\x01a\x02", 1) + end(2**40, 2**41))
    with pytest.raises(FormatError, match="contradict"):
        _core.CountsFile(str(tmp_path / "c"), 0, 7)


def test_both_engines_read_or_refuse_the_same_random_damage(tmp_path: Path) -> None:
    path = tmp_path / "c"
    whole = native_body(path, random_items(3, 60))
    rng = random.Random(4)
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        size = struct.unpack_from("<Q", data)[0]
        if rng.random() < 0.7 and size <= len(data) - 64:  # make the checksum right again
            entries = struct.unpack_from("<I", data, 8)[0]
            data[: 16 + size] = block(bytes(data[16 : 16 + size]), entries)
        path.write_bytes(data)
        try:
            expected: Items | None = read_body(bytes(data), 0, 7, "c")[0]
        except FormatError:
            expected = None
        try:
            found: Items | None = _core.CountsFile(str(path), 0, 7).items()
        except FormatError:
            found = None
        assert expected == found


def test_a_sum_beyond_64_bits_names_the_pretoken(tmp_path: Path) -> None:
    native_body(tmp_path / "a", [(b"big", 2**62), (b"bigger", 2**62 - 1)])
    files = [_core.CountsFile(str(tmp_path / "a"), 0, 7)] * 2
    with (
        (tmp_path / "sum").open("wb") as file,
        pytest.raises(TrainingError, match="b'big' sum to more"),
    ):
        _core.merge_counts(files, 1, file.fileno(), "sum", 7, None)
    table = _core.CountTable([(b"other", 2)])
    with pytest.raises(TrainingError, match="bigger"):
        table.merge_file(files[0])


def test_writing_answers_a_full_disk_with_the_name(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as file, pytest.raises(OSError, match="No space") as caught:
        _core.save_counts(_core.CountTable([(b"a", 1)]), file.fileno(), "x.counts", 0, (0, 0), None)
    assert "x.counts" == caught.value.filename


def test_counts_that_are_no_regular_file_are_refused(tmp_path: Path) -> None:
    for path, kind in [(tmp_path, IsADirectoryError), (tmp_path / "nope", FileNotFoundError)]:
        with pytest.raises(kind):
            _core.CountsFile(str(path), 0, 7)
