"""`tokenizers.Tokenizer`, over our engine.

Special tokens are always recognised in text (unless `encode_special_tokens` is set); decoding
leaves them out. Without a decoder, decoding gives the text all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from bpe.compat.tokenizers import models, processors
from bpe.compat.tokenizers.added_token import AddedToken, contents
from bpe.compat.tokenizers.decoders import ByteLevel as ByteLevelDecoder
from bpe.compat.tokenizers.encoding_texts import TextEncoder, is_words
from bpe.compat.tokenizers.encodings import Direction, Encoding
from bpe.compat.tokenizers.json_files import from_fields, to_text
from bpe.compat.tokenizers.limits import Limits
from bpe.compat.tokenizers.pre_tokenizers import PreTokenizer
from bpe.compat.tokenizers.pre_tokenizers import Sequence as Parts
from bpe.compat.tokenizers.refusing import check_number, refuse
from bpe.compat.tokenizers.trainers import BpeTrainer
from bpe.compat.tokenizers.training import lines_of, texts_of, train
from bpe.compat.tokenizers.vocabulary import Vocabulary, with_special_tokens
from bpe.files import write_bytes
from bpe.formats import strict_json
from bpe.tokenizer import Tokenizer as _Tokenizer


class Tokenizer(Vocabulary, Limits):
    """A tokenizer with the names and defaults of `tokenizers.Tokenizer`.

    >>> from bpe.compat.tokenizers import models, pre_tokenizers, trainers
    >>> tokenizer = Tokenizer(models.BPE())
    >>> tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    >>> trainer = trainers.BpeTrainer(vocab_size=264, special_tokens=["<s>"])
    >>> tokenizer.train_from_iterator(["low lower lowest"] * 9, trainer=trainer)
    >>> encoding = tokenizer.encode("low lower")
    >>> encoding.tokens, encoding.offsets, encoding.word_ids
    (['low', 'Ġlower'], [(0, 3), (3, 9)], [0, 1])
    """

    def __init__(self, model: _Tokenizer | models.BPE) -> None:
        """Make one of a model, or the drop-in for a `bpe.Tokenizer`; they share one engine."""
        super().__init__()
        if not isinstance(model, (_Tokenizer, models.BPE)):
            raise TypeError(
                "this drop-in is made from a models.BPE or a bpe.Tokenizer, not from a "
                f"{type(model).__name__}"
            )
        self._made: _Tokenizer | None = None
        self._model = model if isinstance(model, models.BPE) else models.BPE()
        self._pre_tokenizer: PreTokenizer | None = None
        self._post_processor: Any = None
        #: How tokens become text; ByteLevel or None, which makes no difference here.
        self.decoder: Any = None
        #: Whether special tokens in a text are encoded like any other text.
        self.encode_special_tokens = False
        if isinstance(model, _Tokenizer):
            self._made = model
            self._pre_tokenizer = Parts.of_pattern(model.spec.pattern)

    # ---- parts -------------------------------------------------------------------------------

    @property
    def _tokenizer(self) -> _Tokenizer:
        if self._made is None:
            if not self._model.vocab:
                raise ValueError("there is no vocabulary yet: train one, or load a file")
            if self._pre_tokenizer is None:
                raise ValueError(
                    "the model needs a byte-level pre-tokenizer: set pre_tokenizer = "
                    "pre_tokenizers.ByteLevel()"
                )
            self._made = _Tokenizer(from_fields(self._model, self._pre_tokenizer))
        return self._made

    @property
    def model(self) -> models.BPE:
        """The model that it was made from."""
        return self._model

    @property
    def pre_tokenizer(self) -> PreTokenizer | None:
        """How text is cut into words."""
        return self._pre_tokenizer

    @pre_tokenizer.setter
    def pre_tokenizer(self, value: PreTokenizer) -> None:
        if not isinstance(value, PreTokenizer):
            refuse(f"the pre-tokenizer {type(value).__name__}")
        self._pre_tokenizer = value
        if self._made is not None:
            self._made = _Tokenizer(replace(self._made.spec, pattern=value.pattern))

    @property
    def post_processor(self) -> Any:
        """What is put around texts, and how offsets are trimmed."""
        return self._post_processor

    @post_processor.setter
    def post_processor(self, value: Any) -> None:
        if not hasattr(value, "num_special_tokens_to_add"):
            refuse(f"the post-processor {type(value).__name__}")
        self._post_processor = value

    @property
    def normalizer(self) -> None:
        """None: byte-level text is taken as it is."""
        return None

    @normalizer.setter
    def normalizer(self, value: object) -> None:
        if value is not None:
            refuse(f"the normalizer {type(value).__name__}")

    # ---- train -------------------------------------------------------------------------------

    def train(self, files: Sequence[str], trainer: BpeTrainer | None = None) -> None:
        """Train from text files; each line, with its end, is a text.

        Merges and ids are those of `tokenizers` with `initial_alphabet=ByteLevel.alphabet()`.
        """
        if isinstance(files, str):
            raise TypeError("files must be several paths, not one str")
        self.train_from_iterator(lines_of(files), trainer)

    def train_from_iterator(
        self,
        iterator: Iterable[Any],
        trainer: BpeTrainer | None = None,
        length: int | None = None,
    ) -> None:
        """Train from an iterator over texts, or over lists of texts."""
        if self._pre_tokenizer is None:
            refuse("training without a pre-tokenizer (set pre_tokenizers.ByteLevel())")
        if trainer is not None and not isinstance(trainer, BpeTrainer):
            refuse(f"the trainer {type(trainer).__name__}")
        spec = train(texts_of(iterator), trainer or BpeTrainer(), self._pre_tokenizer)
        self._made = _Tokenizer(spec)

    def add_special_tokens(self, tokens: Sequence[str | AddedToken]) -> int:
        """Add special tokens behind the vocabulary; return how many are new.

        One that is in the vocabulary already keeps its id.
        """
        spec, number = with_special_tokens(self._tokenizer.spec, contents(tokens))
        self._made = _Tokenizer(spec)
        return number

    def add_tokens(self, tokens: Sequence[str | AddedToken]) -> int:
        """Add special tokens; other added tokens are refused."""
        for token in tokens:
            if not (isinstance(token, AddedToken) and token.special):
                refuse(f"the added token {str(token)!r}, which is not special,")
        return self.add_special_tokens(tokens)

    # ---- load and save -----------------------------------------------------------------------

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Tokenizer:
        """Read a `tokenizer.json`, or a vocabulary in any other format.

        Raises:
            FormatError: It does something that is not supported; the message names it.
        """
        file = Path(path)
        if file.is_file():
            with file.open("rb") as opened:
                if opened.read(1) == b"{":
                    return cls._of(strict_json.read(file), str(path))
        return cls(_Tokenizer.load(path))

    @classmethod
    def from_str(cls, json: str) -> Tokenizer:
        """Read the text of a `tokenizer.json`."""
        return cls._of(strict_json.parse(json, "the text"), "the text")

    @classmethod
    def from_buffer(cls, buffer: bytes) -> Tokenizer:
        """Read the bytes of a `tokenizer.json`."""
        return cls._of(strict_json.parse(buffer, "the buffer"), "the buffer")

    @classmethod
    def from_pretrained(cls, identifier: str, *_: Any, **__: Any) -> Tokenizer:
        """Refuse: nothing is downloaded here; load the file with `from_file`."""
        refuse(f"Tokenizer.from_pretrained({identifier!r}), a download,")

    @classmethod
    def _of(cls, document: object, where: str) -> Tokenizer:
        from bpe.compat.tokenizers.json_files import read

        spec, pre_tokenizer, post_processor = read(document, where)
        made = cls(_Tokenizer(spec))
        made._pre_tokenizer, made._post_processor = pre_tokenizer, post_processor
        made.decoder = ByteLevelDecoder()
        return made

    def to_str(self, pretty: bool = False) -> str:
        """Return the text of a `tokenizer.json`."""
        spec = self._tokenizer.spec
        return to_text(spec, self._pre_tokenizer, self._post_processor, pretty=pretty)

    def save(self, path: str | PathLike[str], pretty: bool = True) -> None:
        """Write a `tokenizer.json`; what is there is replaced."""
        write_bytes(Path(path), self.to_str(pretty).encode(), overwrite=True)

    def __repr__(self) -> str:
        name = "untrained" if self._made is None else repr(self._made.name)
        return f"<Tokenizer {name} in the clothes of tokenizers>"

    # ---- encode and decode -------------------------------------------------------------------

    def encode(
        self,
        sequence: str | Sequence[str],
        pair: str | Sequence[str] | None = None,
        is_pretokenized: bool = False,
        add_special_tokens: bool = True,
    ) -> Encoding:
        """Encode a text, or a pair of texts.

        Args:
            sequence: A text; with `is_pretokenized` its words, and offsets are those in each.
            pair: The second text.
            is_pretokenized: Whether texts are given as lists of words.
            add_special_tokens: Whether the post-processor puts special tokens around them.
        """
        for text in (sequence,) if pair is None else (sequence, pair):
            if isinstance(text, str) == is_pretokenized or not (
                isinstance(text, str) or is_words(text)
            ):
                what = "words, as a list of str" if is_pretokenized else "a str"
                raise TypeError(f"a text must be {what}, not {type(text).__name__}")
        both: Any = sequence if pair is None else (sequence, pair)
        return self.encode_batch([both], is_pretokenized, add_special_tokens)[0]

    def encode_batch(
        self,
        input: Iterable[Any],
        is_pretokenized: bool = False,
        add_special_tokens: bool = True,
    ) -> list[Encoding]:
        """Encode several texts or pairs; padded to the longest if padding is on."""
        if isinstance(input, str):
            raise TypeError("a batch must be several texts, not one str")
        prefix = self._pre_tokenizer is not None and self._pre_tokenizer.add_prefix_space
        encoder = TextEncoder(
            self._tokenizer, self._id_to_token, prefix, not self.encode_special_tokens
        )
        encodings = []
        for item in input:
            texts = encoder.encode_item(item, is_pretokenized)
            added = self.num_special_tokens_to_add(len(texts) == 2) if add_special_tokens else 0
            self._truncate(texts, added)
            if self._post_processor is None:
                encodings.append(processors.join(texts))
            else:
                pair = texts[1] if len(texts) == 2 else None
                encodings.append(self._post_processor.process(texts[0], pair, add_special_tokens))
        self._pad(encodings)
        return encodings

    encode_batch_fast = encode_batch

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """Decode ids; special tokens are left out, and so are ids that are none."""
        if isinstance(ids, str):
            raise TypeError("ids must be several integers, not a str")
        ids = [check_number(id_, "an id") for id_ in ids]
        id_to_bytes = self._tokenizer.spec.id_to_bytes
        special = () if skip_special_tokens else self._special_ids
        kept = [id_ for id_ in ids if id_ in id_to_bytes or id_ in special]
        return self._tokenizer.decode(kept)

    def decode_batch(
        self, sequences: Iterable[Sequence[int]], skip_special_tokens: bool = True
    ) -> list[str]:
        """Decode several sequences of ids."""
        return [self.decode(ids, skip_special_tokens) for ids in sequences]

    def num_special_tokens_to_add(self, is_pair: bool) -> int:
        """Return how many special tokens the post-processor puts around a text, or a pair."""
        processor = self._post_processor
        return 0 if processor is None else int(processor.num_special_tokens_to_add(is_pair))


__all__ = ["Direction", "Tokenizer"]
