"""Splitting: bytes → pretokens.

A split pattern is regular expressions, and the definition of the split is to run them: the code
stands in `bpe.regex_split`, because the native engine runs the same expressions when a pattern is
not one of the six that it has scanners for. Read it there; it is one page. What the properties in
the expressions mean (`\\p{L}`, a letter) is fixed in `bpe.unicode_ranges`.
"""

from __future__ import annotations

from bpe.regex_split import split

__all__ = ["split"]
