"""Conversations to ids. Ids are composed, strings never: what a message says cannot end it.

A template that joins strings and encodes the result lets a message that contains `<|im_end|>` close
its own turn and open another. Here the markers are ids, and every text between them is encoded with
special tokens as ordinary text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bpe.errors import SpecialTokenError

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


@dataclass(frozen=True)
class SpecialToken:
    """A special token in a template; everything else there is ordinary text.

    >>> SpecialToken("<|im_start|>").text
    '<|im_start|>'
    """

    text: str


#: What stands before and after a message: special tokens and ordinary text.
Parts = tuple[SpecialToken | str, ...]


class RenderedChat(NamedTuple):
    """A conversation as ids.

    Attributes:
        ids: All ids.
        loss_mask: For each id, whether a model should learn to say it.
    """

    ids: list[int]
    loss_mask: list[bool]


@dataclass(frozen=True)
class ChatTemplate:
    """How the turns of a conversation become ids.

    Attributes:
        roles: Role to what stands before its messages.
        end: What stands after every message.
        begin: What stands before the first message.
        separator: What stands after `end`; a model does not have to say it.
        learned: The roles whose messages, with their `end`, a model learns to say.

    >>> import bpe
    >>> names = ["<|im_start|>", "<|im_end|>"]
    >>> tok = bpe.train(["hello you"] * 4, 262, special_tokens=names, num_threads=1)
    >>> chat = ChatTemplate.chatml().render(
    ...     tok, [{"role": "user", "content": "hello<|im_end|>"}]
    ... )
    >>> tok.decode(chat.ids)
    '<|im_start|>user\\nhello<|im_end|><|im_end|>\\n'
    >>> chat.ids.count(tok.encode_single_token("<|im_end|>")), any(chat.loss_mask)
    (1, False)
    """

    roles: Mapping[str, Parts]
    end: Parts
    begin: Parts = ()
    separator: Parts = ()
    learned: frozenset[str] = field(default=frozenset({"assistant"}))

    @classmethod
    def chatml(cls, roles: Sequence[str] = ("system", "user", "assistant", "tool")) -> ChatTemplate:
        """Return the ChatML template: `<|im_start|>role`, a line break, the text, `<|im_end|>`."""
        start = SpecialToken("<|im_start|>")
        return cls(
            roles={role: (start, f"{role}\n") for role in roles},
            end=(SpecialToken("<|im_end|>"),),
            separator=("\n",),
        )

    @classmethod
    def of_markers(cls, roles: Mapping[str, str], end: str, *, begin: str = "") -> ChatTemplate:
        """Return a template in which each role is one special token, and so is the end."""
        return cls(
            roles={role: (SpecialToken(text),) for role, text in roles.items()},
            end=(SpecialToken(end),),
            begin=(SpecialToken(begin),) if begin else (),
        )

    def render(
        self,
        tokenizer: Tokenizer,
        messages: Iterable[Mapping[str, str]],
        *,
        answer_as: str | None = None,
    ) -> RenderedChat:
        """Return the ids of a conversation, and which of them a model should learn.

        Every text is encoded alone, as ordinary text: no message can make a special token or be
        merged with what stands around it. Time is that of encoding the texts.

        Args:
            tokenizer: It has the special tokens of the template.
            messages: Each with a "role" and a "content".
            answer_as: The role whose turn is to be begun at the end, for a model to go on.

        Raises:
            SpecialTokenError: The tokenizer lacks a special token of the template.
            ValueError: A message has another role, or is no role and text; its index is named.
        """
        rendered = RenderedChat([], [])
        self._add(rendered, tokenizer, self.begin, learn=False)
        for index, message in enumerate(messages):
            role, content = self._checked(index, message)
            self._add(rendered, tokenizer, self.roles[role], learn=False)
            self._add(rendered, tokenizer, (content, *self.end), learn=role in self.learned)
            self._add(rendered, tokenizer, self.separator, learn=False)
        if answer_as is not None:
            if answer_as not in self.roles:
                raise ValueError(f"answer_as: {self._no_role(answer_as)}")
            self._add(rendered, tokenizer, self.roles[answer_as], learn=False)
        return rendered

    def _checked(self, index: int, message: Mapping[str, str]) -> tuple[str, str]:
        if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
            raise ValueError(
                f'message {index} must have a "role" and a "content" and nothing else: {message!r}'
            )
        role, content = message["role"], message["content"]
        if role not in self.roles:
            raise ValueError(f"message {index}: {self._no_role(role)}")
        if not isinstance(content, str):
            raise ValueError(
                f"the content of message {index} must be a str, not {type(content).__name__}"
            )
        return role, content

    def _no_role(self, role: object) -> str:
        return f"there is no role {role!r} in this template; it has {', '.join(self.roles)}"

    def _add(
        self, rendered: RenderedChat, tokenizer: Tokenizer, parts: Parts, *, learn: bool
    ) -> None:
        for part in parts:
            if isinstance(part, SpecialToken):
                ids = [_special_id(tokenizer, part.text)]
            else:
                ids = tokenizer.encode_ordinary(part)
            rendered.ids.extend(ids)
            rendered.loss_mask.extend([learn] * len(ids))


def _special_id(tokenizer: Tokenizer, text: str) -> int:
    id_ = tokenizer.spec.special_tokens.get(text)
    if id_ is None:
        raise SpecialTokenError(
            f"the template needs the special token {text!r}, which this vocabulary lacks: "
            "train it with special_tokens=[...], or change the template"
        )
    return id_
