"""What is measured on: prefixes of the corpora, cut between documents, made once; vocabularies."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEPARATOR = "<|endoftext|>"
CACHE = ROOT / "build" / "corpora"


def corpora_folder(given: str | None) -> Path:
    """Return the folder with the corpora: the argument, $BPE_CORPORA, or ../shared/corpora."""
    folder = Path(given or os.environ.get("BPE_CORPORA") or ROOT.parent / "shared" / "corpora")
    if not folder.is_dir():
        raise SystemExit(f"there are no corpora in {folder}; name a folder with --corpora")
    return folder


def corpus_file(folder: Path, name: str, megabytes: float) -> Path:
    """Return a file with the first megabytes of a corpus, whole documents only."""
    target = CACHE / f"{name}-{megabytes:g}MB.txt"
    if not target.exists():
        data = _read(folder, name)
        limit = int(megabytes * 1_000_000)
        if len(data) > limit * 1.02:
            cut = data.rfind(SEPARATOR.encode(), 0, limit)
            data = data[: cut if cut > 0 else limit]
            data = data.decode("utf-8", "ignore").encode()
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(target)
    return target


def rest_of(prefix: Path) -> Path:
    """Return where the rest of a corpus lies, of which `corpus_file` made the prefix."""
    return prefix.with_name(f"{prefix.stem}-rest.txt")


def write_rest(folder: Path, name: str, prefix: Path) -> None:
    """Write what follows a prefix: text of the same kind that shares no document with it."""
    target = rest_of(prefix)
    if not target.exists():
        partial = target.with_suffix(".partial")
        partial.write_bytes(_read(folder, name)[prefix.stat().st_size :])
        partial.replace(target)


def _read(folder: Path, name: str) -> bytes:
    plain = folder / f"{name}.txt"
    if plain.exists():
        return plain.read_bytes()
    packed = folder / f"{name}.txt.zst"
    if not packed.exists():
        raise SystemExit(f"neither {plain.name} nor {packed.name} is in {folder}")
    return subprocess.run(["zstd", "-dc", packed], stdout=subprocess.PIPE, check=True).stdout


def published_file(encoding: str) -> Path:
    """Return the `.tiktoken` file of a published vocabulary in tiktoken's cache.

    The cache names a file by the SHA-1 of its URL.
    """
    url = f"https://openaipublic.blob.core.windows.net/encodings/{encoding}.tiktoken"
    name = hashlib.sha1(url.encode()).hexdigest()
    path = Path(os.environ.get("TIKTOKEN_CACHE_DIR", CACHE)) / name
    if not path.exists():
        raise SystemExit(f"{path} is not there; name tiktoken's cache with --tiktoken-cache")
    return path


def documents(path: str) -> list[str]:
    """Return the documents of a file, for contestants that take texts."""
    return list(stream_documents(path))


def stream_documents(path: str, block_bytes: int = 1 << 20) -> Iterator[str]:
    """Yield the documents of a file one by one, for contestants that take an iterator.

    None of them has to hold the corpus then, so their memory can be compared with ours.
    """
    separator = SEPARATOR.encode()
    unfinished = b""
    with Path(path).open("rb") as file:
        while block := file.read(block_bytes):
            *complete, unfinished = (unfinished + block).split(separator)
            yield from (document.decode("utf-8") for document in complete)
    yield unfinished.decode("utf-8")
