"""Conversations to learn from, read from JSON lines: the data of `gpt train --pairs`.

    {"prompt": "Who are you?", "completion": "A GPT."}
    {"messages": [{"role": "user", "content": "Who are you?"}, {"role": "assistant", ...}, ...]}

`--pairs chat` makes a conversation of either; `--pairs plain` takes the first kind as it is. Other
fields of a line are not looked at. A conversation that is longer than the context ends after the
last answer that fits into it whole, and is left out if none does: a model that learns from half an
answer learns not to end. Both are counted and said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bpe.corpora.compressed import read_blocks
from bpe.corpora.jsonl import join_lines
from bpe.corpora.report import ReadingReport
from bpe.corpora.sources import SourceFile, find_files
from bpe.encoding.chat import RenderedChat
from bpe.errors import CorpusError, SpecialTokenError
from model.chat import ANSWERS, Message, end_of, render_chat, render_plain
from model.config import Pairs
from model.tokens import IdArray

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Conversations:
    """Conversations end to end.

    Attributes:
        ids: All ids, uint16 or uint32, shape (number of ids,).
        learned: For each id, whether a model learns to say it, bool.
        starts: Where each conversation begins, and where the last one ends: int64.
        num_cut: How many end early, because they were longer than the context.
        num_left_out: How many were left out, because no answer fitted.
        first_left_out: File and line of the first of these.
    """

    ids: IdArray
    learned: NDArray[np.bool_]
    starts: NDArray[np.int64]
    num_cut: int = 0
    num_left_out: int = 0
    first_left_out: str = ""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sha256(self) -> str:
        """A hash of all of it."""
        digest = hashlib.sha256()
        for array in (self.ids, self.learned, self.starts):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def describe(self) -> str:
        """Say in a sentence what there is, and what is missing."""
        sentence = (
            f"{len(self):,} conversations, {len(self.ids):,} tokens, of which "
            f"{int(self.learned.sum()):,} are to be learned"
        )
        if self.num_cut:
            sentence += f"; {self.num_cut:,} cut after the last answer that the context holds"
        if self.num_left_out:
            sentence += (
                f"; {self.num_left_out:,} left out, whose first answer the context does not hold "
                f"({self.first_left_out})"
            )
        return sentence


def read_conversations(
    source: str, tokenizer: Tokenizer, block_size: int, template: Pairs = "chat"
) -> Conversations:
    """Read and encode all conversations of a source.

    Args:
        source: A file, a folder or a glob of JSON lines.
        tokenizer: Has the special tokens of the template.
        block_size: The context; a conversation may be one token longer, its last target.
        template: `chat` or `plain`.

    Raises:
        CorpusError: A line is no conversation, or none is left; file and line are named.
        SpecialTokenError: The tokenizer lacks a special token of the template.
    """
    end = end_of(tokenizer, template)
    ids, learned = [np.empty(0, tokenizer.id_dtype)], [np.empty(0, np.bool_)]
    num_cut, left_out = 0, []
    for line, place in _lines(find_files(source)):
        chat = _render(line, place, tokenizer, template)
        size = _last_fit(chat, end, block_size + 1)
        if not size:
            left_out.append(place)
            continue
        num_cut += any(chat.loss_mask[size:])
        ids.append(np.array(chat.ids[:size], tokenizer.id_dtype))
        learned.append(np.array(chat.loss_mask[:size], np.bool_))
    if len(ids) == 1:
        why = f"none fits into {block_size} tokens" if left_out else "there is none"
        raise CorpusError(f"{source!r} gives no conversations: {why}")
    return Conversations(
        np.concatenate(ids),
        np.concatenate(learned),
        np.cumsum([len(part) for part in ids], dtype=np.int64),
        num_cut,
        len(left_out),
        left_out[0] if left_out else "",
    )


def _last_fit(chat: RenderedChat, end: int, room: int) -> int:
    """Return how many ids to keep: up to the end of the last answer that fits, 0 if none does."""
    ends = (
        place
        for place in range(min(room, len(chat.ids)) - 1, -1, -1)
        if chat.loss_mask[place] and chat.ids[place] == end
    )
    return next(ends, -1) + 1


def _render(line: bytes, place: str, tokenizer: Tokenizer, template: Pairs) -> RenderedChat:
    record = _parse(line, place)
    try:
        if template == "plain":
            return render_plain(tokenizer, *_pair(record))
        chat = render_chat(tokenizer, _messages(record))
    except SpecialTokenError:
        raise  # what is wrong is the vocabulary
    except ValueError as error:
        raise CorpusError(f"{place}: {error}") from None
    if not any(chat.loss_mask):
        raise CorpusError(f"{place}: no message has the role {ANSWERS!r}: nothing is to be learned")
    return chat


def _messages(record: dict[str, Any]) -> list[Message]:
    if "messages" in record:
        if "prompt" in record or "completion" in record:
            raise CorpusError("it has messages, and a prompt or a completion too; give one of them")
        if not isinstance(record["messages"], list):
            raise CorpusError("the field 'messages' is no list")
        return record["messages"]
    prompt, completion = _pair(record)
    return [{"role": "user", "content": prompt}, {"role": ANSWERS, "content": completion}]


def _pair(record: dict[str, Any]) -> tuple[str, str]:
    for name in ("prompt", "completion"):
        if not isinstance(record.get(name), str):
            what = "is no string" if name in record else "is missing"
            hint = "; --pairs chat reads messages" if "messages" in record else ""
            raise CorpusError(f"the field {name!r} {what}{hint}")
    return record["prompt"], record["completion"]


def _lines(files: list[SourceFile]) -> Iterator[tuple[bytes, str]]:
    """Yield the lines that are not blank, and where they stand."""
    for file in files:
        if file.kind != "jsonl":
            raise CorpusError(f"{file.name!r} is no file of JSON lines: it ends in no .jsonl")
        number = 0
        for block in join_lines(read_blocks(file, ReadingReport()), file.name):
            for line in block.removesuffix(b"\n").split(b"\n"):
                number += 1
                line = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
                if line.strip():
                    yield line, f"{file.name!r}, line {number}"


def _parse(line: bytes, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place}: not JSON: {error}") from None
    if not isinstance(record, dict):
        raise CorpusError(f"{place}: this is no object")
    return record
