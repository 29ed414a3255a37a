"""llama.cpp itself reads what we export: the same logits, the same greedy text, the same ids.

It comes as the wheel `cyllama`, which is llama.cpp b9190 compiled for processors with AVX2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import bpe
from bpe.errors import FormatWarning
from model import GPT, ModelConfig, TrainConfig, generate
from model.architectures import build_model
from model.checkpoint import Checkpoint, TrainingState
from model.export_gguf import export_gguf
from model.sample import SampleConfig

CPU = Path("/proc/cpuinfo")
if not (CPU.exists() and {"avx2", "fma", "f16c", "bmi2"} <= set(CPU.read_text().split())):
    pytest.skip("the compiled llama.cpp would stop on this processor", allow_module_level=True)
llama_cpp = pytest.importorskip("cyllama.llama.llama_cpp", reason="cyllama is not installed")

pytestmark = pytest.mark.filterwarnings("ignore::bpe.errors.FormatWarning")

LLAMA: dict[str, Any] = {"arch": "llama"}
KINDS: dict[str, dict[str, Any]] = {
    "gpt2": {},
    "gpt2 untied": {"tie_weights": False},
    "llama": LLAMA,
    "llama untied": {**LLAMA, "tie_weights": False, "kv_heads": 2, "rope_base": 500.0},
    "qwen3": {**LLAMA, "qk_norm": True, "kv_heads": 2},
    "qwen3 untied": {**LLAMA, "qk_norm": True, "tie_weights": False},
}
Logits = Callable[[list[int], int], np.ndarray]


class LlamaModel(llama_cpp.LlamaModel):
    """A model in llama.cpp; the number of its ids is where the wrapper looks for it."""

    @property
    def n_vocab(self) -> int:
        n_vocab: int = self.get_vocab().n_vocab
        return n_vocab


@pytest.fixture(scope="module", autouse=True)
def silence() -> None:
    llama_cpp.disable_logging()


def checkpoint_of(config: ModelConfig, tokenizer: bpe.Tokenizer) -> Checkpoint:
    """A model whose every weight matters, and that does not say one thing for ever."""
    torch.manual_seed(0)
    model = build_model(replace(config, vocab_size=tokenizer.n_vocab, padded_vocab_size=0)).eval()
    assert isinstance(model, GPT)
    for name, parameter in model.named_parameters():
        std = 2.0 if "position" in name else 0.4
        torch.nn.init.normal_(parameter, mean=float(name.endswith("norm.weight")), std=std)
    with torch.no_grad():
        model.head_weight[list(tokenizer.spec.special_tokens.values())] = 0
    state = TrainingState(1, model.config, TrainConfig(), tokenizer.content_hash, {})
    return Checkpoint(Path(), state, tokenizer, model)


def load(checkpoint: Checkpoint, path: Path) -> LlamaModel:
    export_gguf(checkpoint, path)
    return LlamaModel(str(path), llama_cpp.LlamaModelParams())


def logits_in(model: LlamaModel, length: int) -> Logits:
    """Return a function of ids and the place of the first: logits after each, in float32."""
    params = llama_cpp.LlamaContextParams()
    params.n_ctx = params.n_batch = params.n_ubatch = length
    params.n_threads = params.n_threads_batch = 1
    params.type_k = params.type_v = 0  # float32
    params.flash_attn_type = 0  # off
    context = llama_cpp.LlamaContext(model, params)

    def logits(ids: list[int], start: int) -> np.ndarray:
        batch = llama_cpp.LlamaBatch(n_tokens=len(ids), embd=0, n_seq_max=1)
        for place, id_ in enumerate(ids):
            batch.add(id_, start + place, [0], True)
        context.decode(batch)
        return np.array([context.get_logits_ith(place) for place in range(len(ids))])

    return logits


def gelu_of_llama_cpp(x: torch.Tensor) -> torch.Tensor:
    """ggml's GELU on a CPU: the approximation, from half precision to half precision."""
    table = exact_gelu(x.half().float(), approximate="tanh").half().float()
    return torch.where(x.abs() < 10, table, x.clamp(min=0))


exact_gelu = F.gelu


