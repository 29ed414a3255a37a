"""Conversations as ids: special tokens say who speaks, and text is always only text.

    <|im_start|>user\\n ... <|im_end|>\\n<|im_start|>assistant\\n ... <|im_end|>\\n

This is ChatML, which most tools that serve models know. It is put together from ids, never from
text: what a user writes is encoded by itself, so a `<|im_end|>` in it is nine letters and some
signs, and ends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bpe.errors import TrainingError
from model.vocabulary import end_of_text

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

START, END = "<|im_start|>", "<|im_end|>"


def chat_ids(
    tokenizer: Tokenizer, messages: Sequence[tuple[str, str]], *, answer: bool = False
) -> list[int]:
    """Return a conversation as ids.

    Args:
        tokenizer: Has both special tokens.
        messages: Who speaks, and what is said.
        answer: Go on to where the assistant begins to speak.

    Raises:
        TrainingError: The vocabulary lacks a special token.
    """
    start, end = _marks(tokenizer)
    newline = tokenizer.encode_ordinary("\n")
    ids = []
    for role, text in messages:
        head = tokenizer.encode_ordinary(role + "\n")
        ids += [start, *head, *tokenizer.encode_ordinary(text), end, *newline]
    return [*ids, start, *tokenizer.encode_ordinary("assistant\n")] if answer else ids


def pair_ids(
    tokenizer: Tokenizer, prompt: str, completion: str, template: str
) -> tuple[list[int], list[int]]:
    """Return the ids of a prompt, and those that should follow it, the end included.

    Args:
        tokenizer: What to encode with.
        prompt: What is given.
        completion: What is to be learned.
        template: `plain` puts an end of text behind both, `chat` makes it a conversation.

    Raises:
        TrainingError: The vocabulary lacks a special token.
    """
    if template == "chat":
        _, end = _marks(tokenizer)
        asked = chat_ids(tokenizer, [("user", prompt)], answer=True)
        return asked, [*tokenizer.encode_ordinary(completion), end]
    end_id = end_of_text(tokenizer)
    if end_id is None:
        raise TrainingError(
            "this vocabulary has no <|endoftext|>, so a completion could not end: train the "
            "tokenizer with --special-token '<|endoftext|>'"
        )
    return tokenizer.encode_ordinary(prompt), [*tokenizer.encode_ordinary(completion), end_id]


def _marks(tokenizer: Tokenizer) -> tuple[int, int]:
    known = tokenizer.spec.special_tokens
    for mark in (START, END):
        if mark not in known:
            raise TrainingError(
                f"a conversation needs {START} and {END}, and this vocabulary has no {mark}: train "
                f"the tokenizer with --special-token '{START}' --special-token '{END}'"
            )
    return known[START], known[END]
