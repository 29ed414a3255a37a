"""A memory limit: how it is read, and how counting keeps within it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import bpe
from bpe.engines import StoredCounts
from bpe.errors import TrainingError
from bpe.memory import CountingShare, parse_memory


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1), ("7 kB", 7000), ("7KB", 7000), ("7KiB", 7168), ("2Gi", 2**31), ("0.5M", 500_000)],
)
def test_a_limit_is_a_number_with_a_unit(text: str, expected: int) -> None:
    assert expected == parse_memory(text)


@pytest.mark.parametrize("bad", ["", "MB", "-1", "1e9", "3 XB", "1i", 0, -5, True, 1.5, None, b"3"])
def test_what_is_no_limit_is_refused(bad: object) -> None:
    with pytest.raises(TrainingError, match="memory_limit must be"):
        parse_memory(bad)  # type: ignore[arg-type]


def test_a_limit_too_small_says_the_smallest_that_would_do() -> None:
    with pytest.raises(TrainingError, match=r"smallest that would do is \d+ bytes") as caught:
        bpe.count(["a"], memory_limit="1MB")
    smallest = int(str(caught.value).split()[-2])
    assert 1 == CountingShare.of(smallest, 8).num_threads
    assert [(b"a", 1)] == bpe.count(["a"], memory_limit=smallest).items()
    with pytest.raises(TrainingError):
        bpe.count(["a"], memory_limit=smallest - 1)


def test_the_limit_never_changes_the_counts(tmp_path: Path, engine: str) -> None:
    texts = [f"word{i} the same {i % 7}\n" for i in range(1000)]
    (tmp_path / "a.txt").write_text("".join(texts))
    for source in (texts, tmp_path / "a.txt"):
        expected = bpe.count(source, engine=engine)
        for threads in (1, 3):
            counts = bpe.count(source, memory_limit="32MiB", num_threads=threads, engine=engine)
            assert expected == counts


def spilled(folder: Path) -> bpe.PretokenCounts:
    texts = (f"{i * 7919:x}" for i in range(100_000))
    return bpe.count(texts, pattern=None, memory_limit="21MiB", spill_folder=folder, num_threads=1)


def test_what_does_not_fit_goes_to_the_folder_and_is_removed_with_the_counts(
    tmp_path: Path,
) -> None:
    counts = spilled(tmp_path)
    assert isinstance(counts.table, StoredCounts)
    assert 1 == len(list(tmp_path.glob("bpe-spill-*/*")))
    assert len(counts) == counts.total == 100_000
    tokenizer = bpe.train(counts, 300)
    counts.save(tmp_path / "saved")
    del counts
    assert ["saved"] == [path.name for path in tmp_path.iterdir()]
    assert tokenizer == bpe.train(bpe.PretokenCounts.load(tmp_path / "saved"), 300)


def test_a_failing_source_leaves_no_folder(tmp_path: Path) -> None:
    def texts():  # type: ignore[no-untyped-def]
        yield "a"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bpe.count(texts(), memory_limit="64MB", spill_folder=tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_missing_spill_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        bpe.count(["a"], memory_limit="64MB", spill_folder=tmp_path / "nowhere")


@pytest.mark.skipif(os.name != "posix", reason="limits of the size of a file are POSIX")
def test_a_full_disk_names_the_folder_and_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import bpe, resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "texts = (f'{i * 7919:x}' for i in range(100_000))\n"
        "try:\n"
        "    bpe.count(texts, pattern=None, memory_limit='21MiB', spill_folder=sys.argv[1])\n"
        "except OSError as error:\n"
        "    print(error.filename)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert str(tmp_path) in done.stdout
    assert [] == list(tmp_path.iterdir())
