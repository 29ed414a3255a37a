"""Test any tokenizer: inputs that find mistakes, and laws that must hold on every input.

    from hypothesis import given
    from bpe.testing import laws, strategies

    @given(strategies.texts())
    def test_my_tokenizer_gives_every_text_back(text):
        laws.round_trip(my_tokenizer, text)

`strategies` needs the extra "test"; `laws` and `random_inputs` need nothing.
"""
