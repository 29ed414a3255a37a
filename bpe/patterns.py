"""The split patterns: how text is cut into pretokens before any merge.

A pattern is one regular expression, or a sequence of them applied one after the other (a *stage*
splits every piece that the stage before it left). The six named ones have a hand-written scanner
in the native engine, with superwords or without; any other goes through the `regex` package. A byte
that no alternative matches is not lost: the gap between two matches is a pretoken too.

Sources: tiktoken 0.14 (`gpt2`, `cl100k`, `o200k`), the tokenizer files of Llama 3 and Qwen 2, and
nanochat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bpe.errors import PatternError

_O200K_WORD_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

#: The named patterns, as the regular expressions of the tools that made them known.
NAMED_PATTERNS: dict[str, str] = {
    "gpt2": (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"),
    "cl100k": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
    "llama3": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "o200k": "|".join(
        [
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
            + _O200K_WORD_SUFFIX,
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
            + _O200K_WORD_SUFFIX,
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        ]
    ),
    "qwen2": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "nanochat": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
    ),
}

# In every named pattern the alternatives for words come first, and the one for numbers follows.
_NUMBERS = re.compile(r"\| \?\\p\{N\}|\|\\p\{N\}")


def _joining_words(regex: str) -> str:
    numbers = _NUMBERS.search(regex)
    assert numbers is not None
    return f"(?:{regex[: numbers.start()]})++{regex[numbers.start() :]}"


#: The same with every run of neighbouring words as one pretoken (see `bpe.superwords`).
SUPERWORD_PATTERNS: dict[str, str] = {
    f"{name} superwords": _joining_words(regex) for name, regex in NAMED_PATTERNS.items()
}

# Other spellings of a named pattern that give the same pretokens on every text.
_OTHER_SPELLINGS: dict[str, str] = {
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+": "gpt2",
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+": "gpt2",
}

_NAME_TO_REGEX = NAMED_PATTERNS | SUPERWORD_PATTERNS
_REGEX_TO_NAME = {regex: name for name, regex in _NAME_TO_REGEX.items()} | _OTHER_SPELLINGS


@dataclass(frozen=True)
class Pattern:
    """A split pattern.

    Attributes:
        stages: Regular expressions, applied one after the other; empty for "do not split".
        name: The name under which the native engine has a scanner for it, or None.
    """

    stages: tuple[str, ...]
    name: str | None = None

    @classmethod
    def of(cls, pattern: str | Sequence[str] | Pattern | None) -> Pattern:
        """Make a pattern from a name, a regular expression, several stages, or None.

        Raises:
            PatternError: An expression does not compile, or a name is unknown.

        >>> Pattern.of("gpt2").name
        'gpt2'
        >>> Pattern.of(NAMED_PATTERNS["o200k"]).name
        'o200k'
        >>> Pattern.of([r"\\d", r"\\w+|\\W+"]).name is None
        True
        >>> Pattern.of(None).stages
        ()
        """
        if isinstance(pattern, Pattern):
            return pattern
        if pattern is None:
            return cls(stages=())
        if isinstance(pattern, str):
            if pattern in _NAME_TO_REGEX:
                return cls((_NAME_TO_REGEX[pattern],), pattern)
            if pattern in _REGEX_TO_NAME:
                return cls((pattern,), _REGEX_TO_NAME[pattern])
            if pattern.isidentifier():
                known = ", ".join(sorted(NAMED_PATTERNS))
                raise PatternError(
                    f"there is no pattern named {pattern!r}; the names are {known}. "
                    "Anything else is read as a regular expression."
                )
            pattern = [pattern]
        stages = tuple(pattern)
        for stage in stages:
            _check_stage(stage)
        return cls(stages, _REGEX_TO_NAME.get(stages[0]) if len(stages) == 1 else None)


def _check_stage(stage: object) -> None:
    if not isinstance(stage, str) or not stage:
        raise PatternError(f"a pattern stage must be a non-empty str, not {stage!r}")
    if not stage.isascii() and any("\ud800" <= character <= "\udfff" for character in stage):
        raise PatternError(f"the pattern {stage!r} holds a lone surrogate, which no file can hold")
    import regex

    try:
        regex.compile(stage, regex.V1)
    except RecursionError:
        shown = f"{stage[:60]!r}... ({len(stage)} characters)"
        raise PatternError(f"the pattern {shown} is nested too deep; flatten it") from None
    except (regex.error, ValueError, OverflowError) as error:
        raise PatternError(f"the pattern {stage!r} is not a regular expression: {error}") from None
