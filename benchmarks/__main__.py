"""`python -m benchmarks`: run cases and add their rows to a results file, or print the tables.

python -m benchmarks run --only 'encode-english*' --rounds 3
python -m benchmarks report                       # all tables on stdout
python -m benchmarks report --write               # into README.md (a summary) and RESULTS.md (all)
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from fnmatch import fnmatch
from pathlib import Path

from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.corpora import ROOT, corpora_folder
from benchmarks.machine import provenance
from benchmarks.measure import run_case

RESULTS = ROOT / "benchmarks" / "results"


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[0]
    )
    commands = parser.add_subparsers(dest="command")
    run = commands.add_parser("run", help="verify and measure")
    run.add_argument("--only", default="*", help="pattern for the names of the cases")
    run.add_argument("--rounds", type=int, default=3, help="timed processes per contestant")
    run.add_argument("--corpora", help="folder with english.txt[.zst], code..., multilingual...")
    run.add_argument("--tiktoken-cache", help="folder of tiktoken's vocabulary cache")
    run.add_argument("--results", default=str(RESULTS / "baseline.jsonl"), help="file to add to")
    run.add_argument("--list", action="store_true", help="list the cases and stop")
    show = commands.add_parser("report", help="print the tables of the committed results")
    show.add_argument(
        "--write",
        action="store_true",
        help="put a summary into README.md and all of them into benchmarks/RESULTS.md",
    )
    options = parser.parse_args(arguments or ["run", "--list"])
    if options.command == "report":
        return _report(options.write)
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    cases = [case for case in CASES if fnmatch(case.name, options.only)]
    if options.list or not cases:
        print("\n".join(case.name for case in cases) or f"no case matches {options.only}")
        return 0 if cases else 2
    cache = Path(options.tiktoken_cache or ROOT.parent / "shared" / "tiktoken_cache")
    if cache.is_dir():
        os.environ["TIKTOKEN_CACHE_DIR"] = str(cache)
    corpora = corpora_folder(options.corpora)
    results = Path(options.results)
    results.parent.mkdir(parents=True, exist_ok=True)
    for case in cases:
        for row in run_case(case, corpora, options.rounds, say=_say):
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row | provenance(), sort_keys=True) + "\n")
    return 0


def _report(write: bool) -> int:
    rows = report.read_results(RESULTS)
    if not write:
        print(report.tables(rows))
        return 0
    for name, text in report.pages(rows).items():
        path = ROOT / name
        path.write_text(report.replace_between_markers(path.read_text("utf-8"), text), "utf-8")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
