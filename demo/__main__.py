"""`make demo`: text -> tokenizer -> ids -> a GPT that writes, with a proof on the way.

Everything here is the public interface: `import bpe`, and the commands `bpe` and `gpt`. Read it
from top to bottom; each function is one chapter of what you see on the screen.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bpe
from demo.published import CACHED_AS, cached
from demo.screen import Bar, Screen
from demo.text import Text, standard_library

END_OF_TEXT = "<|endoftext|>"
MARK = ".made-by-the-demo"
PHASES = {"counting": "counting pretokens", "merging": "merging pairs"}

SNIPPET = "def merge_pair(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:"

#: n_embd, batch, block, learning rate, -, heads, layers, dropout: small enough for two minutes.
EMBEDDING, BATCH, BLOCK, RATE, HEADS, LAYERS, DROPOUT = 128, 16, 128, 2e-3, 4, 4, 0.0
PROBE_STEPS = 15
PROMPTS = ("def ", "import ", "class ")


def main() -> None:
    """Run the chapters in order."""
    options = _options()
    screen = Screen()
    screen.title("chimera-bpe", "a tokenizer and a GPT, from nothing, on this machine")
    output = _fresh_folder(options.output)

    text = find_text(screen, options.text, output)
    tokenizer = train_tokenizer(screen, output, options.vocab_size)
    check_against_tiktoken(screen, tokenizer, text)
    compare_compression(screen, tokenizer, text)
    encode_shards(screen, output)
    train_gpt(screen, output, options.minutes)
    write_samples(screen, output)
    show_what_is_where(screen, output)


def find_text(screen: Screen, folder: Path | None, output: Path) -> Text:
    """Chapter 1: real text without a download."""
    screen.chapter(1, "Text")
    text = standard_library(folder)
    (output / "corpus.txt").write_bytes(END_OF_TEXT.join(text.documents).encode())
    screen.say(f"the Python source in {text.folder}")
    screen.say(f"{len(text.documents):,} files, {text.num_bytes / 1e6:.1f} MB")
    if text.skipped:
        screen.say(f"skipped, not UTF-8: {', '.join(text.skipped)}")
    screen.say()
    return text


def train_tokenizer(screen: Screen, output: Path, vocab_size: int) -> bpe.Tokenizer:
    """Chapter 2: counts of pretokens, then merge after merge."""
    screen.chapter(2, "Train a tokenizer")
    bar = Bar(screen, PHASES)
    start = time.perf_counter()
    tokenizer = bpe.train(output / "corpus.txt", vocab_size, progress=bar)
    seconds = time.perf_counter() - start
    bar.close()
    tokenizer.save(output / "tokenizer")
    screen.say(f"{tokenizer.n_vocab:,} tokens in {seconds:.2f} s; a few that it found:")
    screen.tokens(_longest_tokens(tokenizer, room=screen.width - 16))
    screen.say()
    return tokenizer


def check_against_tiktoken(screen: Screen, tokenizer: bpe.Tokenizer, text: Text) -> None:
    """Chapter 3: the same vocabulary inside tiktoken must give the same ids everywhere."""
    screen.chapter(3, "Check it against tiktoken, id by id")
    theirs = tokenizer.to_tiktoken()
    bar = Bar(screen, {"compare": "comparing every file"})
    num_ids = 0
    for index, document in enumerate(text.documents):
        ids = tokenizer.encode_ordinary(document)
        if ids != theirs.encode_ordinary(document) or tokenizer.decode(ids) != document:
            raise SystemExit(f"\nfile {index} of the text is encoded differently: please report it")
        num_ids += len(ids)
        bar("compare", index + 1, len(text.documents))
    bar.close()
    same = screen.style("all equal", "1;32")
    screen.say(
        f"{num_ids:,} ids of {len(text.documents):,} files: {same}, and each file decodes back"
    )
    screen.say()


def compare_compression(screen: Screen, tokenizer: bpe.Tokenizer, text: Text) -> None:
    """Chapter 4: what a vocabulary made for this text is worth."""
    screen.chapter(4, "Compression")
    sample = text.documents[: max(len(text.documents) // 10, 1)]
    num_bytes = sum(len(document.encode()) for document in sample)
    found = cached()
    rows = []
    for vocabulary, name in [(tokenizer, "yours"), *((other, other.name) for other in found)]:
        num_ids = sum(map(len, vocabulary.encode_ordinary_batch(sample)))
        rows.append((name, f"{vocabulary.n_vocab:,}", f"{num_bytes / num_ids:.2f}"))
    screen.table(("vocabulary", "tokens", "bytes per token"), rows)
    missing = [name for name in CACHED_AS if name not in {other.name for other in found}]
    if missing:
        screen.say(f"{' and '.join(missing)}: not in tiktoken's cache here, so not compared")
    screen.say()
    for vocabulary in (tokenizer, *found[-1:]):
        tokens = vocabulary.decode_tokens_bytes(vocabulary.encode_ordinary(SNIPPET))
        screen.tokens([token.decode("utf-8", "replace") for token in tokens])
    screen.say()


def encode_shards(screen: Screen, output: Path) -> None:
    """Chapter 5: the corpus as ids on disk."""
    screen.chapter(5, "Encode the text")
    corpus, tokenizer, shard = (output / name for name in ("corpus.txt", "tokenizer", "corpus.bin"))
    allowed = ("--allowed-special", END_OF_TEXT)
    _run(screen, "bpe", "encode", corpus, "-t", tokenizer, "-o", shard, *allowed)
    screen.say(
        f"{shard}: {shard.stat().st_size / 1e6:.1f} MB instead of {corpus.stat().st_size / 1e6:.1f}"
    )
    screen.say()


def train_gpt(screen: Screen, output: Path, minutes: float) -> None:
    """Chapter 6: a small GPT whose vocabulary is the tokenizer's."""
    screen.chapter(6, f"Train a GPT for about {minutes:g} minutes")
    screen.say(f"first {PROBE_STEPS} steps, to see how fast this machine is")
    probe, run = output / "speed", output / "gpt"
    _run(screen, *_gpt_train(output, probe, PROBE_STEPS), "--log-every", 1, quiet=True)
    times = [event["time"] for event in _events(probe, "train")]
    shutil.rmtree(probe)
    # The first steps are slow (memory is fetched, kernels are chosen): leave them out.
    per_step = max((times[-1] - times[4]) / (len(times) - 5), 1e-3)
    steps = max(round(minutes * 60 / per_step), 2 * PROBE_STEPS)
    _run(screen, *_gpt_train(output, run, steps), seconds=max(minutes * 90, 30))
    bits = _events(run, "evaluate")[-1]["bits_per_byte"]
    screen.say(screen.style(f"{bits:.3f} bits per byte on text it has not seen", "1"))
    screen.say()


