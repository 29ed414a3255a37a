"""The methods of `Tokenizer` for many texts: batches to arrays, corpora to files.

`special` is the policy of `text_methods.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bpe.encoding.face import Face
from bpe.special_tokens import SpecialPolicy, resolve_policy

if TYPE_CHECKING:
    from os import PathLike

    import numpy.typing as npt

    from bpe.corpora.corpus import Source
    from bpe.encoding.batches import PaddedBatch, RaggedBatch
    from bpe.encoding.files import EncodedFiles
    from bpe.encoding.limits import Side
    from bpe.engines import Progress
    from bpe.text import Text


class CorpusMethods(Face):
    """The part of `Tokenizer` that takes many texts."""

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
        dtype: str | None = None,
        header: bool = True,
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
            dtype: "uint16" or "uint32", for a reader that wants one; default `id_dtype`.
            header: False for bare ids, as `numpy.fromfile` and other tools read them: one file,
                without a word on whose ids they are.
            special: The policy of this module, but nothing can be an error here: "text", or "all",
                or every special token by name.
            num_threads: As in `encode_batch`.
            overwrite: Whether what is there may be replaced.
            progress: Called as progress("encoding", bytes read, bytes in all or 0).

        Raises:
            CorpusError: The source cannot be read, or holds no document.
            OutputExistsError: Something else is there and `overwrite` is not set.
            SpecialTokenError: The vocabulary has no such special token.
            ValueError: The dtype is too small, or shards are wanted without headers.
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
        plan = Plan.of(tokenizer, source, end_of_document, allowed, num_threads, progress, dtype)
        if shard_tokens is None:
            return write_file(plan, out, overwrite=overwrite, header=header)
        if not header:
            raise ValueError(
                "shards say in their headers whose ids they are: header=False is for one file"
            )
        return write_shards(plan, Path(out), shard_tokens, overwrite=overwrite)
