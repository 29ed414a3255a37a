"""Blanks are filled by what the model finds likely, each by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import bpe
from bpe.errors import EncodeError
from model import MaskedLM, ModelConfig, fill_mask
from model.vocabulary import mask_id


@pytest.fixture
def model(config: ModelConfig) -> MaskedLM:
    torch.manual_seed(0)
    return MaskedLM(replace(config, objective="masked"))


def test_guesses_are_the_softmax_of_the_model(model: MaskedLM, tokenizer: bpe.Tokenizer) -> None:
    first, second = fill_mask(model, tokenizer, "a<|mask|>b<|mask|>", top=3)
    ids_1T = torch.tensor([[97, tokenizer.n_vocab, 98, tokenizer.n_vocab]])
    logits_TV = model.eval()(ids_1T)[0, :, :300]  # the end of text, 300, is no guess
    for place, guesses in ((1, first), (3, second)):
        best = logits_TV[place].softmax(-1).topk(3)
        assert best.indices.tolist() == [guess.id for guess in guesses]
        assert best.values.tolist() == pytest.approx([guess.probability for guess in guesses])
        assert [tokenizer.decode([guess.id]) for guess in guesses] == [g.text for g in guesses]


def test_both_sides_of_a_blank_matter(model: MaskedLM, tokenizer: bpe.Tokenizer) -> None:
    def likeliest(text: str) -> float:
        return fill_mask(model, tokenizer, text, top=1)[0][0].probability

    assert likeliest("a<|mask|>b") != likeliest("a<|mask|>c")


@pytest.mark.parametrize(
    ("blanks", "message"), [("nothing", "has no"), ("<|mask|>" * 13, "13 tok")]
)
def test_what_cannot_be_filled_is_refused(
    model: MaskedLM, tokenizer: bpe.Tokenizer, blanks: str, message: str
) -> None:
    with pytest.raises(EncodeError, match=message):
        fill_mask(model, tokenizer, blanks)


def test_a_vocabulary_with_a_mask_uses_it(text: str) -> None:
    own = bpe.train([text], 320, special_tokens=["<|endoftext|>", "<|mask|>"], pattern="gpt2")
    assert 319 == mask_id(own, 320)
    full = bpe.train([text], 320, pattern="gpt2")
    with pytest.raises(bpe.TrainingError, match="no padded row to spare: train the tokenizer"):
        mask_id(full, 320)
