"""`tiktoken.core`: the class."""

from bpe.compat.tiktoken import Encoding

__all__ = ["Encoding"]
