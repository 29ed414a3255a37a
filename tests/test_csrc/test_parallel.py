"""One text on several threads: the ids are those of one thread."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from test_codec import make_codec, random_text, random_vocabulary

# csrc/encoder/parallel.cpp: a chunk has at least 2^17 bytes.
CHUNK = 1 << 17
SPECIALS = {b"<s>": 3000, b"<s><s>": 3001, b"ab<": 3002}


@pytest.mark.parametrize("pattern", ["", "gpt2", "cl100k", "o200k", "qwen2"])
def test_any_number_of_threads_gives_the_same_ids(pattern: str) -> None:
    rng = random.Random(1)
    tokens, merges = random_vocabulary(rng, b"abc ", 100)
    codec = make_codec(tokens, merges, SPECIALS, pattern=pattern)
    words = [random_text(rng, b"abc \n'", rng.randint(1, 9)) for _ in range(99)]
    words += [
        b"<s>",
        b"<s><s>",
        b"ab<s>",
        "\u00e9\u4e16\u754c".encode(),
        b"12345",
        b"\xff",
        b"  \n",
    ]
    text = b"".join(rng.choices(words, k=6 * CHUNK // 6))
    for allowed in ([], list(SPECIALS.values())):
        expected = codec.encode_to_array(text, allowed, "uint16")
        for num_threads in (2, 3, 8):
            ids = codec.encode_to_array(text, allowed, "uint16", num_threads)
            assert expected.tolist() == ids.tolist(), num_threads
        assert codec.count(text, allowed) == len(expected)


@pytest.mark.parametrize("text", [b"", b"a", b"a" * 3 * CHUNK, b"<s>" * CHUNK, b" " * 3 * CHUNK])
def test_a_text_without_safe_cuts_is_encoded_all_the_same(text: bytes) -> None:
    codec = make_codec(specials=SPECIALS, pattern="gpt2")
    expected = codec.encode_to_array(text, [3000], "uint16")
    assert expected.tolist() == codec.encode_to_array(text, [3000], "uint16", 4).tolist()


def test_no_thread_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="num_threads"):
        make_codec().encode_to_array(b"a", [], "uint32", 0)


REFUSED = """
import resource, threading
import bpe

tokenizer = bpe.train(["the cat sat on the mat"], 265, num_threads=1)
text = "the cat sat " * 40_000  # three chunks, and less than what gets a thread to be interrupted
texts = [text[: 1000 * i] for i in range(1, 9)]
expected = tokenizer.encode_to_numpy(text).tolist()
each = [tokenizer.encode_ordinary(text) for text in texts]
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (128 << 20), resource.RLIM_INFINITY))
try:
    threading.Thread(target=print).start()
except RuntimeError:  # its stack does not fit
    assert expected == tokenizer.encode_to_numpy(text, num_threads=4).tolist()
    assert each == tokenizer.encode_ordinary_batch(texts, num_threads=4)
    assert texts == tokenizer.decode_batch(each, num_threads=4)
    print("refused")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and only Linux keeps RLIMIT_AS")
def test_when_the_system_refuses_threads_the_calling_one_does_it_all() -> None:
    command = ["sh", "-c", 'ulimit -s 262144 && exec "$@"', "sh", sys.executable, "-c", REFUSED]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "refused\n", "") == (run.returncode, run.stdout, run.stderr)
