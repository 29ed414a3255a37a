"""The methods of `Tokenizer` for one text, beyond those of `tiktoken`, with what each promises.

Each is a few lines over the module that does the work. Their special tokens follow one policy,
`special`: "raise" (one in the text is an error), "text" (it is ordinary text), "all" or a set of
texts (these become their ids, another one is an error).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bpe.encoding.face import Face
from bpe.special_tokens import SpecialPolicy, SpecialTokens, resolve_policy
from bpe.text import to_bytes

if TYPE_CHECKING:
    from bpe.encoding.limits import Side
    from bpe.encoding.offsets import EncodingWithOffsets
    from bpe.encoding.streaming import GrowingEncoding, StreamDecoder, StreamEncoder
    from bpe.text import Text


class TextMethods(Face):
    """The part of `Tokenizer` that takes one text."""

    # ---- limits ------------------------------------------------------------------------------

    def truncate(
        self,
        text: Text,
        max_tokens: int,
        *,
        side: Side = "right",
        special: SpecialPolicy = "raise",
    ) -> str | bytes:
        """Return as much of the text as fits into a budget of tokens.

        What is returned begins (or, with side="left", ends) like the text, ends at the end of one
        of its tokens, holds no part of a character, and encodes to at most `max_tokens` ids.
        Exactly: docs/spec.md, "Truncation".

        Args:
            text: Any str or bytes; the result is of the same type (bytes for what is no str).
            max_tokens: The budget, 0 or more.
            side: What is cut off: the "right" end, or the "left" one.
            special: The policy of this module.

        Raises:
            SpecialTokenError: As the policy says.
            ValueError: The budget is negative, or the side is none.

        Only as much is encoded as the budget needs, and what safe cuts add;
        on no text more than the text, a logarithm of times.

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> tok.truncate("lower lowest low", 3), tok.truncate("lower lowest low", 4, side="left")
        ('lower', 'er lowest low')
        """
        from bpe.encoding.limits import check_limit, truncate

        check_limit("max_tokens", max_tokens)
        data, allowed = self._checked(text, special)
        cutter, lengths = self._cutter(allowed), self._token_lengths
        kept = truncate(self._codec, cutter, data, allowed, max_tokens, side, lengths)
        return kept.decode() if isinstance(text, str) else kept

    # ---- offsets -----------------------------------------------------------------------------

    def encode_with_offsets(
        self, text: Text, *, special: SpecialPolicy = "raise"
    ) -> EncodingWithOffsets:
        """Encode a text, and tell where each token stands in it, in bytes and in characters.

        Positions are those in the text as it is encoded: two surrogates that are one character
        count as one.

        Raises:
            SpecialTokenError: As the policy says.

        Time is that of `encode`, and linear.

        >>> import bpe
        >>> tok = bpe.train(["low"], 257, num_threads=1)
        >>> tok.encode_with_offsets("aï").char_spans
        [(0, 1), (1, 2), (1, 2)]
        """
        from bpe.encoding.offsets import EncodingWithOffsets, spans_of

        data, allowed = self._checked(text, special)
        ids = self._codec.encode(data, allowed)
        return EncodingWithOffsets(ids, *spans_of(data, self._token_lengths[ids]))

    def decode_with_offsets(self, tokens: Iterable[int]) -> tuple[str, list[int]]:
        """Decode ids to text and the character offset at which each token starts.

        A token that starts inside a character takes that character's offset.

        Raises:
            UnicodeDecodeError: The bytes are not valid UTF-8.
        """
        from bpe.encoding.offsets import text_and_offsets

        return text_and_offsets(self.decode_tokens_bytes(tokens))

    # ---- streams -----------------------------------------------------------------------------

    def stream_encoder(self, *, special: SpecialPolicy = "raise") -> StreamEncoder:
        """Return an encoder for a text that comes in pieces.

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> stream = tok.stream_encoder()
        >>> ids = [*stream.feed("lower lo"), *stream.feed("west"), *stream.finish()]
        >>> ids == tok.encode("lower lowest")
        True
        """
        from bpe.encoding.streaming import StreamEncoder, moved, no_check
        from bpe.errors import SpecialTokenError

        allowed, disallowed = resolve_policy(special, self._special.known)

        def check(data: bytes, offset: int) -> None:
            try:
                self._special.refuse(data, disallowed)
            except SpecialTokenError as error:
                raise moved(error, offset) from None

        cutter = self._cutter(allowed | disallowed)
        return StreamEncoder(self._codec, cutter, allowed, check if disallowed else no_check)

    def stream_decoder(self, errors: str = "replace") -> StreamDecoder:
        """Return a decoder for ids that come one by one; it never gives half a character.

        Args:
            errors: As in `decode`.

        >>> import bpe
        >>> tok = bpe.train(["low"], 257, num_threads=1)
        >>> stream = tok.stream_decoder()
        >>> [stream.feed(id_) for id_ in "né".encode()], stream.finish()
        (['n', '', 'é'], '')
        """
        from bpe.encoding.streaming import StreamDecoder

        return StreamDecoder(self._codec, errors)

    def growing_encoding(self, *, special: SpecialPolicy = "raise") -> GrowingEncoding:
        """Return an encoding to which text is appended, and whose ids are known at any moment.

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> encoding = tok.growing_encoding()
        >>> encoding.append("lower lo"); encoding.append("west")
        >>> len(encoding), encoding.ids == tok.encode("lower lowest")
        (4, True)
        """
        from bpe.encoding.streaming import GrowingEncoding

        return GrowingEncoding(self.stream_encoder(special=special))

    # ---- other ids for the same text -----------------------------------------------------------

    def encode_with_unstable(
        self,
        text: Text,
        *,
        allowed_special: SpecialTokens = frozenset(),
        disallowed_special: SpecialTokens = "all",
        special: SpecialPolicy | None = None,
    ) -> tuple[list[int], list[list[int]]]:
        """Encode to the ids that no further text changes, and what could follow them.

        As in `tiktoken`, which finds the completions by brute force: every token that begins with
        an end of the last pretoken is tried. That is the time of encoding that pretoken as often;
        for a long run of one character it is quadratic. The completions are sorted.

        Raises:
            SpecialTokenError: As `encode`.
        """
        data = to_bytes(text)
        allowed = self._check_special(data, allowed_special, disallowed_special, special)
        return self._unstable_encoder.encode(data, allowed)

    def encode_with_dropout(
        self,
        text: Text,
        probability: float,
        *,
        seed: int,
        special: SpecialPolicy = "raise",
    ) -> list[int]:
        """Encode with merges left out by chance, so that a model sees a word in many forms.

        BPE-dropout (arXiv 1910.13267). Equal seeds give equal ids, on every machine and engine;
        probability 0 gives those of `encode`, and 1 single bytes. Exactly: docs/spec.md.

        Args:
            text: Any.
            probability: That a merge is left out when its turn comes; 0.1 is common.
            seed: 0 to 2^64 - 1.
            special: The policy of this module.

        Raises:
            SpecialTokenError: As the policy says.
            ValueError: The probability or the seed is out of range.

        Time is O(n log n + n p / (1 - p)) for a pretoken of n bytes, at most O(n²).

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> len(tok.encode("lowest")), len(tok.encode_with_dropout("lowest", 1.0, seed=7))
        (3, 6)
        """
        if not 0 <= probability <= 1:
            raise ValueError(f"the probability must be between 0 and 1, not {probability!r}")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise ValueError(f"the seed must be an int from 0 to 2^64 - 1, not {seed!r}")
        data, allowed = self._checked(text, special)
        return self._codec.encode_with_dropout(data, allowed, float(probability), seed)
