"""Training refuses nonsense before it reads, and gives what the definitions say."""

from __future__ import annotations

import itertools
import random
import signal
import warnings
from pathlib import Path

import pytest

import bpe
from bpe.errors import PatternError, SpecialTokenError, TrainingError

CORPUS = ["the cat sat on the mat", "the hat of the cat"]


def explode():
    raise AssertionError("the corpus was read although the request was refused")
    yield ""


@pytest.mark.parametrize("size", [0, -1, 255, 256, 2**31, 2**63, 300.0, True, "300", None])
def test_a_senseless_vocabulary_size_is_refused_before_reading(size: object) -> None:
    with pytest.raises(TrainingError, match="vocab_size must be an integer from 257"):
        bpe.train(explode(), size)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tie_break": "random"}, "tie_break must be one of id, huggingface"),
        ({"min_frequency": 0}, "min_frequency must be an integer from 1"),
        ({"min_frequency": 1.5}, "min_frequency"),
        ({"max_token_bytes": 0}, "max_token_bytes"),
        ({"on_interrupt": "stop"}, "on_interrupt must be raise or keep"),
        ({"num_threads": 0}, "num_threads must be an integer from 1"),
        ({"num_threads": -1}, "num_threads"),
        ({"num_threads": 10**6}, "num_threads"),
    ],
)
def test_a_senseless_option_is_refused_before_reading(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bpe.train(explode(), 300, **options)


@pytest.mark.parametrize("specials", ["<|x|>", [""], ["<|x|>", "<|x|>"], [5], ["\ud800"]])
def test_senseless_special_tokens_are_refused(specials: object) -> None:
    with pytest.raises(SpecialTokenError):
        bpe.train(explode(), 300, special_tokens=specials)


@pytest.mark.parametrize("pattern", ["gtp2", "(", ["ok", ""], [5]])
def test_a_senseless_pattern_is_refused(pattern: object) -> None:
    with pytest.raises(PatternError):
        bpe.train(CORPUS, 300, pattern=pattern)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="native and reference"):
        bpe.train(CORPUS, 300, engine="rust")


@pytest.mark.parametrize("empty", [[], [""], ["", b""]])
def test_an_empty_corpus_is_an_error(engine: str, empty: list) -> None:
    with pytest.raises(TrainingError, match="empty"):
        bpe.train(empty, 300, engine=engine)


def test_a_small_corpus_gives_fewer_tokens_and_says_so(engine: str) -> None:
    with pytest.warns(UserWarning, match=r"reached 258 of 1000 tokens"):
        tokenizer = bpe.train(["ab"], 1000, engine=engine)
    assert tokenizer.n_vocab == 258
    assert tokenizer.eot_token == 257


