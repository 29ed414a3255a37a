"""`tiktoken._educational`: a small encoding to look at, over the reference engine.

The code to read is `bpe/reference/`. Of pairs that are equally frequent, training takes the one
with the smaller ids, so its merges may differ from those of `tiktoken`, which takes what it saw
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bpe.compat.tiktoken import Encoding
from bpe.compat.tiktoken import get_encoding as _get_encoding
from bpe.engines import get_engine
from bpe.patterns import NAMED_PATTERNS
from bpe.tokenizer import Tokenizer
from bpe.training import train as _train

__all__ = ["SimpleBytePairEncoding", "train_simple_encoding", "visualise_tokens"]

_BACKGROUNDS = (167, 179, 185, 77, 80, 68, 134)


class SimpleBytePairEncoding:
    """An encoding that shows its tokens."""

    def __init__(self, *, pat_str: str, mergeable_ranks: Mapping[bytes, int]) -> None:
        """Make one of a pattern and ranked tokens."""
        self.pat_str, self.mergeable_ranks = pat_str, dict(mergeable_ranks)
        encoding = Encoding(
            "simple", pat_str=pat_str, mergeable_ranks=mergeable_ranks, special_tokens={}
        )
        self._tokenizer = Tokenizer(encoding.spec, engine="reference")

    def encode(self, text: str, visualise: str | None = "colour") -> list[int]:
        """Encode a text; with "colour" or "simple" print its tokens, pretoken by pretoken."""
        for word in get_engine("reference").split(text.encode(), self._tokenizer.spec.pattern):
            tokens = self._tokenizer.decode_tokens_bytes(self._tokenizer.encode_ordinary(word))
            if visualise in ("colour", "color"):
                visualise_tokens(tokens)
            elif visualise:
                print(tokens)
        return self._tokenizer.encode_ordinary(text)

    def decode_bytes(self, tokens: Sequence[int]) -> bytes:
        """Decode ids to bytes."""
        return self._tokenizer.decode_bytes(tokens)

    def decode(self, tokens: Sequence[int]) -> str:
        """Decode ids to text."""
        return self._tokenizer.decode(tokens)

    def decode_tokens_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Return the bytes of each id."""
        return self._tokenizer.decode_tokens_bytes(tokens)

    @staticmethod
    def train(training_data: str, vocab_size: int, pat_str: str) -> SimpleBytePairEncoding:
        """Train one on a text."""
        learned = _train(
            [training_data], vocab_size, pattern=[pat_str], special_tokens=(), engine="reference"
        )
        ranks = {token: id_ for id_, token in learned.spec.id_to_bytes.items()}
        return SimpleBytePairEncoding(pat_str=pat_str, mergeable_ranks=ranks)

    @staticmethod
    def from_tiktoken(encoding: str | Encoding) -> SimpleBytePairEncoding:
        """Make one of an encoding, or of the name of one."""
        full = _get_encoding(encoding) if isinstance(encoding, str) else encoding
        return SimpleBytePairEncoding(pat_str=full._pat_str, mergeable_ranks=full._mergeable_ranks)


def visualise_tokens(token_values: Sequence[bytes]) -> None:
    """Print tokens on coloured grounds, no two neighbours alike."""
    shown = [token.decode("utf-8", "replace") for token in token_values]
    coloured = (
        f"\x1b[48;5;{_BACKGROUNDS[index % len(_BACKGROUNDS)]}m{text}"
        for index, text in enumerate(shown)
    )
    print("".join(coloured) + "\x1b[0m")


def train_simple_encoding() -> SimpleBytePairEncoding:
    """Train 600 tokens on the source of this file, and show what they do."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123 (one line of an example)
        data = file.read()
    encoding = SimpleBytePairEncoding.train(data, 600, NAMED_PATTERNS["gpt2"])
    print("This is the sequence of tokens for 'hello world':")
    tokens = encoding.encode("hello world")
    assert "hello world" == encoding.decode(tokens)
    return encoding
