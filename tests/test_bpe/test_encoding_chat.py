"""A conversation becomes ids, and no message can say a special token."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpe
from bpe.encoding.chat import ChatTemplate, SpecialToken
from bpe.errors import SpecialTokenError
from bpe.testing import strategies

NAMES = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
CHATML = ChatTemplate.chatml()
TOK = bpe.train(["hello you, how are you"] * 4, 270, special_tokens=NAMES, num_threads=1)
START, END = (TOK.encode_single_token(name) for name in NAMES[:2])


@settings(deadline=None)
@given(contents=st.lists(strategies.texts(special_tokens=NAMES, lone_surrogates=False), max_size=4))
def test_no_message_can_say_a_special_token(contents: list[str]) -> None:
    roles = ["user", "assistant"]
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(contents)]
    chat = CHATML.render(TOK, messages)
    assert len(contents) == chat.ids.count(START) == chat.ids.count(END)
    expected = "".join(
        f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages
    )
    assert expected == TOK.decode(chat.ids)
    assert len(chat.ids) == len(chat.loss_mask)


def test_a_model_learns_what_the_assistant_says_and_where_it_ends() -> None:
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "how are"}]
    chat = CHATML.render(TOK, messages)
    learned = [id_ for id_, learn in zip(*chat, strict=True) if learn]
    assert [*TOK.encode("how are"), END] == learned


def test_a_turn_can_be_left_open_for_an_answer() -> None:
    chat = CHATML.render(TOK, [{"role": "user", "content": "hello"}], answer_as="assistant")
    assert TOK.decode(chat.ids).endswith("<|im_end|>\n<|im_start|>assistant\n")
    assert not any(chat.loss_mask)


def test_roles_may_be_single_tokens() -> None:
    template = ChatTemplate.of_markers(
        {"user": "<|im_start|>"}, "<|im_end|>", begin="<|endoftext|>"
    )
    chat = template.render(TOK, [{"role": "user", "content": "you"}])
    assert [TOK.eot_token, START, *TOK.encode("you"), END] == chat.ids


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"role": "root", "content": ""}, "message 0: there is no role 'root' in this template"),
        ({"role": "user"}, 'message 0 must have a "role" and a "content"'),
        ({"role": "user", "content": "", "name": "x"}, "and nothing else"),
        ({"role": "user", "content": None}, "the content of message 0 must be a str, not NoneType"),
        ("hello", 'must have a "role"'),
    ],
)
def test_a_message_of_another_shape_is_refused(message: object, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        CHATML.render(TOK, [message])  # type: ignore[list-item]


def test_what_the_vocabulary_lacks_is_named() -> None:
    template = ChatTemplate({"user": (SpecialToken("<|user|>"),)}, end=())
    with pytest.raises(SpecialTokenError, match=r"needs the special token '<\|user\|>'"):
        template.render(TOK, [{"role": "user", "content": ""}])
    with pytest.raises(ValueError, match="answer_as: there is no role 'x'"):
        CHATML.render(TOK, [], answer_as="x")
