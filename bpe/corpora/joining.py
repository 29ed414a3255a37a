"""Join the parts of long documents, no further than counting needs them whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpe.corpora.packer import Batch, PlainFile, TextPart

_PIECE_BYTES = 16 * 2**20
# A cut is looked for so far before the end. Where there is none (one endless word), it is tried
# again when the text has doubled, so that no byte is joined or searched more often than that.
_SEARCHED_BYTES = 2**16

#: find_cut(data, near): the first place from `near` on where parts can be counted apart, or len.
FindCut = Callable[[bytes, int], int]


def join_parts(
    steps: Iterator[Batch | TextPart | PlainFile], find_cut: FindCut
) -> Iterator[Batch | PlainFile]:
    """Turn the parts of a document into documents that count like the whole."""
    parts: list[bytes] = []
    size, enough = 0, _PIECE_BYTES
    for step in steps:
        if not isinstance(step, TextPart):
            yield step
            continue
        parts.append(step.data)
        size += len(step.data)
        if not step.is_last and size < enough:
            continue
        data = b"".join(parts)
        cut = size if step.is_last else find_cut(data, max(1, size - _SEARCHED_BYTES))
        if cut < size or step.is_last:
            yield Batch([data[:cut] if cut < size else data], step.weight, step.position)
            parts, size, enough = [data[cut:]], size - cut, _PIECE_BYTES
        else:
            parts, enough = [data], 2 * size
