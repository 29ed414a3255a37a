"""Training as `tokenizers` does it: the same merges and ids, from counts of lines."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from bpe.compat.tokenizers.added_token import contents
from bpe.compat.tokenizers.pre_tokenizers import PreTokenizer
from bpe.compat.tokenizers.trainers import BpeTrainer
from bpe.formats.byte_alphabet import to_characters
from bpe.spec import Merges, TokenizerSpec


def lines_of(files: Iterable[str]) -> Iterator[str]:
    """Yield the lines of text files with their ends: each is a text of its own there."""
    for path in files:
        with open(path, encoding="utf-8", newline="\n") as file:  # noqa: PTH123 (any path)
            yield from file


def texts_of(iterator: Iterable[Any]) -> Iterator[str]:
    """Yield the texts of an iterator over texts or over lists of them."""
    for item in iterator:
        if isinstance(item, str):
            yield item
        else:
            yield from item


def train(texts: Iterable[str], trainer: BpeTrainer, pre_tokenizer: PreTokenizer) -> TokenizerSpec:
    """Learn a vocabulary: special tokens have the first ids, then come the bytes, then merges."""
    from bpe.counting import count
    from bpe.training import train as learn

    if pre_tokenizer.add_prefix_space:
        texts = (text if text.startswith(" ") or not text else " " + text for text in texts)
    counts = count(texts, pattern=pre_tokenizer.pattern, special_tokens=())
    specials = contents(trainer.special_tokens)
    with warnings.catch_warnings():  # a corpus that gives fewer merges is no news there
        warnings.simplefilter("ignore", UserWarning)
        learned = learn(
            counts,
            max(256, trainer.vocab_size - len(specials)),
            special_tokens=(),
            tie_break="huggingface",
            min_frequency=max(1, trainer.min_frequency),
            max_token_bytes=trainer.max_token_length,
        )
    return _renumbered(learned.spec, specials)


def _renumbered(spec: TokenizerSpec, specials: list[str]) -> TokenizerSpec:
    order = sorted(range(256), key=lambda byte: to_characters(bytes([byte])))
    first = len(specials)
    new_id = {byte: first + place for place, byte in enumerate(order)}
    new_id |= {id_: first + id_ for id_ in spec.id_to_bytes if id_ >= 256}
    return TokenizerSpec(
        pattern=spec.pattern,
        id_to_bytes={new_id[id_]: token for id_, token in spec.id_to_bytes.items()},
        merges=Merges(
            (new_id[left], new_id[right], new_id[made], rank)
            for left, right, made, rank in spec.merges
        ),
        special_tokens={text: place for place, text in enumerate(specials)},
        whole_pretoken_first=False,
        name=spec.name,
    )
