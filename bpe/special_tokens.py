"""Special tokens in text: where they stand, and which of them a caller wants to see."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

from bpe.errors import SpecialTokenError

#: What callers pass: a set of texts, or "all".
SpecialTokens: TypeAlias = Collection[str] | Literal["all"]

#: What becomes of special tokens in a text: see `resolve_policy`.
SpecialPolicy: TypeAlias = Collection[str] | Literal["raise", "text", "all"]


def cut_at_special_tokens(
    data: bytes, special_tokens: Iterable[str]
) -> Iterator[tuple[bytes, str | None]]:
    """Yield (ordinary data, the special token after it); the last one has None.

    The leftmost special token is taken first, and of several at one place the longest.

    >>> list(cut_at_special_tokens(b"a<x>b", ["<x>"]))
    [(b'a', '<x>'), (b'b', None)]
    """
    texts = tuple(sorted(special_tokens))
    start = 0
    if texts:
        for match in _matcher(texts).finditer(data):
            yield data[start : match.start()], match.group().decode("utf-8", "surrogatepass")
            start = match.end()
    yield data[start:], None


@lru_cache(maxsize=64)
def _matcher(texts: tuple[str, ...]) -> re.Pattern[bytes]:
    literals = {text.encode("utf-8", "surrogatepass") for text in texts}
    return re.compile(b"|".join(re.escape(t) for t in sorted(literals, key=len, reverse=True)))


def check_special_tokens(special_tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the texts as a tuple; refuse a bare str, empty ones, duplicates and other types.

    >>> check_special_tokens(["<|a|>", "<|b|>"])
    ('<|a|>', '<|b|>')
    """
    if isinstance(special_tokens, str):
        raise SpecialTokenError(
            f"special_tokens must be several texts, not the single str {special_tokens!r}; "
            f"write [{special_tokens!r}]"
        )
    texts = tuple(special_tokens)
    for text in texts:
        if not isinstance(text, str) or not text:
            raise SpecialTokenError(f"a special token must be a non-empty str, not {text!r}")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise SpecialTokenError(f"special token {text!r} holds a lone surrogate") from None
    if len(set(texts)) != len(texts):
        raise SpecialTokenError(f"a special token is given twice: {texts!r}")
    return texts


def resolve_allowed(allowed: SpecialTokens, known: frozenset[str]) -> frozenset[str]:
    """Turn what a caller allows into a set of known special tokens.

    Raises:
        SpecialTokenError: A text is no special token of this vocabulary.

    >>> resolve_allowed("all", frozenset({"<|end|>"}))
    frozenset({'<|end|>'})
    """
    if allowed == "all":
        return known
    if isinstance(allowed, str):
        raise SpecialTokenError(f'allowed_special must be "all" or a set of texts, not {allowed!r}')
    chosen = frozenset(allowed)
    if not chosen <= known:
        unknown = sorted(map(repr, chosen - known))
        raise SpecialTokenError(
            f"not special tokens of this vocabulary: {', '.join(unknown)}; "
            f"it has {', '.join(sorted(map(repr, known))) or 'none'}"
        )
    return chosen


def resolve_disallowed(
    disallowed: SpecialTokens | None, allowed: frozenset[str], known: frozenset[str]
) -> frozenset[str]:
    """Turn what a caller forbids into a set; unlike allowed ones, these may be any texts.

    >>> resolve_disallowed("all", frozenset(), frozenset({"<|end|>"}))
    frozenset({'<|end|>'})
    """
    if disallowed == "all":
        return known - allowed
    if disallowed is None:  # as in tiktoken, where whatever is empty forbids nothing
        return frozenset()
    if isinstance(disallowed, str):
        raise SpecialTokenError(
            f'disallowed_special must be "all" or a set of texts, not {disallowed!r}'
        )
    return frozenset(disallowed)


def resolve_policy(
    special: SpecialPolicy, known: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Turn a policy into the special tokens that are allowed, and those that are an error.

    "raise": every special token in the text is an error. "text": each is ordinary text. "all", or a
    set: these become their ids, and another one is an error.

    Raises:
        SpecialTokenError: It is no policy, or names a text that is no special token.

    >>> resolve_policy("text", frozenset({"<|end|>"}))
    (frozenset(), frozenset())
    >>> resolve_policy({"<|a|>"}, frozenset({"<|a|>", "<|b|>"}))
    (frozenset({'<|a|>'}), frozenset({'<|b|>'}))
    """
    if special == "raise":
        return frozenset(), known
    if special == "text":
        return frozenset(), frozenset()
    if isinstance(special, str) and special != "all":
        raise SpecialTokenError(
            f'special must be "raise", "text", "all" or a set of texts, not {special!r}'
        )
    allowed = resolve_allowed(special, known)
    return allowed, known - allowed


def disallowed_error(text: str, offset: int) -> SpecialTokenError:
    """Return the error for a disallowed special token found in the text."""
    error = SpecialTokenError(
        f"the text contains {text!r}, a disallowed special token, at byte {offset}. To encode it "
        f"as that special token, pass `allowed_special={{{text!r}}}`; to encode it as ordinary "
        "text, pass `disallowed_special=()`."
    )
    error.found = text, offset
    return error