def write_samples(screen: Screen, output: Path) -> None:
    """Chapter 7: what it writes."""
    screen.chapter(7, "What it writes")
    for prompt in PROMPTS:
        how = ("--prompt", prompt, "--max-tokens", 80, "--temperature", 0.7)
        _run(screen, "gpt", "sample", "-l", output / "gpt", *how)
        screen.say()


def show_what_is_where(screen: Screen, output: Path) -> None:
    """The last chapter: files, and what to try next."""
    screen.chapter(8, "Everything is here")
    rows = [
        (str(output / name), what)
        for name, what in (
            ("corpus.txt", "the text"),
            ("tokenizer/", "the tokenizer: bpe.Tokenizer.load(...)"),
            ("corpus.bin", "the text as ids"),
            ("gpt/", "the model, its tokenizer and its log"),
        )
    ]
    width = max(len(path) for path, _ in rows)
    for path, what in rows:
        screen.say(f"{path.ljust(width)}   {what}")
    screen.say()
    screen.say("go on:")
    program = _program("gpt")
    screen.command(f"{program} sample -l {output / 'gpt'} --prompt 'class Tree' --max-tokens 200")
    screen.say()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="The whole road, once.")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="where to write")
    parser.add_argument("--text", type=Path, help="folder with Python files; default: the library")
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long the GPT trains")
    return parser.parse_args()


def _fresh_folder(path: Path) -> Path:
    if path.exists() and any(path.iterdir()) and not (path / MARK).exists():
        raise SystemExit(
            f"{path} holds something that the demonstration did not write: move it away"
        )
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    (path / MARK).touch()
    return path


def _longest_tokens(tokenizer: bpe.Tokenizer, room: int) -> list[str]:
    """Return tokens with letters, longest first, as many as fit on a line."""
    texts = (token.decode("utf-8", "replace") for token in tokenizer.token_byte_values())
    wordy = sorted((text for text in texts if text.strip().isalpha()), key=len, reverse=True)
    chosen: list[str] = []
    for text in wordy[::3]:
        if sum(map(len, chosen)) + len(text) > room:
            break
        chosen.append(text)
    return chosen


def _gpt_train(output: Path, run: Path, steps: int) -> tuple[str, ...]:
    """Return the command that trains a fresh model for so many steps."""
    shape = (EMBEDDING, BATCH, BLOCK, RATE, steps, HEADS, LAYERS, DROPOUT)
    files = ("-t", "bpe", "-m", output / "tokenizer", "-l", "untrained", "-s", run)
    data = ("-d", output / "corpus.bin")
    return tuple(map(str, ("gpt", "train", *files, *data, *shape)))


def _events(run: Path, kind: str) -> list[dict[str, Any]]:
    """Return the lines of one kind from the log of a run."""
    lines = (run / "metrics.jsonl").read_text("utf-8").splitlines()
    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [event for event in events if event["event"] == kind]


def _program(name: str) -> str:
    """Return the command as installed beside this Python."""
    path = Path(sys.executable).with_name(name)
    return os.path.relpath(path) if path.exists() else name


def _run(
    screen: Screen,
    program: str,
    *arguments: object,
    quiet: bool = False,
    seconds: float | None = None,
) -> None:
    """Run one of our commands, its progress on the screen; after `seconds`, end it by Ctrl-C."""
    words = [program, *map(str, arguments)]
    if not quiet:
        screen.command(shlex.join(words))
    module = {"bpe": "bpe", "gpt": "model"}[program]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words[1:]],
        stdout=subprocess.DEVNULL if quiet else None,
        stderr=subprocess.PIPE if quiet else None,
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        screen.say("this machine has become slower: stopping here, by Ctrl-C, which saves")
        process.send_signal(signal.SIGINT)
        process.communicate()
        return
    except KeyboardInterrupt:
        process.communicate()
        raise
    if process.returncode == 130:
        raise KeyboardInterrupt
    if process.returncode != 0:
        message = (errors or b"").decode("utf-8", "replace").strip()
        raise SystemExit(f"{shlex.join(words)} failed\n{message}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped")
        sys.exit(130)
