"""Does another library give the same ids? Load a saved vocabulary with it and compare.

Each format names the library that reads it: tiktoken, `tokenizers`, mistral-common. minbpe is no
package, so its few lines of encoding are written out here from its description.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from bpe.errors import FormatError, MissingDependencyError
from bpe.formats.gpt2 import FILE_NAMES
from bpe.formats.tiktoken import to_single_expression
from bpe.spec import TokenizerSpec
from bpe.tokenizer import Tokenizer

#: Text to ids, as the other library has them.
Encode = Callable[[str], list[int]]

# Text goes to the libraries in pieces: some need quadratic time, or give up, on a long one.
_PIECE_CHARACTERS = 1 << 16
_SEED = 20


def verify(tokenizer: Tokenizer, path: Path, format: str, documents: Iterable[bytes] = ()) -> int:
    """Compare the ids of a saved vocabulary, read by its own library, with ours.

    Compared are the documents and always a set of hard cases: special tokens whole and cut,
    white space, digits, random bytes. Bytes that are not UTF-8 become U+FFFD on both sides.

    Args:
        tokenizer: What was saved.
        path: Where it was saved.
        format: In which format.
        documents: Texts to compare on.

    Returns:
        The number of texts compared.

    Raises:
        FormatError: The ids differ; the message shows the text.
        MissingDependencyError: The library is not installed.
    """
    if format not in _READERS:
        raise FormatError(f"nothing that could be asked reads the format {format!r}")
    theirs, knows_special = _READERS[format](path, tokenizer.spec)
    num_texts = 0
    for text in _texts(tokenizer.spec, documents):
        num_texts += 1
        if knows_special:
            ours = tokenizer.encode(text, allowed_special="all")
        else:
            ours = tokenizer.encode_ordinary(text)
        found = theirs(text)
        if ours != found:
            raise FormatError(_difference(tokenizer, path, text, ours, found))
    return num_texts


def probes(spec: TokenizerSpec) -> Iterator[str]:
    """Yield the hard cases: they are the same on every call."""
    from bpe.testing.random_inputs import random_bytes, random_text

    yield from ("", "a", "1234567890", "don't DON'T", "x  \n\n  y \t\r\n", "\u3000\xa0 é")
    tokens = list(spec.id_to_bytes.values())
    specials = list(spec.special_tokens)[:200]
    yield "".join(specials)
    for text in specials:
        yield from (text, f"a{text} b", f" {text}{text}", text[:-1], text[1:])
    random = Random(_SEED)
    for length in (2, 3, 5, 9, 40):
        yield from (character * length for character in " \n\ta1A!é好")
        yield "".join(random.choice(" \n\r\t\u3000") for _ in range(length))
        yield str(random.getrandbits(4 * length))
    for _ in range(200):
        yield random_text(random).encode("utf-8", "replace").decode()
        yield random_bytes(random).decode("utf-8", "replace")
        yield random.randbytes(random.randrange(40)).decode("utf-8", "replace")
        yield b"".join(random.choices(tokens, k=6)).decode("utf-8", "replace")


def _texts(spec: TokenizerSpec, documents: Iterable[bytes]) -> Iterator[str]:
    yield from probes(spec)
    for document in documents:
        text = document.decode("utf-8", "replace")
        for start in range(0, len(text), _PIECE_CHARACTERS):
            yield text[start : start + _PIECE_CHARACTERS]


def _difference(
    tokenizer: Tokenizer, path: Path, text: str, ours: list[int], theirs: list[int]
) -> str:
    pairs = zip(ours, theirs, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
    before = len(tokenizer.decode_bytes(ours[:same]).decode("utf-8", "ignore"))
    shown = text[max(0, before - 20) : before + 20]
    return (
        f"{path} gives other ids there: near {shown!r} (character {before} of {len(text)}) "
        f"{theirs[same : same + 4]}, here {ours[same : same + 4]}"
    )


# ---- the libraries -------------------------------------------------------------------------------


def _import(name: str, distribution: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise MissingDependencyError(
            f"to verify this format, {distribution} has to be installed: pip install {distribution}"
        ) from None


def _read_tiktoken(path: Path, spec: TokenizerSpec) -> tuple[Encode, bool]:
    tiktoken = _import("tiktoken", "tiktoken")
    with _no_tiktoken_cache():
        ranks = _import("tiktoken.load", "tiktoken").load_tiktoken_bpe(str(path))
    encoding = tiktoken.Encoding(
        spec.name,
        pat_str=to_single_expression(spec.pattern),
        mergeable_ranks=ranks,
        special_tokens=dict(spec.special_tokens),
    )
    return lambda text: list(encoding.encode(text, allowed_special="all")), True


def _read_huggingface(path: Path, spec: TokenizerSpec) -> tuple[Encode, bool]:
    tokenizers = _import("tokenizers", "tokenizers")
    file = path / "tokenizer.json" if path.is_dir() else path
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids), True


def _read_gpt2(path: Path, spec: TokenizerSpec) -> tuple[Encode, bool]:
    tokenizers = _import("tokenizers", "tokenizers")
    files = [str(path / name) for name in FILE_NAMES]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE.from_file(*files))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids), False


def _read_tekken(path: Path, spec: TokenizerSpec) -> tuple[Encode, bool]:
    tekken = _import("mistral_common.tokens.tokenizers.tekken", "mistral-common")
    tokenizer = tekken.Tekkenizer.from_file(path)
    return lambda text: list(tokenizer.encode(text, bos=False, eos=False)), False


def _read_minbpe(path: Path, spec: TokenizerSpec) -> tuple[Encode, bool]:
    import regex

    lines = path.read_text("utf-8").split("\n")
    first = 3 + int(lines[2])
    pair_to_id = {tuple(map(int, line.split())): 256 + i for i, line in enumerate(lines[first:-1])}
    pattern = regex.compile(lines[1].strip()) if lines[1].strip() else None

    @lru_cache(maxsize=1 << 16)
    def encode_piece(piece: str) -> tuple[int, ...]:
        ids = list(piece.encode())
        while len(ids) > 1:
            best = min(pairwise(ids), key=lambda p: pair_to_id.get(p, 1 << 40))
            if best not in pair_to_id:
                break
            place, merged = 0, []
            while place < len(ids):
                whole = tuple(ids[place : place + 2]) == best
                merged.append(pair_to_id[best] if whole else ids[place])
                place += 1 + whole
            ids = merged
        return tuple(ids)

    def encode(text: str) -> list[int]:
        pieces = pattern.findall(text) if pattern else [text]
        return [id_ for piece in pieces for id_ in encode_piece(piece)]

    return encode, False


def _read_directory(path: Path, spec: TokenizerSpec) -> tuple[Encode, bool]:
    tokenizer = Tokenizer.load(path, engine="reference")
    return lambda text: tokenizer.encode(text, allowed_special="all"), True


@contextmanager
def _no_tiktoken_cache() -> Iterator[None]:
    """tiktoken caches by path, so without this a file of an earlier day could come back."""
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = ""
    try:
        yield
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


_READERS: dict[str, Callable[[Path, TokenizerSpec], tuple[Encode, bool]]] = {
    "directory": _read_directory,
    "tiktoken": _read_tiktoken,
    "huggingface": _read_huggingface,
    "gpt2": _read_gpt2,
    "tekken": _read_tekken,
    "minbpe": _read_minbpe,
}
