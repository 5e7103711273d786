"""Very small models of many families with real tokenizer files, the same in every test run.

``build(family, folder)`` writes one; the fixtures of ``conftest.py`` load them. The weights are
random but far from uniform, so that distributions differ from token to token.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, PreTrainedModel, TokenizersBackend

CONTEXT = 512
_BOS, _EOS, _UNK = "<|bos|>", "<|eos|>", "<unk>"
_CORPUS = [
    "The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore.",
    "In the beginning there was nothing, and then there was a test of 12345 tokens and 67890 more.",
    "def add(a, b):\n    return a + b\n\nfor i in range(10):\n    print(i, add(i, i))\n",
    "Ein kleiner Hund läuft über die Straße; où est la bibliothèque? Привет, мир! 你好，世界。",
]
_CHAT_TEMPLATE = (
    "{% for m in messages %}<|bos|>{{ m['role'] }}\n{{ m['content'] }}<|eos|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|bos|>assistant\n{% endif %}"
)
_SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": CONTEXT,
}
_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
_WINDOWED = {"sliding_window": 16}
_MHA = {**_SHAPE, "num_key_value_heads": 4}

# Family: configuration class, arguments, tokenizer. The arguments make each family show what is
# its own: soft-caps, logit scales, windows, sinks, biases, tied and untied heads.
_FAMILIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "llama": ("LlamaConfig", {**_SHAPE, "tie_word_embeddings": False}, "sentencepiece"),
    "gpt2": (
        "GPT2Config",
        {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": CONTEXT},
        "byte_level",
    ),
    "qwen3": ("Qwen3Config", {**_SHAPE, "tie_word_embeddings": True}, "byte_level_nfc"),
    "gemma2": (
        "Gemma2Config",
        {
            **_SHAPE,
            **_WINDOWED,
            "final_logit_softcapping": 3.0,
            "attn_logit_softcapping": 5.0,
            "query_pre_attn_scalar": 8,
        },
        "gemma",
    ),
    "gemma3": (
        "Gemma3TextConfig",
        {**_SHAPE, **_WINDOWED, "query_pre_attn_scalar": 8},
        "gemma",
    ),
    "mistral": ("MistralConfig", {**_SHAPE, **_WINDOWED}, "sentencepiece"),
    "mixtral": ("MixtralConfig", {**_SHAPE, **_EXPERTS}, "byte_level"),
    "gpt_neox": ("GPTNeoXConfig", {**_MHA, "rotary_pct": 0.5}, "byte_level"),
    "cohere": ("CohereConfig", {**_SHAPE, "logit_scale": 0.25}, "byte_level"),
    "granite": (
        "GraniteConfig",
        {**_SHAPE, "logits_scaling": 4.0, "embedding_multiplier": 3.0, "residual_multiplier": 0.5},
        "byte_level",
    ),
    "gpt_oss": ("GptOssConfig", {**_SHAPE, **_EXPERTS, **_WINDOWED}, "byte_level"),
    "bloom": ("BloomConfig", {"hidden_size": 32, "n_layer": 3, "n_head": 4}, "byte_level"),
    "opt": (
        "OPTConfig",
        {
            "hidden_size": 32,
            "ffn_dim": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "word_embed_proj_dim": 16,
            "max_position_embeddings": CONTEXT,
        },
        "byte_level",
    ),
    "phi": ("PhiConfig", {**_MHA, "partial_rotary_factor": 0.5}, "byte_level"),
}
FAMILIES = tuple(_FAMILIES)
"""Names for ``build``. Phi has a bias in its head."""


def build(family: str, folder: Path) -> Path:
    """Write the tiny model of ``family`` into ``folder``: config, safetensors and tokenizer."""
    name, arguments, kind = _FAMILIES[family]
    tokenizer = tiny_tokenizer(kind)
    config = getattr(transformers, name)(
        **arguments,
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(sum(family.encode()))
        model = AutoModelForCausalLM.from_config(config)
        _spread(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_tokenizer(kind: str) -> TokenizersBackend:
    """Return a small trained tokenizer.

    Args:
        kind: "byte_level" (GPT-2), "byte_level_nfc" (Qwen), "sentencepiece" (Llama-2: a space
            in front, byte fallback) or "gemma" (byte fallback, no space in front).
    """
    build_one = _byte_level if kind.startswith("byte_level") else _sentencepiece
    backend = build_one(kind)
    backend.add_special_tokens([_BOS, _EOS])
    return TokenizersBackend(
        tokenizer_object=backend,
        bos_token=_BOS,
        eos_token=_EOS,
        pad_token=_EOS,
        unk_token=None if kind.startswith("byte_level") else _UNK,
        chat_template=_CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def _byte_level(kind: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if kind.endswith("nfc"):
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=380,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    return tokenizer


def _sentencepiece(kind: str) -> Tokenizer:
    """SentencePiece as its ``tokenizer.json`` conversions write it: BPE with byte fallback."""
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    # Only ASCII and ▁ are characters of the vocabulary; everything else falls back to bytes.
    latin = [each.encode("ascii", "ignore").decode() for each in _CORPUS]
    trained.train_from_iterator(latin, trainers.BpeTrainer(vocab_size=180, show_progress=False))
    pieces = sorted(trained.get_vocab(), key=trained.get_vocab().__getitem__)
    vocab = {piece: number for number, piece in enumerate([_UNK, *byte_tokens, *pieces])}
    merges = [_merge(piece, pieces) for piece in pieces if len(piece) > 1]
    tokenizer = Tokenizer(
        models.BPE(vocab=vocab, merges=merges, unk_token=_UNK, fuse_unk=True, byte_fallback=True)
    )
    spaces = normalizers.Replace(" ", "▁")
    undo = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if kind == "gemma":
        tokenizer.normalizer = spaces
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spaces])
        undo.append(decoders.Strip(" ", 1, 0))
    tokenizer.decoder = decoders.Sequence(undo)
    tokenizer.add_special_tokens([_UNK])
    return tokenizer


def _merge(piece: str, pieces: list[str]) -> tuple[str, str]:
    """Return two earlier pieces that make ``piece``."""
    rank = {each: number for number, each in enumerate(pieces)}
    cuts = ((piece[:cut], piece[cut:]) for cut in range(1, len(piece)))
    known = [(left, right) for left, right in cuts if left in rank and right in rank]
    return min(known, key=lambda pair: max(rank[pair[0]], rank[pair[1]]))


def _spread(model: PreTrainedModel) -> None:
    """Make weights large enough for peaked distributions, and biases and sinks other than 0."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(6.0)
            elif name.endswith("bias") or "sinks" in name:
                parameter.normal_(std=0.5)
