"""`tokenizers.normalizers`: refusals alone, since byte-level text is taken as it is."""

from __future__ import annotations

from bpe.compat.tokenizers.refusing import refused


def __getattr__(name: str) -> type:
    names = ("BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt")
    others = ("Normalizer", "Precompiled", "Prepend", "Replace", "Sequence", "Strip")
    return refused(__name__, name, (*names, *others, "StripAccents"))
