"""`gpt plot`: the curves of one or several runs as a picture."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from bpe.files import check_output, write_bytes
from model.checkpoint import load_checkpoint
from model.commands.shared import note
from model.history import read_history
from model.options import UsageError
from model.plots import kan_layer_of, plot_edges, plot_histories, render

KINDS = ("png", "svg")


def run(args: Namespace) -> int:
    """Draw and write; return the exit status."""
    outputs = _outputs(args.output)
    for path in outputs.values():
        check_output(path, args.force)
    if args.edges:
        if len(args.runs) > 1:
            raise UsageError("--edges shows the functions of one model; name one run")
        figure = plot_edges(kan_layer_of(load_checkpoint(args.runs[0]).model))
    else:
        histories = [read_history(run) for run in args.runs]
        for history in histories:
            if history.num_broken:
                note(f"{history.name}: {history.num_broken} broken lines of the log left out")
        figure = plot_histories(histories)
    for kind, path in outputs.items():
        write_bytes(path, render(figure, kind), overwrite=args.force)
        note(f"wrote {path}")
    return 0


def _outputs(name: str) -> dict[str, Path]:
    """Return what to write: one file if its ending says which kind, else one of each."""
    path = Path(name)
    kind = path.suffix.removeprefix(".").lower()
    if kind in KINDS:
        return {kind: path}
    if kind:
        raise UsageError(f"-o {name}: it ends neither in .png nor in .svg; without an ending, both")
    return {kind: path.with_name(f"{path.name}.{kind}") for kind in KINDS}
