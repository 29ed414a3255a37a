"""Corpora straight to token files: one file, or a folder of shards that can be gone on with.

While a group of documents is encoded, the next is read and the one before is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bpe.corpora.corpus import Corpus, Source
from bpe.corpora.packer import PlainFile
from bpe.corpora.reading import Reading
from bpe.encoding.pipeline import EncodedGroup, Group, encode_groups, groups_of
from bpe.errors import CorpusError
from bpe.files import StrPath
from bpe.resumable_folder import ResumableFolder, files_key, shard_name
from bpe.special_tokens import SpecialPolicy, resolve_allowed, resolve_policy
from bpe.threads import leave_signals_to_others, resolve_num_threads
from bpe.token_files import TokenWriter, open_tokens, resolve_dtype
from bpe.token_shards import FORMAT, VERSION, TokenShard, read_index

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from bpe.encoding.cutting import Cutter
    from bpe.engines import Progress
    from bpe.tokenizer import Tokenizer


@dataclass(frozen=True)
class EncodedFiles:
    """What `encode_files` wrote.

    Attributes:
        num_tokens: Ids, the ends of documents included.
        num_documents: Documents.
        num_bytes: Bytes of text.
        dtype: "uint16" or "uint32".
        paths: The token files, in order.
    """

    num_tokens: int
    num_documents: int
    num_bytes: int
    dtype: str
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Plan:
    """What `encode_files` was asked for, checked."""

    tokenizer: Tokenizer
    reading: Reading
    allowed: frozenset[str]
    end: int | None
    num_threads: int
    progress: Progress | None
    corpus: Corpus
    dtype: str

    @classmethod
    def of(
        cls,
        tokenizer: Tokenizer,
        source: Source,
        end_of_document: str | None,
        allowed: frozenset[str],
        num_threads: int | None,
        progress: Progress | None,
        dtype: str | None = None,
    ) -> Plan:
        """Check the request; files are looked up now."""
        specials, end = tokenizer.spec.special_tokens, None
        if end_of_document is not None:
            resolve_allowed({end_of_document}, frozenset(specials))
            end = specials[end_of_document]
        corpus, threads = Corpus.of(source), resolve_num_threads(num_threads)
        width = resolve_dtype(tokenizer.n_vocab, dtype)
        return cls(tokenizer, Reading(source), allowed, end, threads, progress, corpus, width)

    def key(self) -> dict[str, Any]:
        """Return what decides the ids and where shards end, as plain data."""
        options = {name: value for name, value in vars(self.corpus).items() if name != "source"}
        all_files = self.reading.files or ()
        files = [file.path.resolve() for file in all_files if not file.is_stdin]
        return {
            "format": FORMAT,
            "version": VERSION,
            "tokenizer_hash": self.tokenizer.content_hash,
            "n_vocab": self.tokenizer.n_vocab,
            "dtype": self.dtype,
            "end_of_document": self.end,
            "special": sorted(self.allowed),
            "reading": options,
            "files": files_key(files) if len(files) == len(all_files) else [],
        }

    def encoded(self) -> Iterator[EncodedGroup | PlainFile]:
        """Yield the ids of all documents; files that the engine can encode are left to it."""
        leave_files = self.tokenizer._codec.encode_file is not None
        return self._encode(groups_of(self.reading, self._cutter(), leave_files=leave_files))

    def encoded_after(self, num_done: int) -> Iterator[EncodedGroup]:
        """Yield the ids of all pieces but the first, which were done before."""
        groups = cast("Iterator[Group]", groups_of(self.reading, self._cutter()))
        return cast("Iterator[EncodedGroup]", self._encode(_after(groups, num_done)))

    def encode_plain(self, file: PlainFile, writer: TokenWriter) -> tuple[int, int]:
        """Write the ids of a file that was left; return how many documents and bytes there were."""
        encode = self.tokenizer._codec.encode_file
        assert encode is not None, "files are left to an engine that encodes them"
        begin = file.position - file.path.stat().st_size
        show = None if self.progress is None else _Shown(self.progress, begin, self.reading.total)
        with writer.filling() as place:
            counts = encode(
                file.path, file.separator, self.allowed, self.end, place, self.num_threads, show
            )
            writer.count += counts[0]
        return counts[1:]

    def _cutter(self) -> Cutter:
        return self.tokenizer._cutter(self.allowed)

    def _encode(self, groups: Iterator[Group | PlainFile]) -> Iterator[EncodedGroup | PlainFile]:
        codec = self.tokenizer._codec
        for group in encode_groups(groups, codec, self.allowed, self.end, self.num_threads):
            yield group
            if self.progress is not None:
                position = (group if isinstance(group, PlainFile) else group.group).position
                self.progress("encoding", position, self.reading.total)


def allowed_by(special: SpecialPolicy, known: frozenset[str]) -> frozenset[str]:
    """Return the special tokens that a policy allows in a corpus.

    Raises:
        ValueError: Some would be an error.
    """
    allowed, disallowed = resolve_policy(special, known)
    if disallowed:
        raise ValueError(
            'special must be "text" or "all", or name every special token: a corpus of any size '
            "cannot be checked before it is encoded"
        )
    return allowed


def write_file(plan: Plan, path: StrPath, *, overwrite: bool, header: bool = True) -> EncodedFiles:
    """Write one token file, complete or not at all."""
    num_documents = num_bytes = 0
    opened = open_tokens(path, plan.tokenizer, overwrite=overwrite, dtype=plan.dtype, header=header)
    with opened as writer, _Behind() as behind:
        for encoded in plan.encoded():
            if isinstance(encoded, PlainFile):
                behind.wait()
                documents, size = plan.encode_plain(encoded, writer)
            else:
                behind.call(writer.append_known, encoded.ids)
                documents = encoded.group.count_documents(len(encoded.group.pieces))
                size = encoded.group.num_bytes
            num_documents += documents
            num_bytes += size
        behind.wait()
    plan.reading.report.warn()
    return EncodedFiles(writer.count, num_documents, num_bytes, writer.dtype, (Path(path),))


def write_shards(plan: Plan, folder: Path, shard_tokens: int, *, overwrite: bool) -> EncodedFiles:
    """Write a folder of shards, going on behind those that are there."""
    if isinstance(shard_tokens, bool) or not isinstance(shard_tokens, int) or shard_tokens < 1:
        raise ValueError(f"shard_tokens must be an int of at least 1, not {shard_tokens!r}")
    key = {**plan.key(), "shard_tokens": shard_tokens}
    room = ResumableFolder(folder, key)
    room.make_room(force=overwrite)
    if not room.is_complete:
        done = room.finished(TokenShard)
        done += _Shards(plan, room, shard_tokens, done).write()
        if not done:
            raise CorpusError("there is no document to encode in the source")
        room.finish({**key, "shards": [asdict(shard) for shard in done]})
        plan.reading.report.warn()
    shards = read_index(folder).shards
    return EncodedFiles(
        sum(shard.num_tokens for shard in shards),
        sum(shard.num_documents for shard in shards),
        sum(shard.num_bytes for shard in shards),
        plan.dtype,
        tuple(folder / f"{shard.name}.bin" for shard in shards),
    )


class _Shards:
    """Fills shards; each ends with the document or piece that reaches the number of tokens."""

    def __init__(
        self, plan: Plan, room: ResumableFolder, limit: int, done: list[TokenShard]
    ) -> None:
        self._plan, self._room, self._limit = plan, room, limit
        self._number = len(done)
        self._encoded = plan.encoded_after(sum(shard.num_pieces for shard in done))
        self._rest: EncodedGroup | None = None

    def write(self) -> Iterator[TokenShard]:
        """Write shard by shard; each counts as soon as it is yielded."""
        self._rest = next(self._encoded, None)
        while self._rest is not None:
            shard = self._write_one(shard_name(self._number))
            self._room.record(shard.name, asdict(shard))
            self._number += 1
            yield shard

    def _write_one(self, name: str) -> TokenShard:
        digest = sha256()
        pieces = documents = num_bytes = 0
        plan, path = self._plan, self._room.folder / f"{name}.bin"
        with (
            open_tokens(path, plan.tokenizer, overwrite=True, dtype=plan.dtype) as writer,
            _Behind() as behind,
        ):
            count = 0
            while self._rest is not None and count < self._limit:
                encoded = self._rest
                taken = int(encoded.offsets.searchsorted(self._limit - count))
                taken = min(taken, len(encoded.group.pieces))
                ids = encoded.ids[: encoded.offsets[taken]]
                behind.call(_append, writer, digest, ids)
                count += len(ids)
                pieces += taken
                documents += encoded.group.count_documents(taken)
                num_bytes += encoded.group.count_bytes(taken)
                self._rest = _without(encoded, taken) or next(self._encoded, None)
            behind.wait()
        return TokenShard(name, count, documents, num_bytes, pieces, digest.hexdigest())


class _Shown:
    """Turns the progress within one file into that within the whole corpus."""

    def __init__(self, progress: Progress, begin: int, total: int) -> None:
        self._progress, self._begin, self._total = progress, begin, total

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._progress(phase, self._begin + done, self._total)


class _Behind:
    """Calls one function at a time in another thread, so that writing and encoding overlap."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._pending: Future[object] | None = None

    def __enter__(self) -> _Behind:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def call(self, function: Any, *arguments: Any) -> None:
        """Wait for the call before, and begin the next."""
        self.wait()
        if self._pool is None:  # files that an engine encodes by itself need none
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, "bpe writer", leave_signals_to_others)
        self._pending = self._pool.submit(function, *arguments)

    def wait(self) -> None:
        """Wait for the call before; what it raised is raised here."""
        if self._pending is not None:
            self._pending.result()


def _append(writer: TokenWriter, digest: Any, ids: Any) -> None:
    digest.update(writer.append_known(ids))


def _without(encoded: EncodedGroup, num_pieces: int) -> EncodedGroup | None:
    if num_pieces == len(encoded.group.pieces):
        return None
    first = encoded.offsets[num_pieces]
    return EncodedGroup(
        encoded.group.without(num_pieces),
        encoded.ids[first:],
        encoded.offsets[num_pieces:] - first,
    )


def _after(groups: Iterator[Group], num_pieces: int) -> Iterator[Group]:
    for group in groups:
        if num_pieces >= len(group.pieces):
            num_pieces -= len(group.pieces)
        else:
            yield group.without(num_pieces) if num_pieces else group
            num_pieces = 0
