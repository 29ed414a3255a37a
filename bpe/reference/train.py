"""Training: counts → merges.

Every pretoken begins as its bytes; byte b has id b. Then, again and again, the most frequent pair
of neighbours becomes one new token, until there are enough merges or no pair is frequent enough.

`train_by_recounting` is the definition: it counts every pair anew for every merge. `train` gives
the same merges and looks only at the pretokens that hold the pair.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bpe.engines import TIE_BREAKS, OnMerges, Progress, TieBreak
from bpe.errors import TrainingError
from bpe.reference.count import MAX_COUNT, check_item
from bpe.reference.tie_break import Pair, break_tie


@dataclass(frozen=True)
class Rules:
    """What decides which pair is merged next.

    Attributes:
        tie_break: Who wins among pairs with equal counts (see `break_tie`).
        min_frequency: A pair with a smaller count is never merged.
        max_token_bytes: A pair that would make a longer token is never merged; None for no limit.
        max_token_words: The same for the words of a token: its longest stretches of bytes that
            are not ASCII white space.
        forbidden_tokens: A pair that would make one of these is never merged.

    Raises:
        TrainingError: A value makes no sense.
    """

    tie_break: TieBreak = "id"
    min_frequency: int = 1
    max_token_bytes: int | None = None
    max_token_words: int | None = None
    forbidden_tokens: frozenset[bytes] = frozenset()

    def __post_init__(self) -> None:
        if self.tie_break not in TIE_BREAKS:
            raise TrainingError(
                f"there is no tie rule {self.tie_break!r}; the rules are {', '.join(TIE_BREAKS)}"
            )
        _check_at_least_one("min_frequency", self.min_frequency)
        if self.max_token_bytes is not None:
            _check_at_least_one("max_token_bytes", self.max_token_bytes)
        if self.max_token_words is not None:
            _check_at_least_one("max_token_words", self.max_token_words)

    @property
    def allow_everything(self) -> bool:
        """Whether no pair is refused for the token that it would make."""
        return (
            self.max_token_bytes is None
            and self.max_token_words is None
            and not self.forbidden_tokens
        )

    def allow(self, token: bytes) -> bool:
        """Return whether a pair may make this token.

        >>> Rules(max_token_words=2).allow(b" of the"), Rules(max_token_words=2).allow(b" a b c")
        (True, False)
        """
        return (
            len(token) <= (self.max_token_bytes or MAX_COUNT)
            and len(token.split()) <= (self.max_token_words or MAX_COUNT)
            and token not in self.forbidden_tokens
        )


def train_by_recounting(
    counts: Iterable[tuple[bytes, int]],
    num_merges: int,
    rules: Rules,
    initial_pairs: Sequence[Pair] = (),
) -> list[Pair]:
    """Return up to `num_merges` merges, counting every pair anew for each of them.

    >>> train_by_recounting([(b"aaab", 3), (b"ab", 1)], 9, Rules())
    [(97, 97), (97, 98), (256, 257)]
    """
    words = [(list(pretoken), count) for pretoken, count in counts]
    tokens = initial_tokens(initial_pairs)
    for new_id, initial in enumerate(initial_pairs, start=256):
        words = [(merge_pair(word, initial, new_id), count) for word, count in words]
    merges: list[Pair] = []
    while len(merges) < num_merges:
        candidates = may_merge(count_pairs(words), tokens, rules)
        pair = best_pair(candidates, tokens, rules)
        if pair is None:
            break
        words = [(merge_pair(word, pair, len(tokens)), count) for word, count in words]
        tokens.append(tokens[pair[0]] + tokens[pair[1]])
        merges.append(pair)
    return merges


def train(
    counts: Iterable[tuple[bytes, int]],
    num_merges: int,
    rules: Rules,
    initial_pairs: Sequence[Pair] = (),
    progress: Progress | None = None,
    on_merges: OnMerges | None = None,
) -> list[Pair]:
    """Return up to `num_merges` merges; the same as `train_by_recounting`.

    Args:
        counts: Distinct pretokens and how often each occurs.
        num_merges: How many merges to learn, not counting the initial ones.
        rules: What decides which pair is next.
        initial_pairs: Merges to apply first, in this order, whatever their count.
        progress: Called with ("merging", done, total) after each merge.
        on_merges: Called with a list of the merge, before that.

    Raises:
        TrainingError: An argument makes no sense; the message names it.

    >>> train([(b"aaab", 3), (b"ab", 1)], 9, Rules())
    [(97, 97), (97, 98), (256, 257)]
    """
    if type(num_merges) is not int or num_merges < 0:
        raise TrainingError(f"num_merges must be a whole number of at least 0, not {num_merges!r}")
    tokens = initial_tokens(initial_pairs)
    words = Words(counts)
    for new_id, initial in enumerate(initial_pairs, start=256):
        words.merge(initial, new_id)
    # Otherwise `may_merge` never drops anything: training alone makes no token twice.
    is_filtered = not rules.allow_everything or len(initial_pairs) > 0
    merges: list[Pair] = []
    while len(merges) < num_merges:
        candidates: Mapping[Pair, int] = words.pair_to_count
        if is_filtered:
            candidates = may_merge(candidates, tokens, rules)
        pair = best_pair(candidates, tokens, rules)
        if pair is None:
            break
        words.merge(pair, len(tokens))
        tokens.append(tokens[pair[0]] + tokens[pair[1]])
        merges.append(pair)
        if on_merges is not None:
            on_merges([pair])
        if progress is not None:
            progress("merging", len(merges), num_merges)
    return merges


def count_pairs(words: Iterable[tuple[Sequence[int], int]]) -> dict[Pair, int]:
    """Count the neighbours in all words; a run of k equal ids holds their pair k − 1 times.

    >>> count_pairs([([1, 1, 1, 2], 10)])
    {(1, 1): 20, (1, 2): 10}
    """
    pair_to_count: dict[Pair, int] = Counter()
    for word, count in words:
        for pair in pairwise(word):
            pair_to_count[pair] += count
    return dict(pair_to_count)


def merge_pair(word: Sequence[int], pair: Pair, new_id: int) -> list[int]:
    """Replace the pair from left to right, without overlap.

    >>> merge_pair([1, 1, 1, 2], (1, 1), 3)
    [3, 1, 2]
    """
    merged: list[int] = []
    i = 0
    while i < len(word):
        if tuple(word[i : i + 2]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return merged


def may_merge(
    pair_to_count: Mapping[Pair, int], tokens: Sequence[bytes], rules: Rules
) -> dict[Pair, int]:
    """Keep the pairs whose bytes, joined, the rules allow and are no token yet."""
    known = set(tokens)
    return {
        (left, right): count
        for (left, right), count in pair_to_count.items()
        if rules.allow(joined := tokens[left] + tokens[right]) and joined not in known
    }


def best_pair(
    pair_to_count: Mapping[Pair, int], tokens: Sequence[bytes], rules: Rules
) -> Pair | None:
    """Return the pair to merge next: the largest count, then the tie rule; None to stop."""
    largest = max(pair_to_count.values(), default=0)
    if largest < rules.min_frequency:
        return None
    tied = (pair for pair, count in pair_to_count.items() if count == largest)
    return break_tie(tied, tokens, rules.tie_break)


class Words:
    """The pretokens as ids, with the count of every pair and the words that hold it."""

    def __init__(self, counts: Iterable[tuple[bytes, int]]) -> None:
        self.pair_to_count: dict[Pair, int] = defaultdict(int)
        self._pair_to_words: dict[Pair, set[int]] = defaultdict(set)
        self._words: list[list[int]] = []
        self._counts: list[int] = []
        for pretoken, count in _checked(counts):
            self._words.append(list(pretoken))
            self._counts.append(count)
            self._add(len(self._words) - 1)

    def merge(self, pair: Pair, new_id: int) -> None:
        """Replace the pair in every word that holds it, and count what changed."""
        for index in sorted(self._pair_to_words.get(pair, ())):
            self._remove(index)
            self._words[index] = merge_pair(self._words[index], pair, new_id)
            self._add(index)

    def _add(self, index: int) -> None:
        for pair in pairwise(self._words[index]):
            self.pair_to_count[pair] += self._counts[index]
            self._pair_to_words[pair].add(index)

    def _remove(self, index: int) -> None:
        for pair in pairwise(self._words[index]):
            self.pair_to_count[pair] -= self._counts[index]
            if self.pair_to_count[pair] == 0:
                del self.pair_to_count[pair]
            self._pair_to_words[pair].discard(index)


def initial_tokens(initial_pairs: Sequence[Pair]) -> list[bytes]:
    """Return the bytes of every id before the first new merge.

    Raises:
        TrainingError: A pair names an id that does not exist when it is applied, or makes a token
            a second time.
    """
    tokens = [bytes([byte]) for byte in range(256)]
    for index, (left, right) in enumerate(initial_pairs):
        for id_ in (left, right):
            if not 0 <= id_ < len(tokens):
                raise TrainingError(
                    f"initial pair {index}, ({left}, {right}), names id {id_}; "
                    f"only the ids below {len(tokens)} exist there"
                )
        tokens.append(tokens[left] + tokens[right])
    if len(set(tokens)) != len(tokens):
        twice = next(token for token, times in Counter(tokens).items() if times > 1)
        raise TrainingError(f"the initial pairs make {twice!r} twice; a token is made only once")
    return tokens


def _checked(counts: Iterable[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    num_symbols = 0
    for pretoken, count in counts:
        check_item(pretoken, count)
        num_symbols += len(pretoken) * count
        if num_symbols > MAX_COUNT:
            raise TrainingError(f"more than {MAX_COUNT} bytes are counted at {pretoken!r}")
        yield pretoken, count


def _check_at_least_one(name: str, value: object) -> None:
    if type(value) is not int or value < 1:
        raise TrainingError(f"{name} must be a whole number of at least 1, not {value!r}")
