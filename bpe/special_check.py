"""Special tokens in a text that is to be encoded: which are allowed, and which are an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bpe.errors import SpecialTokenError
from bpe.special_tokens import (
    SpecialPolicy,
    SpecialTokens,
    disallowed_error,
    resolve_allowed,
    resolve_disallowed,
    resolve_policy,
)
from bpe.text import Text, to_bytes

#: find_special(text, special_tokens): byte offset and text of the first of them, or None.
FindSpecial = Callable[[Text, frozenset[str]], tuple[int, str] | None]


class SpecialCheck:
    """Knows the special tokens of one vocabulary; immutable."""

    def __init__(
        self,
        known: frozenset[str],
        find_special: FindSpecial,
        has_special: Callable[[Text], bool],
    ) -> None:
        self.known = known
        self._find_special = find_special
        self._has_special = has_special

    def resolve(
        self,
        allowed_special: SpecialTokens,
        disallowed_special: SpecialTokens,
        special: SpecialPolicy | None = None,
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return the allowed and the disallowed ones, from tiktoken's two words or from ours.

        Raises:
            SpecialTokenError: One is unknown, or both ways are used at once.
        """
        if special is None:
            allowed = resolve_allowed(allowed_special, self.known)
            return allowed, resolve_disallowed(disallowed_special, allowed, self.known)
        if allowed_special or disallowed_special != "all":
            raise SpecialTokenError(
                "give either special, or allowed_special and disallowed_special, not both"
            )
        return resolve_policy(special, self.known)

    def refuse(self, text: Text, disallowed: frozenset[str]) -> None:
        """Raise SpecialTokenError if a disallowed one is in the text."""
        found = self._find(text, disallowed) if disallowed else None
        if found is not None:
            raise disallowed_error(found[1], found[0])

    def refuse_in_batch(self, documents: Sequence[Text], disallowed: frozenset[str]) -> None:
        """Raise SpecialTokenError if one of the texts is in a document; the index is named."""
        for index, text in enumerate(documents if disallowed else ()):
            try:
                self.refuse(text, disallowed)
            except SpecialTokenError as error:
                raise SpecialTokenError(f"text {index}: {error}") from None

    def _find(self, text: Text, wanted: frozenset[str]) -> tuple[int, str] | None:
        if wanted == self.known and not self._has_special(text):
            return None  # the usual case, for less than the general one costs
        unknown = wanted - self.known
        data = to_bytes(text) if unknown else b""
        hits = [(data.find(to_bytes(each)), each) for each in unknown]
        special = self._find_special(text, wanted & self.known)
        return min([h for h in hits if h[0] >= 0] + ([special] if special else []), default=None)
