"""`bpe inspect`: what a tokenizer is, or what a token file or a counts file says of itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.cli import arguments
from bpe.cli.inspect_counts import is_counts, show_counts
from bpe.cli.output import bytes_to_json, print_json, print_table, print_text, show_bytes

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

_DESCRIPTION = "Describe a tokenizer, a token file (.bin) or a counts file."


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("inspect", help="describe a tokenizer", description=_DESCRIPTION)
    arguments.add_tokenizer(parser, positional=True)
    parser.add_argument(
        "--top",
        metavar="N",
        type=arguments.parse_size,
        default=8,
        help="how many merges and tokens to list of each kind (default: 8)",
    )
    arguments.add_engine(parser)
    arguments.add_reporting(parser, "one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Describe it."""
    from bpe.token_files import is_token_file, read_header

    if Path(args.tokenizer).is_file() and is_token_file(args.tokenizer):
        fields = vars(read_header(args.tokenizer))
        if args.json:
            print_json(fields)
        else:
            print_table((name.replace("_", " "), str(value)) for name, value in fields.items())
        return
    if is_counts(args.tokenizer):
        show_counts(args.tokenizer, args.top, as_json=args.json, engine=args.engine)
        return
    from bpe.cli.tokenizers import load_tokenizer

    tokenizer = load_tokenizer(args.tokenizer, args.engine)
    if args.json:
        print_json(_to_json(tokenizer, args.top))
    else:
        print_table(_facts(tokenizer))
        _print_lists(tokenizer, args.top)


def _facts(tokenizer: Tokenizer) -> Iterator[tuple[str, str]]:
    from bpe import UNICODE_VERSION

    spec = tokenizer.spec
    yield "name", show_bytes(spec.name.encode("utf-8", "replace"))[1:-1]
    num_special = len(spec.special_tokens)
    yield "tokens", f"{len(tokenizer)} ({len(spec.id_to_bytes)} ordinary, {num_special} special)"
    yield "n_vocab", f"{tokenizer.n_vocab}, so ids are stored as {tokenizer.id_dtype}"
    num_made = len({merge.new_id for merge in spec.merges})
    pairs = f", by {len(spec.merges)} pairs of tokens" if num_made < len(spec.merges) else ""
    yield "merges", f"{num_made}{pairs}"
    if spec.pattern.name:
        yield "pattern", spec.pattern.name
    else:
        for stage in spec.pattern.stages or ("none: text is not split",):
            yield "pattern", ascii(stage)[1:-1]
    yield "unicode", UNICODE_VERSION
    yield "whole pretoken", "first" if spec.whole_pretoken_first else "like any other"
    yield "content hash", tokenizer.content_hash


def _print_lists(tokenizer: Tokenizer, top: int) -> None:
    spec = tokenizer.spec
    token = spec.id_to_bytes
    _print_list(
        "special tokens",
        [
            f"{id_:>8}  {show_bytes(text.encode('utf-8', 'replace'))}"
            for text, id_ in _specials(tokenizer, top)
        ],
    )
    for title, merges in (
        ("first merges", spec.merges[:top]),
        ("last merges", _last(spec.merges, top)),
    ):
        lines = [
            f"{merge.new_id:>8}  {show_bytes(token[merge.left])} + {show_bytes(token[merge.right])}"
            for merge in merges
        ]
        _print_list(title, lines)
    longest = [f"{id_:>8}  {show_bytes(text)}" for id_, text in _longest(tokenizer, top)]
    _print_list("longest tokens", longest)


def _print_list(title: str, lines: list[str]) -> None:
    if lines:
        print_text(f"\n{title}")
    for line in lines:
        print_text(line)


def _to_json(tokenizer: Tokenizer, top: int) -> dict[str, Any]:
    from bpe import UNICODE_VERSION

    spec = tokenizer.spec
    return {
        "content_hash": tokenizer.content_hash,
        "first_merges": [list(merge) for merge in spec.merges[:top]],
        "last_merges": [list(merge) for merge in _last(spec.merges, top)],
        "longest_tokens": [
            {"id": id_, **bytes_to_json(token)} for id_, token in _longest(tokenizer, top)
        ],
        "n_vocab": tokenizer.n_vocab,
        "name": spec.name,
        "num_merges": len(spec.merges),
        "num_tokens": len(tokenizer),
        "pattern": list(spec.pattern.stages),
        "pattern_name": spec.pattern.name,
        "special_tokens": dict(spec.special_tokens),
        "unicode_version": UNICODE_VERSION,
        "whole_pretoken_first": spec.whole_pretoken_first,
    }


def _specials(tokenizer: Tokenizer, top: int) -> list[tuple[str, int]]:
    return list(tokenizer.spec.special_tokens.items())[:top]


def _last(merges: Any, top: int) -> list[Any]:
    """Return the last merges that are not among the first."""
    return list(merges[max(top, len(merges) - top) :])


def _longest(tokenizer: Tokenizer, top: int) -> list[tuple[int, bytes]]:
    tokens = tokenizer.spec.id_to_bytes.items()
    return sorted(tokens, key=lambda item: (-len(item[1]), item[0]))[:top]
