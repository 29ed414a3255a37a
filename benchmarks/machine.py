"""The machine and the state of the tree that a number belongs to."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.corpora import ROOT


def machine_line() -> str:
    """Return one line that says on what was measured.

    >>> "CPU" in machine_line()
    True
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_cpu_model()}, {cpus} CPUs, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown CPU"


def provenance() -> dict[str, Any]:
    """Return what every row of results carries: machine, how busy it is, commit, time."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {
        "machine": machine_line(),
        "load": round(os.getloadavg()[0], 1),
        "commit": commit.stdout.strip() or "unknown",
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
