"""Watching the attention of one forward pass, layer by layer.

A model of transformers runs its attention through a function it looks up by name. Inside
``attention_tap`` that name is ours: the tap is handed what the layer hands to its kernel, and the
layer goes on with the output of the tap or, where it gives none, of PyTorch's own kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from backend.models.language import LanguageModel

_NAME = "entroscope"


@dataclass(frozen=True)
class AttentionCall:
    """What one layer hands to its attention kernel.

    Attributes:
        layer: number of the decoder layer, from 0.
        query: [B, H, Q, D], positions already applied.
        key, value: [B, G, K, D] and [B, G, K, E]; H is a multiple of G.
        scaling: factor on q·k.
        visible: bool [B, 1 or H, Q, K]; None when query *i* sees keys 0 … *i*.
        bias: [B or 1, H or 1, Q, K], added to the scores, or None.
        softcap: bound of the scores, or None.
        sinks: [H], score of an outcome that is no key, or None.
    """

    layer: int
    query: Tensor
    key: Tensor
    value: Tensor
    scaling: float
    visible: Tensor | None
    bias: Tensor | None
    softcap: float | None
    sinks: Tensor | None

    @property
    def plain(self) -> bool:
        """Whether PyTorch's kernel can do this: no soft-cap, no sinks."""
        return self.softcap is None and self.sinks is None


class AttentionTap(Protocol):
    """Somebody who watches attention."""

    def call(self, call: AttentionCall) -> Tensor | None:
        """Look at a layer; return its output [B, Q, H, E], or None to let the kernel run.

        A call that is not ``plain`` needs an output.
        """
        ...

    def weights(self, layer: int, weights: Tensor) -> None:
        """Look at a layer whose model computes its weights [B, H, Q, K] by itself."""
        ...


_tap: ContextVar[tuple[AttentionTap, dict[nn.Module, int]]] = ContextVar("attention tap")


@contextmanager
def attention_tap(model: LanguageModel, tap: AttentionTap) -> Iterator[None]:
    """Let ``tap`` see every attention layer of ``model`` until the block ends.

    What a tap raises stops the forward pass.
    """
    numbers = {part: layer for layer, parts in enumerate(model.layers) for part in parts.modules()}
    before = model.torch_model.config._attn_implementation or "sdpa"
    token = _tap.set((tap, numbers))
    with ExitStack() as undo:
        undo.callback(_tap.reset, token)
        if model.torch_model._can_set_attn_implementation():
            model.torch_model.set_attn_implementation(_NAME)
            undo.callback(model.torch_model.set_attn_implementation, before)
        else:
            for part, layer in numbers.items():
                handle = part.register_forward_hook(_weights_hook(tap, layer))
                undo.callback(handle.remove)
        yield


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
    tap, numbers = _tap.get()
    layer = numbers.get(module)
    if layer is not None:
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        visible, bias = _read_mask(attention_mask, key.shape[-2])
        if position_bias is not None:
            bias = position_bias if bias is None else bias + position_bias
        causal = others.get("is_causal")
        causal = getattr(module, "is_causal", True) if causal is None else causal
        if visible is None and not causal:
            visible = query.new_ones(1, 1, query.shape[2], key.shape[2], dtype=torch.bool)
        call = AttentionCall(layer, query, key, value, scale, visible, bias, softcap, s_aux)
        output = tap.call(call)
        if output is not None:
            return output, None
    return sdpa_attention_forward(
        module,
        query,
        key,
        value,
        attention_mask,
        scaling=scaling,
        softcap=softcap,
        position_bias=position_bias,
        **others,
    )  # type: ignore[reportReturnType]


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, sdpa_mask)


def _read_mask(mask: Tensor | None, keys: int) -> tuple[Tensor | None, Tensor | None]:
    """Return what a mask hides, and what it adds to the scores that it shows."""
    if mask is None:
        return None, None
    mask = mask[..., :keys]
    if mask.dtype == torch.bool:
        return mask, None
    visible = mask > torch.finfo(mask.dtype).min / 2
    bias = mask.masked_fill(~visible, 0)
    return visible, bias if bool(bias.any()) else None


def _weights_hook(tap: AttentionTap, layer: int) -> Callable[..., Any]:
    """Return a hook that takes the weights out of what an attention module answers."""

    def hook(module: nn.Module, inputs: Any, answer: Any) -> Any:
        if not (isinstance(answer, tuple) and "Attention" in type(module).__name__):
            return None
        weights = answer[-1]
        if not (isinstance(weights, Tensor) and weights.ndim == 4):
            return None
        tap.weights(layer, weights)
        return (*answer[:-1], None)  # nobody else needs them: free the memory at once

    return hook
