"""`bpe encode`: text becomes ids, in a token file or as text on standard output."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Literal

from bpe.cli import arguments
from bpe.cli.output import count_of, print_json, say, write_stdout
from bpe.cli.progress import reporting

if TYPE_CHECKING:
    import numpy.typing as npt

    from bpe.engines import Progress
    from bpe.tokenizer import Tokenizer

_DESCRIPTION = """\
Encode text to ids. With -o they go to a token file: 1024 bytes of header, then uint16 or uint32;
without, to standard output: a line of numbers for each document."""

# Documents are encoded in groups of about this size, so that memory stays bounded and all threads
# have work.
_GROUP_BYTES = 8 * 2**20
_GROUP_DOCUMENTS = 1024


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("encode", help="encode text to ids", description=_DESCRIPTION)
    arguments.add_sources(parser, required=False)
    arguments.add_tokenizer(parser)
    arguments.add_output(parser, "token file to write (.bin)")
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
    arguments.add_running(parser)
    arguments.add_reporting(parser, "one JSON document on standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Encode the sources."""
    from bpe.cli.tokenizers import load_tokenizer
    from bpe.files import check_output

    if args.output is not None:
        check_output(args.output, args.force)
    encoder = _Encoder(args, load_tokenizer(args.tokenizer, args.engine))
    if args.output is not None:
        _write_file(args, encoder)
    elif args.json:
        documents = list(map(_to_list, encoder.encode_sources(None)))
        print_json(
            {
                "content_hash": encoder.tokenizer.content_hash,
                "documents": documents,
                "num_tokens": sum(map(len, documents)),
            }
        )
    else:
        for ids in encoder.encode_sources(None):
            write_stdout(" ".join(map(str, _to_list(ids))).encode() + b"\n")


def _write_file(args: argparse.Namespace, encoder: _Encoder) -> None:
    from bpe.token_files import write_tokens

    with reporting(args.progress, quiet=args.quiet) as progress:
        chunks = encoder.encode_sources(progress)
        header = write_tokens(args.output, chunks, encoder.tokenizer, overwrite=args.force)
    ratio = f", {encoder.num_bytes / header.count:.3f} bytes an id" if header.count else ""
    documents = count_of(encoder.num_documents, "document")
    say(
        f"{args.output}: {count_of(header.count, 'id')} ({header.dtype}) from {documents} "
        f"({count_of(encoder.num_bytes, 'byte')}{ratio})",
        quiet=args.quiet,
    )
    if args.json:
        counts = {"num_bytes": encoder.num_bytes, "num_documents": encoder.num_documents}
        print_json({**vars(header), **counts, "output": args.output})


class _Encoder:
    """Encodes the documents of the sources, and counts them."""

    def __init__(self, args: argparse.Namespace, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.num_documents = 0
        self.num_bytes = 0
        self._args = args
        self._allowed: Collection[str] | Literal["all"] = set(args.allowed_special)
        if "all" in args.allowed_special:
            self._allowed = "all"
        self._after = _end_of_document(tokenizer, args.end_of_document)

    def encode_sources(self, progress: Progress | None) -> Iterator[npt.ArrayLike]:
        """Yield the ids of each document."""
        import numpy as np

        from bpe.corpora import Reading, documents_of

        reading = Reading(arguments.corpus_of(self._args))
        for group in _group(documents_of(reading)):
            for ids in self._encode_group(group):
                yield np.append(ids, self._after) if self._after else ids
            self.num_documents += len(group)
            self.num_bytes += sum(map(len, group))
            if progress is not None:
                progress("encoding", reading.report.position, reading.total)

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
