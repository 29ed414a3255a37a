"""`gpt sample`: let a model write, one text or several at once."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bpe.cli.output import print_json
from bpe.errors import SpecialTokenError
from model.chat import end_of, render_chat
from model.commands.shared import loaded_with_objective
from model.generation import generate, generate_batch, start_ids
from model.gpt import GPT
from model.options import UsageError, usage_errors
from model.sample import SampleConfig
from model.text_stream import stream_text

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


def run(args: Namespace) -> int:
    """Load a model and let it write to standard output; return the exit status."""
    config = _sample_config(args)
    checkpoint = loaded_with_objective(args, "causal", "`gpt fill-mask` uses it")
    tokenizer, model = checkpoint.tokenizer, checkpoint.model
    assert isinstance(model, GPT)
    prompt, stop_ids = _prompt_ids(args, tokenizer, model.config.block_size)
    how: dict[str, Any] = {
        "max_tokens": args.max_tokens,
        "config": config,
        "use_cache": not args.no_cache,
        "stop_ids": stop_ids,
    }
    if args.num_samples > 1:
        return _write_several(args, model, tokenizer, prompt, how)
    ids: list[int] = []

    def remembered() -> Iterator[int]:
        for id_ in generate(model, tokenizer, prompt, **how):
            ids.append(id_)
            yield id_

    pieces = stream_text(tokenizer, remembered(), stop=args.stop)
    if args.json:
        text = "".join(pieces)
        print_json({"prompt": args.prompt, "text": text, "prompt_ids": prompt, "ids": ids})
    else:
        _stream("" if args.chat else args.prompt, pieces)
    return 0


def _prompt_ids(
    args: Namespace, tokenizer: Tokenizer, block_size: int
) -> tuple[list[int], list[int]]:
    """Return what the model goes on from, and at which ids it ends beside the end of text."""
    if not args.chat:
        try:
            return start_ids(tokenizer, args.prompt, allow_special=args.allow_special), []
        except SpecialTokenError as error:
            if error.found is None:
                raise
            special, place = error.found
            raise UsageError(
                f"the prompt contains {special!r}, a disallowed special token, at byte {place}; "
                "--allow-special lets it be one"
            ) from None
    ids = render_chat(tokenizer, [{"role": "user", "content": args.prompt}], answer=True).ids
    if len(ids) >= block_size:
        raise UsageError(
            f"the question takes {len(ids)} tokens, and this model sees {block_size}: ask a "
            "shorter one"
        )
    return ids, [end_of(tokenizer, "chat")]


def _sample_config(args: Namespace) -> SampleConfig:
    if args.chat and not args.prompt:
        raise UsageError("--chat answers a question: ask it with -p")
    if args.chat and args.allow_special:
        raise UsageError("--chat and --allow-special: a question is text, whatever it contains")
    for name, minimum in (("max_tokens", 0), ("num_samples", 1)):
        value = getattr(args, name)
        if value < minimum:
            option = "--" + name.replace("_", "-")
            raise UsageError(f"{option} {value} should be at least {minimum}")
    with usage_errors():
        return SampleConfig(
            args.temperature,
            args.top_k,
            args.top_p,
            args.seed,
            args.min_p,
            args.repetition_penalty,
        )


def _write_several(
    args: Namespace,
    model: GPT,
    tokenizer: Tokenizer,
    prompt: list[int],
    how: dict[str, Any],
) -> int:
    """Write several texts, computed together, one after the other."""
    rows: list[list[int]] = [[] for _ in range(args.num_samples)]
    for picked in generate_batch(model, tokenizer, [prompt] * args.num_samples, **how):
        for row, id_ in zip(rows, picked, strict=True):
            row.extend([] if id_ is None else [id_])
    texts = ["".join(stream_text(tokenizer, row, stop=args.stop)) for row in rows]
    if args.json:
        samples = [{"text": text, "ids": row} for text, row in zip(texts, rows, strict=True)]
        print_json({"prompt": args.prompt, "prompt_ids": prompt, "samples": samples})
        return 0
    for text in texts:
        _stream("" if args.chat else args.prompt, iter([text]))
    return 0


def _stream(prompt: str, pieces: Iterator[str]) -> None:
    """Print text as it comes. On a terminal, control characters are shown and not obeyed."""
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(errors="backslashreplace")
    visible = _visible_controls() if out.isatty() else {}
    out.write(prompt.translate(visible))
    try:
        for text in pieces:
            out.write(text.translate(visible))
            out.flush()
    finally:
        out.write("\n")
        out.flush()


def _visible_controls() -> dict[int, str]:
    controls = [*range(0x20), *range(0x7F, 0xA0)]
    return {code: f"\\x{code:02x}" for code in controls if chr(code) not in "\n\t"}
