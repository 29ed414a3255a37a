"""Which sources are counts already, so that nothing needs to be counted."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from bpe.corpora.corpus import Corpus
from bpe.counts import PretokenCounts
from bpe.counts_header import is_counts_file
from bpe.engines import EngineName
from bpe.errors import CorpusError, TrainingError
from bpe.patterns import Pattern


def counts_of(source: Any, engine: EngineName) -> PretokenCounts | None:
    """Return the counts that a source is: counts, a counts file, or several, which add up.

    Files are recognised by their content. One alone stays on the disk (`PretokenCounts.open`).

    Raises:
        CorpusError: Some of several files are counts files and others are not.
        FormatError: A counts file is damaged.
        TrainingError: Several do not belong together.
    """
    if isinstance(source, PretokenCounts):
        return source
    paths = paths_of(source)
    stored = [path for path in paths if path.is_file() and is_counts_file(path)]
    if not stored:
        return None
    if len(stored) < len(paths):
        other = next(path for path in paths if path not in stored)
        raise CorpusError(
            f"{stored[0]} is a counts file, and {other} is none; count the texts first, then "
            "train on all the counts together"
        )
    if isinstance(source, Corpus) and source != Corpus(source.source):
        raise CorpusError(
            f"{stored[0]} is a counts file; how text is read (fields, separators, samples, weights "
            "and so on) was decided when it was counted"
        )
    counts = PretokenCounts.open(stored[0], engine=engine)
    for path in stored[1:]:
        counts += PretokenCounts.open(path, engine=engine)
    return counts


def check_pattern(counts: PretokenCounts, pattern: Pattern) -> None:
    """Refuse counts that were made with another pattern.

    Raises:
        TrainingError: They were; the message names theirs.
    """
    if counts.pattern.stages != pattern.stages:
        theirs = counts.pattern.name or list(counts.pattern.stages) or None
        raise TrainingError(
            f"the counts were made with another pattern than the one given; theirs is {theirs!r}: "
            "give that, or count the text again"
        )


def paths_of(source: Any) -> list[Path]:
    """Return the files that a source names one by one."""
    if isinstance(source, Corpus):
        return paths_of(source.source)
    if isinstance(source, str | PathLike):
        return [Path(source)]
    if isinstance(source, list | tuple) and all(isinstance(each, PathLike) for each in source):
        return [Path(each) for each in source]
    return []  # texts, or an iterator that must not be used up here
