"""Frozen pretokens: what texts have in common, encoded once and kept beside the tokenizer.

The first time that a word is met it has to be merged, which takes fifty times as long as any later
time. `Tokenizer.warm` learns the most frequent words of a corpus; our folder format keeps them in a
file, which processes that load the folder map and share. Ids never depend on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from bpe.encoding.face import Face
from bpe.errors import BPEError, FormatError

if TYPE_CHECKING:
    from mmap import mmap

    from bpe.corpora.corpus import Source
    from bpe.counts import PretokenCounts
    from bpe.engines import Progress

FILE_NAME = "pretokens.bin"  # as in bpe/formats/directory.py

#: What a memo takes over at most; more of them would crowd out the words of the text.
MAX_PRETOKENS = 2**17


class FrozenMethods(Face):
    """The part of `Tokenizer` that knows words before it meets them."""

    _frozen: bytes | mmap | None = None
    _num_frozen = 0

    @property
    def num_frozen_pretokens(self) -> int:
        """How many pretokens `warm`, or the folder that was loaded, made known."""
        return self._num_frozen

    def warm(
        self,
        source: Source | PretokenCounts,
        *,
        max_pretokens: int = MAX_PRETOKENS,
        num_threads: int | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn the most frequent pretokens of a corpus, so that new texts like it encode faster.

        Ids stay the same. `save` to our folder format keeps what was learned, and `load` maps it;
        other formats have no place for it, and pickles and copies do without.

        Args:
            source: As in `bpe.train`, or the counts that a training was made of; text like what
                will be encoded. The more of it the better: 100 MB is not too much.
            max_pretokens: How many are learned, the most frequent first; about 20 bytes each.
            num_threads: For counting, as in `bpe.count`.
            progress: For counting, as in `bpe.count`.

        Returns:
            This tokenizer.

        Raises:
            TrainingError: Counts were made with another pattern.
            CorpusError: The source cannot be read.
            ValueError: `max_pretokens` is negative, or the engine is the reference, which
                remembers nothing.

        Time is that of counting, and about a microsecond for each pretoken that is learned.

        >>> import bpe
        >>> tok = bpe.train(["low lower lowest"] * 9, 264, num_threads=1)
        >>> tok.warm(["lower and lowest"], num_threads=1).num_frozen_pretokens
        3
        """
        from bpe.counting import count
        from bpe.counts import PretokenCounts
        from bpe.counts_sources import check_pattern

        if self._engine != "native":
            raise ValueError(f"the {self._engine} engine remembers no pretokens; take the native")
        if max_pretokens < 0:
            raise ValueError(f"max_pretokens must be at least 0, not {max_pretokens}")
        if isinstance(source, PretokenCounts):
            counts = source
            check_pattern(counts, self._spec.pattern)
        else:
            counts = count(
                source,
                pattern=self._spec.pattern,
                special_tokens=self._spec.special_tokens,
                num_threads=num_threads,
                progress=progress,
            )
        pretokens = [pretoken for pretoken, _ in counts.top(max_pretokens)]
        self._use_frozen(self._codec.freeze(pretokens, self._spec.content_hash))
        return self

    def _use_frozen(self, image: bytes | mmap) -> None:
        self._num_frozen = self._codec.use_frozen(image, self._spec.content_hash)
        self._frozen = image

    def _load_frozen(self, folder: Path) -> Self:
        """Map the file of a folder, if there is one and the engine can use it."""
        path = folder / FILE_NAME
        if self._engine == "native" and path.exists():
            try:
                self._use_frozen(map_file(path))
            except BPEError as error:
                raise FormatError(
                    f"{path}: {error}; delete it to do without, or warm the tokenizer and save it "
                    "again"
                ) from None
        return self


def map_file(path: Path) -> bytes | mmap:
    """Map a file for reading; processes that do so share its memory.

    It must not be changed in place meanwhile. `bpe` never does: it puts a new file in its place.
    """
    from mmap import ACCESS_READ, mmap

    with path.open("rb") as file:
        if not path.stat().st_size:
            return b""  # which cannot be mapped
        return mmap(file.fileno(), 0, access=ACCESS_READ)
