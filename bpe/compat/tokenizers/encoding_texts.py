"""Texts to encodings with offsets and word ids, as `tokenizers` gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpe.compat.tokenizers.encodings import Encoding
from bpe.encoding.offsets import spans_of
from bpe.engines import get_engine
from bpe.special_tokens import cut_at_special_tokens
from bpe.text import to_bytes
from bpe.tokenizer import Tokenizer


class TextEncoder:
    """Encodes the texts of one call."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        id_to_token: Mapping[int, str],
        add_prefix_space: bool,
        finds_special_tokens: bool,
    ) -> None:
        """Look up once what every text needs."""
        self._tokenizer, self._id_to_token = tokenizer, id_to_token
        self._prefix = add_prefix_space
        self._specials = tokenizer.spec.special_tokens if finds_special_tokens else {}

    def encode_item(self, item: Any, is_pretokenized: bool) -> list[Encoding]:
        """Return the encoding of a text, or the two of a pair."""
        kind: Any = (list, tuple) if is_pretokenized else str
        is_text = is_words(item) if is_pretokenized else isinstance(item, str)
        texts = [item] if is_text else item
        if not isinstance(texts, (list, tuple)) or not 1 <= len(texts) <= 2:
            raise TypeError(f"a text or a pair of texts is needed, not {item!r}")
        for text in texts:
            if not isinstance(text, kind):
                what = "words, as a list" if is_pretokenized else "a str"
                raise TypeError(f"a text must be {what}, not {type(text).__name__}")
        return [
            self._encode_words(text) if is_pretokenized else self._encode_text(text)
            for text in texts
        ]

    def _encode_words(self, words: Sequence[str]) -> Encoding:
        parts = []
        for index, word in enumerate(words):
            part = self._encode_text(word)
            part.word_ids = [index] * len(part)
            parts.append(part)
        return Encoding.merge(parts, growing_offsets=False)

    def _encode_text(self, text: str) -> Encoding:
        encoding = Encoding([], [], [], [])
        base = word = 0
        for part, special in cut_at_special_tokens(to_bytes(text), self._specials):
            if part:
                ids, spans, words = self._encode_part(part)
                encoding.ids += ids
                encoding.offsets += [(start + base, end + base) for start, end in spans]
                encoding.word_ids += [word + index for index in words]
                base, word = base + len(part.decode()), word + max(words) + 1
            if special is not None:
                encoding.ids.append(self._specials[special])
                encoding.offsets.append((base, base + len(special)))
                encoding.word_ids.append(word)
                base, word = base + len(special), word + 1
        tokens = [self._id_to_token[id_] for id_ in encoding.ids]
        return Encoding(encoding.ids, tokens, encoding.offsets, encoding.word_ids)

    def _encode_part(self, part: bytes) -> tuple[list[int], list[tuple[int, int]], list[int]]:
        """Return ids, spans in characters and words of what stands between special tokens."""
        import numpy as np

        added = self._prefix and not part.startswith(b" ")
        data = b" " + part if added else part
        ids = self._tokenizer.encode_ordinary(data)
        sizes = self._tokenizer._token_lengths[ids]
        _, spans = spans_of(data, sizes)
        if added:  # the space that was put there stands for the first character
            spans = [(max(0, start - 1), max(1, end - 1)) for start, end in spans]
        pretokens = get_engine(self._tokenizer.engine).split(data, self._tokenizer.spec.pattern)
        word_ends = np.cumsum([len(pretoken) for pretoken in pretokens])
        starts = np.cumsum(sizes) - sizes
        return ids, spans, np.searchsorted(word_ends, starts, side="right").tolist()


def is_words(item: Any) -> bool:
    """Return whether it is a text that is cut into words."""
    return isinstance(item, (list, tuple)) and all(isinstance(word, str) for word in item)
