"""bpe/training_checkpoint.py: a training stopped anywhere goes on as if it had not been."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

import bpe
from bpe.errors import CheckpointError
from bpe.request import Request
from bpe.testing.random_inputs import random_bytes
from bpe.training_checkpoint import TrainingCheckpoint, fingerprint

TEXTS = ["the cat sat on the mat, catalogued", "the hat of the cat and the dog"] * 3


def documents(seed: int, number: int = 60) -> list[bytes]:
    random = Random(seed)
    return [random_bytes(random) + b" of the cat" for _ in range(number)]


def cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


@pytest.mark.parametrize("options", [
    {}, {"tie_break": "bytes_max", "min_frequency": 2}, {"forbidden_tokens": [" the"]},
    {"superword_from": 290}, {"required_tokens": ["dogs"], "max_token_bytes": 5},
])  # fmt: skip
def test_whatever_is_left_of_the_merges_the_result_is_the_same(
    engine: str, tmp_path: Path, options: dict
) -> None:
    texts = documents(1)
    expected = bpe.train(texts, 310, engine=engine, **options)
    folder = tmp_path / "checkpoint"
    assert expected == bpe.train(texts, 310, engine=engine, checkpoint=folder, **options)
    whole = (folder / "merges.txt").read_bytes()
    for size in (0, 1, 2, len(whole) // 3, len(whole) // 2, len(whole) - 1, len(whole)):
        shutil.copytree(folder, tmp_path / str(size))
        cut(tmp_path / str(size) / "merges.txt", size)
        resumed = bpe.train(texts, 310, engine=engine, checkpoint=tmp_path / str(size), **options)
        assert expected == resumed


def test_training_goes_on_from_every_merge(engine: str, tmp_path: Path) -> None:
    texts = documents(2, 20)
    expected = bpe.train(texts, 300, engine=engine)
    pairs = [(m.left, m.right) for m in expected.spec.merges]
    bpe.train(texts, 258, engine=engine, checkpoint=tmp_path / "start")
    (tmp_path / "start" / "merges.txt").unlink()
    for number in range(0, len(pairs) + 1, 3):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "start", folder)
        request = Request(pattern=bpe.Pattern.of("o200k")).describe()
        with TrainingCheckpoint(folder, request | {"source": fingerprint(texts)}) as checkpoint:
            checkpoint.add(pairs[:number])
        assert expected == bpe.train(texts, 300, engine=engine, checkpoint=folder)


def test_a_checkpoint_serves_smaller_and_larger_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    for size in (270, 280, 265):
        resumed = bpe.train(TEXTS, size, checkpoint=folder)
        assert bpe.train(TEXTS, size) == resumed


def test_what_was_counted_is_not_counted_again(tmp_path: Path) -> None:
    bpe.train(TEXTS, 265, checkpoint=tmp_path / "checkpoint")
    phases: set[str] = set()
    bpe.train(
        TEXTS, 275, checkpoint=tmp_path / "checkpoint", progress=lambda *step: phases.add(step[0])
    )
    assert {"merging"} == phases


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"pattern": "gpt2"}, "pattern"),
        ({"special_tokens": ["<|x|>"]}, "special_tokens"),
        ({"tie_break": "bytes_min"}, "tie_break"),
        ({"min_frequency": 2}, "min_frequency"),
        ({"max_token_bytes": 9}, "max_token_bytes"),
        ({"forbidden_tokens": ["at"]}, "forbidden_tokens"),
        ({"superword_from": 270}, "superwords"),
        ({"source": TEXTS[1:]}, "source"),
        ({"source": bpe.count(TEXTS)}, "source"),
    ],
)
def test_another_request_is_refused_by_name(tmp_path: Path, options: dict, name: str) -> None:
    bpe.train(TEXTS, 270, checkpoint=tmp_path / "checkpoint")
    request = {"source": TEXTS, "vocab_size": 280, **options}
    with pytest.raises(CheckpointError, match=f"another training: its {name} was"):
        bpe.train(request.pop("source"), checkpoint=tmp_path / "checkpoint", **request)


def test_a_checkpoint_that_asked_for_something_unknown_is_refused_by_name(tmp_path: Path) -> None:
    checkpoint, corpus = tmp_path / "checkpoint", bpe.Corpus(TEXTS)
    bpe.train(corpus, 270, checkpoint=checkpoint)
    path = checkpoint / "request.json"
    request = json.loads(path.read_bytes())
    request["request"]["source"]["colour"] = "red"
    path.write_text(json.dumps(request))
    with pytest.raises(CheckpointError, match="its colour was 'red', not None"):
        bpe.train(corpus, 270, checkpoint=checkpoint)


def test_a_file_more_in_a_folder_is_another_corpus(tmp_path: Path) -> None:
    texts, checkpoint = tmp_path / "texts", tmp_path / "checkpoint"
    texts.mkdir()
    (texts / "a.txt").write_text(TEXTS[0])
    bpe.train(bpe.Corpus(texts), 270, checkpoint=checkpoint)
    bpe.train(bpe.Corpus(texts), 270, checkpoint=checkpoint)
    (texts / "b.txt").write_text(TEXTS[0])
    with pytest.raises(CheckpointError, match=r"its source was .*a\.txt.*, not .*b\.txt"):
        bpe.train(bpe.Corpus(texts), 270, checkpoint=checkpoint)
    with pytest.raises(CheckpointError, match="its weight was 1, not 2; give"):
        bpe.train(bpe.Corpus(texts / "a.txt", weight=2), 270, checkpoint=checkpoint)


def test_another_base_is_refused(tmp_path: Path) -> None:
    base = bpe.train(TEXTS, 262)
    bpe.train(TEXTS, 270, base=base, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(CheckpointError, match="its base was"):
        bpe.train(TEXTS, 270, base=bpe.train(TEXTS, 263), checkpoint=tmp_path / "checkpoint")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".bpe-1.tmp").write_text("of another process")
    with pytest.raises(CheckpointError, match=r"holds 'notes.txt' and no request.json"):
        bpe.train(TEXTS, 270, checkpoint=tmp_path)
    assert {".bpe-1.tmp", "notes.txt"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    "damaged",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"format": "chimera-bpe training checkpoint", "version": 1}',
        '{"format": "chimera-bpe training checkpoint", "version": 1, "request": 5}',
    ],
    ids=["cut", "list", "deep", "nothing", "number"],
)
def test_a_damaged_request_is_refused(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "request.json").write_text(damaged)
    with pytest.raises(CheckpointError, match=r"request.json is damaged"):
        bpe.train(TEXTS, 270, checkpoint=tmp_path)


def test_damage_inside_the_merges_costs_time_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    expected = bpe.train(TEXTS, 280, checkpoint=folder)
    path = folder / "merges.txt"
    for place in range(0, path.stat().st_size, 7):
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        path.write_bytes(data)
        assert expected == bpe.train(TEXTS, 280, checkpoint=folder)


_TRAIN = """
import os, signal, sys, bpe
from bpe import training_checkpoint
from random import Random

