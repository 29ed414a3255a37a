"""What a command says of an error: one sentence, whatever raised it."""

from __future__ import annotations

import os
import re
from argparse import Namespace

from bpe.errors import BPEError


def sentence_of(error: Exception, args: Namespace) -> str:
    """Return one line that says what went wrong; `args` are those of the command."""
    # torch.OutOfMemoryError on a GPU, a plain RuntimeError of the allocator on the CPU.
    kind = type(error).__name__
    if kind in ("MemoryError", "OutOfMemoryError") or "can't allocate memory" in str(error):
        return "out of memory; try a smaller --batch-size, --block-size or model"
    number = error.errno if isinstance(error, OSError) else None
    if found := re.search(r"\(os error (\d+)\)", str(error)):  # safetensors has its own class
        number = int(found[1])
    if number is not None:
        name = getattr(error, "filename", None) or _output_of(args)
        return f"{f'{str(name)!r}: ' if name else ''}{os.strerror(number)}"
    if isinstance(error, BPEError | OSError):
        return " ".join(str(error).splitlines())
    return f"a bug in gpt ({kind}: {error}); run it again with --traceback and report that"


def _output_of(args: Namespace) -> str | None:
    """Return where the command writes, for errors of the disk that do not say where."""
    output: str | None = getattr(args, "output", None) or getattr(args, "save_model", None)
    return args.load_model if output == "default" and args.load_model != "untrained" else output
