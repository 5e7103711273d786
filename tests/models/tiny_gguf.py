"""Writes a very small GGUF file: a Llama with a byte-level tokenizer and random weights."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np

from tests.tiny_models import tiny_tokenizer

_WIDTH, _INNER, _LAYERS, _HEADS, _KV_HEADS = 32, 64, 2, 4, 2
_NORMAL, _CONTROL = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL


def write_gguf(path: Path, *, rule: str = "smollm", seed: int = 0) -> Path:
    """Write the file; ``rule`` is its ``tokenizer.ggml.pre``."""
    tokenizer = tiny_tokenizer("byte_level").backend_tokenizer
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(_LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    size = tokenizer.get_vocab_size()
    writer.add_vocab_size(size)
    control = {each.content for each in tokenizer.get_added_tokens_decoder().values()}
    tokens = [tokenizer.id_to_token(number) for number in range(size)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list(tokens)
    writer.add_token_types([_CONTROL if each in control else _NORMAL for each in tokens])
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(tokens.index("<|bos|>"))
    writer.add_eos_token_id(tokens.index("<|eos|>"))
    for name, shape in _shapes(size).items():
        random = np.random.default_rng([seed, len(name), *name.encode()])
        writer.add_tensor(name, random.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _shapes(vocabulary: int) -> dict[str, tuple[int, ...]]:
    keys = _WIDTH // _HEADS * _KV_HEADS
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, _WIDTH),
        "output_norm.weight": (_WIDTH,),
        "output.weight": (vocabulary, _WIDTH),
    }
    for layer in range(_LAYERS):
        shapes |= {
            f"blk.{layer}.attn_norm.weight": (_WIDTH,),
            f"blk.{layer}.attn_q.weight": (_WIDTH, _WIDTH),
            f"blk.{layer}.attn_k.weight": (keys, _WIDTH),
            f"blk.{layer}.attn_v.weight": (keys, _WIDTH),
            f"blk.{layer}.attn_output.weight": (_WIDTH, _WIDTH),
            f"blk.{layer}.ffn_norm.weight": (_WIDTH,),
            f"blk.{layer}.ffn_gate.weight": (_INNER, _WIDTH),
            f"blk.{layer}.ffn_up.weight": (_INNER, _WIDTH),
            f"blk.{layer}.ffn_down.weight": (_WIDTH, _INNER),
        }
    return shapes