@pytest.fixture(params=KINDS)
def checkpoint(
    request: pytest.FixtureRequest, tokenizer: bpe.Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> Checkpoint:
    """A model of each kind; those with GELU compute it as llama.cpp does, the only difference."""
    config = ModelConfig(tokenizer.n_vocab, 64, 224, heads=4, layers=3, **KINDS[request.param])
    if config.arch == "gpt2":
        monkeypatch.setattr(F, "gelu", gelu_of_llama_cpp)
    return checkpoint_of(config, tokenizer)


def test_it_computes_what_the_model_computes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    model = load(checkpoint, tmp_path / "x.gguf")
    logits = logits_in(model, 224)
    ids = torch.randint(checkpoint.tokenizer.n_vocab, (1, 100))
    with torch.no_grad():
        expected = checkpoint.model(ids)[0, :, : checkpoint.tokenizer.n_vocab].numpy()
    # Half a unit of half precision, where a sum falls on the other side of it.
    bound = 1e-2 if checkpoint.state.model.arch == "gpt2" else 1e-3
    assert np.abs(expected - logits(ids[0].tolist(), 0)).max() < bound < expected.std() / 100


def test_it_writes_the_same_200_tokens(checkpoint: Checkpoint, tmp_path: Path) -> None:
    model = load(checkpoint, tmp_path / "x.gguf")
    logits = logits_in(model, 224)
    prompt, tokenizer = [5, 17, 280], checkpoint.tokenizer
    greedy = SampleConfig(temperature=0)
    assert isinstance(checkpoint.model, GPT)
    ours = list(generate(checkpoint.model, tokenizer, prompt, max_tokens=200, config=greedy))
    last, found = logits(prompt, 0)[-1], []
    for place in range(len(prompt), len(prompt) + 200):
        found.append(int(last.argmax()))
        last = logits(found[-1:], place)[-1]
    assert (200, ours) == (len(ours), found)
    assert len(set(ours)) > 10, "no model that says one thing"


def vocabulary_in(tokenizer: bpe.Tokenizer, path: Path) -> tuple[LlamaModel, Any]:
    """Return the tokenizer in llama.cpp, and what keeps it alive."""
    tiny = ModelConfig(tokenizer.n_vocab, 8, 8, heads=1, layers=1, arch="llama")
    model = load(checkpoint_of(tiny, tokenizer), path)
    return model, model.get_vocab()


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "llama3", "qwen2", "o200k"])
def test_it_gives_the_same_ids(pattern: str, text: str, tmp_path: Path) -> None:
    tokenizer = bpe.train([text], 400, pattern=pattern, num_threads=1)
    model, vocabulary = vocabulary_in(tokenizer, tmp_path / "x.gguf")
    odd = "I'M  we'Ll\r\n\n 12345 x\t\t\x00 {}[]\n\n  \n a\u00a0b ß你好😀 1²½ \ufffd "
    if pattern != "o200k":  # of marks and mixed case in other scripts the export warns
        odd += "e\u0301 नमस्ते ЙЦу "
    for sample in (text, odd, odd[::-1], "", " ", "\n"):
        assert tokenizer.encode_ordinary(sample) == vocabulary.tokenize(sample, False, False)
    assert model.n_vocab == tokenizer.n_vocab


def test_whole_pretokens_come_first_where_they_do_here(tmp_path: Path) -> None:
    ranks = {bytes([b]): b for b in range(256)} | {b"bc": 256, b"abcd": 257}
    pattern = bpe.Pattern.of("llama3")
    spec = bpe.TokenizerSpec.from_ranked_tokens(pattern, ranks, {"<|end_of_text|>": 260})
    tokenizer = bpe.Tokenizer(spec)
    _model, vocabulary = vocabulary_in(tokenizer, tmp_path / "x.gguf")
    assert [257, 32, 97, 256] == vocabulary.tokenize("abcd abc", True, False)
    assert [257, 32, 97, 256] == tokenizer.encode("abcd abc")


@pytest.mark.parametrize("name", ["mine", "phi-3 of mine"])
def test_special_tokens_are_special_if_asked(name: str, text: str, tmp_path: Path) -> None:
    special_tokens = ["<|endoftext|>", "<|im_end|>", "<|mask|>", "a b", "</s>"]
    trained = bpe.train([text], 400, pattern="gpt2", special_tokens=special_tokens, num_threads=1)
    tokenizer = bpe.Tokenizer(replace(trained.spec, name=name))
    _model, vocabulary = vocabulary_in(tokenizer, tmp_path / "x.gguf")
    sample = "ka  " + " x  ".join(special_tokens) + "  \n lo" + "".join(special_tokens)
    special = tokenizer.encode(sample, allowed_special="all")
    assert special == vocabulary.tokenize(sample, True, True), "and nothing is added"
    assert tokenizer.encode_ordinary(sample) == vocabulary.tokenize(sample, True, False)
    end = tokenizer.spec.special_tokens["<|endoftext|>"]
    assert [end] * 2 == [vocabulary.token_bos(), vocabulary.token_eos()]


def test_what_o200k_loses_is_said(text: str, tmp_path: Path) -> None:
    tokenizer = bpe.train([text], 400, pattern="o200k", num_threads=1)
    with pytest.warns(FormatWarning, match="words with such marks, as in Hindi"):
        vocabulary_in(tokenizer, tmp_path / "x.gguf")
