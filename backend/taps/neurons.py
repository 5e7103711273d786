"""The neurons of the MLPs: what goes into each down projection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from .base import Tap

if TYPE_CHECKING:
    from ..models.language import LanguageModel

# What families call the last projection of their MLP.
_DOWN = ("down_proj", "c_proj", "fc2", "fc_out", "dense_4h_to_h", "w2", "wo", "linear_2")
_MLP = ("mlp", "feed_forward", "ffn")


def down_projection(layer: nn.Module) -> nn.Module | None:
    """Return the down projection of a layer's MLP; None where it has experts or no such MLP."""
    # OPT and XGLM keep both projections in the layer itself.
    owner = next((getattr(layer, name) for name in _MLP if hasattr(layer, name)), layer)
    parts = dict(owner.named_children())
    return next((parts[name] for name in _DOWN if name in parts), None)


class NeuronTap(Tap):
    """Sees the activations of the layers that have one plain MLP."""

    def on_neurons(self, layer: int, activations: Tensor) -> None:
        """Look at ``activations`` [1, T, N] of layer ``layer``, from 0."""

    @staticmethod
    @contextmanager
    def watching(model: LanguageModel, taps: Sequence[NeuronTap]) -> Iterator[None]:
        def show(layer: int) -> Callable[..., None]:
            def hook(_: Any, args: tuple[Any, ...]) -> None:
                for tap in taps:
                    # Some families fold the text into rows (OPT).
                    tap.on_neurons(layer, args[0].reshape(1, -1, args[0].shape[-1]))

            return hook

        handles = []
        for number, layer in enumerate(model.layers):
            projection = down_projection(layer)
            if projection is not None:
                handles.append(projection.register_forward_pre_hook(show(number)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
