"""The cache holds what was computed, and its mask lets every text see itself and nothing else."""

from __future__ import annotations

import torch

from model.cache import KVCache
from model.config import ModelConfig

CONFIG = ModelConfig(vocab_size=64, n_embd=8, heads=4, kv_heads=2, arch="llama", block_size=6)


def test_what_is_added_comes_back_in_order() -> None:
    cache = KVCache(CONFIG, [0, 0])
    parts = [torch.randn(2, 2, count, 2) for count in (3, 1, 2)]
    for part in parts:
        keys, values = cache.layers[1].extend(part, -part)
        cache.advance(part.shape[2])
    assert torch.equal(torch.cat(parts, dim=2), keys)
    assert torch.equal(-torch.cat(parts, dim=2), values)
    assert 6 == cache.length


def test_positions_count_from_the_first_token_of_each_text() -> None:
    cache = KVCache(CONFIG, [0, 2])
    assert [[0, 1, 2], [0, 0, 0]] == cache.positions(3).tolist()
    cache.advance(3)
    assert [[3], [1]] == cache.positions(1).tolist()


def test_the_mask_is_the_plain_rule_unless_something_is_filled_up() -> None:
    cache = KVCache(CONFIG, [0])
    assert cache.mask(3) is None
    cache.advance(3)
    assert cache.mask(1) is None
    mask = cache.mask(2)
    assert mask is not None
    assert [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]] == mask[0, 0].int().tolist()


def test_what_fills_a_row_up_is_seen_by_itself_only() -> None:
    cache = KVCache(CONFIG, [0, 2])
    mask = cache.mask(3)
    assert mask is not None
    assert [[1, 0, 0], [1, 1, 0], [1, 1, 1]] == mask[0, 0].int().tolist()
    assert [[1, 0, 0], [0, 1, 0], [0, 0, 1]] == mask[1, 0].int().tolist()
    cache.advance(3)
    later = cache.mask(1)
    assert later is not None
    assert [[0, 0, 1, 1]] == later[1, 0].int().tolist()
