"""What a model learns to answer, as ids: a conversation, or a prompt and its completion.

    <|im_start|> user\\n       Who are you?  <|im_end|> \\n
    <|im_start|> assistant\\n  A GPT.        <|im_end|> \\n
                               `------ learned ------'

That is ChatML, by `bpe.ChatTemplate`: markers are put there by id, and every text is encoded alone,
as ordinary text. So a message that contains the characters `<|im_end|>` is a message about them. A
model learns to say what the assistant says, and then to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bpe import ChatTemplate
from bpe.encoding.chat import RenderedChat
from bpe.errors import SpecialTokenError
from model.vocabulary import end_of_text

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

START, END = "<|im_start|>", "<|im_end|>"

#: Who the model speaks as.
ANSWERS = "assistant"

TEMPLATE = ChatTemplate.chatml()

#: The same for tools that make one text of a conversation and encode that, in the language of
#: transformers and llama.cpp. Their ids are ours unless a message begins with white space, or
#: contains a marker.
JINJA = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

Message = Mapping[str, str]


def render_chat(
    tokenizer: Tokenizer, messages: Iterable[Message], *, answer: bool = False
) -> RenderedChat:
    """Return the ids of a conversation, and which of them a model should learn to say.

    Args:
        tokenizer: Has the special tokens of ChatML.
        messages: Each with a "role" and a "content", and nothing else.
        answer: Whether to begin the assistant's turn at the end, for a model to go on.

    Raises:
        SpecialTokenError: The tokenizer lacks a special token; the message says how to get it.
        ValueError: A message is none; its index is named.
    """
    for text in (START, END):
        _special_id(tokenizer, text, START, END)
    return TEMPLATE.render(tokenizer, messages, answer_as=ANSWERS if answer else None)


def render_plain(tokenizer: Tokenizer, prompt: str, completion: str) -> RenderedChat:
    """Return the ids of a prompt, a completion and an end of text; the latter two are learned.

    Raises:
        SpecialTokenError: The tokenizer has no end of text, so a completion could not end.
    """
    asked = tokenizer.encode_ordinary(prompt)
    answer = [*tokenizer.encode_ordinary(completion), end_of(tokenizer, "plain")]
    # One token of context at least, so that the first of the completion can be predicted.
    asked = asked or answer[-1:]
    return RenderedChat(asked + answer, [False] * len(asked) + [True] * len(answer))


def end_of(tokenizer: Tokenizer, template: str) -> int:
    """Return the id that ends an answer: of a turn in `chat`, of the text in `plain`.

    Raises:
        SpecialTokenError: The vocabulary has none; the message says how to get one.
    """
    if template == "chat":
        return _special_id(tokenizer, END, START, END)
    end = end_of_text(tokenizer)
    return _special_id(tokenizer, "<|endoftext|>") if end is None else end


def _special_id(tokenizer: Tokenizer, text: str, *all_texts: str) -> int:
    id_ = tokenizer.spec.special_tokens.get(text)
    if id_ is None:
        names = dict.fromkeys(("<|endoftext|>", *all_texts))
        options = " ".join(f"--special-token '{name}'" for name in names)
        raise SpecialTokenError(
            f"an answer needs the special token {text}, which this vocabulary lacks: train one "
            f"that has it, by bpe train {options}, and the model with it"
        )
    return id_
