"""Run cases: first every contestant on a small prefix until all agree, then the timed rounds.

Each run is a process of its own. The contestants of a case take turns, round by round, so that a
slow minute of the machine hits all of them; every timed result is compared too, and a result that
differs ends the run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.corpora import ROOT, corpus_file, write_rest

#: Megabytes of the prefix on which results are compared before anything is timed.
VERIFY_MEGABYTES = 2.0
TIMEOUT_SECONDS = 900
#: A contestant that took so many times as long as the fastest, and so many seconds, is timed once:
#: more rounds would teach nothing and hold up those that are close together.
SLOW_FACTOR, SLOW_SECONDS = 10.0, 3.0


class ResultsDiffer(Exception):
    """Two contestants of one case gave different results; nothing about it may be published."""


def run_case(
    case: Case, corpora: Path, rounds: int, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Verify a case and yield one row per contestant and round."""
    small = corpus_file(corpora, case.corpus, min(VERIFY_MEGABYTES, case.megabytes))
    path = corpus_file(corpora, case.corpus, case.megabytes)
    if "ours_warm" in case.contestants:
        for prefix in (small, path):
            write_rest(corpora, case.corpus, prefix)
    say(f"{case.name}: comparing results on {small.stat().st_size / 1e6:.1f} MB")
    job = case.as_job() | {"passes": 1}
    if case.task == "train":
        job["vocab_size"] = min(case.vocab_size, 4096)
    _check_equal(case, {name: _run(name, job, small) for name in case.contestants})

    digests: dict[str, dict[str, Any]] = {}
    for round_ in range(rounds):
        for name in case.contestants:
            if _is_slow(name, digests):
                continue
            result = _run(name, case.as_job(), path)
            _check_equal(case, digests | {name: result})
            digests[name] = result
            times = " ".join(f"{seconds:.3g}" for seconds in result["seconds"][:4])
            cpu = " ".join(f"{seconds:.3g}" for seconds in result["cpu_seconds"][:4])
            say(f"{case.name}: {name:12} {times} s, {cpu} s CPU, {result['peak_mb']} MB")
            yield {
                "case": case.name,
                "contestant": name,
                "round": round_,
                "bytes": path.stat().st_size,
                "verified": name not in case.not_comparable,
                **case.as_job(),
                **result,
            }


def _is_slow(name: str, results: dict[str, dict[str, Any]]) -> bool:
    if name not in results:
        return False
    fastest = min(result["seconds"][0] for result in results.values())
    seconds = float(results[name]["seconds"][0])
    return seconds > SLOW_SECONDS and seconds > SLOW_FACTOR * fastest


def _check_equal(case: Case, results: dict[str, dict[str, Any]]) -> None:
    found = {
        name: result["digest"]
        for name, result in results.items()
        if name not in case.not_comparable
    }
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{name} {digest}" for name, digest in found.items())
        raise ResultsDiffer(f"{case.name}: the results differ: {listed}")


def _run(contestant: str, job: dict[str, Any], path: Path) -> dict[str, Any]:
    threads = str(job["num_threads"])
    environment = os.environ | {
        "RAYON_NUM_THREADS": threads,
        "BPE_NUM_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "true",
        "PYTHONHASHSEED": "0",
    }
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker"],
        input=json.dumps(job | {"contestant": contestant, "path": str(path)}),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"{contestant} failed on {path.name}:\n{result.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answer
