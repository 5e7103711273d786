"""Watching the attention of one forward pass, layer by layer.

A model of transformers runs its attention through a function it looks up by name. Inside
``attention_tap`` that name is ours: the tap is handed what the layer hands to its kernel, and the
layer goes on with the output of the tap or, where it gives none, of its own kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from .attention_call import AttentionCall, AttentionTap, all_visible, read_mask
from .language import LanguageModel
from .self_made import SelfMadeAttention

_NAME = "entroscope"
# For families that weigh summaries of several tokens too (DeepSeek-V4): they widen the mask, and so
# need one even where every token sees all before it.
_SUMMARIES = "entroscope_summaries"
_STRIP = 128


@dataclass(frozen=True)
class _Watch:
    """Who watches, the number of every module's layer, and whether the model's kernel is eager."""

    tap: AttentionTap
    numbers: dict[nn.Module, int]
    eager: bool


_watch: ContextVar[_Watch] = ContextVar("attention tap")


@contextmanager
def attention_tap(model: LanguageModel, tap: AttentionTap) -> Iterator[None]:
    """Let ``tap`` see every attention layer of ``model`` until the block ends.

    What a tap raises stops the forward pass.
    """
    torch_model = model.torch_model
    with ExitStack() as undo:
        if torch_model._can_set_attn_implementation():
            before = torch_model.config._attn_implementation or "sdpa"
            layers = enumerate(model.layers)
            numbers = {part: layer for layer, parts in layers for part in parts.modules()}
            undo.callback(_watch.reset, _watch.set(_Watch(tap, numbers, before == "eager")))
            torch_model.set_attn_implementation(_name(model))
            undo.callback(torch_model.set_attn_implementation, before)
        else:
            own = SelfMadeAttention(tap, model.layers, model.facts.heads, model.dtype)
            undo.enter_context(own)
        yield


def _name(model: LanguageModel) -> str:
    """Return the name under which a model finds our function, and the masks that go with it."""
    config = model.torch_model.config.get_text_config(decoder=True)
    kinds = getattr(config, "layer_types", None) or ()
    return _SUMMARIES if any("compressed" in each for each in kinds) else _NAME


def attention_bytes(model: LanguageModel, tokens: int) -> int:
    """Return about how much the attention of one layer holds while ``tokens`` are read."""
    torch_model, heads = model.torch_model, model.facts.heads
    size, pairs = model.dtype.itemsize, tokens**2
    if torch_model._can_set_attn_implementation():
        config = torch_model.config.get_text_config(decoder=True)
        mask = 2 * pairs if getattr(config, "sliding_window", None) else 0
        eager = torch_model.config._attn_implementation == "eager"
        return mask + eager * heads * min(_STRIP, tokens) * tokens * (4 + 3 * size)
    if torch_model._supports_sdpa:  # Falcon: no scores, but a mask with its ALiBi
        return heads * pairs * size if getattr(torch_model.config, "alibi", False) else 0
    # Scores without and with their mask, our copy; then the weights in float32.
    return heads * pairs * (4 + 3 * size)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    position_bias: Tensor | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Stand in for the attention function of a model; the interface of transformers."""
    watch = _watch.get()
    layer = watch.numbers.get(module)
    if layer is not None:
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        visible, bias = read_mask(attention_mask, key.shape[-2])
        if position_bias is not None:
            bias = position_bias if bias is None else bias + position_bias
        causal = others.get("is_causal")
        causal = getattr(module, "is_causal", True) if causal is None else causal
        if visible is None and not causal:
            visible = all_visible(query, key)
        call = AttentionCall(layer, query, key, value, scale, visible, bias, softcap, s_aux)
        output = watch.tap.call(call)
        if output is not None:
            return output, None
    others |= {"scaling": scaling, "position_bias": position_bias}
    # PyTorch's kernel knows no soft-caps and no sinks; families that have them bring their own.
    eager = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
    if softcap is not None or s_aux is not None or (watch.eager and eager):
        others |= {"softcap": softcap, "s_aux": s_aux}
        return _in_strips(eager, module, query, key, value, attention_mask, **others), None
    return sdpa_attention_forward(module, query, key, value, attention_mask, **others)  # type: ignore[reportReturnType]


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, sdpa_mask)
AttentionInterface.register(_SUMMARIES, _attention)
AttentionMaskInterface.register(_SUMMARIES, eager_mask)


def _in_strips(
    eager: Any,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    **others: Any,
) -> Tensor:
    """Return the output of a family's own function, a strip of queries at a time.

    The weights of all queries at once would be H × T × T numbers.
    """
    if mask is None:
        own = torch.arange(query.shape[2], device=query.device)
        mask = (own[: key.shape[2]] <= own[:, None])[None, None]
    outputs = []
    for start in range(0, query.shape[2], _STRIP):
        rows = slice(start, start + _STRIP)
        part = mask[:, :, rows]
        if part.dtype == torch.bool:
            lowest = torch.finfo(query.dtype).min
            part = torch.zeros_like(part, dtype=query.dtype).masked_fill(~part, lowest)
        outputs.append(eager(module, query[:, :, rows], key, value, part, **others)[0])
    return torch.cat(outputs, 1)
