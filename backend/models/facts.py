"""What a model turned out to be, read from its configuration and weights."""

from __future__ import annotations

from itertools import chain
from typing import Any

from transformers import PreTrainedModel

from ..runs.model import ModelFacts, ModelSpec
from .placement import dtype_name
from .tokenizer import TextTokenizer

# What different families call the longest text they were trained for.
_CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length")
# Families whose first token has the place after that of the padding token.
_AFTER_PADDING = {
    *("camembert", "data2vec-text", "roberta", "roberta-prelayernorm"),
    *("xlm-roberta", "xlm-roberta-xl", "xmod"),
}


def describe(
    model: PreTrainedModel,
    tokenizer: TextTokenizer,
    spec: ModelSpec,
    *,
    name: str,
    revision: str | None,
    weights: str,
) -> ModelFacts:
    """Return the facts the interface and every run show."""
    config = model.config.get_text_config(decoder=True)
    heads = int(_first(config, "num_attention_heads") or 0)
    embedding: Any = model.get_input_embeddings()
    return ModelFacts(
        source=spec.source,
        name=name,
        revision=revision,
        architecture=type(model).__name__,
        parameters=sum(each.numel() for each in model.parameters()),
        layers=int(config.num_hidden_layers),
        heads=heads,
        kv_heads=_kv_heads(config, heads),
        hidden_size=int(config.hidden_size),
        vocab_size=int(embedding.weight.shape[0]),
        context=context_of(config),
        dtype=dtype_name(model.dtype),
        device=_devices(model),
        memory_bytes=sum(each.nbytes for each in chain(model.parameters(), model.buffers())),
        weights=weights,
        bos_token=tokenizer.bos_token,
        has_chat_template=tokenizer.has_chat_template,
    )


def context_of(config: Any) -> int | None:
    """Return how many tokens a model with this text configuration reads; None: no fixed limit."""
    places = _first(config, *_CONTEXT_NAMES)
    if places is not None and config.model_type in _AFTER_PADDING:
        return places - int(config.pad_token_id) - 1
    return places


def rereads_after(config: Any) -> int | None:
    """Return after how many tokens a model turns all of its positions in another way, or None.

    LongRoPE (Phi-3): what was read before would have to be read again.
    """
    ropes = getattr(config, "rope_parameters", None) or {}
    nested = [each for each in ropes.values() if isinstance(each, dict)]
    limits = [
        int(each["original_max_position_embeddings"])
        for each in (ropes, *nested)
        if each.get("rope_type") == "longrope"
    ]
    return min(limits, default=None)


def _kv_heads(config: Any, heads: int) -> int:
    if getattr(config, "multi_query", False) and not getattr(
        config, "new_decoder_architecture", False
    ):
        return 1  # Falcon-7B and StarCoder say so in a flag, not in a number
    return _first(config, "num_key_value_heads", "num_kv_heads") or heads


def _first(config: Any, *names: str) -> int | None:
    values = (getattr(config, name, None) for name in names)
    return next((value for value in values if isinstance(value, int) and value > 0), None)


def _devices(model: PreTrainedModel) -> str:
    return ", ".join(sorted({str(each.device) for each in model.parameters()}))
