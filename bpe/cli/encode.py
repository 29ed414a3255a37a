"""`bpe encode`: text becomes ids, in a token file or as text on standard output."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpe.cli import arguments
from bpe.cli.output import count_of, print_json, say, write_stdout
from bpe.cli.progress import reporting
from bpe.errors import CorpusError

if TYPE_CHECKING:
    import numpy.typing as npt

    from bpe.tokenizer import Tokenizer

_DESCRIPTION = """\
Encode text to ids. With -o they go to a token file: 1024 bytes of header, then uint16 or uint32;
with --shard-tokens to a folder of such files, and the same command goes on where it was stopped;
without -o to standard output: a line of numbers for each document."""

# Documents are encoded in groups of about this size, so that memory stays bounded and all threads
# have work.
_GROUP_BYTES = 8 * 2**20
_GROUP_DOCUMENTS = 1024


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("encode", help="encode text to ids", description=_DESCRIPTION)
    arguments.add_sources(parser, required=False)
    arguments.add_tokenizer(parser)
    arguments.add_output(parser, "token file to write (.bin), or the folder of shards")
    parser.add_argument(
        "--allowed-special",
        metavar="TEXT",
        action="append",
        default=[],
        help="special token to recognise in the text, or all (default: none, they are text)",
    )
    parser.add_argument(
        "--end-of-document",
        metavar="TEXT",
        help="special token to put after each document, such as '<|endoftext|>'",
    )
    parser.add_argument(
        "--dtype",
        choices=("uint16", "uint32"),
        help="how ids are stored (default: uint16 if the whole vocabulary fits)",
    )
    parser.add_argument(
        "--raw",
        action="store_true",
        help="write bare ids without a header, as numpy.fromfile and nanoGPT read them",
    )
    parser.add_argument(
        "--shard-tokens",
        type=arguments.parse_size,
        metavar="N",
        help="write shards of about N ids into the folder -o",
    )
    arguments.add_running(parser)
    arguments.add_reporting(parser, "one JSON document on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Encode the sources."""
    from bpe.cli.tokenizers import load_tokenizer
    from bpe.files import check_output

    _check(args)
    if args.output is not None and args.shard_tokens is None:
        check_output(args.output, args.force)
    tokenizer = load_tokenizer(args.tokenizer, args.engine)
    if args.output is not None:
        _write(args, tokenizer)
        return
    encoder = _Encoder(args, tokenizer)
    if args.json:
        documents = list(map(_to_list, encoder.encode_sources()))
        print_json(
            {
                "content_hash": encoder.tokenizer.content_hash,
                "documents": documents,
                "num_tokens": sum(map(len, documents)),
            }
        )
    else:
        for ids in encoder.encode_sources():
            write_stdout(" ".join(map(str, _to_list(ids))).encode() + b"\n")


def _write(args: argparse.Namespace, tokenizer: Tokenizer) -> None:
    from bpe.encoding.files import Plan, write_file, write_shards

    corpus, allowed = arguments.corpus_of(args), _allowed(args, tokenizer)
    with reporting(args.progress, quiet=args.quiet) as progress:
        plan = Plan.of(
            tokenizer,
            corpus,
            args.end_of_document,
            allowed,
            args.num_threads,
            progress,
            args.dtype,
        )
        if args.shard_tokens is None:
            done = write_file(plan, args.output, overwrite=args.force, header=not args.raw)
        else:
            folder = Path(args.output)
            done = write_shards(plan, folder, args.shard_tokens, overwrite=args.force)
    ratio = f", {done.num_bytes / done.num_tokens:.3f} bytes an id" if done.num_tokens else ""
    documents = count_of(done.num_documents, "document")
    shards = "" if args.shard_tokens is None else f" in {count_of(len(done.paths), 'shard')}"
    say(
        f"{args.output}: {count_of(done.num_tokens, 'id')} ({done.dtype}){shards} from {documents} "
        f"({count_of(done.num_bytes, 'byte')}{ratio})",
        quiet=args.quiet,
    )
    if args.json:
        from bpe import __version__

        header = {
            "bpe_version": __version__,
            "content_hash": tokenizer.content_hash,
            "count": done.num_tokens,
            "dtype": done.dtype,
            "n_vocab": tokenizer.n_vocab,
        }
        counts = {"num_bytes": done.num_bytes, "num_documents": done.num_documents}
        print_json({**header, **counts, "output": args.output, "files": list(map(str, done.paths))})


def _check(args: argparse.Namespace) -> None:
    """Refuse options that mean nothing together."""
    if args.shard_tokens is not None and args.output is None:
        raise CorpusError("--shard-tokens needs a folder to write into: give -o")
    if args.output is None and (args.raw or args.dtype is not None):
        raise CorpusError("--raw and --dtype are about a file of ids: give -o")
    if args.raw and args.shard_tokens is not None:
        raise CorpusError("--raw is for one file: shards say in their headers whose ids they are")


def _allowed(args: argparse.Namespace, tokenizer: Tokenizer) -> frozenset[str]:
    from bpe.special_tokens import resolve_allowed

    wanted: Any = "all" if "all" in args.allowed_special else set(args.allowed_special)
    return resolve_allowed(wanted, frozenset(tokenizer.special_tokens_set))


class _Encoder:
    """Encodes the documents of the sources, for standard output."""

    def __init__(self, args: argparse.Namespace, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._args = args
        self._allowed = _allowed(args, tokenizer)
        self._after = _end_of_document(tokenizer, args.end_of_document)

    def encode_sources(self) -> Iterator[npt.ArrayLike]:
        """Yield the ids of each document."""
        import numpy as np

        from bpe.corpora import Reading, documents_of

        reading = Reading(arguments.corpus_of(self._args))
        for group in _group(documents_of(reading)):
            for ids in self._encode_group(group):
                yield np.append(ids, self._after) if self._after else ids

    def _encode_group(self, group: list[bytes]) -> list[Any]:
        special: dict[str, Any] = {"allowed_special": self._allowed, "disallowed_special": ()}
        if len(group) == 1:
            return [self.tokenizer.encode_to_numpy(group[0], **special)]
        num_threads = self._args.num_threads
        return self.tokenizer.encode_batch(group, num_threads=num_threads, **special)


def _end_of_document(tokenizer: Tokenizer, text: str | None) -> list[int]:
    from bpe.special_tokens import resolve_allowed

    if text is None:
        return []
    resolve_allowed({text}, frozenset(tokenizer.special_tokens_set))
    return [tokenizer.encode_single_token(text)]


def _group(documents: Iterator[bytes]) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    num_bytes = 0
    for document in documents:
        group.append(document)
        num_bytes += len(document)
        if len(group) == _GROUP_DOCUMENTS or num_bytes >= _GROUP_BYTES:
            yield group
            group, num_bytes = [], 0
    if group:
        yield group


def _to_list(ids: npt.ArrayLike) -> list[int]:
    import numpy as np

    numbers: list[int] = np.asarray(ids, np.uint32).tolist()
    return numbers
