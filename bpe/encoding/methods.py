"""The methods of `Tokenizer` beyond those of `tiktoken.Encoding`, with what each of them promises.

Each is a few lines over the module that does the work. Their special tokens follow one policy,
`special`: "raise" (one in the text is an error), "text" (it is ordinary text), "all" or a set of
texts (these become their ids, another one is an error).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bpe.encoding.limits import Side
from bpe.special_tokens import SpecialPolicy, SpecialTokens, resolve_policy
from bpe.text import to_bytes

if TYPE_CHECKING:
    from os import PathLike

    import numpy as np
    import numpy.typing as npt

    from bpe.corpora.corpus import Source
    from bpe.encoding.batches import PaddedBatch, RaggedBatch
    from bpe.encoding.cutting import Cutter
    from bpe.encoding.files import EncodedFiles
    from bpe.encoding.offsets import EncodingWithOffsets
    from bpe.encoding.streaming import GrowingEncoding, StreamDecoder, StreamEncoder
    from bpe.encoding.unstable import UnstableEncoder
    from bpe.engines import Codec, EngineName, Progress
    from bpe.spec import TokenizerSpec
    from bpe.special_check import SpecialCheck

    Text = str | bytes | bytearray | memoryview


class EncodingMethods:
    """The part of `Tokenizer` that is built on encoding and decoding."""

    if TYPE_CHECKING:
        _spec: TokenizerSpec
        _engine: EngineName

        @property
        def _codec(self) -> Codec: ...
        @property
        def _special(self) -> SpecialCheck: ...
        @property
        def id_dtype(self) -> str: ...
        def decode_tokens_bytes(self, tokens: Iterable[int]) -> list[bytes]: ...
        def _check_special(
            self,
            text: Text,
            allowed_special: SpecialTokens,
            disallowed_special: SpecialTokens,
            special: SpecialPolicy | None = None,
        ) -> frozenset[str]: ...

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

    # ---- batches -----------------------------------------------------------------------------

    def encode_batch_to_ragged(
        self,
        texts: Iterable[Text],
        *,
        special: SpecialPolicy = "raise",
        num_threads: int | None = None,
    ) -> RaggedBatch:
        """Encode several texts, in parallel, into one array with the offsets of the texts.

        Raises:
            SpecialTokenError: As the policy says; the message names the text by its index.

        Time is that of `encode` for each text; no list is made.

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> batch = tok.encode_batch_to_ragged(["low", "", "lower"])
        >>> len(batch), batch.offsets.tolist(), tok.decode(batch[2])
        (3, [0, 1, 1, 4], 'lower')
        """
        from bpe.encoding.batches import RaggedBatch
        from bpe.threads import resolve_num_threads
        from bpe.tokenizer import documents_of_batch

        documents = documents_of_batch(texts)
        allowed, disallowed = resolve_policy(special, self._special.known)
        self._special.refuse_in_batch(documents, disallowed)
        threads = resolve_num_threads(num_threads)
        return RaggedBatch(*self._codec.encode_flat(documents, allowed, threads))

    def encode_batch_to_padded(
        self,
        texts: Iterable[Text],
        *,
        pad_id: int,
        pad_side: Side = "right",
        max_length: int | None = None,
        truncate_side: Side = "right",
        multiple_of: int = 1,
        dtype: npt.DTypeLike | None = None,
        special: SpecialPolicy = "raise",
        num_threads: int | None = None,
    ) -> PaddedBatch:
        """Encode several texts, in parallel, into a rectangle with a mask.

        It is as wide as the longest text, after truncation, rounded up.

        Args:
            texts: Any.
            pad_id: What stands where a text is shorter; any number that fits the dtype.
            pad_side: Where: "right" of the ids, or "left".
            max_length: Longer texts are cut to so many ids, plainly: what is left need not be
                whole characters (`truncate` first where it must).
            truncate_side: Where such a text is cut: its "right" end, or its "left".
            multiple_of: The width is rounded up to a multiple of this.
            dtype: Of the ids; default `id_dtype`, and "int64" for an embedding in torch.
            special: The policy of this module.
            num_threads: As in `encode_batch`.

        Raises:
            SpecialTokenError: As the policy says; the message names the text by its index.
            ValueError: A size is negative, a side is none, or `pad_id` does not fit the dtype.

        Time is that of `encode` for each text, and linear in the size of the result.

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> batch = tok.encode_batch_to_padded(["low low", "low"], pad_id=0, multiple_of=4)
        >>> batch.ids.shape, batch.attention_mask.sum(axis=1).tolist()
        ((2, 4), [2, 1])
        """
        from bpe.encoding.batches import pad

        return pad(
            self.encode_batch_to_ragged(texts, special=special, num_threads=num_threads),
            pad_id,
            side=pad_side,
            max_length=max_length,
            truncate_side=truncate_side,
            multiple_of=multiple_of,
            dtype=self.id_dtype if dtype is None else dtype,
        )

    # ---- files -------------------------------------------------------------------------------

    def encode_files(
        self,
        source: Source,
        out: str | PathLike[str],
        *,
        shard_tokens: int | None = None,
        end_of_document: str | None = None,
        special: SpecialPolicy = "text",
        num_threads: int | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> EncodedFiles:
        """Encode a corpus of any size straight to token files (`.bin`, docs/formats.md).

        Reading, encoding and writing overlap. The ids are those of `encode` for each document, the
        same for every number of threads; they take 16 bits if every id of the vocabulary fits.

        Args:
            source: As in `train`: a path, several, a folder, a glob, an iterable, a `bpe.Corpus`.
            out: The file, written complete or not at all; with `shard_tokens` a folder.
            shard_tokens: Write shards: each ends with the document (or, within a long text, the
                safe cut) that reaches so many ids. A call that was stopped is gone on with by the
                same call: complete shards stay, whatever files are read must be unchanged.
            end_of_document: A special token to put after each document.
            special: The policy of this module, but nothing can be an error here: "text", or "all",
                or every special token by name.
            num_threads: As in `encode_batch`.
            overwrite: Whether what is there may be replaced.
            progress: Called as progress("encoding", bytes read, bytes in all or 0).

        Raises:
            CorpusError: The source cannot be read, or holds no document.
            OutputExistsError: Something else is there and `overwrite` is not set.
            SpecialTokenError: The vocabulary has no such special token.
            OSError: The disk is full, and so on; no file is left under its name.

        Memory does not depend on the size of the source: some 100 MB, and the working memory of
        the threads. Only a text with no safe cut in it (an endless word; a pattern without a
        scanner) is held whole.

        >>> import bpe, tempfile
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = tok.encode_files(["low", "lower"], f"{folder}/a.bin")
        >>> done.num_documents, done.num_tokens, done.dtype
        (2, 4, 'uint16')
        """
        from bpe.encoding.files import Plan, allowed_by, write_file, write_shards

        tokenizer, allowed = cast("Any", self), allowed_by(special, self._special.known)
        plan = Plan.of(tokenizer, source, end_of_document, allowed, num_threads, progress)
        if shard_tokens is None:
            return write_file(plan, out, overwrite=overwrite)
        return write_shards(plan, Path(out), shard_tokens, overwrite=overwrite)

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

    # ---- helpers -----------------------------------------------------------------------------

    def _checked(self, text: Text, special: SpecialPolicy) -> tuple[bytes, frozenset[str]]:
        """Return the bytes of a text and the special tokens to recognise in it."""
        data = to_bytes(text)
        allowed, disallowed = resolve_policy(special, self._special.known)
        self._special.refuse(data, disallowed)
        return data, allowed

    def _cutter(self, special_tokens: frozenset[str]) -> Cutter:
        from bpe.encoding.cutting import Cutter

        return Cutter(self._engine, self._spec.pattern, special_tokens)

    @cached_property
    def _token_lengths(self) -> npt.NDArray[np.int64]:
        """How many bytes each id stands for, shape (n_vocab,); 0 for ids that are no token."""
        import numpy as np

        lengths = np.zeros(self._spec.n_vocab, np.int64)
        tokens: dict[int, Any] = dict(self._spec.id_to_bytes)
        tokens |= {id_: text.encode() for text, id_ in self._spec.special_tokens.items()}
        lengths[list(tokens)] = list(map(len, tokens.values()))
        return lengths

    @cached_property
    def _unstable_encoder(self) -> UnstableEncoder:
        from bpe.encoding.unstable import UnstableEncoder

        return UnstableEncoder(self._engine, self._spec, self._codec)
