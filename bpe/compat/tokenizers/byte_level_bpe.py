"""`tokenizers.ByteLevelBPETokenizer`: a byte-level BPE, ready-made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bpe.compat.tokenizers import models, processors
from bpe.compat.tokenizers.added_token import AddedToken
from bpe.compat.tokenizers.pre_tokenizers import ByteLevel
from bpe.compat.tokenizers.refusing import refuse
from bpe.compat.tokenizers.tokenizer import Tokenizer
from bpe.compat.tokenizers.trainers import BpeTrainer


class ByteLevelBPETokenizer(Tokenizer):
    """A tokenizer as GPT-2 has it.

    >>> tokenizer = ByteLevelBPETokenizer()
    >>> tokenizer.train_from_iterator(["low lower lowest"] * 9, vocab_size=264, min_frequency=2)
    >>> tokenizer.encode("low lower").tokens
    ['low', 'Ġlower']
    """

    def __init__(
        self,
        vocab: str | dict[str, int] | None = None,
        merges: str | Sequence[tuple[str, str]] | None = None,
        add_prefix_space: bool = False,
        lowercase: bool = False,
        dropout: float | None = None,
        unicode_normalizer: str | None = None,
        continuing_subword_prefix: str | None = None,
        end_of_word_suffix: str | None = None,
        trim_offsets: bool = False,
    ) -> None:
        """Make one, of files or of their content, or to be trained."""
        if lowercase or unicode_normalizer:
            refuse("ByteLevelBPETokenizer(lowercase or unicode_normalizer)")
        options: dict[str, Any] = {
            "dropout": dropout,
            "continuing_subword_prefix": continuing_subword_prefix,
            "end_of_word_suffix": end_of_word_suffix,
        }
        if isinstance(vocab, str) and isinstance(merges, str):
            vocab, merges = models.BPE.read_file(vocab, merges)
        super().__init__(models.BPE(vocab, merges, **options))  # type: ignore[arg-type]
        self.pre_tokenizer = ByteLevel(add_prefix_space=add_prefix_space)
        self.post_processor = processors.ByteLevel(trim_offsets=trim_offsets)

    @classmethod
    def from_file(  # type: ignore[override]
        cls, vocab_filename: str, merges_filename: str, **options: Any
    ) -> ByteLevelBPETokenizer:
        """Read `vocab.json` and `merges.txt`."""
        return cls(vocab_filename, merges_filename, **options)

    def train(  # type: ignore[override]
        self,
        files: str | Sequence[str],
        vocab_size: int = 30000,
        min_frequency: int = 2,
        show_progress: bool = True,
        special_tokens: Sequence[str | AddedToken] = (),
    ) -> None:
        """Train from text files."""
        trainer = BpeTrainer(vocab_size, min_frequency, show_progress, special_tokens)
        super().train([files] if isinstance(files, str) else files, trainer)

    def train_from_iterator(  # type: ignore[override]
        self,
        iterator: Iterable[Any],
        vocab_size: Any = 30000,
        min_frequency: Any = 2,
        show_progress: bool = True,
        special_tokens: Sequence[str | AddedToken] = (),
        length: int | None = None,
    ) -> None:
        """Train from an iterator over texts, or over lists of texts."""
        trainer = vocab_size
        if not isinstance(trainer, BpeTrainer):
            trainer = BpeTrainer(vocab_size, min_frequency, show_progress, special_tokens)
        super().train_from_iterator(iterator, trainer)

    def save_model(self, directory: str, prefix: str | None = None) -> list[str]:
        """Write `vocab.json` and `merges.txt`; return their paths."""
        import json

        from bpe.files import write_bytes
        from bpe.formats.gpt2 import merge_lines

        texts = (
            json.dumps(self.get_vocab(), ensure_ascii=False),
            "".join(merge_lines(self._tokenizer.spec)),
        )
        names = [f"{prefix}-{name}" if prefix else name for name in ("vocab.json", "merges.txt")]
        paths = [str(Path(directory, name)) for name in names]
        for path, text in zip(paths, texts, strict=True):
            write_bytes(path, text.encode(), overwrite=True)
        return paths
