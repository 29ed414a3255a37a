"""bpe/extension.py: a base tokenizer keeps all it has, and encoding with more joins more."""

from __future__ import annotations

from random import Random

import pytest
import tiktoken

import bpe
from bpe.errors import TrainingError, VocabularyError
from bpe.testing import laws
from bpe.testing.random_inputs import random_text

DOMAIN = ["catalogue of catamarans, cataloguing catamarans"] * 4


def random_base(random: Random, engine: str = "native") -> bpe.Tokenizer:
    texts = [random_text(random) for _ in range(200)]
    tie_break = random.choice(("id", "huggingface", "bytes_max", "bytes_min"))
    return bpe.train(texts, 330, tie_break=tie_break, engine=engine)


def shuffled(base: bpe.Tokenizer, random: Random) -> bpe.Tokenizer:
    """The same tokenizer with other ids, gaps between them, and the special token in the middle."""
    ids = random.sample(range(700), 700)
    spec = base.spec
    return bpe.Tokenizer(
        bpe.TokenizerSpec(
            pattern=spec.pattern,
            id_to_bytes={ids[id_]: token for id_, token in spec.id_to_bytes.items()},
            merges=bpe.Merges(
                (ids[m.left], ids[m.right], ids[m.new_id], m.rank) for m in spec.merges
            ),
            special_tokens={text: ids[id_] for text, id_ in spec.special_tokens.items()},
        )
    )


def test_an_extended_tokenizer_only_joins_what_its_base_gives() -> None:
    random = Random(1)
    for kind in range(12):
        base = random_base(random)
        if kind % 3 == 1:
            base = shuffled(base, random)
        elif kind % 3 == 2:
            base = bpe.Tokenizer.from_tiktoken(base.to_tiktoken())
        other = [random_text(random) for _ in range(200)]
        extended = bpe.train(other, base.n_vocab + 60, base=base)
        assert dict(extended.spec.id_to_bytes).items() > dict(base.spec.id_to_bytes).items()
        assert set(extended.spec.merges) > set(base.spec.merges)
        for text in [*other, *(random_text(random) for _ in range(200))]:
            laws.extension_only_joins(base, extended, text)


def test_the_engines_extend_alike() -> None:
    random = Random(2)
    for base in (random_base(random), shuffled(random_base(random), random)):
        texts = [random_text(random) for _ in range(150)]
        size = base.n_vocab + 40
        native = bpe.train(texts, size, base=base, special_tokens=["<|new|>"])
        reference = bpe.train(
            texts, size, base=base, special_tokens=["<|new|>"], engine="reference"
        )
        assert reference.spec == native.spec


def test_what_tiktoken_can_express_it_still_can_after_an_extension() -> None:
    random = Random(3)
    base = bpe.Tokenizer.from_tiktoken(random_base(random).to_tiktoken())
    texts = [random_text(random) for _ in range(300)]
    extended = bpe.train(texts, base.n_vocab + 80, base=base, special_tokens=["<|new|>"])
    assert extended.encode_single_token("<|new|>") == base.n_vocab
    encoding = extended.to_tiktoken()
    for text in texts:
        laws.tokenizers_agree(encoding, extended, text)
    assert bpe.Tokenizer.from_tiktoken(encoding) == extended


def test_what_training_gave_is_extended_as_pairs_and_tiktoken_agrees() -> None:
    base = bpe.train(DOMAIN, 270, special_tokens=())
    extended = bpe.train(["the hat of the cat"] * 3, 275, base=base, special_tokens=())
    assert len(extended.spec.merges) == 19
    encoding: tiktoken.Encoding = extended.to_tiktoken()
    for text in (*DOMAIN, "the hat of the cat"):
        assert encoding.encode_ordinary(text) == extended.encode_ordinary(text)


@pytest.mark.usefixtures("published_vocabularies")
def test_published_vocabularies_are_extended() -> None:
    base = bpe.get_encoding("cl100k_base")
    extended = bpe.train(DOMAIN, base.n_vocab + 4, base=base, special_tokens=())
    assert base.n_vocab + 4 == extended.n_vocab
    assert extended.eot_token == base.eot_token
    text = DOMAIN[0] + " the hat of the cat\n\n    return 12345 ’s"
    laws.extension_only_joins(base, extended, text)
    assert len(extended.encode(text)) < len(base.encode(text))
    assert extended.encode("the hat") == base.encode("the hat")
    laws.tokenizers_agree(extended.to_tiktoken(), extended, text)


def test_a_base_whose_tokens_are_no_pairs_cannot_be_extended() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks |= {token: 256 + i for i, token in enumerate((b"bc", b"ab", b"cd", b"abcd"))}
    spec = bpe.TokenizerSpec.from_ranked_tokens(bpe.Pattern.of("gpt2"), ranks)
    with pytest.raises(VocabularyError, match="is left in 3 parts"):
        bpe.train(DOMAIN, 270, base=bpe.Tokenizer(spec))


def test_counts_of_another_pattern_are_refused() -> None:
    base = bpe.train(DOMAIN, 270, pattern="gpt2")
    with pytest.raises(TrainingError, match="another pattern than the base"):
        bpe.train(bpe.count(DOMAIN, pattern="o200k"), 280, base=base)


def test_the_vocabulary_size_counts_what_the_base_has() -> None:
    base = bpe.train(DOMAIN, 270)
    with pytest.raises(TrainingError, match="vocab_size must be an integer from 270"):
        bpe.train(DOMAIN, 269, base=base)
    assert bpe.train(DOMAIN, 270, base=base) == base
