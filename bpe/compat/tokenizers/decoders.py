"""`tokenizers.decoders`: ByteLevel, and refusals."""

from __future__ import annotations

from bpe.compat.tokenizers.refusing import refused


class ByteLevel:
    """From tokens to text by the bytes that their characters stand for: what is done anyway."""


def __getattr__(name: str) -> type:
    names = ("BPEDecoder", "ByteFallback", "CTC", "DecodeStream", "Decoder", "Fuse", "Metaspace")
    return refused(__name__, name, (*names, "Replace", "Sequence", "Strip", "WordPiece"))
