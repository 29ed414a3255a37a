"""What can be said of counts at a glance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CountsSummary:
    """Numbers that describe counts.

    Attributes:
        num_distinct: How many distinct pretokens there are.
        total: How many pretokens were counted, repetitions included.
        num_distinct_bytes: The bytes of the distinct pretokens: what training has to hold.
        num_text_bytes: The bytes of all occurrences: the text that was counted.
        num_singletons: How many pretokens occur once.
        longest: The bytes of the longest pretoken.
        length_to_num_distinct: How many distinct pretokens have at least so many bytes and less
            than twice as many; keys are powers of two.
        dropped_pretokens: How many pretokens filters left out. Where filtered counts were added
            up, one that several of them dropped counts several times.
        dropped_occurrences: How often those occurred.
    """

    num_distinct: int
    total: int
    num_distinct_bytes: int
    num_text_bytes: int
    num_singletons: int
    longest: int
    length_to_num_distinct: dict[int, int]
    dropped_pretokens: int = 0
    dropped_occurrences: int = 0

    @property
    def share_of_singletons(self) -> float:
        """The part of the distinct pretokens that occur once; 0 if there are none."""
        return self.num_singletons / self.num_distinct if self.num_distinct else 0.0
