"""Watching families that do not look their attention function up but compute it themselves.

BLOOM, MPT, GPT-Neo and XGLM call softmax on a whole matrix of scores, Falcon calls PyTorch's
kernel. Both calls are seen here while the model makes them, so that the scores are known as they
were: before the softmax, and before any rounding of the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from .attention_call import AttentionCall, AttentionTap, all_visible, read_mask

_SOFTMAX = (functional.softmax, torch.softmax, Tensor.softmax)


class SelfMadeAttention(TorchFunctionMode):
    """While active, hands the attention of ``layers`` to a tap."""

    def __init__(
        self, tap: AttentionTap, layers: Sequence[nn.Module], heads: int, dtype: torch.dtype
    ) -> None:
        """Watch ``layers``, each with so many ``heads``; ``dtype`` is that of their weights."""
        super().__init__()
        self._tap = tap
        self._heads = heads
        self._layers = layers
        # Families hide a key by adding or filling in the lowest number of their type.
        self._hidden = torch.finfo(dtype).min / 2
        self._layer = -1
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> SelfMadeAttention:
        def at(layer: int) -> Callable[..., None]:
            return lambda *_: setattr(self, "_layer", layer)

        self._handles = [
            each.register_forward_pre_hook(at(layer)) for layer, each in enumerate(self._layers)
        ]
        return super().__enter__()

    def __exit__(self, *failure: Any) -> None:
        super().__exit__(*failure)
        for handle in self._handles:
            handle.remove()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self._layer >= 0 and func in _SOFTMAX:
            self._softmax(*args, **kwargs)
        elif self._layer >= 0 and func is functional.scaled_dot_product_attention:
            output = self._kernel(*args, **kwargs)
            if output is not None:
                return output.transpose(1, 2)
        return func(*args, **kwargs)

    def _softmax(self, input: Tensor, *_: Any, **__: Any) -> None:
        """Look at a softmax; the names are those of PyTorch."""
        rows = input.shape[-2:]
        if input.ndim < 3 or rows[0] != rows[1] or input.shape[-3] % self._heads:
            return  # not attention: a router over experts, for example
        scores = input.reshape(-1, self._heads, *rows)
        # Not a number is no way to hide a key. What lies ahead is hidden in all these families,
        # if only by −10,000 as in the first GPT.
        shown = ~(scores <= self._hidden) & torch.ones_like(scores[0, 0], dtype=torch.bool).tril()
        none = scores.new_zeros(len(scores), self._heads, rows[0], 1)
        visible, bias = shown.any(1, keepdim=True), scores.masked_fill(~shown, 0)
        self._tap.call(AttentionCall(self._layer, none, none[:, :1], None, 1.0, visible, bias))

    def _kernel(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        **_: Any,
    ) -> Tensor | None:
        """Look at a call of PyTorch's kernel; the names are its own."""
        visible, bias = read_mask(attn_mask, key.shape[-2])
        if visible is None and not is_causal:
            visible = all_visible(query, key)
        scaling = query.shape[-1] ** -0.5 if scale is None else scale
        call = AttentionCall(self._layer, query, key, value, scaling, visible, bias)
        return self._tap.call(call)
