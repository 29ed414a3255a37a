"""chimera-bpe, native engine, with pretokens frozen from the rest of the corpus.

None of what is encoded is in the text that they come from. They are counted and frozen in another
process, before anything is timed; this one loads the folder that it wrote.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpe
from benchmarks.contestants.ours import MODULES as MODULES
from benchmarks.contestants.ours import version as version
from benchmarks.corpora import ROOT, SEPARATOR, rest_of


def encoder(job: dict[str, Any]) -> Callable[[Any], Any]:
    """Encode into an array."""
    assert job["form"] == "numpy", "the other forms have no such contestant"
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", __name__, job["encoding"], str(rest_of(Path(job["path"]))), f"{folder}/x"]
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
        return bpe.Tokenizer.load(f"{folder}/x").encode_to_numpy


def freeze(encoding: str, rest: str, folder: str) -> None:
    """Write a tokenizer with the pretokens of a text."""
    corpus = bpe.Corpus(rest, separator=SEPARATOR)
    bpe.get_encoding(encoding).warm(corpus).save(folder)


if __name__ == "__main__":
    freeze(*sys.argv[1:])
