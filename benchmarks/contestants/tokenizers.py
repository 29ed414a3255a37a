"""Hugging Face tokenizers: trainer and encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from importlib.metadata import version as installed_version
from typing import Any

from benchmarks.corpora import stream_documents
from bpe.patterns import NAMED_PATTERNS
from bpe.spec import Merges

#: Byte -> the character that stands for it in a byte-level vocabulary.
_PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
BYTE_TO_CHARACTER = {byte: chr(byte) for byte in _PRINTABLE} | {
    byte: chr(256 + index) for index, byte in enumerate(_OTHERS)
}
CHARACTER_TO_BYTE = {character: byte for byte, character in BYTE_TO_CHARACTER.items()}

MODULES = ("tokenizers",)


def version() -> str:
    """The installed version."""
    return installed_version("tokenizers")


def train(job: dict[str, Any]) -> Any:
    """Train from an iterator; its own pre-tokenizer is the GPT-2 pattern."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    assert job["pattern"] == "gpt2"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    trainer = trainers.BpeTrainer(
        vocab_size=job["vocab_size"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(stream_documents(job["path"]), trainer)
    return tokenizer


def tokens(trained: Any) -> Iterable[bytes]:
    """The merged tokens in order."""
    for left, right in json.loads(trained.to_str())["model"]["merges"]:
        yield bytes(CHARACTER_TO_BYTE[character] for character in left + right)


def encoder(job: dict[str, Any]) -> Callable[[Any], Any]:
    """Encode in one batch, without offsets: the fastest call it has."""
    tokenizer = _load(job)
    if job["form"] == "calls":
        encode = tokenizer.encode
        return lambda texts: [encode(text, add_special_tokens=False).ids for text in texts]

    def encode_batch(texts: list[str]) -> list[list[int]]:
        rows = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [row.ids for row in rows]

    return encode_batch


def decoder(job: dict[str, Any]) -> Callable[[Any], str]:
    """Decode a list."""
    decode: Callable[[Any], str] = _load(job).decode
    return decode


def _load(job: dict[str, Any]) -> Any:
    import tiktoken
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    ranks = tiktoken.get_encoding(job["encoding"])._mergeable_ranks
    text_of = {
        id_: "".join(BYTE_TO_CHARACTER[byte] for byte in token) for token, id_ in ranks.items()
    }
    merges = Merges.from_ranked_tokens(ranks)
    tokenizer = Tokenizer(
        models.BPE(
            vocab={text: id_ for id_, text in text_of.items()},
            merges=[(text_of[merge.left], text_of[merge.right]) for merge in merges],
            ignore_merges=True,
        )
    )
    # Oniguruma reads `{1,3}+` as a repeated group; an atomic group says what is meant.
    pattern = NAMED_PATTERNS[job["encoding"].removesuffix("_base")]
    pattern = pattern.replace(r"\p{N}{1,3}+", r"(?>\p{N}{1,3})")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
