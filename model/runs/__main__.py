"""`python -m model.runs`: run the experiments, or go on with them, and write table and plot.

A row is written as soon as it is measured; what is there already is not measured again, so a run
that was interrupted goes on.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bpe.errors import BPEError, MissingDependencyError
from model.dependencies import require_model_dependencies
from model.runs.plan import SMALL, Experiment, Scale, trials

EXPERIMENTS: tuple[Experiment, ...] = ("vocabulary", "feed-forward")
PUBLISHED = ("cl100k_base", "o200k_base")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    args = build_parser().parse_args(argv)
    try:
        require_model_dependencies()
        for experiment in EXPERIMENTS if args.experiment == "all" else (args.experiment,):
            run(experiment, args)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130
    except (BPEError, OSError) as error:
        print(f"model.runs: error: {error}", file=sys.stderr)
        return 1
    return 0


def build_parser() -> ArgumentParser:
    """Return the parser."""
    parser = ArgumentParser(prog="python -m model.runs", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="text, UTF-8; without it only report")
    parser.add_argument("--experiment", choices=(*EXPERIMENTS, "all"), default="all", help="[all]")
    parser.add_argument("--small", action="store_true", help="seconds: to see whether it works")
    parser.add_argument(
        "--published",
        nargs="*",
        default=PUBLISHED if os.environ.get("TIKTOKEN_CACHE_DIR") else (),
        metavar="NAME",
        help=f"published vocabularies [{' '.join(PUBLISHED)} if TIKTOKEN_CACHE_DIR is set]",
    )
    parser.add_argument(
        "--num-seeds", type=int, default=1, metavar="N", help="run each trial N times [1]"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("runs-results"), metavar="FOLDER",
        help="rows, table and plot [runs-results]",
    )  # fmt: skip
    return parser


def run(experiment: Experiment, args: Namespace) -> None:
    """Measure what is missing, then write the table and the plot."""
    args.output.mkdir(parents=True, exist_ok=True)
    path = args.output / f"{experiment}.jsonl"
    rows = read_rows(path)
    if args.corpus is not None:
        from model.runs.measure import Corpus, measure, reference_row

        seeds = tuple(range(1, args.num_seeds + 1))
        scale = replace(SMALL if args.small else Scale(), seeds=seeds)
        corpus = Corpus(args.corpus, scale)
        for trial in trials(experiment, scale, tuple(args.published)):
            if any(trial.to_json().items() <= row.items() for row in rows):
                continue
            rows.append(measure(trial, scale, corpus, reference_row(trial, scale, rows)))
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
            say(rows[-1])
    write_report(experiment, rows, args.output)


def write_report(experiment: Experiment, rows: list[dict[str, Any]], folder: Path) -> None:
    """Write the table, and the plot if matplotlib is there."""
    from model.runs.report import plot, table

    (folder / f"{experiment}.md").write_text(table(rows), "utf-8")
    try:
        for kind in ("png", "svg"):
            (folder / f"{experiment}.{kind}").write_bytes(plot(rows, kind))
    except MissingDependencyError as error:
        print(f"no picture: {error}", file=sys.stderr)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows that were measured before."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def say(row: dict[str, Any]) -> None:
    """Tell a person what was found."""
    print(
        f"{row['vocabulary']} {row['ffn']}, {row['variant']}: {row['bits_per_byte']:.4f} bits per "
        f"byte after {row['steps']} steps, {row['seconds']:.0f} s",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
