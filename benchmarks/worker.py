"""One contestant, one case, one process: reads a job from stdin, writes what it took to stdout.

Only the work itself is timed; loading a library, building an encoder and hashing the result are
not, unless that is what is asked. The hash lets the caller compare results without moving them.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import resource
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.corpora import documents

#: Seconds on the clock, and seconds of CPU time over all threads: they part on a busy machine. Then
#: the largest resident size until then, in MB.
Times = tuple[float, float, int]


def main() -> None:
    """Do the job and print seconds, peak memory and the hash of the result as JSON."""
    job = json.load(sys.stdin)
    with timed() as importing:
        contestant = importlib.import_module(f"benchmarks.contestants.{job['contestant']}")
    if job["task"] == "load":
        times, digest, items = _load(contestant, job, importing[0])
    else:
        for module in contestant.MODULES:
            importlib.import_module(module)
        times, digest, items = _WORK[job["task"]](contestant, job)
    result = {
        "seconds": [round(wall, 6) for wall, _, _ in times],
        "cpu_seconds": [round(cpu, 6) for _, cpu, _ in times],
        "digest": digest,
        "items": items,
        "peak_mb": times[-1][2],  # what is done to compare the result comes after it
        "version": contestant.version(),
    }
    json.dump(result, sys.stdout)


def _train(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    with timed() as times:
        trained = contestant.train(job)
    tokens = list(contestant.tokens(trained))
    return times, hash_of(tokens), len(tokens)


def _count(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    passes, counts = _repeat(job, lambda: contestant.count(job))
    listed = list(contestant.counted(counts))
    return passes, hash_of(listed), len(listed)


def _encode(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    given = _given(job)
    encode = contestant.encoder(job)
    passes, result = _repeat(job, lambda: encode(given))
    rows = result if job["form"] in ("documents", "calls") else [result]
    packed = [_packed(row) for row in rows]
    return passes, hash_of(packed), sum(map(len, packed)) // 4


def _files(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    encode_file = contestant.file_encoder(job)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "ids.bin"
        with timed() as times:
            encode_file(job["path"], out)
        ids = out.read_bytes()[contestant.HEADER_BYTES :]
    return times, hash_of([ids]), len(ids) // 4


def _decode(contestant: Any, job: dict[str, Any]) -> tuple[list[Times], str, int]:
    """Decode what a published encoder, not the contestant's own, made of the text."""
    import numpy
    import tiktoken

    text = _given(job)
    ids: Any = tiktoken.get_encoding(job["encoding"]).encode_ordinary(text)
    if job["form"] == "numpy":
        ids = numpy.array(ids, dtype=numpy.uint32)
    decode = contestant.decoder(job)
    passes, decoded = _repeat(job, lambda: decode(ids))
    as_bytes = decoded.encode() if isinstance(decoded, str) else bytes(decoded)
    return passes, hash_of([as_bytes]), len(ids)


def _load(contestant: Any, job: dict[str, Any], importing: Times) -> tuple[list[Times], str, int]:
    """Two times: until an encoder is there, the import included; and of the first call."""
    with timed() as making:
        encode = contestant.encoder(job | {"form": "list"})
    with timed() as calling:
        ids = encode("The first call of a process is the one that many programs wait for.")
    loading = importing[0] + making[0][0], importing[1] + making[0][1], making[0][2]
    return [loading, *calling], hash_of([_packed(ids)]), len(ids)


def _repeat(job: dict[str, Any], work: Callable[[], Any]) -> tuple[list[Times], Any]:
    """Do the work as often as the job says; return the times of all passes, and the last result."""
    passes: list[Times] = []
    for _ in range(job["passes"]):
        with timed() as times:
            result = work()
        passes += times
    return passes, result


def _given(job: dict[str, Any]) -> Any:
    """Return what is encoded: one text, or many."""
    texts = documents(job["path"])
    if job["form"] == "calls":
        text = " ".join(" ".join(texts).split())
        return [text[place : place + 100] for place in range(0, 100_000, 100)]
    return texts if job["form"] == "documents" else "\n\n".join(texts)


def _packed(row: Any) -> bytes:
    return array("I", row if isinstance(row, list) else row.tolist()).tobytes()


@contextmanager
def timed() -> Iterator[list[Times]]:
    """Measure the body of a `with`: wall and CPU seconds, and the peak of memory so far, in MB.

    One entry is in the list when it is left.
    """
    times: list[Times] = []
    wall, cpu = time.perf_counter(), time.process_time()
    yield times
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    times.append((*seconds, peak_megabytes()))


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


_WORK = {
    "train": _train,
    "count": _count,
    "encode": _encode,
    "files": _files,
    "decode": _decode,
}

if __name__ == "__main__":
    main()
