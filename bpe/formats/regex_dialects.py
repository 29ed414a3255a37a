"""Split patterns in the regex dialects of other tools: same text, same pretokens, or refused.

| | tiktoken, tekken (fancy-regex) | tokenizers (Oniguruma) | minbpe (`regex`, V0) |
|---|---|---|---|
| `X{1,3}+` | gives nothing back | a repeat of a repeat | gives nothing back |
| `$` | end of text | end of any line | end, or before a last newline |
| text that nothing matches | dropped | a pretoken | dropped |
| `[A&&[^B]]` | intersection | intersection | literal `&` |
| `\\w`, scripts, `(?i:s)` of long s and the like | differ by engine and Unicode version | | |

So an expression is walked once. What all engines read alike passes, what can be rewritten is, and
everything else is refused by name. Where the other tool drops what nothing matches, an expression
that is not known to match everywhere gets one more alternative that takes it: see `make_total`.
"""

from __future__ import annotations

import re
from typing import Literal

from bpe.errors import FormatError
from bpe.patterns import NAMED_PATTERNS, Pattern

Dialect = Literal["fancy-regex", "oniguruma", "regex V0"]

#: What a case-insensitive group may hold: the contractions.
#: Beyond these letters the engines fold case differently (U+0130, U+00DF, ligatures).
_SAME_FOLDING = {"[sdmt]|ll|ve|re", "'s|'t|'re|'ve|'m|'ll|'d"}

