"""Queries, keys and values of every layer, as its attention takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .attention import AttentionTap

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.attention_call import AttentionCall


class ProjectionTap(AttentionTap):
    """Sees q, k and v of the layers that have them; positions are already applied."""

    def on_attention(self, call: AttentionCall) -> Tensor | None:
        if call.value is not None:
            self.on_projections(call.layer, (call.query, call.key, call.value))
        return None

    def on_projections(self, layer: int, projections: Sequence[Tensor]) -> None:
        """Look at q [1, H, T, D], k [1, G, K, D] and v [1, G, K, E]; heads in a row share a key.

        K is T but for families that add summaries of several tokens (DeepSeek-V4).
        """
