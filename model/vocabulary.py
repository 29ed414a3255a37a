"""What a model has to know about its tokenizer: which ids exist and how many bytes they are."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bpe.errors import CheckpointError, TrainingError

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

TokenizerKind = Literal["bpe", "tiktoken"]

#: The special token that hides another one from a masked language model.
MASK = "<|mask|>"


def load_tokenizer(kind: TokenizerKind, name: str) -> Tokenizer:
    """Return a tokenizer: `bpe` reads a path, `tiktoken` takes the name of a published one."""
    if kind == "tiktoken":
        from bpe.registry import get_encoding

        return get_encoding(name)
    from bpe.tokenizer import Tokenizer

    return Tokenizer.load(name)


def byte_lengths(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Return how many bytes of text each id stands for, shape (n_vocab,).

    Raw token bytes, not decoded text: half a character is still bytes. Special tokens stand for
    no text, and ids that no token has never occur; both are 0.
    """
    lengths = np.zeros(tokenizer.n_vocab, dtype=np.int64)
    for id_, token in tokenizer.spec.id_to_bytes.items():
        lengths[id_] = len(token)
    return lengths


def known_ids(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """Return which of the n_vocab ids are tokens, ordinary or special; the others have no text."""
    known = byte_lengths(tokenizer) > 0
    known[list(tokenizer.spec.special_tokens.values())] = True
    return known


def end_of_text(tokenizer: Tokenizer) -> int | None:
    """Return the id that ends a document, or None if the vocabulary has none."""
    return tokenizer.spec.special_tokens.get("<|endoftext|>")


def mask_id(tokenizer: Tokenizer, padded_vocab_size: int) -> int:
    """Return the id that stands for a hidden token: `<|mask|>`, or the first padded row.

    Raises:
        TrainingError: There is neither; the message says what to do.
    """
    if MASK in tokenizer.spec.special_tokens:
        return tokenizer.spec.special_tokens[MASK]
    if padded_vocab_size == tokenizer.n_vocab:
        raise TrainingError(
            f"this vocabulary of {tokenizer.n_vocab} ids has no {MASK} and no padded row to spare: "
            f"train the tokenizer with --special-token '{MASK}', or to another size"
        )
    return tokenizer.n_vocab


def tokenizer_files(tokenizer: Tokenizer) -> dict[str, bytes]:
    """Return the tokenizer as it is saved: file name to content."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "tok")
        tokenizer.save(root)
        return {path.name: path.read_bytes() for path in sorted(root.iterdir())}


def check_same_tokenizer(given: Tokenizer, expected: Tokenizer, owner: str) -> None:
    """Refuse another tokenizer than the one that a checkpoint was trained with.

    Raises:
        CheckpointError: The contents differ; ids would mean different text.
    """
    if given.content_hash != expected.content_hash:
        raise CheckpointError(
            f"the tokenizer {given.name!r} ({given.n_vocab} ids, {given.content_hash[:12]}) is not "
            f"the one {owner} was trained with ({expected.n_vocab} ids, "
            f"{expected.content_hash[:12]}), and its ids mean other text; leave out -t and -m to "
            "use the tokenizer inside the checkpoint"
        )
