"""`tokenizers.models`: BPE, and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpe.compat.tokenizers.refusing import refuse, refused


class BPE:
    """The model of a byte-level BPE: a vocabulary and merges, or nothing before training.

    `unk_token` is taken and has no effect: every byte is a token, so nothing is unknown.
    """

    def __init__(
        self,
        vocab: Mapping[str, int] | None = None,
        merges: Sequence[tuple[str, str]] | None = None,
        cache_capacity: int | None = None,
        dropout: float | None = None,
        unk_token: str | None = None,
        continuing_subword_prefix: str | None = None,
        end_of_word_suffix: str | None = None,
        fuse_unk: bool | None = None,
        byte_fallback: bool = False,
        ignore_merges: bool = False,
    ) -> None:
        """Make a model; the arguments are those of `tokenizers.models.BPE`."""
        if dropout:
            refuse("BPE(dropout=...) (bpe.Tokenizer.encode_with_dropout takes a seed)")
        if continuing_subword_prefix:
            refuse("BPE(continuing_subword_prefix=...)")
        if end_of_word_suffix:
            refuse("BPE(end_of_word_suffix=...)")
        if byte_fallback:
            refuse("BPE(byte_fallback=True)")
        if (vocab is None) != (merges is None):
            raise ValueError("give both vocab and merges, or neither")
        self.vocab: dict[str, int] = dict(vocab or {})
        self.merges = [tuple(pair) for pair in merges or ()]
        self.unk_token = unk_token
        self.ignore_merges = ignore_merges

    @staticmethod
    def read_file(vocab: str, merges: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
        """Read `vocab.json` and `merges.txt`."""
        import json
        from pathlib import Path

        lines = Path(merges).read_text("utf-8").split("\n")
        pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
        return json.loads(Path(vocab).read_bytes()), [(left, right) for left, right in pairs]

    @classmethod
    def from_file(cls, vocab: str, merges: str, **options: Any) -> BPE:
        """Make a model of `vocab.json` and `merges.txt`."""
        entries, pairs = cls.read_file(vocab, merges)
        return cls(entries, pairs, **options)

    def __repr__(self) -> str:
        return f"BPE({len(self.vocab)} tokens, {len(self.merges)} merges)"


def __getattr__(name: str) -> type:
    return refused(__name__, name, ("Unigram", "WordLevel", "WordPiece", "Model"))
