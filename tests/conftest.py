"""Fixtures that several test files share, and what makes a run of the tests repeatable."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

#: Real text and vocabularies to measure on; only on developers' machines.
SHARED = Path(__file__).resolve().parents[2] / "shared"


# No test may fail by chance: the examples are the same in every run, and a slow or busy machine is
# not a mistake. HYPOTHESIS_PROFILE=explore looks for new ones, as the fuzzers in tools/ do.
_PATIENT = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
hypothesis.settings.register_profile("repeatable", derandomize=True, **_PATIENT)  # type: ignore[arg-type]
hypothesis.settings.register_profile("explore", **_PATIENT)  # type: ignore[arg-type]
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Variables of the person who runs the tests that would change what the programs under test do.
for _name in ("BPE_DEBUG", "BPE_NUM_THREADS", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "RANK"):
    os.environ.pop(_name, None)

# A shell that runs the tests in the background ignores Ctrl-C for them, and programs that they
# start would inherit that; those with a handler start with the default.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> str:
    """Run the test with each engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real corpora, or skip."""
    if not (SHARED / "corpora").is_dir():
        pytest.skip("../shared/corpora is not here: nothing was checked on real corpora")
    return SHARED


@pytest.fixture(scope="session")
def published_vocabularies() -> Path:
    """Let tiktoken find the published vocabularies without a network, or skip."""
    folder = SHARED / "tiktoken_cache"
    if "TIKTOKEN_CACHE_DIR" not in os.environ:
        if not folder.is_dir():
            pytest.skip("no cache of published vocabularies: set TIKTOKEN_CACHE_DIR to check them")
        os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return Path(os.environ["TIKTOKEN_CACHE_DIR"])