_ELEMENT = re.compile(
    r"""
      (?P<property> \\[pP]\{[^}]*\} )
    | (?P<unicode> \\u[0-9A-Fa-f]{4} )
    | (?P<escape> \\. )
    | (?P<fold> \(\?i:(?P<folded>[^()]*)\) )
    | (?P<open> \(\?(?:[:=!>]) )
    | (?P<group> \( (?:\?<?[=!])? )
    | (?P<close> \) )
    | (?P<set> \[\^? )
    | (?P<count> \{\d+(?:,\d*)?\} )
    | (?P<repeat> [*+?] )
    | (?P<bar> \| )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_GENERAL_CATEGORY = re.compile(
    r"\\[pP]\{(L|L[ultmo]|M|M[nce]|N|N[dlo]|P|P[cdseifo]|S|S[mcko]|Z|Z[slp]|C[cf])\}"
)
_SAME_ESCAPES = set("rntfsSdD")


def to_dialect(stage: str, dialect: Dialect) -> str:
    """Return the expression that gives the same pretokens in another dialect.

    Raises:
        FormatError: A construct means something else there; the message names it.

    >>> to_dialect(r"\\p{N}{1,3}+|\\s", "oniguruma")
    '(?>\\\\p{N}{1,3})|\\\\s'
    """
    written = _walk(stage, dialect, possessive_counts="(?>{})")
    return written if dialect == "oniguruma" else make_total(written, stage)


def from_oniguruma(stage: str) -> str:
    """Return the expression, as we read it, of one that Oniguruma reads.

    Raises:
        FormatError: A construct means something else to us; the message names it.

    >>> from_oniguruma(r"\\p{N}{1,3}+|\\s")
    '(?:\\\\p{N}{1,3})+|\\\\s'
    """
    known = _WRITTEN_FOR_ONIGURUMA.get(stage)
    return known or _walk(stage, "oniguruma", possessive_counts="(?:{})+")


def make_total(written: str, stage: str) -> str:
    """Add an alternative that takes what the others leave, in one piece, unless none is left.

    >>> make_total("a+", "a+")
    'a+|(?:(?!a+)[\\\\s\\\\S])+'
    """
    return written if stage in TOTAL else f"{written}{_REST.format(written)}"


def undo_total(expression: str) -> str:
    """Return the expression without what `make_total` added.

    >>> undo_total(make_total("a+", "a+"))
    'a+'
    """
    length, rest = divmod(len(expression) - len(_REST.format("")), 2)
    stage = expression[: max(0, length)]
    return stage if not rest and stage and make_total(stage, "") == expression else expression


_REST = r"|(?:(?!{})[\s\S])+"


def _walk(stage: str, dialect: Dialect, *, possessive_counts: str) -> str:
    """Copy the expression element by element; refuse what is not the same everywhere."""
    out: list[str] = []
    starts: list[int] = []  # where the groups that are open began in `out`
    atom = 0  # where the last thing that a quantifier applies to began in `out`
    place = 0
    while place < len(stage):
        match = _ELEMENT.match(stage, place)
        assert match is not None
        kind, text = match.lastgroup, match[0]
        kind = "fold" if kind == "folded" else kind
        place = match.end()
        if kind in ("count", "repeat"):
            suffix = stage[place : place + 1] if stage[place : place + 1] in ("+", "?") else ""
            place += len(suffix)
            _check_quantifier(text, suffix, stage)
            if kind == "count" and suffix == "+" and dialect == "oniguruma":
                out[atom:] = [possessive_counts.format("".join(out[atom:]) + text)]
            else:
                out.append(text + suffix)
            continue
        if kind == "close":
            if not starts:
                raise _refuse(stage, text, "no group is open")
            atom = starts.pop()
        elif kind in ("open", "group"):
            starts.append(len(out))
        else:
            atom = len(out)
        if kind == "set":
            place = _end_of_set(stage, match.start(), dialect)
            text = stage[match.start() : place]
        else:
            # `\s++$` means the same everywhere: the run has already eaten every line end.
            if not (text == "$" and out[-2:] == [r"\s", "++"]):
                _check_element(str(kind), match, stage, dialect)
        out.append(text)
    if starts:
        raise _refuse(stage, stage[-1], "a group is not closed")
    return "".join(out)


def _check_element(kind: str, match: re.Match[str], stage: str, dialect: Dialect) -> None:
    text, follows = match[0], stage[match.end() : match.end() + 1]
    if kind in ("property", "escape"):  # not a code point by number, which every engine reads alike
        _check_escape(kind, text, stage)
    elif kind == "fold" and match["folded"] not in _SAME_FOLDING:
        raise _refuse(stage, text, "engines ignore case differently beyond the contractions")
    elif kind == "group" and "<" in text:
        raise _refuse(stage, text, "engines differ in what may stand in a look-behind")
    elif kind == "group" and (dialect == "regex V0" or follows == "?"):
        raise _refuse(stage, text, "use (?:...) for a group")
    elif kind == "other" and text in "^$":
        raise _refuse(stage, text, "it is the border of a line here and of the text there")
    elif kind == "other" and text in "{}]":
        raise _refuse(stage, text, "engines differ; write a backslash before it")


def _check_escape(kind: str, text: str, stage: str) -> None:
    if kind == "property" and not _GENERAL_CATEGORY.fullmatch(text):
        why = "its code points differ by engine; those of general categories such as \\p{L} do not"
        raise _refuse(stage, text, why)
    if kind == "escape" and text[1].isalnum() and text[1] not in _SAME_ESCAPES:
        remedy = " (write [\\p{L}\\p{M}\\p{N}_] for \\w)" if text[1] in "wW" else ""
        raise _refuse(stage, text, f"its meaning differs by engine{remedy}")


def _check_quantifier(text: str, suffix: str, stage: str) -> None:
    if suffix and text[0] == "{" and "," not in text:
        raise _refuse(stage, text + suffix, "engines differ after an exact number")


def _end_of_set(stage: str, start: int, dialect: Dialect) -> int:
    """Return where the set that starts here ends; refuse what is not read alike in it."""
    depth, place = 0, start
    while place < len(stage):
        match = _ELEMENT.match(stage, place)
        assert match is not None
        text = match[0]
        if match.lastgroup in ("property", "escape", "unicode"):
            _check_escape(match.lastgroup, text, stage)
            place = match.end()
            continue
        if match.lastgroup == "set":
            depth += 1
            if depth > 1 and dialect == "regex V0":
                raise _refuse(stage, text, "a set in a set is not known there")
            if stage[match.end() : match.end() + 1] in ("]", ":"):
                raise _refuse(stage, text + stage[match.end()], "engines differ")
            place = match.end()
            continue
        pair = stage[place : place + 2]
        if pair in ("--", "||", "~~") or (pair == "&&" and dialect == "regex V0"):
            raise _refuse(stage, pair, "it is a set operation here and two characters there")
        place += 1
        if text[0] == "]":
            depth -= 1
            if not depth:
                return place
    raise _refuse(stage, "[", "a set is not closed")


def _refuse(stage: str, construct: str, why: str) -> FormatError:
    shown = stage if len(stage) <= 80 else stage[:77] + "..."
    return FormatError(f"the split pattern {shown!r} cannot be carried over: {construct!r}: {why}")


_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
#: GPT-2's expression as `ByteLevel` with `use_regex` has it.
BYTE_LEVEL = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

#: Expressions that match at every place of every text.
TOTAL = frozenset([*NAMED_PATTERNS.values(), BYTE_LEVEL, _TEKKEN, _QWEN35])

# cl100k's `\p{N}{1,3}+` means `\p{N}{1,3}`, because no other alternative can begin with a number.
_WRITTEN_FOR_ONIGURUMA: dict[str, str] = {}
for _regex in NAMED_PATTERNS.values():
    _WRITTEN_FOR_ONIGURUMA[_walk(_regex, "oniguruma", possessive_counts="{}")] = _regex
    _WRITTEN_FOR_ONIGURUMA[_walk(_regex, "oniguruma", possessive_counts="(?>{})")] = _regex


def oniguruma_spelling(pattern: Pattern) -> list[str]:
    """Return the stages of a pattern as Oniguruma has to have them."""
    return [to_dialect(stage, "oniguruma") for stage in pattern.stages]
