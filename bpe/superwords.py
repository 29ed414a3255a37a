"""Superwords: a split pattern in which neighbouring words are one pretoken.

SuperBPE (arXiv 2503.13423) learns words first and then lets merges cross the spaces between them.
Its second stage splits text where words end only because of something else: numbers, punctuation
and line ends stand alone as before, and a run of words is one pretoken.
"""

from __future__ import annotations

from bpe.errors import PatternError
from bpe.patterns import NAMED_PATTERNS, Pattern


def superword_pattern(pattern: Pattern) -> Pattern:
    """Return the coarser pattern: each pretoken is one of the given pattern's or a run of words.

    Raises:
        PatternError: It is none of the named patterns, so nobody knows what its words are.

    >>> from bpe.regex_split import split
    >>> split(b"One of the 12 days, he said.", superword_pattern(Pattern.of("cl100k")))
    [b'One of the', b' ', b'12', b' days', b',', b' he said', b'.']
    """
    if pattern.name not in NAMED_PATTERNS:
        raise PatternError(
            "superwords need a named pattern, which says what a word is: "
            f"{', '.join(NAMED_PATTERNS)}"
        )
    return Pattern.of(f"{pattern.name} superwords")
