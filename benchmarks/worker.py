"""One contestant, one case, one process: reads a job from stdin, writes what it took to stdout.

Only the work itself is timed; loading a library, building an encoder and hashing the result are
not. The hash lets the caller compare results without moving them.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import resource
import sys
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.corpora import documents

#: Seconds on the clock, and seconds of CPU time over all threads: they part on a busy machine.
Times = tuple[float, float]


def main() -> None:
    """Do the job and print seconds, peak memory and the hash of the result as JSON."""
    job = json.load(sys.stdin)
    contestant = importlib.import_module(f"benchmarks.contestants.{job['contestant']}")
    work = {"train": _train, "count": _count, "encode": _encode}[job["task"]]
    times, digest, items = work(contestant, job)
    result = {
        "seconds": [round(wall, 4) for wall, _ in times],
        "cpu_seconds": [round(cpu, 4) for _, cpu in times],
        "digest": digest,
        "items": items,
        "peak_mb": peak_megabytes(),
        "version": contestant.version(),
    }
    json.dump(result, sys.stdout)


def _train(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    with timed() as times:
        trained = contestant.train(job)
    tokens = list(contestant.tokens(trained))
    return times, hash_of(tokens), len(tokens)


def _count(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    passes: list[Times] = []
    for _ in range(job["passes"]):
        with timed() as times:
            counts = contestant.count(job)
        passes += times
    listed = list(contestant.counted(counts))
    return passes, hash_of(listed), len(listed)


def _encode(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    texts = documents(job["path"])
    encode = contestant.encoder(job)
    passes: list[Times] = []
    for _ in range(job["passes"]):
        with timed() as times:
            rows = encode(texts)
        passes += times
    packed = [array("I", _as_ints(row)).tobytes() for row in rows]
    return passes, hash_of(packed), sum(map(len, packed)) // 4


def _as_ints(row: Any) -> Sequence[int]:
    return row if isinstance(row, list) else [int(id_) for id_ in row]


@contextmanager
def timed() -> Iterator[list[Times]]:
    """Measure the body of a `with`: one entry is in the list when it is left."""
    times: list[Times] = []
    wall, cpu = time.perf_counter(), time.process_time()
    yield times
    times.append((time.perf_counter() - wall, time.process_time() - cpu))


def peak_megabytes() -> int:
    """Return the largest resident size this process ever had."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux its figure is inherited from the process that started this one.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024**2


def hash_of(parts: Iterable[bytes]) -> str:
    """Hash byte strings in order, each with its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
