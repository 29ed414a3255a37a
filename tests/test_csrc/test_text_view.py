"""What a codec takes for text, and the C functions that take it without pybind11's dispatcher."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pytest

from bpe import _core
from bpe.text import to_bytes


def codec_of(specials: Mapping[bytes, int] | None = None) -> _core.Codec:
    """Return a codec without merges: the ids of a text are its bytes."""
    tokens = [(byte, bytes([byte])) for byte in range(256)]
    columns = [array("I")] * 4
    return _core.Codec("gpt2", tokens, *columns, list((specials or {}).items()), False)


def as_map(data: bytes) -> mmap.mmap:
    mapped = mmap.mmap(-1, len(data))
    mapped[:] = data
    return mapped


def as_uint8(data: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def as_arrow(data: bytes) -> bytes:
    buffer: bytes = pytest.importorskip("pyarrow").py_buffer(data)
    return buffer


KINDS = [bytes, bytearray, memoryview, as_map, as_uint8, as_arrow]


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_of_every_kind_are_read(kind: Callable[[bytes], bytes]) -> None:
    codec = codec_of({b"<s>": 300})
    data = "grüße 好".encode()
    assert list(data) == codec.encode_ordinary(kind(data))
    assert [300, 97] == codec.encode(kind(b"<s>a"), [300])
    assert codec.has_special(kind(b"<s>a"))
    assert len(data) == codec.count_unless_special(kind(data))
    assert codec.count_unless_special(kind(b"<s>a")) is None
    assert list(data) == list(to_bytes(kind(data)))


def test_a_buffer_that_can_change_is_copied_before_it_is_read() -> None:
    codec = codec_of()
    data = bytearray(b"a b")
    assert list(b"a b") == codec.encode_ordinary(data)
    data += b" c"  # nobody holds it any more
    assert list(b"a b c") == codec.encode_ordinary(data)


def test_lone_surrogates_are_repaired_as_in_python() -> None:
    codec = codec_of()
    for text in ("\ud83d\ude00", "a\ud800b", "\udc00"):
        assert list(to_bytes(text)) == codec.encode_ordinary(text)
        assert list(to_bytes(text)) == codec.encode_unless_special(text)
        assert [list(to_bytes(text))] == codec.encode_batch([text], [], 1)
        assert list(to_bytes(text)) == _core.encode_flat(codec, [text], [], 1)[0].tolist()


def test_a_text_with_a_special_token_is_not_encoded_unasked() -> None:
    codec = codec_of({b"<s>": 300, b"</s>": 301})
    for text in ("<s>", "a</s>b", b"x" * 9000 + b"<s>"):
        assert codec.encode_unless_special(text) is None
        assert codec.has_special(text)
    for plain in ("", "<s", "s>", "x" * 9000):
        assert list(plain.encode()) == codec.encode_unless_special(plain)
        assert not codec.has_special(plain)
    assert [] == codec_of().encode_unless_special("")


def test_a_codec_that_was_never_made_says_so() -> None:
    hollow = _core.Codec.__new__(_core.Codec)
    for method in (hollow.encode_ordinary, hollow.has_special, hollow.decode_bytes):
        with pytest.raises(TypeError, match="__init__"):
            method("a")  # type: ignore[operator]
    with pytest.raises(TypeError, match="Codec"):
        _core.Codec.encode_ordinary("a", "b")  # type: ignore[arg-type]


def test_a_batch_of_documents_is_read_where_it_is() -> None:
    batch = _core.DocumentBatch()
    for document in (b"ab", b"", "é".encode()):
        batch.add(document)
    assert [list(b"ab"), [], list("é".encode())] == codec_of().encode_batch(batch, [], 2)
    flat, offsets = _core.encode_flat(codec_of(), batch, [], 1)
    assert (list("abé".encode()), [0, 2, 2, 4]) == (flat.tolist(), offsets.tolist())
