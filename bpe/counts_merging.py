"""Add up counts files of many machines, in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from bpe.counts import PretokenCounts
from bpe.counts_header import CountsHeader
from bpe.engines import EngineName, Progress, StoredCounts, get_engine
from bpe.errors import TrainingError
from bpe.files import StrPath, open_for_writing

#: So many files are open at once; more are merged in several rounds.
MAX_OPEN_FILES = 64


def merge_counts(
    paths: Sequence[str | PathLike[str]],
    output: str | PathLike[str],
    *,
    min_frequency: int = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
    engine: EngineName = "native",
) -> PretokenCounts:
    """Add up counts files and write the sum, which may be larger than the memory.

    Args:
        paths: Counts files, made with the same pattern, special tokens and Unicode version.
        output: The counts file to write; it may be one of `paths` if `overwrite` is set.
        min_frequency: Leave out the pretokens that occur less often in all files together.
        overwrite: Whether a file that is there may be replaced.
        progress: Called as progress(phase, done, total) about 20 times a second.
        engine: "native" or "reference"; the reference holds everything in memory.

    Returns:
        The sum, still on the disk (see `PretokenCounts.open`).

    Raises:
        TrainingError: The files do not belong together, or a sum leaves 64 bits.
        FormatError: A file is damaged or no counts file; the message names the offset.
        OutputExistsError: The output is there and `overwrite` is not set.

    >>> import bpe, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in [("a", "to be"), ("b", "be")]:
    ...         bpe.count([text], pattern="gpt2", num_threads=1).save(f"{folder}/{name}")
    ...     bpe.merge_counts([f"{folder}/a", f"{folder}/b"], f"{folder}/sum").items()
    [(b' be', 1), (b'be', 1), (b'to', 1)]
    """
    if isinstance(paths, str | PathLike) or not paths:
        raise TrainingError(f"paths must be several counts files, not {paths!r}; give a list")
    if not isinstance(min_frequency, int) or isinstance(min_frequency, bool) or min_frequency < 1:
        raise TrainingError(
            f"min_frequency must be an integer of at least 1, not {min_frequency!r}"
        )
    header = _common_header(paths, engine)
    merge = _Merge(header, engine, progress)
    with tempfile.TemporaryDirectory(prefix="bpe-merge-") as folder:
        rounds, rest = 0, [Path(path) for path in paths]
        while len(rest) > MAX_OPEN_FILES:
            partial = Path(folder, str(rounds))
            merge.write(rest[:MAX_OPEN_FILES], partial, 1, overwrite=False)
            rest = [*rest[MAX_OPEN_FILES:], partial]
            rounds += 1
        merge.write(rest, output, min_frequency, overwrite=overwrite)
    return PretokenCounts.open(output, engine=engine)


class _Merge:
    def __init__(self, header: CountsHeader, engine: EngineName, progress: Progress | None) -> None:
        self._header = header
        self._engine: EngineName = engine
        self._progress = progress

    def write(
        self, paths: Sequence[Path], output: StrPath, min_frequency: int, *, overwrite: bool
    ) -> None:
        files: list[StoredCounts] = []
        for path in paths:
            table = PretokenCounts.open(path, engine=self._engine).table
            assert isinstance(table, StoredCounts), "opened counts stay on the disk"
            files.append(table)
        data, crc = self._header.pack()
        with open_for_writing(output, overwrite) as file:
            file.write(data)
            file.flush()
            get_engine(self._engine).merge_counts(
                files, min_frequency, file, str(output), crc, self._progress
            )


def _common_header(paths: Sequence[str | PathLike[str]], engine: EngineName) -> CountsHeader:
    first, *others = paths
    header = PretokenCounts.open(first, engine=engine).header
    for path in others:
        header.check_adds_up(PretokenCounts.open(path, engine=engine).header, f"{path} has")
    return header
