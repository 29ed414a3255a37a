"""`tiktoken.registry`: vocabularies by their names."""

from bpe.compat.tiktoken import get_encoding, list_encoding_names

__all__ = ["get_encoding", "list_encoding_names"]
