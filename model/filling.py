"""Fill in the blanks of a text with a masked language model.

Shapes in names: T positions, V ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bpe.errors import EncodeError
from model.transformer import Transformer
from model.vocabulary import MASK, known_ids, mask_id

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


@dataclass(frozen=True)
class Guess:
    """What may stand in a blank.

    Attributes:
        id: The id.
        text: Its bytes as text; half a character shows as U+FFFD.
        probability: How likely the model finds it.
    """

    id: int
    text: str
    probability: float


@torch.inference_mode()
def fill_mask(
    model: Transformer, tokenizer: Tokenizer, text: str, *, top: int = 5
) -> list[list[Guess]]:
    """Return the likeliest tokens for every `<|mask|>` in a text, each blank judged by itself.

    Args:
        model: A masked language model, set to evaluation mode here.
        tokenizer: The one it was trained with.
        text: Text with blanks; a blank is one token, and usually begins with its space.
        top: How many guesses for each.

    Raises:
        EncodeError: There is no blank, or the text is longer than the model's context.
    """
    hidden = mask_id(tokenizer, model.config.padded_vocab_size)
    pieces = [tokenizer.encode_ordinary(piece) for piece in text.split(MASK)]
    ids = pieces[0] + [id_ for piece in pieces[1:] for id_ in (hidden, *piece)]
    places = [i for i, id_ in enumerate(ids) if id_ == hidden]
    if not places:
        raise EncodeError(f"{text!r} has no {MASK}: write it where a token is missing")
    if len(ids) > model.config.block_size:
        raise EncodeError(
            f"the text has {len(ids)} tokens; this model sees {model.config.block_size}"
        )
    inputs_1T = torch.tensor([ids], device=model.device)
    hidden_PC = model.eval().hidden(inputs_1T)[0, places]
    logits_PV = model.logits(hidden_PC)[:, : tokenizer.n_vocab].float().cpu()
    ordinary_V = torch.from_numpy(known_ids(tokenizer))
    ordinary_V[list(tokenizer.spec.special_tokens.values())] = False
    found_PV = logits_PV.masked_fill(~ordinary_V, -torch.inf).softmax(-1)
    best = found_PV.topk(min(top, int(ordinary_V.sum())), dim=-1)
    return [
        [
            Guess(id_, tokenizer.decode([id_]), probability)
            for id_, probability in zip(row_ids, row, strict=True)
        ]
        for row_ids, row in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
