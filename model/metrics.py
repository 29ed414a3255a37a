"""The log of a run: `metrics.jsonl`, one object per line, only ever appended to.

Every line has `event` and `time` (seconds since 1970). Events: `start`, `train`, `evaluate`,
`save`, `nonfinite`. A run that was killed and resumed repeats some steps; the later line counts.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"


class MetricsLog:
    """Appends events to the log of a run; without a folder it keeps nothing."""

    def __init__(self, run: Path | None) -> None:
        self._path = None if run is None else run / METRICS

    def write(self, event: str, **values: Any) -> None:
        """Append one line, at once: a killed process has logged all that it did."""
        if self._path is None:
            return
        line = json.dumps({"event": event, "time": round(time.time(), 3), **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
