"""Tiny models of families that keep, hide or name things in ways of their own.

``build(family, folder)`` writes one. Each has given wrong numbers, or none, at some time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from tests.tiny_models import CONTEXT, tiny_tokenizer

_SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": CONTEXT,
}
_GPT = {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": CONTEXT}
_MHA = {**_SHAPE, "num_key_value_heads": 4}
_EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
_MAMBA2 = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1}
_LATENT = {
    **_MHA,
    "head_dim": 4,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 6,
    "qk_head_dim": 12,
}
LONGROPE_TURN = 32
_LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 4,
    "long_factor": [4.0] * 4,
    "original_max_position_embeddings": LONGROPE_TURN,
}

# Family: model type, arguments.
_FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "bamba": ("bamba", {**_SHAPE, **_MAMBA2, "attn_layer_indices": [1, 3], "mamba_expand": 2}),
    "deepseek_v4": (
        "deepseek_v4",
        {**_SHAPE, **_EXPERTS, "n_routed_experts": 4, "n_shared_experts": 1,
         "moe_intermediate_size": 32},
    ),
    "doge": ("doge", {**_SHAPE, "keep_window_size": 16}),
    "falcon_h1": ("falcon_h1", {**_SHAPE, **_MAMBA2, "mamba_d_ssm": 64}),
    "kimi_linear": (
        "kimi_linear",
        {**_LATENT, "n_routed_experts": 4, "num_experts": 4, "num_experts_per_tok": 2,
         "moe_intermediate_size": 32, "first_k_dense_replace": 1},
    ),
    "llama4": (
        "llama4_text",
        {**_SHAPE, "attention_chunk_size": 16, "num_local_experts": 2, "num_experts_per_tok": 1,
         "intermediate_size_mlp": 64, "no_rope_layers": [1, 1, 1, 0]},
    ),
    "longcat": (
        "longcat_flash",
        {**_LATENT, "num_layers": 2, "ffn_hidden_size": 64, "expert_ffn_hidden_size": 32,
         "moe_topk": 2, "n_routed_experts": 4, "zero_expert_num": 2},
    ),
    "mamba": ("mamba", {"hidden_size": 32, "num_hidden_layers": 3, "state_size": 8}),
    "minimax": (
        "minimax",
        {**_SHAPE, **_EXPERTS, "block_size": 16,
         "layer_types": ["linear_attention", "full_attention"] * 2},
    ),
    "mistral, window of 1": ("mistral", {**_SHAPE, "sliding_window": 1}),
    "modernbert": (
        "modernbert-decoder",
        {**_MHA, "local_attention": 16, "global_attn_every_n_layers": 2},
    ),
    "openai-gpt": ("openai-gpt", _GPT),
    "phi3, longrope": (
        "phi3",
        {**_SHAPE, "original_max_position_embeddings": LONGROPE_TURN,
         "rope_parameters": _LONGROPE},
    ),
    "recurrent_gemma": (
        "recurrent_gemma",
        {**_SHAPE, "attention_window_size": 16, "lru_width": 32,
         "block_types": ["recurrent", "attention"]},
    ),
    "reformer": (
        "reformer",
        {"hidden_size": 32, "attention_head_size": 8, "num_attention_heads": 4,
         "feed_forward_size": 64, "attn_layers": ["local", "local"], "axial_pos_embds": False,
         "is_decoder": True, "max_position_embeddings": CONTEXT, "local_attn_chunk_length": 16},
    ),
    "roberta": ("roberta", {**_MHA, "is_decoder": True}),
    "rwkv": (
        "rwkv",
        {"hidden_size": 32, "attention_hidden_size": 32, "num_hidden_layers": 3,
         "context_length": CONTEXT, "intermediate_size": 64},
    ),
}  # fmt: skip


def build(family: str, folder: Path) -> Path:
    """Write the tiny model of ``family`` into ``folder``: config, safetensors and tokenizer."""
    kind, arguments = _FAMILIES[family]
    tokenizer = tiny_tokenizer("byte_level")
    config = CONFIG_MAPPING[kind](
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


def _spread(model: torch.nn.Module) -> None:
    """Make weights large enough for peaked distributions, and biases other than 0."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 and "conv" not in name and "A_log" not in name:
                parameter.mul_(3.0)
            elif name.endswith("bias") or "sinks" in name:
                parameter.normal_(std=0.3)
            if not parameter.isfinite().all():
                parameter.normal_(std=0.05)
