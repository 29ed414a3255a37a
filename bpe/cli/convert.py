"""`bpe convert`: a vocabulary from one format into another, compared with the other library."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.cli import arguments
from bpe.cli.output import count_of, print_json, say

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

# Repeats bpe.formats.FORMATS, whose import would take longer than `--help` may; a test holds them
# equal.
FORMATS = ("directory", "tiktoken", "huggingface", "gpt2", "minbpe", "tekken", "gguf")

_DESCRIPTION = """\
Convert a vocabulary. IN may be of any format that is read: our folder, .tiktoken, tokenizer.json,
vocab.json with merges.txt, minbpe's .model, tekken.json, or a published name such as o200k_base.
What the new format cannot hold is refused, never left out in silence."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "convert", help="convert a vocabulary to another format", description=_DESCRIPTION
    )
    parser.add_argument("input", metavar="IN", help="a vocabulary, or a published name")
    parser.add_argument(
        "output", metavar="OUT", type=arguments.parse_output, help="where to write it"
    )
    parser.add_argument(
        "--to", choices=FORMATS, help="format to write (default: what the name of OUT asks for)"
    )
    parser.add_argument(
        "--verify",
        metavar="CORPUS",
        action="append",
        help="load the result with the library it is for and compare ids on this text, and on a "
        "set of hard cases; nothing is left if they differ; '' for the hard cases alone; give "
        "again for several",
    )
    parser.add_argument(
        "--warm",
        metavar="CORPUS",
        action="append",
        help="keep the most frequent words of this text in the folder, so that new texts like it "
        "encode faster; ids stay the same; give again for several",
    )
    parser.add_argument(
        "--renumber",
        action="store_true",
        help="give special tokens the first ids, as tekken.json has them; all ids change",
    )
    parser.add_argument(
        "--ignore",
        choices=("normalizer", "added_token_flags"),
        action="append",
        default=[],
        help="leave out this part of IN, although ids depend on it",
    )
    parser.add_argument(
        "--pattern", metavar="PATTERN", help="how text is split, for a bare .tiktoken file"
    )
    parser.add_argument(
        "--special-token",
        metavar=("TEXT", "ID"),
        nargs=2,
        action="append",
        dest="special_tokens",
        help="for a bare .tiktoken file or a vocab.json; give again for several",
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")
    parser.add_argument("-q", "--quiet", action="store_true", help="only warnings and errors")
    arguments.add_reporting(parser, "one JSON document on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Convert the vocabulary."""
    from bpe.errors import FormatError
    from bpe.formats import check_format, default_format

    output = Path(args.output)
    format = check_format(args.to or default_format(output))
    if format == "gguf" and args.verify is not None:
        raise FormatError("GGUF cannot be verified: llama.cpp alone reads it; leave out --verify")
    tokenizer = _load(args)
    if args.renumber:
        from bpe.formats.tekken import special_tokens_first
        from bpe.tokenizer import Tokenizer

        tokenizer = Tokenizer(special_tokens_first(tokenizer.spec))
    num_texts = None if args.verify is None else _verify(args, tokenizer, output, format)
    if args.warm:
        if format != "directory":
            raise FormatError(f"only our folder keeps words beside its tokens, not {format}")
        tokenizer.warm(args.warm)
    tokenizer.save(output, format, overwrite=args.force)
    compared = "" if num_texts is None else f"; ids are equal on {count_of(num_texts, 'text')}"
    say(f"{output}: {len(tokenizer)} tokens as {format}{compared}", quiet=args.quiet)
    if args.json:
        print_json(
            {
                "content_hash": tokenizer.content_hash,
                "format": format,
                "num_frozen_pretokens": tokenizer.num_frozen_pretokens,
                "num_texts_verified": num_texts,
                "num_tokens": len(tokenizer),
                "output": str(output),
            }
        )


def _load(args: argparse.Namespace) -> Tokenizer:
    from bpe.cli.tokenizers import load_tokenizer
    from bpe.tokenizer import Tokenizer

    if not (args.pattern or args.special_tokens or args.ignore):
        return load_tokenizer(args.input)
    special_tokens = args.special_tokens and {
        text: arguments.parse_size(id_) for text, id_ in args.special_tokens
    }
    return Tokenizer.load(
        args.input, pattern=args.pattern, special_tokens=special_tokens, ignore=args.ignore
    )


def _verify(args: argparse.Namespace, tokenizer: Tokenizer, output: Path, format: str) -> int:
    """Write it to a folder beside the output first: what is wrong never has the name asked for."""
    from tempfile import TemporaryDirectory

    from bpe.files import check_output
    from bpe.verification import verify

    if output.is_dir():
        check_output(output, args.force, directory=True)
    else:
        check_output(output, args.force)
    with TemporaryDirectory(prefix=".bpe-", suffix=".tmp", dir=output.parent) as folder:
        path = Path(folder, output.name)
        tokenizer.save(path, format)
        return verify(tokenizer, path, format, _documents(args.verify))


def _documents(corpora: list[str]) -> Iterator[bytes]:
    from bpe.corpora import read_documents

    paths = [Path(corpus) for corpus in corpora if corpus]
    return read_documents(paths) if paths else iter(())