training_checkpoint._SECONDS_BETWEEN = 0.0  # write whenever merges are reported
num_left, fsync = int(sys.argv[2]), os.fsync

def fsync_or_die(descriptor):
    global num_left
    num_left -= 1
    if num_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(descriptor)

os.fsync = fsync_or_die
random = Random(5)
words = [random.randbytes(12).hex() for _ in range(5_000)]
text = " ".join(random.choices(words, k=15_000))
print(bpe.train([text], 20_000, checkpoint=sys.argv[1]).content_hash)
"""


def test_a_training_that_was_killed_gives_the_uninterrupted_result(tmp_path: Path) -> None:
    """Each time it dies one step later, with a file half seen to the disk."""

    def train(folder: Path, num_fsync: int) -> subprocess.CompletedProcess[str]:
        root = Path(__file__).resolve().parents[2]
        return subprocess.run(
            [sys.executable, "-c", _TRAIN, str(folder), str(num_fsync)],
            capture_output=True, text=True, check=False, cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )  # fmt: skip

    expected = train(tmp_path / "whole", 0)
    assert 0 == expected.returncode, expected.stderr
    for number in (1, 2, 1, 2, 1):  # request, its folder, counts, their folder, merges
        assert -signal.SIGKILL == train(tmp_path / "killed", number).returncode
    assert expected.stdout == train(tmp_path / "killed", 0).stdout
    names = {path.name for path in (tmp_path / "killed").iterdir()}
    assert {"request.json", "counts", "merges.txt"} == names
