"""Kill a training run again and again, and compare it with one that never was.

    python tools/kill_training.py --kills 100

Each time the process gets SIGKILL at a random moment. Whatever it left has to load. In the end the
weights have to be those of an uninterrupted run, bit for bit, and so do the losses in the log.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

import bpe
from model.checkpoint import load_checkpoint
from model.run_directory import RunDirectory

SHAPE = ["--n-embd", "16", "--batch-size", "4", "--block-size", "12", "--heads", "2", "--layers",
         "2", "--dropout", "0.2", "--eval-batches", "1", "--eval-every", "7", "--save-every", "3",
         "--log-every", "1", "--schedule", "constant", "--warmup-steps", "9"]  # fmt: skip


def main() -> None:
    """Run the experiment and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        words = ["".join(draw.choices("aeioulnrst", k=draw.randint(2, 7))) for _ in range(200)]
        text = "".join(" ".join(draw.choices(words, k=9)) + ".\n" for _ in range(900))
        (root / "text.txt").write_text(text)
        bpe.train([text], 300).save(root / "tok")
        steps_seen = [kill_once(root, draw) for _ in range(options.kills)]
        last = load_checkpoint(root / "run").state.step
        train(root, "never", last).wait()
        compare(root, last)
    print(
        f"{options.kills} kills, steps {steps_seen[0]} to {last}: every checkpoint loaded, "
        "weights and losses equal bit for bit"
    )


def kill_once(root: Path, draw: random.Random) -> int:
    """Start or resume the run, kill it at a random moment, and load what it left."""
    log = root / "run" / "metrics.jsonl"
    before = log.stat().st_size if log.exists() else 0
    process = train(root, "run", 10**6)
    while not log.exists() or log.stat().st_size == before:
        time.sleep(0.01)  # a process that is still starting has nothing to lose
    time.sleep(draw.uniform(0.0, 1.0))
    process.kill()
    process.wait()
    if not (root / "run" / "latest.json").exists():
        return 0  # killed before the first checkpoint
    checkpoint = load_checkpoint(root / "run")
    for path in RunDirectory(root / "run").checkpoints():
        load_checkpoint(path)
    return checkpoint.state.step


def train(root: Path, run: str, steps: int) -> subprocess.Popen[bytes]:
    """Start training, fresh or resumed, on one thread."""
    begun = (root / run / "latest.json").exists()
    fresh = ["-m", "tok", "-d", "text.txt", "-s", run, "--lr", "1e-2", *SHAPE]
    command = ["train", *(["-l", run] if begun else fresh), "--steps", str(steps)]
    return subprocess.Popen(
        [sys.executable, "-m", "model", *command],
        cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    )


def compare(root: Path, last: int) -> None:
    """Stop with a message if the two runs differ anywhere."""
    killed, never = (load_checkpoint(root / run) for run in ("run", "never"))
    for name, expected in never.model.state_dict().items():
        if not torch.equal(expected, killed.model.state_dict()[name]):
            raise SystemExit(f"{name} differs after step {last}")
    losses = [losses_of(root / run / "metrics.jsonl", last) for run in ("run", "never")]
    if losses[0] != losses[1]:
        raise SystemExit("the losses in the logs differ")


def losses_of(path: Path, last: int) -> dict[int, float]:
    """Return step -> loss; of a step that was repeated, the later line counts."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # killed in the middle of a line
        if event["event"] == "train" and event["step"] <= last:
            found[event["step"]] = event["loss"]
    return found


if __name__ == "__main__":
    main()