def test_a_sufficient_corpus_gives_no_warning(engine: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bpe.train(CORPUS, 262, engine=engine).n_vocab == 262


def test_special_tokens_come_last_in_their_order(engine: str) -> None:
    tokenizer = bpe.train(CORPUS, 262, special_tokens=["<|b|>", "<|a|>"], engine=engine)
    assert dict(tokenizer.spec.special_tokens) == {"<|b|>": 260, "<|a|>": 261}


def test_special_tokens_in_the_corpus_cut_and_are_not_counted(engine: str) -> None:
    counts = bpe.count(
        ["ab<|endoftext|>cd"], pattern=None, special_tokens=["<|endoftext|>"], engine=engine
    )
    assert counts.items() == [(b"ab", 1), (b"cd", 1)]


def test_the_textbook_example_gives_the_textbook_merges(engine: str) -> None:
    tokenizer = bpe.train(["aaabdaaabac"], 259, pattern=None, special_tokens=(), engine=engine)
    assert [tokenizer.decode([i]) for i in range(256, 259)] == ["aa", "ab", "aaab"]


def test_every_kind_of_source_gives_the_same(engine: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(CORPUS[0])
    (tmp_path / "b.txt").write_text(CORPUS[1])
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    sources = [
        CORPUS,
        iter(CORPUS),
        [text.encode() for text in CORPUS],
        paths,
        tmp_path,
        str(tmp_path / "*.txt"),
        bpe.count(CORPUS, engine=engine),
    ]
    tokenizers = [bpe.train(source, 270, engine=engine) for source in sources]
    assert all(tokenizer == tokenizers[0] for tokenizer in tokenizers)


def test_threads_and_order_never_matter(engine: str) -> None:
    expected = bpe.train(CORPUS, 270, engine=engine)
    for order, threads in itertools.product(itertools.permutations(CORPUS), (1, 2, 3, 8)):
        assert bpe.train(order, 270, num_threads=threads, engine=engine) == expected


def test_progress_is_reported_with_phase_done_and_total(engine: str) -> None:
    calls: list[tuple[str, int, int]] = []
    bpe.train(CORPUS, 262, engine=engine, progress=lambda *call: calls.append(call))
    assert {phase for phase, _, _ in calls} <= {"counting", "merging"}
    assert calls[-1] == ("merging", 5, 5)


def test_an_exception_in_the_callback_travels_out(engine: str) -> None:
    def stop(phase: str, done: int, total: int) -> None:
        raise RuntimeError("stop here")

    with pytest.raises(RuntimeError, match="stop here"):
        bpe.train(CORPUS, 262, engine=engine, progress=stop)


def interrupt_at(number: int):
    def press(phase: str, done: int, total: int) -> None:
        if phase == "merging" and done >= number:
            raise KeyboardInterrupt  # what Python's handler of SIGINT raises there

    return press


LONG = [random.Random(5).randbytes(1 << 18).hex()]


def test_ctrl_c_keeps_the_smaller_tokenizer_when_asked(engine: str) -> None:
    texts = LONG if engine == "native" else CORPUS
    size, number = (1 << 18, 500) if engine == "native" else (290, 3)
    options = {"pattern": None, "special_tokens": ["<|end|>"], "engine": engine}
    with pytest.warns(UserWarning, match=r"reached \d+ of \d+ tokens: interrupted") as caught:
        kept = bpe.train(texts, size, on_interrupt="keep", progress=interrupt_at(number), **options)
    assert 1 == len(caught)
    assert 257 + number <= len(kept) < size
    assert bpe.train(texts, len(kept), **options) == kept


def test_ctrl_c_raises_otherwise_and_whenever_there_is_nothing_to_keep(engine: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        bpe.train(CORPUS, 290, progress=interrupt_at(1), engine=engine)

    def press_at_once(phase: str, done: int, total: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        bpe.train(CORPUS, 290, on_interrupt="keep", progress=press_at_once, engine=engine)


def test_every_step_of_progress_says_what_is_being_done() -> None:
    """Nothing is reported while the tables of the merges are being built: there is no phase yet."""
    text = " ".join(f"{i * 7919:x}" for i in range(300_000))
    phases: set[str] = set()
    bpe.train([text], 300, pattern="gpt2", progress=lambda *step: phases.add(step[0]))
    assert phases == {"counting", "merging"}


def test_an_exception_in_the_iterator_travels_out(engine: str) -> None:
    def documents():
        yield "fine"
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        bpe.train(documents(), 300, engine=engine)


def test_counts_bring_their_own_pattern() -> None:
    counts = bpe.count(CORPUS, pattern="gpt2")
    assert bpe.train(counts, 262).spec.pattern.name == "gpt2"
    with pytest.raises(TrainingError, match="another pattern"):
        bpe.train(counts, 262, pattern="cl100k")


def test_min_frequency_and_token_length_are_limits(engine: str) -> None:
    frequent = bpe.train(["aaaa bb"], 257, min_frequency=3, special_tokens=(), engine=engine)
    assert frequent.token_byte_values().count(b"aa") == 1
    with pytest.warns(UserWarning, match="at least 4 time"):
        bpe.train(["aaaa bb"], 258, min_frequency=4, special_tokens=(), engine=engine)
    with pytest.warns(UserWarning, match="reached"):
        short = bpe.train(CORPUS * 3, 400, max_token_bytes=3, engine=engine)
    assert max(map(len, short.token_byte_values())) == 3


def test_extension_keeps_every_id_and_merge(engine: str) -> None:
    base = bpe.train(CORPUS, 262, engine=engine)
    domain = ["catalogue of catamarans"] * 4
    longer = bpe.train(domain, 275, base=base, special_tokens=["<|new|>"], engine=engine)
    assert longer.n_vocab == 275
    assert dict(longer.spec.id_to_bytes).items() >= dict(base.spec.id_to_bytes).items()
    assert list(longer.spec.merges)[: len(base.spec.merges)] == list(base.spec.merges)
    assert longer.eot_token == base.eot_token
    assert longer.encode_single_token("<|new|>") == base.n_vocab
    assert longer.decode(longer.encode(domain[0])) == domain[0]
    assert len(longer.encode(domain[0])) < len(base.encode(domain[0]))


def test_extending_on_the_same_corpus_equals_training_longer(engine: str) -> None:
    base = bpe.train(CORPUS, 261, special_tokens=(), engine=engine)
    longer = bpe.train(CORPUS, 270, base=base, special_tokens=(), engine=engine)
    assert longer == bpe.train(CORPUS, 270, special_tokens=(), engine=engine)
