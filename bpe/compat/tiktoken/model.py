"""`tiktoken.model`: vocabularies by the models that use them."""

from bpe.compat.tiktoken import encoding_for_model, encoding_name_for_model

__all__ = ["encoding_for_model", "encoding_name_for_model"]
