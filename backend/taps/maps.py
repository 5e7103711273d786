"""Queries, keys and values as a layer's own maps give them, before positions turn them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from .base import Tap

if TYPE_CHECKING:
    from ..models.language import LanguageModel

_MAPS = ("q_proj", "k_proj", "v_proj")


def own_maps(model: LanguageModel, layer: int) -> list[nn.Linear]:
    """Return the three maps of a layer that make queries, keys and values.

    None of them where one map makes all, or more than these.
    """
    heads, groups = model.facts.heads, max(model.facts.kv_heads, 1)
    for part in model.layers[layer].modules():
        maps = [getattr(part, name, None) for name in _MAPS]
        linear = [each for each in maps if isinstance(each, nn.Linear)]
        sizes = [each.out_features for each in linear]
        # Qwen3-Next makes a gate beside each query.
        if len(linear) == len(maps) and sizes[0] * groups == sizes[1] * heads:
            return linear
    return []


class MapsTap(Tap):
    """Sees q, k and v of the layers that have a map for each."""

    def on_maps(self, layer: int, made: Sequence[Tensor]) -> None:
        """Look at q [H, T, D], k and v [G, T, D] of layer ``layer``, from 0."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[MapsTap]) -> Iterator[None]:
        heads, groups = model.facts.heads, max(model.facts.kv_heads, 1)

        def keep(layer: int, seen: dict[int, Tensor], number: int) -> Callable[..., None]:
            def hook(_: Any, __: Any, output: Tensor) -> None:
                count = groups if number else heads
                rows = output.reshape(-1, output.shape[-1])
                seen[number] = rows.unflatten(1, (count, -1)).transpose(0, 1)
                if len(seen) == len(_MAPS):
                    for tap in taps:
                        tap.on_maps(layer, [seen[each] for each in range(len(_MAPS))])
                    seen.clear()

            return hook

        handles = []
        for layer in range(len(model.layers)):
            seen: dict[int, Tensor] = {}
            for number, each in enumerate(own_maps(model, layer)):
                handles.append(each.register_forward_hook(keep(layer, seen, number)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
