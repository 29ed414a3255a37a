"""Token files (`.bin`): ids on the disk, with a header that says whose ids they are.

    offset  0  magic 20240520 (uint16 ids) or 20240801 (uint32 ids), int32
            4  version 1 or 7, int32
            8  number of ids, int32; -1 if it does not fit
           12  zeros
           16  JSON, padded with zeros: bpe_version, content_hash, count, dtype, n_vocab
         1024  the ids, little-endian uint16 or uint32

A header, not a second file beside it: one file appears in one rename, and moving or copying it
cannot part the ids from what they mean. The first twelve bytes are the header of Karpathy's llm.c
(`dev/data/data_common.py`), which leaves the rest of the 1024 bytes free, so its readers and those
derived from it read these files as they are; a bare `numpy.memmap` needs `offset=1024`.

The ids are 16 bits wide if every id of the vocabulary fits, whatever ids occur.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from bpe.engines import PlaceInFile
from bpe.errors import FormatError
from bpe.files import StrPath, open_for_writing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bpe.tokenizer import Tokenizer

    Ids = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

HEADER_BYTES = 1024
_PREFIX = struct.Struct("<iiii")
_DTYPE_TO_MAGIC = {"uint16": (20240520, 1), "uint32": (20240801, 7)}
_DTYPE_TO_STORED = {"uint16": "<u2", "uint32": "<u4"}
_LARGEST_INT32 = 2**31 - 1


@dataclass(frozen=True)
class TokenFileHeader:
    """What a token file says of itself.

    Attributes:
        dtype: "uint16" or "uint32".
        count: The number of ids.
        n_vocab: The largest id of the vocabulary plus one.
        content_hash: That of the tokenizer which made the ids.
        bpe_version: The release that wrote the file.
    """

    dtype: str
    count: int
    n_vocab: int
    content_hash: str
    bpe_version: str


def write_tokens(
    path: StrPath,
    chunks: Iterable[npt.ArrayLike],
    tokenizer: Tokenizer,
    *,
    overwrite: bool = False,
) -> TokenFileHeader:
    """Write ids to a token file, complete or not at all; memory holds one chunk at a time.

    Args:
        path: Where to; by custom it ends in `.bin`.
        chunks: Arrays or lists of ids, each of shape (any number,), in order.
        tokenizer: The one that made the ids.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        FormatError: An id is outside the vocabulary, or the output is a pipe.
        OutputExistsError: The file is there and `overwrite` is not set.
        OSError: The disk is full, the folder is missing, and so on.

    >>> import bpe, tempfile
    >>> tok = bpe.train(["hello hello"], 259, num_threads=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     header = write_tokens(f"{folder}/a.bin", [[256, 104], [105]], tok)
    ...     list(map(int, read_tokens(f"{folder}/a.bin", tok.content_hash)))
    [256, 104, 105]
    """
    with open_tokens(path, tokenizer, overwrite=overwrite) as writer:
        for chunk in chunks:
            writer.append(chunk)
    return writer.header


@contextmanager
def open_tokens(
    path: StrPath,
    tokenizer: Tokenizer,
    *,
    overwrite: bool = False,
    dtype: str | None = None,
    header: bool = True,
) -> Iterator[TokenWriter]:
    """Open a token file that takes its name, and its header, when the block ends without an error.

    Args:
        path: As in `write_tokens`.
        tokenizer: As in `write_tokens`.
        overwrite: As in `write_tokens`.
        dtype: "uint16" or "uint32"; default: the smaller, if the whole vocabulary fits.
        header: Whether there is one. Without it the file is what `numpy.tofile` makes, for other
            tools; nothing in it says whose ids they are.

    Raises:
        ValueError: The dtype is none of the two, or too small for the vocabulary.
        FormatError: The output is a pipe.
        OutputExistsError: The file is there and `overwrite` is not set.
        OSError: The disk is full, the folder is missing, and so on.
    """
    width = resolve_dtype(tokenizer.n_vocab, dtype)
    with open_for_writing(path, overwrite) as file:
        if not file.seekable():
            raise FormatError(f"{str(path)!r} is a pipe; a token file needs a file on a disk")
        file.write(bytes(HEADER_BYTES if header else 0))
        writer = TokenWriter(file, str(path), tokenizer, width)
        yield writer
        if header:
            file.seek(0)
            file.write(_pack_header(writer.header))


def resolve_dtype(n_vocab: int, dtype: str | None) -> str:
    """Return how wide ids are stored.

    Raises:
        ValueError: The dtype is unknown, or too small.

    >>> resolve_dtype(50_257, None), resolve_dtype(50_257, "uint32"), resolve_dtype(65_537, None)
    ('uint16', 'uint32', 'uint32')
    """
    fits = n_vocab <= 2**16
    if dtype is None:
        return "uint16" if fits else "uint32"
    if dtype not in _DTYPE_TO_STORED:
        raise ValueError(f"dtype must be 'uint16' or 'uint32', not {dtype!r}")
    if dtype == "uint16" and not fits:
        raise ValueError(
            f"uint16 holds ids up to {2**16 - 1}, and this vocabulary goes up to {n_vocab - 1}; "
            "take uint32"
        )
    return dtype


class TokenWriter:
    """Appends ids to a token file; made by `open_tokens`."""

    def __init__(self, file: BinaryIO, name: str, tokenizer: Tokenizer, dtype: str) -> None:
        """Write behind what is in the file."""
        self._file, self._name = file, name
        self._tokenizer, self._n_vocab = tokenizer, tokenizer.n_vocab
        self.dtype = dtype
        self.count = 0

    def append(self, chunk: npt.ArrayLike) -> None:
        """Append ids that come from anywhere.

        Raises:
            FormatError: They are no ids of the vocabulary.
        """
        import numpy as np

        ids = np.asarray(chunk)
        if ids.size:
            _check_ids(ids, self._n_vocab, self.count)
            self.append_known(ids)

    def append_known(self, ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Append ids that the tokenizer itself has just made; return them as they are stored."""
        import numpy as np

        stored = np.ascontiguousarray(ids, _DTYPE_TO_STORED[self.dtype])
        self._file.write(stored.data)
        self.count += len(ids)
        return stored

    @contextmanager
    def filling(self) -> Iterator[PlaceInFile]:
        """Let somebody else write ids, as many as are added to `count` in the block."""
        self._file.flush()
        id_bytes = int(_DTYPE_TO_STORED[self.dtype][-1])
        yield PlaceInFile(self._file.fileno(), self._name, self._file.tell(), id_bytes)
        self._file.seek(0, 2)

    @property
    def header(self) -> TokenFileHeader:
        """What the file says of itself if nothing more is appended."""
        from bpe import __version__

        content_hash = self._tokenizer.content_hash
        return TokenFileHeader(self.dtype, self.count, self._n_vocab, content_hash, __version__)


def read_tokens(path: StrPath, expected_hash: str | None = None) -> Ids:
    """Map the ids of a token file into memory, read-only.

    Args:
        path: A file that `write_tokens` or `bpe encode` wrote.
        expected_hash: The `content_hash` of the tokenizer that the ids should be of.

    Returns:
        A `numpy.memmap` of shape (count,), uint16 or uint32.

    Raises:
        FormatError: It is no token file, its length is wrong, or another tokenizer made it.
    """
    import numpy as np

    header = read_header(path)
    if expected_hash is not None and header.content_hash != expected_hash:
        raise FormatError(
            f"{str(path)!r} holds the ids of another tokenizer ({header.content_hash[:12]}..., not "
            f"{expected_hash[:12]}...); encode the text again with this one"
        )
    stored = _DTYPE_TO_STORED[header.dtype]
    return np.memmap(path, stored, mode="r", offset=HEADER_BYTES, shape=(header.count,))


def read_header(path: StrPath) -> TokenFileHeader:
    """Read what a token file says of itself, and check that it is as long as it says.

    Raises:
        FormatError: It is no token file, or its length is wrong.
    """
    with Path(path).open("rb") as file:
        data = file.read(HEADER_BYTES)
        num_bytes = file.seek(0, 2)
    header = _unpack_header(data, str(path))
    expected = HEADER_BYTES + header.count * int(_DTYPE_TO_STORED[header.dtype][-1])
    if num_bytes != expected:
        raise FormatError(
            f"{str(path)!r} has {num_bytes} bytes, but its header says {header.count} ids of "
            f"{header.dtype}, which makes {expected}; it is cut short or was appended to"
        )
    return header


def map_raw_ids(path: StrPath, dtype: str) -> Ids:
    """Map a file of bare ids into memory, read-only: one without a header.

    Raises:
        FormatError: It is a token file with a header, or does not hold whole ids.
    """
    import numpy as np

    width = int(_DTYPE_TO_STORED[dtype][-1])
    num_bytes = Path(path).stat().st_size
    if is_token_file(path):
        raise FormatError(f"{str(path)!r} begins with a header that says what its ids are")
    if num_bytes % width:
        raise FormatError(f"{str(path)!r} has {num_bytes} bytes, which are no ids of {width} bytes")
    if not num_bytes:
        return np.empty(0, _DTYPE_TO_STORED[dtype])
    return np.memmap(path, _DTYPE_TO_STORED[dtype], mode="r")


def is_token_file(path: StrPath) -> bool:
    """Return whether a file begins like a token file."""
    with Path(path).open("rb") as file:
        start = file.read(_PREFIX.size)
    return len(start) == _PREFIX.size and _PREFIX.unpack(start)[:2] in _DTYPE_TO_MAGIC.values()


def _check_ids(ids: npt.NDArray[Any], n_vocab: int, first_index: int) -> None:
    if ids.ndim != 1 or ids.dtype.kind not in "ui":
        raise FormatError(f"ids must be integers in one dimension, not {ids.dtype} {ids.shape}")
    outside = (ids >= n_vocab) | (ids < 0)
    if outside.any():
        index = int(outside.argmax())
        raise FormatError(
            f"id {int(ids[index])} at index {first_index + index} is not below n_vocab {n_vocab}"
        )


def _pack_header(header: TokenFileHeader) -> bytes:
    magic, version = _DTYPE_TO_MAGIC[header.dtype]
    short_count = header.count if header.count <= _LARGEST_INT32 else -1
    text = json.dumps(vars(header), sort_keys=True).encode()
    data = _PREFIX.pack(magic, version, short_count, 0) + text
    return data.ljust(HEADER_BYTES, b"\0")


def _unpack_header(data: bytes, name: str) -> TokenFileHeader:
    if len(data) < HEADER_BYTES or _PREFIX.unpack_from(data)[:2] not in _DTYPE_TO_MAGIC.values():
        raise FormatError(f"{name!r} is not a token file: it does not begin with its header")
    try:
        header = TokenFileHeader(**json.loads(data[_PREFIX.size :].rstrip(b"\0")))
        _check_header(header, _PREFIX.unpack_from(data))
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(
            f"the header of {name!r} is damaged, or the file was not written by bpe: {error}"
        ) from None
    return header


def _check_header(header: TokenFileHeader, prefix: tuple[Any, ...]) -> None:
    for field, kind in TokenFileHeader.__annotations__.items():
        if type(getattr(header, field)).__name__ != kind:
            raise ValueError(f"the field {field!r} is not of type {kind}")
    if header.count < 0 or _DTYPE_TO_MAGIC.get(header.dtype) != prefix[:2]:
        raise ValueError("its two halves contradict each other")
    if prefix[2] != (header.count if header.count <= _LARGEST_INT32 else -1):
        raise ValueError("its two counts contradict each other")
