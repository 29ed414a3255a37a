"""bpe/reference/tie_break.py: which of several equally frequent pairs is merged first."""

from __future__ import annotations

from itertools import permutations

import pytest

from bpe.engines import TIE_BREAKS
from bpe.reference.tie_break import _BYTE_LEVEL_ORDER, break_tie

TOKENS = [bytes([byte]) for byte in range(256)] + [b"aa", b"\xff\xff"]
PAIRS = [(97, 98), (97, 256), (256, 97), (32, 97), (98, 97), (255, 0), (257, 97), (173, 174)]


def winners(tie_break: str) -> list[tuple[int, int]]:
    """Take the winner out again and again."""
    left = list(PAIRS)
    order = []
    while left:
        order.append(break_tie(left, TOKENS, tie_break))  # type: ignore[arg-type]
        left.remove(order[-1])
    return order


def test_id_is_the_smallest_pair_of_ids() -> None:
    assert sorted(PAIRS) == winners("id")


def test_huggingface_orders_bytes_as_the_characters_that_stand_for_them() -> None:
    # The definition of ByteLevel, written another way: visible Latin-1 characters stand for
    # themselves, the others for U+0100, U+0101 and so on.
    characters: dict[int, int] = {}
    for byte in range(256):
        visible = 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte
        characters[byte] = byte if visible else 256 + sum(c >= 256 for c in characters.values())
    assert sorted(range(256), key=characters.__getitem__) == list(_BYTE_LEVEL_ORDER)

    expected = [(97, 98), (97, 256), (98, 97), (255, 0), (32, 97), (173, 174), (256, 97), (257, 97)]
    assert expected == winners("huggingface")


def test_bytes_max_and_bytes_min_compare_bytes_left_side_first() -> None:
    spelled = sorted(PAIRS, key=lambda pair: (TOKENS[pair[0]], TOKENS[pair[1]]))
    assert spelled == winners("bytes_min")
    assert spelled[::-1] == winners("bytes_max")


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
def test_the_order_in_which_pairs_are_met_plays_no_part(tie_break: str) -> None:
    few = PAIRS[:5]
    assert 1 == len({break_tie(p, TOKENS, tie_break) for p in permutations(few)})  # type: ignore[arg-type]
